//! Mails that reach nobody, so that whoever can mend an address is told.

use async_trait::async_trait;
use payout::Timestamp;
use program::{EmailAddress, Language};

use crate::{Endpoint, MailNo, PartnerName, PurchaseKey, StoreError};

/// A mail of a textcoin that was refused for good or given up, of which nobody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndeliveredMail {
    /// Which.
    pub no: MailNo,
    /// Of which purchase.
    pub key: PurchaseKey,
    /// Who has reported it.
    pub partner: PartnerName,
    /// Where this partner is told, if it has said so.
    pub contact: Option<EmailAddress>,
    /// In which language its customers are written to, and so itself, if that was said.
    pub language: Option<Language>,
    /// The merchant as a payment processor has reported it. A text from outside; may be empty.
    pub merchant: String,
    /// Whom the mail does not reach.
    pub recipient: EmailAddress,
    /// Why, in our words.
    pub reason: String,
    /// Since when that is known.
    pub ended_at: Timestamp,
}

/// What did not reach anybody, and who was told of it.
#[async_trait]
pub trait Undelivered: Send + Sync {
    /// Mails that have ended so since this moment, at most so many of each partner, in the order of their numbers. Left
    /// out are those with nothing left to mend: the textcoin was claimed, or is taken back on somebody's wish; and reminders
    /// that were given up, since the first mail has arrived.
    async fn undelivered_mails(
        &self,
        endpoint: Endpoint,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<UndeliveredMail>, StoreError>;

    /// Somebody was told of these.
    async fn note_told(&self, mails: Vec<MailNo>, at: Timestamp) -> Result<(), StoreError>;
}
