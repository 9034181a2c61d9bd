//! System variables and exchange rates, as hubs tell them.

use std::collections::BTreeMap;

use obyte::{Address, Bytes};
use serde::Deserialize;
use serde_json::Number;

/// One value that was voted for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Voted<T> {
    /// The main chain index from which it counts; -1 for the value at the beginning.
    pub vote_count_mci: i64,
    /// The value.
    pub value: T,
}

/// What the network voted for (6.3); in each list the newest value comes first.
///
/// Some values may be fractions; they are kept as the numbers that were sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SystemVars {
    /// The order providers.
    pub op_list: Vec<Voted<Vec<Address>>>,
    /// The size above which a unit pays an oversize fee, in bytes (4.6).
    pub threshold_size: Vec<Voted<u64>>,
    /// A factor of the TPS fee, in bytes (4.10).
    pub base_tps_fee: Vec<Voted<Number>>,
    /// A divisor in the exponent of the TPS fee, in seconds (4.10).
    pub tps_interval: Vec<Voted<Number>>,
    /// By how much the TPS fee that is asked exceeds the one that is charged (4.10).
    pub tps_fee_multiplier: Vec<Voted<Number>>,
}

impl SystemVars {
    /// The newest list of order providers.
    pub fn order_providers(&self) -> Option<&[Address]> {
        self.op_list.first().map(|voted| voted.value.as_slice())
    }
}

/// Exchange rates of a hub (10): its opinion, without time or proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeRates(BTreeMap<String, Number>);

impl ExchangeRates {
    /// How many rates are kept of one message.
    pub const MAX: usize = 10_000;

    /// The longest message that is read, in bytes.
    const MAX_TEXT: usize = 1024 * 1024;

    pub(crate) fn parse(json: &str) -> Option<Self> {
        if json.len() > Self::MAX_TEXT {
            return None;
        }
        let rates: BTreeMap<String, Number> = serde_json::from_str(json).ok()?;
        (rates.len() <= Self::MAX).then_some(Self(rates))
    }

    /// A rate by its name, such as `GBYTE_USD`, as decimal text; it may have an exponent, as in `1e-7`.
    pub fn get(&self, pair: &str) -> Option<String> {
        self.0.get(pair).map(Number::to_string)
    }

    /// All names and rates.
    pub fn iter(&self) -> impl Iterator<Item = (&str, String)> {
        self.0.iter().map(|(pair, rate)| (pair.as_str(), rate.to_string()))
    }

    /// Whether the hub has no rates, as before its first update.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A fee as a hub writes it, rounded up to whole bytes.
pub(crate) fn whole_fee(number: &Number) -> Option<Bytes> {
    obyte::answer::fee_rounded_up(&number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_keep_their_decimals() {
        let rates = ExchangeRates::parse(r#"{"GBYTE_USD":7.5,"BTC_USD":90000,"x_USD":1e-7}"#).expect("rates");
        assert_eq!(rates.get("GBYTE_USD").as_deref(), Some("7.5"));
        assert_eq!(rates.get("BTC_USD").as_deref(), Some("90000"));
        assert_eq!(rates.get("x_USD").as_deref(), Some("1e-7"));
        assert_eq!(rates.get("EUR_USD"), None);
        assert_eq!(rates.iter().count(), 3);
        assert!(ExchangeRates::parse("{}").expect("none yet").is_empty());
        let long = format!("{{\"x\":1{}}}", " ".repeat(ExchangeRates::MAX_TEXT));
        assert_eq!(ExchangeRates::parse(&long), None);
        for bad in ["[]", r#"{"GBYTE_USD":"7.5"}"#, r#"{"GBYTE_USD":null}"#] {
            assert_eq!(ExchangeRates::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn fees_are_whole() {
        assert_eq!(whole_fee(&Number::from(172)), Some(Bytes::literal(172)));
        assert_eq!(whole_fee(&Number::from_f64(139.5).expect("finite")), Some(Bytes::literal(140)));
        assert_eq!(whole_fee(&Number::from(-1)), None);
    }
}
