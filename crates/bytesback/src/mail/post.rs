//! What takes messages away, and what it may answer.

use std::fmt;

use async_trait::async_trait;

use super::message::Message;
use super::verdict::{Stage, Status};

/// Takes messages away.
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands a message on. After an error it may have arrived all the same, where the answer was lost:
    /// whoever sends again sends the same message with the same Message-ID.
    ///
    /// # Errors
    /// Where nobody has taken the responsibility for it.
    async fn deliver(&self, message: &Message) -> Result<Accepted, Refusal>;
}

/// A message was taken. The rest is the relay's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The SMTP code; none where there was no SMTP.
    pub code: Option<u16>,
}

/// A message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Try again later. If it is the operator's problem, say so.
    #[error("{0}")]
    Later(Reason),
    /// Nothing can ever be sent to this recipient.
    #[error("{0}")]
    Never(Reason),
}

impl Refusal {
    /// Why.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Later(reason) | Self::Never(reason) => *reason,
        }
    }
}

/// Why a message was not taken: in our words, with the codes of the relay. Its own words are not kept, since
/// relays quote what they were sent, and with it the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is the matter.
    pub cause: Cause,
    /// How far it came.
    pub stage: Stage,
    /// The code of the answer, such as 550.
    pub code: Option<u16>,
    /// The enhanced status code, such as 5.1.1.
    pub status: Option<Status>,
}

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such recipient.
    NoRecipient,
    /// The recipient's mailbox is full.
    Full,
    /// The relay asks to come back later.
    Busy,
    /// No answer in time.
    Timeout,
    /// The relay is not reached, or the connection broke.
    Connection,
    /// There is no TLS, or the certificate is not trusted.
    Tls,
    /// The relay does not accept who we say we are.
    Authentication,
    /// The relay does not accept the sender.
    Sender,
    /// The relay does not like the message or us: relaying denied, policy, size.
    Policy,
    /// What the relay says is no SMTP.
    Protocol,
    /// The file cannot be written.
    File,
}

impl Cause {
    const fn words(self) -> &'static str {
        match self {
            Self::NoRecipient => "there is no such recipient",
            Self::Full => "the mailbox of the recipient is full",
            Self::Busy => "the relay asks to come back later",
            Self::Timeout => "the relay has not answered in time",
            Self::Connection => "the relay cannot be reached, or the connection broke",
            Self::Tls => "no TLS with the relay: it offers none, or its certificate is not trusted",
            Self::Authentication => "the relay does not accept user name and password",
            Self::Sender => "the relay does not accept the sender",
            Self::Policy => "the relay does not accept the message from us",
            Self::Protocol => "the relay does not speak SMTP as expected",
            Self::File => "the file cannot be written",
        }
    }
}

impl Reason {
    pub(super) const fn new(cause: Cause, stage: Stage) -> Self {
        Self { cause, stage, code: None, status: None }
    }

    /// Whether only the operator can help, so that it should be said aloud. Such a refusal is never about the
    /// recipient.
    pub const fn is_for_operator(&self) -> bool {
        !matches!(
            self.cause,
            Cause::NoRecipient | Cause::Full | Cause::Busy | Cause::Timeout | Cause::Connection
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cause.words())?;
        match (self.code, self.status) {
            (Some(code), Some(status)) => write!(f, " ({code} {status}, {})", self.stage),
            (Some(code), None) => write!(f, " ({code}, {})", self.stage),
            _ => write!(f, " ({})", self.stage),
        }
    }
}
