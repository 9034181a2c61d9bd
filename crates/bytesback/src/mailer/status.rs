//! How a worker stands, for whoever watches the server.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts and troubles of one worker. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct MailStatus(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sent: AtomicU64,
    refused: AtomicU64,
    dead: AtomicU64,
    deferred: AtomicU64,
    trouble: Mutex<Option<String>>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A relay has taken a mail.
    Sent,
    /// There is no such recipient.
    Refused,
    /// A mail was given up.
    Dead,
    /// A mail is tried again later.
    Deferred,
}

impl Counted {
    pub(crate) const ALL: [Self; 4] = [Self::Sent, Self::Refused, Self::Dead, Self::Deferred];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Dead => "dead",
            Self::Deferred => "deferred",
        }
    }
}

impl MailStatus {
    /// Why everything pauses, if it does: in our words, with codes of the relay.
    pub fn trouble(&self) -> Option<String> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    pub(super) fn count(&self, what: Counted) {
        self.counter(what).fetch_add(1, Ordering::Relaxed);
    }

    /// How many of a kind there were since the start.
    pub(crate) fn counted(&self, what: Counted) -> u64 {
        self.counter(what).load(Ordering::Relaxed)
    }

    fn counter(&self, what: Counted) -> &AtomicU64 {
        match what {
            Counted::Sent => &self.0.sent,
            Counted::Refused => &self.0.refused,
            Counted::Dead => &self.0.dead,
            Counted::Deferred => &self.0.deferred,
        }
    }
}
