//! `[limits]`: what holds where nothing else is set for a partner.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use program::{LimitRules, LimitSetting};
use serde::Deserialize;

/// Changes to the default limits; names and values as `bytesback partner limits` knows them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LimitsConfig {
    /// Whether anything is limited at all.
    pub enabled: Option<bool>,
    /// What is to be other than by default.
    #[serde(flatten)]
    pub settings: BTreeMap<String, LimitValue>,
}

/// The value of a limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum LimitValue {
    /// An amount in bytes, or a factor.
    Number(u64),
    /// `"none"`.
    Text(String),
    /// Names of limits.
    List(Vec<String>),
}

impl LimitValue {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::List(limits) if limits.is_empty() => "none".to_owned(),
            Self::List(limits) => limits.join(","),
        }
    }
}

impl LimitsConfig {
    /// The limits; none where they are switched off.
    ///
    /// # Errors
    /// For a name or a value that is none.
    pub fn rules(&self) -> anyhow::Result<Option<Arc<LimitRules>>> {
        let mut rules = LimitRules::default();
        for (name, value) in &self.settings {
            rules.set(&LimitSetting::read(name, &value.text()).with_context(|| name.clone())?);
        }
        Ok(self.enabled.unwrap_or(true).then(|| rules.into()))
    }
}

#[cfg(test)]
mod tests {
    use program::Limit;

    use super::*;

    fn read(text: &str) -> anyhow::Result<Option<Arc<LimitRules>>> {
        toml::from_str::<LimitsConfig>(text)?.rules()
    }

    #[test]
    fn what_is_not_named_is_as_by_default() {
        let rules = read("recipient_day = 7000\ncustomer_day = \"none\"\nhold = [\"purchase\"]");
        let rules = rules.expect("valid").expect("they are on");
        let usual = LimitRules::default();
        assert_eq!(rules.cap(Limit::RecipientDay).map(obyte::Bytes::get), Some(7000));
        assert_eq!(rules.cap(Limit::CustomerDay), None);
        assert_eq!(rules.cap(Limit::FundDay), usual.cap(Limit::FundDay));
        assert!(rules.holds(Limit::Purchase) && !usual.holds(Limit::Purchase));
        assert_eq!(read("").expect("valid").as_deref(), Some(&usual));
        assert_eq!(read("enabled = false").expect("valid"), None);
    }

    #[test]
    fn a_misspelled_limit_is_an_error_that_names_it() {
        for text in
            ["recipients_day = 1", "recipient_day = \"many\"", "recipient_day = -1", "hold = [\"all\"]"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        let error = format!("{:#}", read("recipients_day = 1").expect_err("there is none"));
        assert!(error.contains("recipients_day"), "{error}");
    }
}
