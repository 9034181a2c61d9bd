//! The outbox: mails to those who get textcoins.
//!
//! A mail is made in the transaction that keeps that a hub has accepted the unit which gives the textcoin, so that
//! neither is there without the other. Whoever sends takes it for a while: if nothing was heard of it by then, it is
//! taken again, with the same date and the same number, and so it is the same mail. What a mail says follows from its
//! task and the keys of the wallet; neither words nor links are kept.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use obyte::{Address, Bytes};
use payout::{PayoutId, TextcoinNo, Timestamp};
use program::{Currency, EmailAddress, Language};

use crate::{Endpoint, KeptRate, PurchaseKey, StoreError, TextcoinEnd, TextcoinRecord};

/// The number of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailNo(i64);

impl MailNo {
    /// Of a row.
    pub(crate) const fn new(number: i64) -> Self {
        Self(number)
    }

    /// As it is kept.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for MailNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// There is a textcoin.
    Textcoin,
    /// It was not claimed so many days after it was accepted.
    Reminder(u32),
}

/// A mail that is to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTask {
    /// Which.
    pub no: MailNo,
    /// The how manieth try this is, from 1.
    pub attempt: u32,
    /// What it is about.
    pub kind: MailKind,
    /// 0, or the how manieth sending that somebody has asked for.
    pub sending: u32,
    /// Whose words it brings.
    pub textcoin: TextcoinNo,
    /// Where its coins lie.
    pub address: Address,
    /// To whom.
    pub recipient: EmailAddress,
    /// The language of the partner's customers, if it was said.
    pub language: Option<Language>,
    /// The merchant as a payment processor has reported it, or the partner's name. A text from outside.
    pub shop: String,
    /// The cashback.
    pub amount: Bytes,
    /// What the purchase was paid in.
    pub currency: Currency,
    /// The prices that it was valued at.
    pub rates: Vec<KeptRate>,
    /// The date that the mail bears.
    pub written_at: Timestamp,
    /// When the textcoin can be claimed no more.
    pub expires_at: Timestamp,
}

/// What became of one try to send a mail. Codes are those of SMTP, reasons our words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The relay has taken it.
    Sent {
        /// What it answered.
        code: Option<u16>,
    },
    /// It is tried again.
    Later {
        /// When.
        due: Timestamp,
        /// What the relay answered.
        code: Option<u16>,
        /// Why.
        reason: String,
    },
    /// It was not tried after all, such as when the relay is away: that counts as no try.
    Back {
        /// When it is to be taken again.
        due: Timestamp,
    },
    /// Nothing can ever be sent to this recipient.
    Refused {
        /// What the relay answered.
        code: Option<u16>,
        /// Why.
        reason: String,
    },
    /// It is given up.
    Dead {
        /// Why.
        reason: String,
    },
}

/// How a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It is to be sent.
    Waiting,
    /// A relay has taken it.
    Sent,
    /// There is no such recipient.
    Refused,
    /// It was given up.
    Dead,
    /// The textcoin was claimed, taken back or given anew before.
    Unneeded,
}

impl MailState {
    const ALL: [Self; 5] = [Self::Waiting, Self::Sent, Self::Refused, Self::Dead, Self::Unneeded];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Dead => "dead",
            Self::Unneeded => "unneeded",
        }
    }
}

/// The text names no state of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such state of a mail")]
pub struct UnknownMailState;

impl FromStr for MailState {
    type Err = UnknownMailState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.code() == text).ok_or(UnknownMailState)
    }
}

/// A mail as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRecord {
    /// Which.
    pub no: MailNo,
    /// What it is about.
    pub kind: MailKind,
    /// 0, or the how manieth sending that somebody has asked for.
    pub sending: u32,
    /// Who has asked for it.
    pub asked_by: Option<Asker>,
    /// The date that it bears.
    pub written_at: Timestamp,
    /// When it is tried next, while it waits.
    pub wake_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// How it stands.
    pub state: MailState,
    /// What the relay answered last.
    pub code: Option<u16>,
    /// What that means.
    pub reason: Option<String>,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
}

