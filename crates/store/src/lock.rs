//! The right to pay.

use std::any::Any;
use std::fmt;

use crate::Endpoint;

/// The right to pay for an endpoint, held by one process at a time and given back when dropped.
///
/// Only its holder can change slots and versions ([`Store::apply`](crate::Store::apply)). Taking it begins
/// an *epoch*, which the database counts. Should the lock itself fail (a lock file that was deleted, a
/// network share that knows no locks) and another process take the right as well, the epoch of the first is
/// over: the store refuses whatever it still wants to keep, with
/// [`StoreError::Superseded`](crate::StoreError::Superseded).
pub struct PayerLock {
    endpoint: Endpoint,
    epoch: Epoch,
    _held: Box<dyn Any + Send + Sync>,
}

/// Who pays: the number of those who took the right before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epoch(pub(crate) i64);

impl PayerLock {
    /// The right for `endpoint`, which lasts as long as `held` lives and nobody begins another epoch.
    pub(crate) fn new(endpoint: Endpoint, epoch: Epoch, held: impl Any + Send + Sync) -> Self {
        Self { endpoint, epoch, _held: Box::new(held) }
    }

    /// For which endpoint.
    pub const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// For which endpoint, and which of its epochs.
    pub(crate) const fn claim(&self) -> (Endpoint, Epoch) {
        (self.endpoint, self.epoch)
    }
}

impl fmt::Debug for PayerLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayerLock")
            .field("endpoint", &self.endpoint)
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
