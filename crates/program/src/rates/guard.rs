//! Which prices may be used.
//!
//! A wrong price pays the wrong amount, and no price stops a currency, so a price is used when enough
//! sources have told it lately, more than half of them agree, and it has not jumped:
//!
//! 1. A reading is *fresh* while it is not older than its source's limit, and not far ahead of the clock.
//! 2. The price is the median of the fresh readings: of an odd number the middle one, of an even number
//!    half way between the two middle ones ([`Rate::between`]).
//! 3. More than half of the fresh readings, and as many as are needed, must lie within the spread. The
//!    median is then between two of these, whatever the others say.
//! 4. A price far from the one that was used last is held back until it is confirmed: all fresh sources
//!    agree for a short time, or a majority for a longer one. A real jump so stops a currency for minutes.

use std::time::Duration;

use super::{GuardSettings, Moment, Pair, Rate, RateSource, Reading};
use crate::Percentage;

/// A price that may be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedRate {
    /// The price.
    pub rate: Rate,
    /// The sources that agree on it, in the order of [`RateSource`].
    pub sources: Vec<RateSource>,
    /// Fresh sources that say something else.
    pub dissenters: Vec<RateSource>,
    /// Since when it holds: the time of the oldest reading that agrees.
    pub at: Moment,
}

/// Why there is no price that may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// No source has told one.
    #[error("no source has told it")]
    Silent,
    /// What sources have told is too old.
    #[error("what its sources told is too old, by {} s at least", .over.as_secs())]
    Stale {
        /// By how much the one that is least too old is too old.
        over: Duration,
    },
    /// What sources have told holds only later, by our clock.
    #[error("what its sources told lies ahead of this clock, by {} s at least", .by.as_secs())]
    Ahead {
        /// By how much the one that is least ahead is.
        by: Duration,
    },
    /// One source is not enough.
    #[error("{fresh} of its sources is not enough, {needed} are needed")]
    TooFew {
        /// So many have told a fresh one.
        fresh: usize,
        /// So many are needed.
        needed: usize,
    },
    /// No majority of the sources agrees.
    #[error("its sources disagree, from {low} to {high}")]
    Disagree {
        /// The lowest.
        low: Rate,
        /// The highest.
        high: Rate,
    },
    /// It moved far from what was used last, which is not confirmed yet.
    #[error("it moved from {from} to {to}, which is being confirmed")]
    Jumped {
        /// What was used last.
        from: Rate,
        /// What it is now.
        to: Rate,
        /// When it will be used if nothing changes.
        until: Moment,
    },
}

impl Unusable {
    /// The reason in a few words, for those who call the API.
    pub const fn brief(&self) -> &'static str {
        match self {
            Self::Silent => "no source tells it",
            Self::Stale { .. } => "what is known is too old",
            Self::Ahead { .. } => "its time is ahead of ours",
            Self::TooFew { .. } => "too few sources tell it",
            Self::Disagree { .. } => "its sources disagree",
            Self::Jumped { .. } => "it moved far and is being confirmed",
        }
    }
}

/// Decides which prices may be used, and remembers what was used last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard([Watch; Pair::ALL.len()]);

/// What is remembered of one price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Watch {
    used: Option<Rate>,
    jump: Option<Jump>,
}

/// A price that is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Jump {
    level: Rate,
    since: Moment,
    /// Since when all fresh sources agree on it.
    agreed_since: Option<Moment>,
    /// Since when no majority tells anything.
    interrupted_since: Option<Moment>,
}

/// What the fresh readings say together.
struct Consensus {
    rate: Rate,
    agree: Vec<Reading>,
    dissent: Vec<Reading>,
}

impl Guard {
    /// A guard that has seen no price: the first that its sources agree on is used.
    pub fn new() -> Self {
        Self::default()
    }

    /// A guard that goes on where another ended: these prices were used last.
    pub fn resumed(used: impl IntoIterator<Item = (Pair, Rate)>) -> Self {
        let mut guard = Self::new();
        for (pair, rate) in used {
            guard.0[pair.index()].used = Some(rate);
        }
        guard
    }

    /// Whether this price may be used now, given what its sources have told. Of several readings of one
    /// source the newest counts; the order of readings does not matter.
    ///
    /// # Errors
    /// [`Unusable`], with the reason.
    pub fn judge(
        &mut self,
        settings: &GuardSettings,
        pair: Pair,
        readings: &[Reading],
        now: Moment,
    ) -> Result<GuardedRate, Unusable> {
        let watch = &mut self.0[pair.index()];
        let consensus = consensus(settings, pair, readings, now);
        let Consensus { rate, agree, dissent } = match consensus {
            Ok(consensus) => consensus,
            Err(why) => {
                watch.interrupt(now);
                return Err(why);
            }
        };
        watch.admit(settings, pair, rate, dissent.is_empty(), now)?;
        let at = agree.iter().map(|reading| reading.at).min().expect("the median is near to some reading");
        let names = |readings: Vec<Reading>| readings.into_iter().map(|reading| reading.source).collect();
        Ok(GuardedRate { rate, sources: names(agree), dissenters: names(dissent), at })
    }
}

