//! How the desk decides, as far as an operator may say.

use std::sync::Arc;
use std::time::Duration;

use program::{LimitRules, Rules, UnitRules};

use crate::alerts::Thresholds;
use crate::mail::BlockedDomains;
use crate::mailer::MailSettings;

/// Existing shops give up after five seconds (C4): the answer comes before.
const ANSWER_DUE: Duration = Duration::from_secs(4);
/// The check of a purchase unit leaves time for the payment.
const UNIT_CHECK: Duration = Duration::from_secs(2);
/// A textcoin that nobody has claimed by then is taken back.
pub const TEXTCOIN_EXPIRY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How often a mail is sent once more within a day.
pub const RESENDS_PER_DAY: u32 = 3;

/// How often a partner may correct the mailbox of one purchase.
pub const CORRECTIONS: u32 = 3;

/// How the desk decides.
#[derive(Clone, Debug)]
pub struct DeskSettings {
    /// The rules of the programme.
    pub rules: Rules,
    /// The limits where an operator has set no others for a partner; without them nothing is limited.
    pub limits: Option<Arc<LimitRules>>,
    /// No purchase is accepted while so many payouts wait for a unit.
    pub queue_max: usize,
    /// When an answer is due, whatever has become of the payout.
    pub answer_due: Duration,
    /// When balances are low.
    pub alerts: Thresholds,
    /// Which purchase units count.
    pub units: UnitRules,
    /// How long the check of a purchase unit may take.
    pub unit_check: Duration,
    /// How mailboxes get cashback; nothing where none does, since the server sends no mail.
    pub mailboxes: Option<Mailboxes>,
}

/// How mailboxes get cashback.
#[derive(Clone, Debug)]
pub struct Mailboxes {
    /// Which get none.
    pub blocked: BlockedDomains,
    /// How long a textcoin is there to be claimed before it is taken back.
    pub expiry: Duration,
    /// How often the mail of a textcoin is sent once more within 24 hours, whoever asks.
    pub resends_per_day: u32,
    /// How often a partner may correct the mailbox of one purchase.
    pub corrections: u32,
    /// How mails are written and sent.
    pub mail: MailSettings,
}

impl Mailboxes {
    /// The usual ones with these mails.
    pub fn new(mail: MailSettings) -> Self {
        Self {
            blocked: BlockedDomains::default(),
            expiry: TEXTCOIN_EXPIRY,
            resends_per_day: RESENDS_PER_DAY,
            corrections: CORRECTIONS,
            mail,
        }
    }
}

impl DeskSettings {
    /// How long textcoins are there to be claimed.
    pub fn textcoin_expiry(&self) -> Duration {
        self.mailboxes.as_ref().map_or(TEXTCOIN_EXPIRY, |mailboxes| mailboxes.expiry)
    }
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            limits: Some(Arc::default()),
            queue_max: 50_000,
            alerts: Thresholds::default(),
            answer_due: ANSWER_DUE,
            units: UnitRules::default(),
            unit_check: UNIT_CHECK,
            mailboxes: None,
        }
    }
}
