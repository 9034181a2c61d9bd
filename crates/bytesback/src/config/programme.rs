//! `[programme]`: the rules of the programme, and how its desk works.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, ensure};
use program::{Percentage, PeriodTiers, Rules, Tier, Tiers};
use serde::Deserialize;

use crate::desk::DeskSettings;

/// The longest period of tiers, in days.
const PERIOD_MAX: u16 = 366;

/// The rules of the programme; percentages, dollars and days as text, such as `"2.5"`, `"1000"` and
/// `"2026-12-31"`. What is missing is as in [`Rules::default`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProgrammeConfig {
    /// From the fund for every purchase.
    pub base_percentage: Option<String>,
    /// From the fund for a purchase with a verified purchase unit.
    pub purchase_unit_percentage: Option<String>,
    /// At most so much of the partner's percentage is matched from the fund.
    pub match_percentage_max: Option<String>,
    /// The most that a partner may ask for.
    pub partner_percentage_max: Option<String>,
    /// Purchases below this get nothing.
    pub purchase_min_usd: Option<String>,
    /// The least cashback of a purchase.
    pub cashback_min_usd: Option<String>,
    /// The most cashback of a purchase.
    pub cashback_max_usd: Option<String>,
    /// The first day of the programme (UTC).
    pub first_day: Option<String>,
    /// Its last day.
    pub last_day: Option<String>,
    /// Slices of a purchase.
    pub tiers: Vec<TierConfig>,
    /// How many days the period of [`Self::period_tiers`] has.
    pub period_days: Option<u16>,
    /// Slices of what a shop sells within the period.
    pub period_tiers: Vec<TierConfig>,
    /// Of what the fund gave for a purchase, its partner is charged so much when it is returned.
    pub refund_share: Option<String>,
    /// No purchase is accepted while so many payouts wait.
    pub queue_max: Option<usize>,
    /// When an answer is due, in milliseconds.
    pub answer_due_ms: Option<u64>,
}

/// One slice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierConfig {
    /// Where it begins.
    pub above_usd: String,
    /// How much of it counts, in percent.
    pub counts: String,
}

/// A file with a section `[programme]`, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgrammeFile {
    programme: ProgrammeConfig,
}

impl ProgrammeConfig {
    /// Reads a file with a section `[programme]`, and nothing else.
    ///
    /// # Errors
    /// Where it cannot be read, or says what cannot be.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: ProgrammeFile = toml::from_str(&text)
            .with_context(|| format!("{} holds no section [programme] of a configuration", path.display()))?;
        Ok(file.programme)
    }

    /// The rules. Their text reads back as the same rules.
    ///
    /// # Errors
    /// For what is no percentage, amount or day, and for rules that contradict each other.
    pub fn rules(&self) -> anyhow::Result<Rules> {
        let usual = Rules::default();
        let percentage = |text: &Option<String>, name, usual| -> anyhow::Result<Percentage> {
            Ok(read(text, name)?.unwrap_or(usual))
        };
        let rules = Rules {
            base: percentage(&self.base_percentage, "base_percentage", usual.base)?,
            base_with_purchase_unit: percentage(
                &self.purchase_unit_percentage,
                "purchase_unit_percentage",
                usual.base_with_purchase_unit,
            )?,
            match_cap: percentage(&self.match_percentage_max, "match_percentage_max", usual.match_cap)?,
            max_partner_percentage: percentage(
                &self.partner_percentage_max,
                "partner_percentage_max",
                usual.max_partner_percentage,
            )?,
            tiers: tiers(&self.tiers).context("tiers")?,
            period: self.period()?,
            smallest_purchase: read(&self.purchase_min_usd, "purchase_min_usd")?,
            least_cashback: read(&self.cashback_min_usd, "cashback_min_usd")?,
            most_cashback: read(&self.cashback_max_usd, "cashback_max_usd")?,
            refund_share: percentage(&self.refund_share, "refund_share", usual.refund_share)?,
            first_day: read(&self.first_day, "first_day")?,
            last_day: read(&self.last_day, "last_day")?,
        };
        if let (Some(least), Some(most)) = (rules.least_cashback, rules.most_cashback) {
            ensure!(least <= most, "cashback_min_usd is above cashback_max_usd");
        }
        if let (Some(first), Some(last)) = (rules.first_day, rules.last_day) {
            ensure!(first <= last, "last_day lies before first_day");
        }
        Ok(rules)
    }

    /// How a desk decides by all of this section.
    ///
    /// # Errors
    /// As [`Self::rules`].
    pub fn desk(&self, usual: DeskSettings) -> anyhow::Result<DeskSettings> {
        Ok(DeskSettings {
            rules: self.rules().context("in [programme]")?,
            queue_max: self.queue_max.unwrap_or(usual.queue_max),
            answer_due: self.answer_due_ms.map_or(usual.answer_due, Duration::from_millis),
            ..usual
        })
    }

    fn period(&self) -> anyhow::Result<Option<PeriodTiers>> {
        let tiers = tiers(&self.period_tiers).context("period_tiers")?;
        match self.period_days {
            None => {
                ensure!(tiers.is_empty(), "period_tiers need period_days");
                Ok(None)
            }
            Some(days) => {
                ensure!(!tiers.is_empty(), "period_days need period_tiers");
                ensure!((1..=PERIOD_MAX).contains(&days), "period_days must be between 1 and {PERIOD_MAX}");
                Ok(Some(PeriodTiers { days, tiers }))
            }
        }
    }
}

