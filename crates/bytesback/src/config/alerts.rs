//! `[alerts]`: when to announce that balances are low.

use anyhow::{Context, ensure};
use obyte::Bytes;
use serde::Deserialize;

use crate::alerts::Thresholds;

/// Below which balances something is low.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsConfig {
    /// The distribution fund.
    pub fund_below: Option<Threshold>,
    /// The deposit of a partner.
    pub deposit_below: Option<Threshold>,
}

/// A number of bytes, or `"none"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Threshold {
    /// Bytes.
    Number(u64),
    /// `"none"`.
    Text(String),
}

impl Threshold {
    fn bytes(&self) -> anyhow::Result<Option<Bytes>> {
        match self {
            Self::Number(number) => Ok(Some(Bytes::new(*number)?)),
            Self::Text(text) => {
                ensure!(text == "none", "it is a number of bytes, or \"none\"");
                Ok(None)
            }
        }
    }
}

impl AlertsConfig {
    /// The thresholds; the usual ones where nothing is said.
    ///
    /// # Errors
    /// For what is no amount.
    pub fn thresholds(&self) -> anyhow::Result<Thresholds> {
        let usual = Thresholds::default();
        let read = |said: &Option<Threshold>, usual, key| match said {
            None => Ok(usual),
            Some(said) => said.bytes().context(key),
        };
        Ok(Thresholds {
            fund: read(&self.fund_below, usual.fund, "fund_below")?,
            deposit: read(&self.deposit_below, usual.deposit, "deposit_below")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Thresholds> {
        toml::from_str::<AlertsConfig>(text)?.thresholds()
    }

    #[test]
    fn thresholds_are_bytes_or_none_and_otherwise_as_usual() {
        assert_eq!(read("").expect("valid"), Thresholds::default());
        let both = read("fund_below = \"none\"\ndeposit_below = 5").expect("valid");
        assert_eq!(both, Thresholds { fund: None, deposit: Some(Bytes::literal(5)) });
    }

    #[test]
    fn what_is_no_threshold_is_an_error_that_names_it() {
        for text in ["fund_below = \"few\"", "fund_below = -1", "fund = 5", "deposit_below = 1.5"] {
            assert!(read(text).is_err(), "{text}");
        }
        let error = format!("{:#}", read("deposit_below = \"few\"").expect_err("it is none"));
        assert!(error.contains("deposit_below"), "{error}");
    }
}
