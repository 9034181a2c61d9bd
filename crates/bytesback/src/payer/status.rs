//! What a payer shows of itself.

use std::sync::Arc;

use obyte::Address;
use payout::Timestamp;

/// How a payer stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayerStatus {
    /// Whether the hub is connected.
    pub connected: bool,
    /// Whether the wallet's history was proven since the start.
    pub synced: bool,
    /// Why paying is stopped, if it is.
    pub paused: Option<String>,
    /// Whether another process has taken the right to pay: this one never pays again.
    pub superseded: bool,
    /// Payouts that are owed and in no unit.
    pub queued: usize,
    /// Slots whose unit is not proven yet.
    pub open_slots: usize,
    /// The addresses of the wallet: all that it used, and the next ones.
    pub own: Arc<[Address]>,
    /// Where the change of its line goes now; nothing before it is known.
    pub home: Option<Address>,
    /// Whether the wallet is being restored.
    pub restoring: bool,
    /// The last alarm, and when.
    pub alarm: Option<(String, Timestamp)>,
}
