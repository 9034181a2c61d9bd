//! How careful the guard is.

use std::time::Duration;

use super::{Pair, RateSource};
use crate::Percentage;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How careful the guard is with one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairSettings {
    /// So many sources must have told a fresh price; at least 1.
    pub sources_min: usize,
    /// Prices agree where the highest is at most this percentage above the lowest.
    pub spread_max: Percentage,
    /// A price that moves by more than this percentage since it was last used has to be confirmed.
    pub jump_max: Percentage,
}

/// How careful the guard is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardSettings {
    ages: [Duration; RateSource::ALL.len()],
    pairs: [PairSettings; Pair::ALL.len()],
    /// After a jump a price is used again when all fresh sources have agreed on the new level for so long.
    pub confirm: Duration,
    /// The same where one or more fresh sources, but fewer than half, say otherwise.
    pub confirm_disputed: Duration,
}

impl GuardSettings {
    /// Prices of sources that tell them all the time do not lie ahead of our clock by more than this.
    const AHEAD_LIVE: Duration = Duration::from_secs(5 * 60);
    /// The Bank of Russia sets on a Friday what holds on Saturday, and before holidays what holds after.
    const AHEAD_DAILY: Duration = Duration::from_secs(5 * 24 * 60 * 60);

    /// For how long a price of this source may be used.
    pub const fn age_max(&self, source: RateSource) -> Duration {
        self.ages[source as usize]
    }

    /// Changes for how long prices of this source may be used.
    pub const fn set_age_max(&mut self, source: RateSource, age: Duration) {
        self.ages[source as usize] = age;
    }

    /// How careful the guard is with this price.
    pub const fn pair(&self, pair: Pair) -> &PairSettings {
        &self.pairs[pair.index()]
    }

    /// The same, to be changed.
    pub const fn pair_mut(&mut self, pair: Pair) -> &mut PairSettings {
        &mut self.pairs[pair.index()]
    }

    /// How far ahead of our clock the time of a price may lie.
    pub(super) const fn ahead_max(source: RateSource) -> Duration {
        if source.is_daily() { Self::AHEAD_DAILY } else { Self::AHEAD_LIVE }
    }
}

impl Default for GuardSettings {
    /// Hubs and exchanges are not believed alone; the two banks are, each for its own money.
    ///
    /// The European Central Bank publishes on working days at about 16:00 in Frankfurt; the price of the
    /// Thursday before Easter holds until the Tuesday after, which is less than 6 days after that Thursday began. In
    /// Russia the price of the last days of a year holds until the second week of the next one.
    fn default() -> Self {
        let ages = RateSource::ALL.map(|source| match source {
            RateSource::Fixed => Duration::MAX,
            RateSource::Hub => 30 * MINUTE,
            RateSource::CoinGecko | RateSource::CoinPaprika => 60 * MINUTE,
            RateSource::Ecb => 6 * DAY,
            RateSource::Cbr => 14 * DAY,
        });
        let careful = |sources_min, spread, jump| PairSettings {
            sources_min,
            spread_max: Percentage::whole(spread),
            jump_max: Percentage::whole(jump),
        };
        let pairs = Pair::ALL.map(|pair| match pair {
            Pair::GbyteUsd => careful(2, 10, 20),
            Pair::BtcUsd => careful(2, 5, 10),
            Pair::EurUsd => careful(1, 3, 3),
            Pair::RubUsd => careful(1, 10, 10),
        });
        Self { ages, pairs, confirm: 10 * MINUTE, confirm_disputed: 60 * MINUTE }
    }
}
