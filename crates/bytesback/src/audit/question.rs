//! Asking a hub, and proving what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use obyte::compose::Coin;
use obyte::history::{Asked, HistoryError, ProvenUnit, Trust, verify};
use obyte::{Address, Network, UnitHash};
use obyte_hub::{AddressBalance, HistoryRequest, Hub, HubError};
use serde_json::Value;

use super::Place;
use crate::clock::Clock;

/// How long a hub may take to be reached; one of a devnet is near.
const PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE_NEAR: Duration = Duration::from_secs(3);
/// A proof whose newest order provider unit is older shows a stalled or lying hub (7.4 iv).
const AGE_MAX_SECONDS: u64 = 15 * 60;
/// How many addresses a question for balances may name (6.4).
const BALANCES_MAX: usize = 100;
/// How many known units a question may name (6.4).
pub(super) const KNOWN_MAX: usize = 2_000;

/// Why a network cannot be compared with.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// No hub is there.
    #[error("no hub can be reached ({0}); name one with --hub, or repeat with --books-only")]
    NoHub(String),
    /// The hub does not answer as it should.
    #[error("the hub does not answer: {0}")]
    Hub(#[from] HubError),
    /// The answer proves nothing.
    #[error("the hub's answer is not believed: {0}; ask another hub with --hub")]
    Unproven(#[from] HistoryError),
    /// The proof is old.
    #[error("the hub's proof is older than {AGE_MAX_SECONDS} s: it stands still; ask another hub with --hub")]
    Stale,
}

/// A connection to a hub, and what its answers are judged by.
pub(super) struct Questions<'a> {
    hub: Hub,
    place: &'a Place,
    clock: &'a dyn Clock,
}

impl<'a> Questions<'a> {
    /// How many of these coins, each alone at its address, the hub believes to be spent.
    pub(super) async fn count_spent(&self, coins: &[Coin]) -> Result<usize, Unanswered> {
        let mut spent = 0;
        for coins in coins.chunks(BALANCES_MAX) {
            let addresses: Vec<Address> = coins.iter().map(|coin| coin.address).collect();
            let balances = self.hub.balances(&addresses).await?;
            let is_spent = |coin: &&Coin| {
                let held = balances.get(&coin.address).map(AddressBalance::base).unwrap_or_default();
                held.stable.saturating_add(held.pending) < coin.amount.get()
            };
            spent += coins.iter().filter(is_spent).count();
        }
        Ok(spent)
    }

    /// Connects to the first hub that can be reached.
    pub(super) async fn begin(place: &'a Place, clock: &'a dyn Clock) -> Result<Self, Unanswered> {
        let patience = if place.network == Network::Devnet { PATIENCE_NEAR } else { PATIENCE };
        let mut reasons = Vec::new();
        for config in &place.hubs {
            let (hub, mut events) = Hub::start(config.clone());
            tokio::spawn(async move { while events.recv().await.is_some() {} });
            match hub.wait_connected(patience).await {
                Ok(()) => return Ok(Self { hub, place, clock }),
                Err(why) => reasons.push(format!("{}: {why}", config.url)),
            }
            hub.close();
        }
        Err(Unanswered::NoHub(reasons.join("; ")))
    }

    /// Up to which main chain index the hub calls things stable.
    pub(super) async fn stable_index(&self) -> Result<u64, Unanswered> {
        Ok(self.hub.last_stable_unit_props().await?.main_chain_index)
    }

    /// Those of these units that the hub shows, proven.
    pub(super) async fn units(
        &self,
        units: impl Iterator<Item = UnitHash>,
    ) -> Result<BTreeMap<UnitHash, ProvenUnit>, Unanswered> {
        let units: BTreeSet<UnitHash> = units.collect();
        let joints: Vec<UnitHash> = units.into_iter().collect();
        let request = HistoryRequest {
            witnesses: self.place.order_providers.addresses().to_vec(),
            requested_joints: joints.clone(),
            ..HistoryRequest::default()
        };
        let response = self.hub.history(&request).await?;
        self.prove(&response, &Asked { addresses: &[], joints: &joints })
    }

    /// All that touches an address from a main chain index on, but for what is known, at most [`KNOWN_MAX`] units;
    /// nothing where that is too much to tell.
    pub(super) async fn address(
        &self,
        address: Address,
        known: Vec<UnitHash>,
        min_mci: u64,
    ) -> Result<Option<BTreeMap<UnitHash, ProvenUnit>>, Unanswered> {
        let addresses = vec![address];
        let request = HistoryRequest {
            witnesses: self.place.order_providers.addresses().to_vec(),
            addresses: addresses.clone(),
            known_stable_units: known,
            min_mci: Some(min_mci),
            ..HistoryRequest::default()
        };
        match self.hub.history(&request).await {
            Ok(response) => self.prove(&response, &Asked { addresses: &addresses, joints: &[] }).map(Some),
            Err(HubError::HistoryTooLarge) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn prove(
        &self,
        response: &Value,
        asked: &Asked<'_>,
    ) -> Result<BTreeMap<UnitHash, ProvenUnit>, Unanswered> {
        let now = self.clock.now().as_millis() / 1000;
        let trust = Trust {
            network: self.place.network,
            order_providers: &self.place.order_providers,
            genesis: self.place.genesis,
            now: Some(now),
        };
        let verified = verify(response, asked, &trust)?;
        if !verified.units.is_empty() && !verified.is_fresh(now, AGE_MAX_SECONDS) {
            return Err(Unanswered::Stale);
        }
        Ok(verified.units.into_iter().map(|unit| (unit.unit.hash(), unit)).collect())
    }
}

impl Drop for Questions<'_> {
    fn drop(&mut self) {
        self.hub.close();
    }
}