impl Watch {
    /// There is nothing to agree on.
    fn interrupt(&mut self, now: Moment) {
        if let Some(jump) = &mut self.jump {
            jump.agreed_since = None;
            jump.interrupted_since.get_or_insert(now);
        }
    }

    /// Uses the price, if it has not jumped, or the jump is confirmed.
    fn admit(
        &mut self,
        settings: &GuardSettings,
        pair: Pair,
        rate: Rate,
        agreed: bool,
        now: Moment,
    ) -> Result<(), Unusable> {
        let near = settings.pair(pair).jump_max;
        let Some(from) = self.used.filter(|used| !used.is_near(rate, near)) else {
            *self = Self { used: Some(rate), jump: None };
            return Ok(());
        };
        let jump = Jump::of(self.jump, rate, near, agreed, now);
        let until = jump.until(settings);
        if now >= until {
            *self = Self { used: Some(rate), jump: None };
            return Ok(());
        }
        self.jump = Some(jump);
        Err(Unusable::Jumped { from, to: rate, until })
    }
}

impl Jump {
    /// The same jump goes on while the price moves no further than it may on any other day.
    fn of(before: Option<Self>, level: Rate, near: Percentage, agreed: bool, now: Moment) -> Self {
        // A clock that was set back begins anew.
        let same = before.filter(|jump| jump.level.is_near(level, near) && jump.since <= now);
        // A time in which no majority told anything confirms nothing.
        let gap = |jump: &Self| jump.interrupted_since.map_or(Duration::ZERO, |begun| now.since(begun));
        let since = same.map_or(now, |jump| jump.since.plus(gap(&jump)));
        let agreed_since = same.and_then(|jump| jump.agreed_since).unwrap_or(now);
        let agreed_since = agreed.then_some(agreed_since);
        Self { level, since, agreed_since, interrupted_since: None }
    }

    fn until(&self, settings: &GuardSettings) -> Moment {
        let disputed = self.since.plus(settings.confirm_disputed);
        match self.agreed_since {
            Some(agreed) => disputed.min(agreed.plus(settings.confirm)),
            None => disputed,
        }
    }
}

fn consensus(
    settings: &GuardSettings,
    pair: Pair,
    readings: &[Reading],
    now: Moment,
) -> Result<Consensus, Unusable> {
    let newest = newest_of_each(readings);
    let mut fresh: Vec<_> =
        newest.iter().copied().filter(|reading| is_fresh(settings, reading, now)).collect();
    let pair = settings.pair(pair);
    let needed = pair.sources_min.max(1);
    if fresh.is_empty() {
        return Err(none_fresh(settings, &newest, now));
    }
    if fresh.len() < needed {
        return Err(Unusable::TooFew { fresh: fresh.len(), needed });
    }
    fresh.sort_by_key(|reading| (reading.rate, reading.source));
    let rate = median(&fresh);
    let majority = (fresh.len() / 2 + 1).max(needed);
    let agree = |window: &[Reading]| window[0].rate.is_near(window[majority - 1].rate, pair.spread_max);
    if !fresh.windows(majority).any(agree) {
        let (low, high) = (fresh[0].rate, fresh[fresh.len() - 1].rate);
        return Err(Unusable::Disagree { low, high });
    }
    fresh.sort_by_key(|reading| reading.source);
    let (agree, dissent) = fresh.into_iter().partition(|reading| reading.rate.is_near(rate, pair.spread_max));
    Ok(Consensus { rate, agree, dissent })
}

/// Why none of these is fresh.
fn none_fresh(settings: &GuardSettings, newest: &[Reading], now: Moment) -> Unusable {
    let ahead = newest.iter().map(|one| one.at.since(now)).filter(|by| !by.is_zero()).min();
    let over = |one: &Reading| now.since(one.at).saturating_sub(settings.age_max(one.source));
    match (ahead, newest.iter().map(over).min()) {
        (Some(by), _) => Unusable::Ahead { by },
        (None, Some(over)) => Unusable::Stale { over },
        (None, None) => Unusable::Silent,
    }
}

fn newest_of_each(readings: &[Reading]) -> Vec<Reading> {
    let of = |source| readings.iter().filter(move |reading| reading.source == source).max().copied();
    RateSource::ALL.into_iter().filter_map(of).collect()
}

fn is_fresh(settings: &GuardSettings, reading: &Reading, now: Moment) -> bool {
    let Reading { at, source, .. } = *reading;
    now.since(at) <= settings.age_max(source) && at.since(now) <= GuardSettings::ahead_max(source)
}

/// Of readings in the order of their rates, at least one.
fn median(sorted: &[Reading]) -> Rate {
    let middle = sorted.len() / 2;
    let rate = |index: usize| sorted[index].rate;
    if sorted.len().is_multiple_of(2) { rate(middle - 1).between(rate(middle)) } else { rate(middle) }
}