/// Who asks for a mail to be sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Who runs the server.
    Operator,
    /// Who has reported the purchase.
    Partner,
}

impl Asker {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Partner => "partner",
        }
    }
}

/// The text names nobody who asks for mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is neither operator nor partner")]
pub struct UnknownAsker;

impl FromStr for Asker {
    type Err = UnknownAsker;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Operator, Self::Partner].into_iter().find(|asker| asker.code() == text).ok_or(UnknownAsker)
    }
}

/// That the mail of a purchase be sent once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendOrder {
    /// Of which purchase.
    pub key: PurchaseKey,
    /// Who asks.
    pub by: Asker,
    /// How often within 24 hours, whoever asks.
    pub per_day: u32,
    /// When.
    pub at: Timestamp,
}

/// What became of a [`ResendOrder`]. But for the first nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResendVerdict {
    /// Another mail waits to be sent.
    Queued,
    /// There is no such purchase, or it was not paid by a textcoin.
    NoTextcoin,
    /// No hub has accepted the unit that gives it; the mail comes with that.
    WaitsForUnit,
    /// A mail waits to be sent already.
    OnItsWay,
    /// Its mailbox is being corrected.
    BeingCorrected,
    /// It was claimed or taken back.
    Ended(TextcoinEnd),
    /// Its time is over, or somebody wants it back before.
    Expired,
    /// It was asked for too often.
    TooOften {
        /// When it may be asked for again.
        again_at: Timestamp,
    },
}

/// What waits to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailBacklog {
    /// How many mails.
    pub waiting: u64,
    /// The date of the oldest.
    pub oldest: Option<Timestamp>,
}

/// The outbox, and where textcoins stand.
#[async_trait]
pub trait Mails: Send + Sync {
    /// Takes mails that are due, at most so many: until the lease is over nobody else takes them. What need not be
    /// sent any more, or cannot be in time, is ended instead, so fewer may come than are due.
    async fn take_mails(
        &self,
        endpoint: Endpoint,
        now: Timestamp,
        lease: Duration,
        most: u32,
    ) -> Result<Vec<MailTask>, StoreError>;

    /// Whether a mail that was taken is still to be sent: much may have happened while others were sent before it, and its
    /// mailbox may turn out to be the wrong one. What is not is given back, and ended when it is taken again.
    async fn is_wanted(&self, no: MailNo) -> Result<bool, StoreError>;

    /// When the next mail is to be tried, or a lease is over.
    async fn next_mail(&self, endpoint: Endpoint) -> Result<Option<Timestamp>, StoreError>;

    /// Keeps what became of a try. That a mail was sent is kept whoever did it; the rest only of the newest try.
    async fn note_mail(
        &self,
        no: MailNo,
        attempt: u32,
        outcome: MailOutcome,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// What was taken by a process that is gone is due.
    async fn free_mails(&self, endpoint: Endpoint, now: Timestamp) -> Result<(), StoreError>;

    /// Makes the reminders that are due so many days after acceptance; how many it made. Only of textcoins whose first
    /// mail was sent, that nobody has claimed and whose time is not over; and only the newest of several that are due.
    /// They bear the date on which they are made, so that what they say of the time that is left holds.
    async fn plan_reminders(
        &self,
        endpoint: Endpoint,
        days: &[u32],
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Makes another mail, with the words of the same textcoin.
    async fn resend_mail(&self, endpoint: Endpoint, order: ResendOrder) -> Result<ResendVerdict, StoreError>;

    /// The textcoin of a purchase; nothing if there is no such purchase, or it is paid otherwise.
    async fn textcoin(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
    ) -> Result<Option<TextcoinRecord>, StoreError>;

    /// The textcoins behind this payout in the order of their acceptance as purchases, at most so many.
    async fn textcoins(
        &self,
        endpoint: Endpoint,
        after: Option<PayoutId>,
        limit: u32,
    ) -> Result<Vec<TextcoinRecord>, StoreError>;

    /// What waits to be sent.
    async fn mail_backlog(&self, endpoint: Endpoint) -> Result<MailBacklog, StoreError>;
}
