//! Textcoins as they are kept: where each stands.

use std::fmt;
use std::str::FromStr;

use obyte::UnitHash;
use payout::{Payout, Timestamp};
use program::EmailAddress;

use crate::{AnsweredUnit, CorrectionRecord, MailKind, MailRecord, MailState, PayoutState, PurchaseKey};

/// How a textcoin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextcoinEnd {
    /// Somebody has claimed it.
    Claimed,
    /// Nobody has, and its coins returned.
    TakenBack,
}

/// The cashback of a purchase that is paid by a textcoin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextcoinRecord {
    /// The purchase.
    pub key: PurchaseKey,
    /// To whom.
    pub recipient: EmailAddress,
    /// Its payout, with the number once it has one.
    pub payout: Payout,
    /// Where that stands.
    pub paid: PayoutState,
    /// The unit that gives it.
    pub answered: Option<AnsweredUnit>,
    /// When a hub has accepted the unit, and until when it can be claimed.
    pub times: Option<(Timestamp, Timestamp)>,
    /// Whether somebody wants it back before that.
    pub is_recalled: bool,
    /// A unit that claims it, as far as a hub tells; not proven.
    pub claim_seen: Option<UnitHash>,
    /// How it ended, by which unit, and when; proven.
    pub ended: Option<(TextcoinEnd, UnitHash, Timestamp)>,
    /// Its mails, the oldest first.
    pub mails: Vec<MailRecord>,
    /// How the mailbox of the purchase was corrected, the oldest first; of all its textcoins.
    pub corrections: Vec<CorrectionRecord>,
}

/// Where a textcoin stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextcoinState {
    /// No hub has accepted a unit that gives it.
    WaitsForUnit,
    /// It is never given: its payout was rejected.
    NeverPaid,
    /// It is there, and its mail not sent yet.
    MailWaiting,
    /// A relay has taken its mail.
    MailSent,
    /// There is no such recipient.
    Undeliverable,
    /// No relay has taken its mail in time.
    MailGivenUp,
    /// It was claimed, proven.
    Claimed,
    /// A unit that is not proven yet claims it.
    ClaimSeen,
    /// Nobody has claimed it in time, or somebody wants it back before; its coins are on their way back.
    Expired,
    /// Its coins have returned, proven.
    TakenBack,
    /// Its mailbox is being corrected: its coins return, and are given anew to the right one.
    BeingCorrected,
}

impl TextcoinState {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::WaitsForUnit,
        Self::NeverPaid,
        Self::MailWaiting,
        Self::MailSent,
        Self::Undeliverable,
        Self::MailGivenUp,
        Self::Claimed,
        Self::ClaimSeen,
        Self::Expired,
        Self::TakenBack,
        Self::BeingCorrected,
    ];

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::WaitsForUnit => "waits_for_unit",
            Self::NeverPaid => "never_paid",
            Self::MailWaiting => "mail_waiting",
            Self::MailSent => "mail_sent",
            Self::Undeliverable => "undeliverable",
            Self::MailGivenUp => "mail_given_up",
            Self::Claimed => "claimed",
            Self::ClaimSeen => "claim_seen",
            Self::Expired => "expired",
            Self::TakenBack => "taken_back",
            Self::BeingCorrected => "being_corrected",
        }
    }
}

impl fmt::Display for TextcoinState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The text names no state of a textcoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "use one of waits_for_unit, never_paid, mail_waiting, mail_sent, undeliverable, mail_given_up, claimed, claim_seen, expired, taken_back, being_corrected"
)]
pub struct UnknownTextcoinState;

impl FromStr for TextcoinState {
    type Err = UnknownTextcoinState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.code() == text).ok_or(UnknownTextcoinState)
    }
}

impl TextcoinRecord {
    /// Where it stands at this moment.
    pub fn state(&self, now: Timestamp) -> TextcoinState {
        match (self.ended, self.times) {
            (Some((TextcoinEnd::Claimed, ..)), _) => TextcoinState::Claimed,
            (None, Some(_)) if self.claim_seen.is_some() => TextcoinState::ClaimSeen,
            _ if self.waiting_correction().is_some() => TextcoinState::BeingCorrected,
            (Some((TextcoinEnd::TakenBack, ..)), _) => TextcoinState::TakenBack,
            (None, Some((_, expires_at))) if expires_at <= now || self.is_recalled => TextcoinState::Expired,
            (None, Some(_)) => self.mail_state(),
            (None, None) => match self.paid {
                PayoutState::Parked | PayoutState::Rejected { .. } => TextcoinState::NeverPaid,
                _ => TextcoinState::WaitsForUnit,
            },
        }
    }

    /// What the mailbox is to be corrected to, while that waits for something.
    pub fn waiting_correction(&self) -> Option<&CorrectionRecord> {
        self.corrections.iter().find(|one| one.payout == self.payout.id && one.state.is_waiting())
    }

    /// The mail that tells how its mails stand: the newest, but for reminders that are not due or were given up, since
    /// what they remind of has arrived before.
    pub fn telling_mail(&self) -> Option<&MailRecord> {
        let tells = |mail: &&MailRecord| match (mail.kind, mail.state) {
            (_, MailState::Unneeded) => false,
            (MailKind::Reminder(_), state) => matches!(state, MailState::Sent | MailState::Refused),
            (MailKind::Textcoin, _) => true,
        };
        self.mails.iter().rev().find(tells)
    }

    fn mail_state(&self) -> TextcoinState {
        match self.telling_mail().map(|mail| mail.state) {
            Some(MailState::Sent) => TextcoinState::MailSent,
            Some(MailState::Refused) => TextcoinState::Undeliverable,
            Some(MailState::Dead) => TextcoinState::MailGivenUp,
            Some(MailState::Waiting | MailState::Unneeded) | None => TextcoinState::MailWaiting,
        }
    }
}
