//! The prices of a purchase, as they are kept with it.

use payout::Timestamp;
use program::{Pair, Rate, RateSource};

/// A price that a purchase was valued at. It is kept with the purchase and never computed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRate {
    /// Which price.
    pub pair: Pair,
    /// How much.
    pub rate: Rate,
    /// The sources that agreed on it; none with purchases of before these were kept.
    pub sources: Vec<RateSource>,
    /// Since when it held: the time of the oldest of these sources. Nothing with a price that the operator
    /// had fixed, and with purchases of before this was kept.
    pub at: Option<Timestamp>,
}

impl KeptRate {
    /// A price that the operator has fixed.
    pub fn fixed(pair: Pair, rate: Rate) -> Self {
        Self { pair, rate, sources: vec![RateSource::Fixed], at: None }
    }
}