fn tiers(list: &[TierConfig]) -> anyhow::Result<Tiers> {
    let tier = |TierConfig { above_usd, counts }: &TierConfig| {
        Ok(Tier { above: above_usd.parse().context("above_usd")?, counts: counts.parse().context("counts")? })
    };
    Ok(Tiers::new(list.iter().map(tier).collect::<anyhow::Result<_>>()?)?)
}

fn read<T>(text: &Option<String>, name: &'static str) -> anyhow::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.as_deref().map(|text| text.parse().context(name)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> anyhow::Result<Rules> {
        toml::from_str::<ProgrammeConfig>(text)?.rules()
    }

    const ALL: &str = r#"base_percentage = "7.5"
purchase_unit_percentage = "15"
match_percentage_max = "5"
partner_percentage_max = "40"
refund_share = "80"
purchase_min_usd = "0.5"
cashback_min_usd = "0.01"
cashback_max_usd = "50"
first_day = "2026-12-01"
last_day = "2027-11-30"
tiers = [{ above_usd = "1000", counts = "50" }, { above_usd = "5000", counts = "20" }]
period_days = 30
period_tiers = [{ above_usd = "10000", counts = "12.5" }]"#;

    #[test]
    fn without_a_word_the_programme_is_as_announced() {
        assert_eq!(rules("").expect("valid"), Rules::default());
    }

    #[test]
    fn the_text_of_rules_reads_back_as_the_same() {
        for text in [ALL.to_owned(), Rules::default().to_string()] {
            assert_eq!(rules(&text).expect("valid").to_string(), text);
        }
    }

    #[test]
    fn rules_that_cannot_be_are_refused() {
        for (right, wrong) in [
            ("\"7.5\"", "\"101\""),
            ("\"80\"", "\"-80\""),
            ("\"50\"\nfirst", "\"0.009\"\nfirst"),
            ("2027-11-30", "2026-11-30"),
            ("2026-12-01", "tomorrow"),
            ("\"5000\"", "\"1000\""),
            ("\"20\"", "\"50\""),
            ("period_days = 30\n", ""),
            ("period_days = 30", "period_days = 0"),
            ("period_days = 30", "period_days = 367"),
            ("\nperiod_tiers = [{ above_usd = \"10000\", counts = \"12.5\" }]", ""),
            ("\"0.5\"", "\"0\""),
        ] {
            assert!(ALL.contains(right), "{right}");
            assert!(rules(&ALL.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}
