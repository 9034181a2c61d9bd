//! What an operator may choose about paying.

use std::time::Duration;

use obyte::Network;

use crate::pacing::{FeeLimits, Pacing};

/// The settings of one payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The network that the payer's endpoint stands on.
    pub network: Network,
    /// When batches leave.
    pub pacing: Pacing,
    /// What TPS fees may cost.
    pub limits: FeeLimits,
    /// After so many slots the line moves to another address: a hub refuses to tell the history of an
    /// address with more than 2000 units (6.4), and a restore needs all of it.
    pub slots_per_address: u64,
    /// How many slots may be open at once; the line does not grow beyond.
    pub open_slots_max: usize,
    /// How often the history is asked for while a slot is open, even if the hub announces nothing.
    pub follow_every: Duration,
    /// How often it is asked for when all is quiet, to see what arrived.
    pub look_every: Duration,
    /// How often the coins are counted whatever histories tell.
    pub stock_every: Duration,
    /// How often a unit that is not proven is posted again.
    pub repost_every: Duration,
    /// How long the newest unit may be unproven, with none behind it, before another one that pays nobody
    /// follows it: tips of one's own address are always parents, so it is pulled in (8.6).
    pub pull_after: Duration,
    /// How long to wait before trying again what failed for an unclear reason.
    pub retry_after: Duration,
    /// How far the hub's clock may be from ours.
    pub clock_skew_max: Duration,
}

impl Settings {
    /// Sane settings for a network.
    pub fn new(network: Network) -> Self {
        Self {
            network,
            pacing: Pacing::default(),
            limits: FeeLimits::default(),
            slots_per_address: 1_000,
            open_slots_max: 200,
            follow_every: Duration::from_secs(5),
            look_every: Duration::from_secs(60),
            stock_every: Duration::from_secs(3600),
            repost_every: Duration::from_secs(60),
            pull_after: Duration::from_secs(5 * 60),
            retry_after: Duration::from_secs(2),
            clock_skew_max: Duration::from_secs(120),
        }
    }
}
