//! The right to pay.

use std::any::Any;
use std::fmt;

use crate::Endpoint;

/// The right to pay for an endpoint, held by one process at a time and given back when dropped.
///
/// Only its holder can change slots and versions ([`Store::apply`](crate::Store::apply)).
pub struct PayerLock {
    endpoint: Endpoint,
    _held: Box<dyn Any + Send + Sync>,
}

impl PayerLock {
    /// The right for `endpoint`, which lasts as long as `held` lives.
    pub(crate) fn new(endpoint: Endpoint, held: impl Any + Send + Sync) -> Self {
        Self { endpoint, _held: Box::new(held) }
    }

    /// For which endpoint.
    pub const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }
}

impl fmt::Debug for PayerLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayerLock").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
