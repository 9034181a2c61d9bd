//! Who waits for the unit of which payout.

use std::collections::HashMap;

use obyte::UnitHash;
use payout::PayoutId;
use tokio::sync::oneshot;

/// Requests that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Waiting(HashMap<PayoutId, Vec<oneshot::Sender<UnitHash>>>);

impl Waiting {
    pub(super) fn add(&mut self, payout: PayoutId, waiter: oneshot::Sender<UnitHash>) {
        self.0.entry(payout).or_default().push(waiter);
    }

    /// The hub has accepted the unit of these payouts.
    pub(super) fn answer(&mut self, payouts: &[PayoutId], unit: UnitHash) {
        for waiter in payouts.iter().filter_map(|payout| self.0.remove(payout)).flatten() {
            // Whoever gave up waiting has dropped the other end.
            let _ = waiter.send(unit);
        }
    }

    /// There will be no unit for these payouts: who waits looks into the store, which knows why.
    pub(super) fn send_to_store(&mut self, payouts: &[PayoutId]) {
        for payout in payouts {
            self.0.remove(payout);
        }
    }

    /// Forgets those that gave up.
    pub(super) fn sweep(&mut self) {
        self.0.retain(|_, waiters| {
            waiters.retain(|waiter| !waiter.is_closed());
            !waiters.is_empty()
        });
    }
}
