//! Which hubs, in which order, and how patient to be with them.

use std::time::Duration;

use crate::{HubConfig, HubError};

/// Several hubs of one network in order of preference.
#[derive(Clone, Debug)]
pub struct HubsConfig {
    pub(super) hubs: Vec<HubConfig>,
    /// How long a hub is left alone, and when.
    pub patience: Patience,
}

/// How long a hub is left alone, and when.
///
/// A hub that misbehaves again within a day is left alone twice as long each time, up to eight times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After a lie (1 h).
    pub lied: Duration,
    /// After it stalled (5 min).
    pub stalled: Duration,
    /// While it blocks us, which is for an hour as a rule (65 min).
    pub blocked: Duration,
    /// So often in a row a question of one kind may stay without an answer that helps, before the hub
    /// counts as stalled (3). Questions that wait at the same time count once.
    pub failures_max: u32,
    /// How long a better hub must have been usable before it takes over from one that works, so that a
    /// hub that comes and goes is not followed (30 s).
    pub settle: Duration,
    /// How long the first hubs may take at the start before one behind them is used (2 s).
    pub head_start: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lied: Duration::from_secs(60 * 60),
            stalled: Duration::from_secs(5 * 60),
            blocked: Duration::from_secs(65 * 60),
            failures_max: 3,
            settle: Duration::from_secs(30),
            head_start: Duration::from_secs(2),
        }
    }
}

impl HubsConfig {
    /// Hubs in order of preference, with the usual patience.
    ///
    /// # Errors
    /// For no hub at all, one hub twice, or hubs of several networks.
    pub fn new(hubs: Vec<HubConfig>) -> Result<Self, HubError> {
        let Some(first) = hubs.first() else {
            return Err(HubError::BadHubs("there is none"));
        };
        if hubs.iter().any(|hub| hub.network != first.network) {
            return Err(HubError::BadHubs("they are of several networks"));
        }
        if hubs.iter().enumerate().any(|(at, hub)| hubs[..at].iter().any(|other| other.url == hub.url)) {
            return Err(HubError::BadHubs("one is there twice"));
        }
        Ok(Self { hubs, patience: Patience::default() })
    }

    /// The network of all of them.
    pub fn network(&self) -> obyte::Network {
        self.hubs[0].network
    }

    /// How each is reached, the preferred one first.
    pub fn hubs(&self) -> &[HubConfig] {
        &self.hubs
    }
}

impl From<HubConfig> for HubsConfig {
    fn from(hub: HubConfig) -> Self {
        Self { hubs: vec![hub], patience: Patience::default() }
    }
}

#[cfg(test)]
mod tests {
    use obyte::Network;

    use super::*;

    fn hub(url: &str, network: Network) -> HubConfig {
        HubConfig::new(url, network).expect("an address")
    }

    #[test]
    fn hubs_are_different_and_of_one_network() {
        let one = || hub("wss://one.example/bb", Network::Livenet);
        let two = || hub("wss://two.example/bb", Network::Livenet);
        assert!(HubsConfig::new(vec![one(), two()]).is_ok());
        let bad = [vec![], vec![one(), one()], vec![one(), hub("wss://two.example/bb", Network::Testnet)]];
        for bad in bad {
            assert!(matches!(HubsConfig::new(bad), Err(HubError::BadHubs(_))));
        }
    }
}
