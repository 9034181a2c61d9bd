//! `[purchase_units]`: which units count as proof that a purchase was paid.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Context;
use obyte::Bytes;
use program::UnitRules;
use serde::Deserialize;

/// What is asked of purchase units; amounts in bytes, the percentage as text. What is missing is as in
/// [`UnitRules::default`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnitsConfig {
    /// How old a unit may be, in hours.
    pub age_max_hours: Option<u32>,
    /// Up to so large a purchase a unit counts before it is final; 0 for never.
    pub unstable_max: Option<Bytes>,
    /// So many hubs must show a unit that is not final.
    pub hubs_min: Option<NonZeroUsize>,
    /// Up to so large a purchase a trusted partner needs no registered address; 0 for never.
    pub trusted_max: Option<Bytes>,
    /// What a gateway may keep of what it forwards.
    pub gateway_fee_percentage: Option<String>,
    /// What a gateway may keep beside that.
    pub gateway_fee_bytes: Option<Bytes>,
    /// How long the check may take, in milliseconds.
    pub check_ms: Option<u64>,
}

impl UnitsConfig {
    /// Which units count.
    ///
    /// # Errors
    /// For what is no percentage.
    pub fn rules(&self) -> anyhow::Result<UnitRules> {
        let usual = UnitRules::default();
        let fee = self.gateway_fee_percentage.as_deref().map(str::parse).transpose();
        Ok(UnitRules {
            max_age: self.age_max_hours.map_or(usual.max_age, |hours| u64::from(hours) * 60 * 60),
            unstable_max: self.unstable_max.unwrap_or(usual.unstable_max),
            hubs_min: self.hubs_min.unwrap_or(usual.hubs_min),
            trusted_max: self.trusted_max.unwrap_or(usual.trusted_max),
            gateway_fee: fee.context("gateway_fee_percentage")?.unwrap_or(usual.gateway_fee),
            gateway_fee_bytes: self.gateway_fee_bytes.unwrap_or(usual.gateway_fee_bytes),
        })
    }

    /// How long the check may take, where that is set.
    pub fn check(&self) -> Option<Duration> {
        self.check_ms.map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_holds_and_the_rest_is_as_usual() {
        let read = |text: &str| toml::from_str::<UnitsConfig>(text);
        let config = read("age_max_hours = 2\nunstable_max = 0\ngateway_fee_percentage = \"0.9\"");
        let rules = config.expect("valid").rules().expect("valid");
        let wanted = UnitRules {
            max_age: 7200,
            unstable_max: Bytes::ZERO,
            gateway_fee: "0.9".parse().expect("a percentage"),
            ..UnitRules::default()
        };
        assert_eq!(rules, wanted);
        assert!(read("gateway_fee_percentage = \"101\"").expect("TOML").rules().is_err());
        let alone = read("hubs_min = 1").expect("valid").rules().expect("valid");
        assert_eq!(
            (alone.hubs_min.get(), rules.hubs_min.get()),
            (1, 2),
            "two unless one is said to be enough"
        );
        assert!(read("hubs_min = 0").is_err(), "nobody would have to show it");
        assert!(read("unstable = 1").is_err(), "misspelled");
        assert_eq!(read("check_ms = 500").expect("valid").check(), Some(Duration::from_millis(500)));
    }
}
