//! What came of it.

/// What paying some purchases took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many purchases there were; all are paid in the end.
    pub payouts: u64,
    /// How many units paid them.
    pub units: u64,
    /// From the first purchase to the last unit, in milliseconds.
    pub length: u64,
    /// What the sizes of the units cost.
    pub size_fees: u128,
    /// What was charged for congestion.
    pub tps_fees: u128,
    /// What was paid in advance for it.
    pub prepaid: u128,
    /// The most that one unit paid in advance.
    pub dearest_unit: u64,
    /// The most that one unit paid in advance per payout in it, rounded up.
    pub dearest_payout: u64,
    /// How often the hub asked for more than the ceiling.
    pub in_vain: u64,
    /// How long each payout waited until its unit was made, in milliseconds, ascending.
    pub waits: Vec<u64>,
}

impl Tally {
    /// The wait that so many of a thousand payouts do not exceed.
    pub fn wait(&self, per_mille: usize) -> u64 {
        let last = self.waits.len().saturating_sub(1);
        self.waits.get(last * per_mille / 1000).copied().unwrap_or_default()
    }

    /// All that the network charged, in tenths of bytes per payout.
    pub fn tenths_per_payout(&self) -> u128 {
        (self.size_fees + self.tps_fees) * 10 / u128::from(self.payouts.max(1))
    }
}
