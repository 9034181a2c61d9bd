//! The limits of one partner or merchant.

use std::collections::{BTreeMap, BTreeSet};

use obyte::Bytes;

use super::{Limit, LimitSetting};

/// How many days of age let the limit of a new partner grow by its beginning once.
const STEP_DAYS: u32 = 7;

/// What limits there are, and what becomes of a purchase that passes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRules {
    /// Those that are amounts; what is missing is not limited.
    caps: BTreeMap<Limit, Bytes>,
    /// With how much a day a partner begins; without it all have [`Limit::PartnerDay`] at once.
    new_partner_day: Option<Bytes>,
    /// How many times the usual purchase is out of all proportion.
    proportion: Option<u32>,
    /// Those that hold a purchase instead of refusing it.
    hold: BTreeSet<Limit>,
}

impl Default for LimitRules {
    /// Fit for a small programme: see `docs/limits.md`.
    fn default() -> Self {
        const fn gbytes(count: u64) -> Bytes {
            Bytes::literal(count * Bytes::GBYTE.get())
        }
        let caps = [
            (Limit::Purchase, gbytes(10)),
            (Limit::RecipientDay, gbytes(20)),
            (Limit::CustomerDay, gbytes(20)),
            (Limit::MerchantDay, gbytes(100)),
            (Limit::PartnerDay, gbytes(500)),
            (Limit::PartnerHeld, gbytes(100)),
            (Limit::FundDay, gbytes(1000)),
            (Limit::FundReserve, Bytes::literal(100_000_000)),
        ];
        Self {
            caps: caps.into(),
            new_partner_day: Some(gbytes(50)),
            proportion: Some(100),
            hold: BTreeSet::new(),
        }
    }
}

impl LimitRules {
    /// No limits at all.
    pub const fn none() -> Self {
        Self { caps: BTreeMap::new(), new_partner_day: None, proportion: None, hold: BTreeSet::new() }
    }

    /// Takes over what somebody has set.
    pub fn set(&mut self, setting: &LimitSetting) {
        match setting {
            LimitSetting::Cap(limit, Some(amount)) => drop(self.caps.insert(*limit, *amount)),
            LimitSetting::Cap(limit, None) => drop(self.caps.remove(limit)),
            LimitSetting::NewPartnerDay(amount) => self.new_partner_day = *amount,
            LimitSetting::Proportion(times) => self.proportion = *times,
            LimitSetting::Hold(limits) => self.hold.clone_from(limits),
        }
    }

    /// All of them, as settings, in a fixed order.
    pub fn settings(&self) -> Vec<LimitSetting> {
        let amounts = Limit::ALL.into_iter().filter(|limit| *limit != Limit::Proportion);
        let mut settings: Vec<_> = amounts.map(|limit| LimitSetting::Cap(limit, self.cap(limit))).collect();
        settings.push(LimitSetting::NewPartnerDay(self.new_partner_day));
        settings.push(LimitSetting::Proportion(self.proportion));
        settings.push(LimitSetting::Hold(self.hold.clone()));
        settings
    }

    /// The amount of a limit; nothing where there is none, and for [`Limit::Proportion`].
    pub fn cap(&self, limit: Limit) -> Option<Bytes> {
        self.caps.get(&limit).copied()
    }

    /// How many times the usual purchase is out of all proportion.
    pub const fn proportion(&self) -> Option<u32> {
        self.proportion
    }

    /// Whether a purchase that passes the limit is held, and not refused.
    ///
    /// Never for [`Limit::PartnerHeld`] and [`Limit::FundReserve`], since what is held takes from both.
    pub fn holds(&self, limit: Limit) -> bool {
        LimitSetting::can_hold(limit) && self.hold.contains(&limit)
    }

    /// What a partner may be given in a day when it is so many days old and so much of the fund has been paid
    /// for it and proven.
    ///
    /// It begins with a part of [`Limit::PartnerDay`]. Each full week adds as much again, yet all weeks
    /// together no more than what was paid, so that neither age nor purchases alone raise it.
    pub fn partner_day(&self, age_days: u32, finished: Bytes) -> Option<Bytes> {
        let most = self.cap(Limit::PartnerDay);
        let Some(begin) = self.new_partner_day else { return most };
        let most = most.unwrap_or(Bytes::MAX);
        let by_age = begin.checked_mul(u64::from(age_days / STEP_DAYS)).unwrap_or(Bytes::MAX);
        let grown = begin.checked_add(by_age.min(finished)).unwrap_or(Bytes::MAX);
        Some(grown.min(most))
    }
}
