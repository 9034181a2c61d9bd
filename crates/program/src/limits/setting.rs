//! One setting of the limits, as an operator writes it: a name and a value.

use std::collections::BTreeSet;

use obyte::Bytes;

use super::Limit;

const NEW_PARTNER_DAY: &str = "partner_day_new";
const HOLD: &str = "hold";
/// The value of what is not limited, or not held.
const NONE: &str = "none";

/// One setting: a limit's amount, or how limits work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitSetting {
    /// The amount of a limit, named by its code; nothing for no limit.
    Cap(Limit, Option<Bytes>),
    /// `partner_day_new`: with how much a day a partner begins.
    NewPartnerDay(Option<Bytes>),
    /// `proportion`: how many times the usual purchase is out of all proportion.
    Proportion(Option<u32>),
    /// `hold`: the limits that hold a purchase instead of refusing it.
    Hold(BTreeSet<Limit>),
}

/// Why something is no setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitSettingError {
    /// There is none of this name.
    #[error("there is no limit of this name; `bytesback partner limits` and docs/limits.md list them")]
    UnknownName,
    /// The value is no amount.
    #[error("a limit is a whole number of bytes, or none")]
    NotBytes,
    /// The value is no factor.
    #[error("proportion is a whole number above 1, or none")]
    NotTimes,
    /// The value is no list of limits that can hold.
    #[error(
        "hold is a list of limits, separated by commas, or none; partner_held and fund_reserve cannot hold"
    )]
    NotLimits,
}

impl LimitSetting {
    /// Reads a setting; [`Self::name`] and [`Self::value`] write it.
    ///
    /// # Errors
    /// Any [`LimitSettingError`].
    pub fn read(name: &str, value: &str) -> Result<Self, LimitSettingError> {
        match name {
            NEW_PARTNER_DAY => amount(value).map(Self::NewPartnerDay),
            HOLD => limits(value).map(Self::Hold),
            _ => match name.parse().map_err(|_| LimitSettingError::UnknownName)? {
                Limit::Proportion => times(value).map(Self::Proportion),
                limit => Ok(Self::Cap(limit, amount(value)?)),
            },
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Cap(limit, _) => limit.code(),
            Self::NewPartnerDay(_) => NEW_PARTNER_DAY,
            Self::Proportion(_) => Limit::Proportion.code(),
            Self::Hold(_) => HOLD,
        }
    }

    /// Its value.
    pub fn value(&self) -> String {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
        match self {
            Self::Cap(_, amount) | Self::NewPartnerDay(amount) => {
                or_none(amount.map(|amount| amount.to_string()))
            }
            Self::Proportion(times) => or_none(times.map(|times| times.to_string())),
            Self::Hold(limits) if limits.is_empty() => NONE.to_owned(),
            Self::Hold(limits) => limits.iter().map(|limit| limit.code()).collect::<Vec<_>>().join(","),
        }
    }

    /// Whether it can be set for one partner: the fund is everybody's.
    pub const fn is_for_partners(&self) -> bool {
        !matches!(self, Self::Cap(Limit::FundDay | Limit::FundReserve, _))
    }

    /// Whether it can be set for one merchant of a payment processor.
    pub const fn is_for_merchants(&self) -> bool {
        let of_partner = matches!(
            self,
            Self::Cap(Limit::PartnerDay | Limit::PartnerTotal | Limit::PartnerHeld, _)
                | Self::NewPartnerDay(_)
        );
        self.is_for_partners() && !of_partner
    }

    /// Whether a limit can hold a purchase. What is held is set aside, so it takes from the reserve and
    /// counts as held.
    pub(super) const fn can_hold(limit: Limit) -> bool {
        !matches!(limit, Limit::PartnerHeld | Limit::FundReserve)
    }
}

fn amount(value: &str) -> Result<Option<Bytes>, LimitSettingError> {
    if value == NONE {
        return Ok(None);
    }
    let number: u64 = value.parse().map_err(|_| LimitSettingError::NotBytes)?;
    Bytes::new(number).map(Some).map_err(|_| LimitSettingError::NotBytes)
}

fn times(value: &str) -> Result<Option<u32>, LimitSettingError> {
    if value == NONE {
        return Ok(None);
    }
    match value.parse() {
        Ok(times) if times > 1 => Ok(Some(times)),
        _ => Err(LimitSettingError::NotTimes),
    }
}

fn limits(value: &str) -> Result<BTreeSet<Limit>, LimitSettingError> {
    if value == NONE {
        return Ok(BTreeSet::new());
    }
    let limit = |code: &str| match code.trim().parse() {
        Ok(limit) if LimitSetting::can_hold(limit) => Ok(limit),
        _ => Err(LimitSettingError::NotLimits),
    };
    value.split(',').map(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::LimitRules;
    use super::*;

    #[test]
    fn a_setting_is_read_back_from_its_text() {
        let mut rules = LimitRules::default();
        rules.set(&LimitSetting::read("hold", "purchase, recipient_day").expect("limits"));
        for settings in [LimitRules::none().settings(), rules.settings()] {
            let mut again = LimitRules::none();
            for setting in &settings {
                assert_eq!(LimitSetting::read(setting.name(), &setting.value()).as_ref(), Ok(setting));
                again.set(setting);
            }
            assert_eq!(again.settings(), settings);
        }
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for (name, value, error) in [
            ("purchase", "10 GBYTE", LimitSettingError::NotBytes),
            ("purchase", "-1", LimitSettingError::NotBytes),
            ("purchase", "99999999999999999", LimitSettingError::NotBytes),
            ("proportion", "1", LimitSettingError::NotTimes),
            ("hold", "fund_reserve", LimitSettingError::NotLimits),
            ("hold", "", LimitSettingError::NotLimits),
            ("purchases", "1", LimitSettingError::UnknownName),
        ] {
            assert_eq!(LimitSetting::read(name, value), Err(error), "{name}={value}");
        }
    }
}
