//! `[textcoins]`: cashback for mailboxes.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::claim::ClaimAddress;
use crate::desk::{CORRECTIONS, Mailboxes, RESENDS_PER_DAY, TEXTCOIN_EXPIRY};
use crate::mail::BlockedDomains;
use crate::mailer::MailSettings;

/// When who has not claimed a textcoin is reminded, in days.
const REMINDER_DAYS: [u32; 2] = [3, 6];
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long textcoins last, and when their owners are reminded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextcoinsConfig {
    /// How long one is there to be claimed, such as `7d`.
    pub expiry: Option<String>,
    /// After how many days who has not claimed it is reminded.
    pub reminder_days: Option<Vec<u32>>,
    /// How often its mail is sent once more within 24 hours.
    pub resends_per_day: Option<u32>,
    /// How often a partner may correct the e-mail address of one purchase.
    pub corrections: Option<u32>,
    /// The public address of this server, where mails lead to instead of to the words.
    pub claim_page: Option<String>,
}

impl TextcoinsConfig {
    /// How mailboxes get cashback, with these mails; their reminders are set here.
    ///
    /// # Errors
    /// For a time or days that cannot be.
    pub fn mailboxes(&self, mail: MailSettings, blocked: BlockedDomains) -> anyhow::Result<Mailboxes> {
        Ok(Mailboxes {
            blocked,
            expiry: self.expiry()?,
            resends_per_day: self.resends_per_day.unwrap_or(RESENDS_PER_DAY),
            corrections: self.corrections.unwrap_or(CORRECTIONS),
            mail: MailSettings {
                reminder_days: self.reminder_days()?,
                claim_page: self.claim_page()?,
                ..mail
            },
        })
    }

    fn expiry(&self) -> anyhow::Result<Duration> {
        let said = self.expiry.as_deref().map(humantime::parse_duration).transpose().context("expiry")?;
        let expiry = said.unwrap_or(TEXTCOIN_EXPIRY);
        ensure!((Duration::from_secs(1)..=YEAR).contains(&expiry), "expiry is between one second and a year");
        Ok(expiry)
    }

    fn claim_page(&self) -> anyhow::Result<Option<ClaimAddress>> {
        self.claim_page.as_deref().map(str::parse).transpose().context("claim_page")
    }

    fn reminder_days(&self) -> anyhow::Result<Vec<u32>> {
        let days = self.reminder_days.clone().unwrap_or_else(|| REMINDER_DAYS.to_vec());
        ensure!(days.iter().all(|day| (1..=365).contains(day)), "reminder_days are between 1 and 365");
        Ok(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> TextcoinsConfig {
        toml::from_str(text).expect("TOML")
    }

    #[test]
    fn a_week_and_two_reminders_are_usual() {
        let usual = config("");
        assert_eq!(usual.expiry().expect("valid"), TEXTCOIN_EXPIRY);
        assert_eq!(usual.reminder_days().expect("valid"), REMINDER_DAYS);
        let set = config("corrections = 0\nexpiry = \"10s\"\nreminder_days = []");
        assert_eq!(set.expiry().expect("valid"), Duration::from_secs(10));
        assert!(set.reminder_days().expect("valid").is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_name_of_its_key() {
        for text in ["0s", "soon", "2years"] {
            let error = config(&format!("expiry = \"{text}\"")).expiry().expect_err(text);
            assert!(format!("{error:#}").contains("expiry"), "{error:#}");
        }
        for days in ["[0]", "[3, 366]"] {
            let error = config(&format!("reminder_days = {days}")).reminder_days().expect_err(days);
            assert!(error.to_string().contains("reminder_days"));
        }
        let error = config("claim_page = \"cashback.example.org\"").claim_page().expect_err("no address");
        assert!(format!("{error:#}").contains("claim_page"), "{error:#}");
        assert!(toml::from_str::<TextcoinsConfig>("expires = \"7d\"").is_err(), "misspelled");
    }
}
