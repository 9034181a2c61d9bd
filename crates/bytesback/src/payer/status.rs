//! What a payer shows of itself.

/// How a payer stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayerStatus {
    /// Whether the hub is connected.
    pub connected: bool,
    /// Whether the wallet's history was proven since the start.
    pub synced: bool,
    /// Why paying is stopped, if it is.
    pub paused: Option<String>,
    /// Payouts that are owed and in no unit.
    pub queued: usize,
    /// Slots whose unit is not proven yet.
    pub open_slots: usize,
}
