//! Slices of what is sold, of which ever less counts.

use crate::value::{Counted, Part};
use crate::{Dollars, Percentage, Turnover};

/// Of what lies above an amount, a part counts for the fund's shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Where the slice begins. It ends where the next one begins.
    pub above: Dollars,
    /// How much of the slice counts, below 100.
    pub counts: Percentage,
}

/// Slices, the lowest first; below the first everything counts.
///
/// Each slice counts for itself, as with an income tax: what is sold beyond a boundary never changes what
/// counts below it, so that more never comes to less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiers(Vec<Tier>);

/// Why slices are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TiersError {
    /// The boundaries do not rise.
    #[error("each tier must begin above the one before")]
    NotRising,
    /// The percentages do not fall.
    #[error("each tier must count for less than the one before, and the first for less than 100")]
    NotFalling,
    /// Nobody could read their explanation.
    #[error("there may be at most {max} tiers", max = Tiers::MAX)]
    TooMany,
}

impl Tiers {
    /// The most slices.
    pub const MAX: usize = 20;

    /// These slices.
    ///
    /// # Errors
    /// Any [`TiersError`].
    pub fn new(tiers: Vec<Tier>) -> Result<Self, TiersError> {
        if tiers.len() > Self::MAX {
            return Err(TiersError::TooMany);
        }
        if tiers.first().is_some_and(|tier| tier.counts >= Percentage::HUNDRED) {
            return Err(TiersError::NotFalling);
        }
        for pair in tiers.windows(2) {
            if pair[1].above <= pair[0].above {
                return Err(TiersError::NotRising);
            }
            if pair[1].counts >= pair[0].counts {
                return Err(TiersError::NotFalling);
            }
        }
        Ok(Self(tiers))
    }

    /// The slices, the lowest first.
    pub fn list(&self) -> &[Tier] {
        &self.0
    }

    /// Whether everything counts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much counts of what follows this point.
    fn counts_behind(&self, point: Part) -> Percentage {
        let begun = self.0.iter().rev().find(|tier| Part::of(tier.above.decimal()) <= point);
        begun.map_or(Percentage::HUNDRED, |tier| tier.counts)
    }

    fn boundaries(&self) -> impl Iterator<Item = Part> {
        self.0.iter().map(|tier| Part::of(tier.above.decimal()))
    }
}

/// Slices of what a shop sells within a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodTiers {
    /// How many days the period has; it ends with the day of the purchase.
    pub days: u16,
    /// The slices of its turnover.
    pub tiers: Tiers,
}

/// A part of one purchase of which the same percentage counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) from: Part,
    pub(crate) to: Part,
    pub(crate) counts: Percentage,
}

/// Parts a purchase at the boundaries of its own slices and of those of the period, in which `turnover` was
/// sold before. Where both say something, the lower percentage holds.
pub(crate) fn slices(
    purchase: Part,
    tiers: &Tiers,
    period: Option<&PeriodTiers>,
    turnover: Turnover,
) -> Vec<Slice> {
    let before = Part::of_turnover(turnover);
    let of_period = period.into_iter().flat_map(|period| period.tiers.boundaries());
    let within = |point: &Part| *point > Part::ZERO && *point < purchase;
    let mut points: Vec<Part> =
        tiers.boundaries().chain(of_period.map(|point| point.minus(before))).filter(within).collect();
    points.push(purchase);
    points.sort();
    let mut slices: Vec<Slice> = Vec::new();
    let mut from = Part::ZERO;
    for to in points {
        let of_period = period.map(|period| period.tiers.counts_behind(before.plus(from)));
        let counts = tiers.counts_behind(from).min(of_period.unwrap_or(Percentage::HUNDRED));
        match slices.last_mut() {
            Some(last) if last.counts == counts => last.to = to,
            _ if to > from => slices.push(Slice { from, to, counts }),
            _ => {}
        }
        from = to;
    }
    slices
}

/// What counts of all slices together.
pub(crate) fn counted(slices: &[Slice]) -> Counted {
    let parts = slices.iter().map(|slice| slice.to.minus(slice.from).counted(slice.counts));
    parts.fold(Counted::ZERO, Counted::plus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers(list: &[(&str, u8)]) -> Result<Tiers, TiersError> {
        let tier = |(above, counts): &(&str, u8)| Tier {
            above: above.parse().expect("dollars"),
            counts: Percentage::whole(*counts),
        };
        Tiers::new(list.iter().map(tier).collect())
    }

    fn part(dollars: &str) -> Part {
        Part::of(dollars.parse::<Dollars>().expect("dollars").decimal())
    }

    fn texts(slices: &[Slice]) -> Vec<String> {
        slices.iter().map(|slice| format!("{}-{} {}", slice.from, slice.to, slice.counts)).collect()
    }

    #[test]
    fn tiers_rise_and_count_for_less() {
        assert!(tiers(&[]).is_ok_and(|tiers| tiers.is_empty()));
        assert!(tiers(&[("100", 50), ("200", 0)]).is_ok());
        assert_eq!(tiers(&[("100", 100)]), Err(TiersError::NotFalling));
        assert_eq!(tiers(&[("100", 50), ("200", 50)]), Err(TiersError::NotFalling));
        assert_eq!(tiers(&[("100", 50), ("100", 20)]), Err(TiersError::NotRising));
        let many: Vec<_> = (1..=21u8).map(|no| (no.to_string(), 99 - no)).collect();
        let many: Vec<_> = many.iter().map(|(above, counts)| (above.as_str(), *counts)).collect();
        assert_eq!(tiers(&many), Err(TiersError::TooMany));
        assert!(tiers(&many[1..]).is_ok());
    }

    #[test]
    fn a_purchase_is_parted_at_the_boundaries_it_passes() {
        let own = tiers(&[("100", 50), ("300", 20)]).expect("valid");
        let parted = |purchase| texts(&slices(part(purchase), &own, None, Turnover::ZERO));
        assert_eq!(parted("100"), ["0-100 100"]);
        assert_eq!(parted("250"), ["0-100 100", "100-250 50"]);
        assert_eq!(parted("1000"), ["0-100 100", "100-300 50", "300-1000 20"]);
        let all = slices(part("1000"), &own, None, Turnover::ZERO);
        assert_eq!(counted(&all).to_string(), "340");
    }

    #[test]
    fn the_turnover_before_counts_for_the_period_alone() {
        let own = tiers(&[("100", 50)]).expect("valid");
        let period = PeriodTiers { days: 30, tiers: tiers(&[("1000", 80), ("1150", 10)]).expect("valid") };
        let parted =
            |purchase, cents| texts(&slices(part(purchase), &own, Some(&period), Turnover::of_cents(cents)));
        assert_eq!(parted("50", 0), ["0-50 100"]);
        assert_eq!(parted("300", 97_000), ["0-30 100", "30-100 80", "100-180 50", "180-300 10"]);
        assert_eq!(parted("300", 100_000), ["0-100 80", "100-150 50", "150-300 10"]);
        assert_eq!(parted("300", 115_000), ["0-300 10"], "slices that count the same are one");
    }
}
