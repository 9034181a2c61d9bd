//! What the network charges beside size: for large units (4.6) and for congestion (4.10).
//!
//! Both laws are defined over doubles, down to the last bit, since a fee that differs from the
//! validator's makes a unit invalid. This module and the exponential below it are therefore the
//! only places where floating point meets money.

mod exponential;

use crate::Bytes;
use exponential::exp_15;

/// The voted size above which units pay more (`threshold_size`), at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThresholdSize(u64);

impl ThresholdSize {
    /// What holds since version 4.0 where nothing else was voted.
    pub const DEFAULT: Self = Self(10_000);

    /// A threshold, unless it is zero.
    pub const fn new(bytes: u64) -> Option<Self> {
        if bytes == 0 { None } else { Some(Self(bytes)) }
    }

    /// The size in bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Default for ThresholdSize {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The fee for a unit of this `size` (4.6), zero up to the threshold.
///
/// `size` is headers and payload without the paid part of temporary data. `None` where the fee is
/// above [`Bytes::MAX`].
pub fn oversize_fee(size: u64, threshold: ThresholdSize) -> Option<Bytes> {
    if size <= threshold.0 {
        return Some(Bytes::ZERO);
    }
    let size = double(size);
    to_bytes((size * (exp_15(size / double(threshold.0) - 1.0) - 1.0)).ceil())
}

/// The voted figures of the TPS fee (4.10).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TpsLaw {
    /// `base_tps_fee`, in bytes.
    pub base_fee: f64,
    /// `tps_interval`: the load in units per second at which the fee has grown e-fold.
    pub interval: f64,
    /// `tps_fee_multiplier`: how much more is asked in advance than is charged at last.
    pub multiplier: f64,
}

impl TpsLaw {
    /// What livenet and testnet began with.
    pub const DEFAULT: Self = Self { base_fee: 10.0, interval: 1.0, multiplier: 10.0 };
    /// What a devnet begins with.
    pub const DEVNET: Self = Self { interval: 2.0, ..Self::DEFAULT };

    /// What a unit must have paid by its own past: the least fee for a unit that counts as `units`.
    pub fn required(&self, load: Load, units: u64) -> Bytes {
        saturating(self.multiplier * self.base_fee * self.growth(load)).saturating_times(units)
    }

    /// The fee per unit at this load, without the multiplier.
    pub fn current(&self, load: Load) -> Bytes {
        saturating(self.base_fee * self.growth(load))
    }

    /// What a hub recommends from its own view, for a unit that counts as `units`.
    pub fn recommended(&self, load: Load, units: u64) -> Bytes {
        saturating(self.multiplier * double(self.current(load).get())).saturating_times(units)
    }

    /// The least that a hub takes at post time. Not always whole: 1.5 times the current fee, or 5 times
    /// where the last minute was `busy` with more than 15 units per second.
    pub fn acceptable(&self, load: Load, units: u64, busy: bool) -> f64 {
        let multiplier = if busy { 5.0 } else { 1.5 };
        double(self.current(load).get()) * multiplier * double(units)
    }

    /// What is charged once the unit is stable; `aa_responses` of autonomous agents count as units.
    pub fn charged(&self, load: Load, aa_responses: u64) -> Bytes {
        self.current(load).saturating_times(1 + aa_responses)
    }

    fn growth(&self, load: Load) -> f64 {
        exp_15(load.0 / self.interval) - 1.0
    }
}

/// Units per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Load(f64);

impl Load {
    /// None at all.
    pub const NONE: Self = Self(0.0);

    /// So many units in so many seconds; no time at all counts as one second.
    pub fn of(units: u64, seconds: u64) -> Self {
        Self(double(units) / double(seconds.max(1)))
    }

    /// The figure.
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

/// How many units a unit counts for: itself, and the responses that each triggered agent may send
/// (10 where the unit does not say).
pub fn units_paying(triggers: u64, max_aa_responses: Option<u64>) -> u64 {
    triggers.saturating_mul(max_aa_responses.unwrap_or(10)).saturating_add(1)
}

/// Repeated addition that stops at the cap.
trait SaturatingTimes {
    fn saturating_times(self, times: u64) -> Bytes;
}

impl SaturatingTimes for Bytes {
    fn saturating_times(self, times: u64) -> Bytes {
        self.checked_mul(times).unwrap_or(Bytes::MAX)
    }
}

/// Rounds as JavaScript does and stops at the cap: fees beyond it cannot be paid anyway.
fn saturating(fee: f64) -> Bytes {
    to_bytes((fee + 0.5).floor()).unwrap_or(Bytes::MAX)
}

fn to_bytes(fee: f64) -> Option<Bytes> {
    // A double holds every whole number up to the cap, and the cast is of one of them.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..=double(Bytes::MAX.get())).contains(&fee).then(|| Bytes::new(fee as u64).ok()).flatten()
}

/// Sizes, counts and amounts are below 2^53, where this is exact.
#[expect(clippy::cast_precision_loss)]
const fn double(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fee(size: u64) -> u64 {
        oversize_fee(size, ThresholdSize::DEFAULT).expect("in range").get()
    }

    #[test]
    fn the_examples_of_section_4_6_hold() {
        let examples = [
            (1, 0),
            (10_000, 0),
            (10_001, 2),
            (10_500, 539),
            (12_000, 2657),
            (15_000, 9731),
            (20_000, 34_366),
            (30_000, 191_672),
        ];
        for (size, expected) in examples {
            assert_eq!(fee(size), expected, "{size}");
        }
    }

    #[test]
    fn to_seven_times_the_threshold_the_plain_exponential_gives_the_same() {
        for size in 10_001..=70_000 {
            let plain = double(size) * ((double(size) / 10_000.0 - 1.0).exp() - 1.0);
            assert_eq!(double(fee(size)), plain.ceil(), "{size}");
        }
    }

    #[test]
    fn a_fee_that_nobody_could_pay_is_none() {
        assert_eq!(oversize_fee(5_000_000, ThresholdSize::DEFAULT), None);
    }

    #[test]
    fn the_table_of_section_4_10_holds() {
        let asked = |units, seconds| TpsLaw::DEFAULT.required(Load::of(units, seconds), 1).get();
        assert_eq!(asked(1, 20), 5);
        assert_eq!(asked(1, 10), 11);
        assert_eq!(asked(1, 2), 65);
        assert_eq!(asked(1, 1), 172);
        assert_eq!(asked(2, 1), 639);
        assert_eq!(asked(3, 1), 1909);
        assert_eq!(asked(5, 1), 14_741);
        assert_eq!(asked(8, 1), 297_996);
        assert_eq!(asked(10, 1), 2_202_547);
        assert_eq!(asked(15, 1), 326_901_637);
        assert_eq!(TpsLaw::DEFAULT.required(Load::of(1000, 1), 1), Bytes::MAX);
        assert_eq!(TpsLaw::DEFAULT.required(Load::NONE, 1), Bytes::ZERO);
    }

    #[test]
    fn no_elapsed_time_counts_as_one_second() {
        assert_eq!(Load::of(7, 0), Load::of(7, 1));
    }

    #[test]
    fn responses_of_agents_count_as_units() {
        assert_eq!(units_paying(0, None), 1);
        assert_eq!(units_paying(1, None), 11);
        assert_eq!(units_paying(2, Some(3)), 7);
        let law = TpsLaw::DEFAULT;
        assert_eq!(law.charged(Load::of(1, 1), 1).get(), 2 * law.charged(Load::of(1, 1), 0).get());
    }
}
