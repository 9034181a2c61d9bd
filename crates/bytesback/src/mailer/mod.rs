//! Sends the outbox: from the rows of the store to mails that a relay has taken.
//!
//! One worker for each endpoint takes mails that are due, makes the words of their textcoins again from the keys of the
//! wallet, has the office write them and hands them to the post, several at once. What becomes of each is kept before the
//! next is taken. A mail that a relay does not take now is tried again after pauses that grow; where the relay
//! itself is the trouble, everything pauses, and one mail after another tries whether it works again.
//!
//! Links are secrets: they live from the writing of a mail to its delivery, and nothing here logs one. Nor are addresses
//! of customers logged.

mod letters;
mod notices;
mod pace;
mod status;
mod undelivered;
mod worker;

use std::fmt;
use std::sync::Arc;

use obyte::Network;
use payout::TextcoinKeys;
use program::EmailAddress;
use store::{Endpoint, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use notices::tell;
pub(crate) use status::Counted;
pub use status::MailStatus;

use crate::claim::ClaimAddress;
use crate::clock::Clock;
use crate::mail::{Language, Office, Post};

/// How mails are written and sent.
#[derive(Clone)]
pub struct MailSettings {
    /// Who writes them.
    pub office: Arc<Office>,
    /// Who takes them away.
    pub post: Arc<dyn Post>,
    /// The language of mails.
    pub language: Language,
    /// So many days after a textcoin was accepted its owner is reminded.
    pub reminder_days: Vec<u32>,
    /// How many mails are on their way at once; at least one.
    pub at_once: usize,
    /// Where the claim page is found, if mails lead there instead of to the words.
    pub claim_page: Option<ClaimAddress>,
    /// Who is told of low balances, and of mails that reach nobody.
    pub operator: Option<EmailAddress>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings")
            .field("language", &self.language)
            .field("reminder_days", &self.reminder_days)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

/// Sends, and tells of what reaches nobody, until it is told to stop.
pub(crate) async fn run(parts: MailerParts, stop: CancellationToken) {
    let (parts, failed) = (Arc::new(parts), Notify::new());
    tokio::join!(
        worker::run(Arc::clone(&parts), &failed, stop.clone()),
        undelivered::run(Arc::clone(&parts), &failed, stop),
    );
}

/// What a worker is made of.
pub(crate) struct MailerParts {
    /// Whose outbox it sends.
    pub(crate) endpoint: Endpoint,
    /// Where its coins are.
    pub(crate) network: Network,
    /// Where that is.
    pub(crate) store: Arc<dyn Store>,
    /// From numbers to words.
    pub(crate) keys: TextcoinKeys,
    /// How.
    pub(crate) settings: MailSettings,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Says that a unit was accepted, so that there may be new mails.
    pub(crate) wake: Arc<Notify>,
    /// Where it says how it stands.
    pub(crate) status: MailStatus,
}
