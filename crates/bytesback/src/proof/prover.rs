//! Histories that are proven before anybody looks at them (7).

use std::sync::Arc;

use obyte::history::{Asked, HistoryError, OrderProviders, ProvenUnit, Trust, verify};
use obyte::{Address, Network, UnitHash};
use obyte_hub::{HistoryRequest, Hub, HubError};
use serde_json::Value;

use crate::clock::Clock;

/// A proof whose newest order provider unit is older shows a stalled or lying hub (7.4 iv).
const AGE_MAX_SECONDS: u64 = 15 * 60;

/// By what answers of hubs are judged.
#[derive(Clone, Debug)]
pub struct ProofTrust {
    /// The network.
    pub network: Network,
    /// Whose word proves histories.
    pub order_providers: OrderProviders,
    /// The genesis unit of a devnet, where it is known.
    pub genesis: Option<UnitHash>,
}

/// Why a hub tells nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untold {
    /// It does not answer as it should.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The answer proves nothing.
    #[error("its answer is not believed: {0}")]
    Unproven(#[from] HistoryError),
    /// The proof is old.
    #[error("its newest proof is older than {AGE_MAX_SECONDS} s")]
    Stale,
    /// The verification was cut short, as when the server stops.
    #[error("the verification was cut short")]
    CutShort,
}

/// Asks for histories and proves them.
#[derive(Clone)]
pub(crate) struct Prover {
    trust: Arc<ProofTrust>,
    clock: Arc<dyn Clock>,
}

impl Prover {
    pub(crate) fn new(trust: ProofTrust, clock: Arc<dyn Clock>) -> Self {
        Self { trust: trust.into(), clock }
    }

    pub(crate) fn trust(&self) -> &ProofTrust {
        &self.trust
    }

    /// What a hub shows of these addresses and of these units, each with what is proven about it.
    pub(crate) async fn history(
        &self,
        hub: &Hub,
        addresses: Vec<Address>,
        joints: Vec<UnitHash>,
        min_mci: Option<u64>,
    ) -> Result<Vec<ProvenUnit>, Untold> {
        let request = HistoryRequest {
            witnesses: self.trust.order_providers.addresses().to_vec(),
            addresses,
            requested_joints: joints,
            known_stable_units: Vec::new(),
            min_mci,
        };
        let response = hub.history(&request).await?;
        let (trust, now) = (Arc::clone(&self.trust), self.clock.now().as_millis() / 1000);
        let proving = tokio::task::spawn_blocking(move || {
            trust.prove(&response, &request.addresses, &request.requested_joints, now)
        });
        proving.await.unwrap_or(Err(Untold::CutShort))
    }
}

impl ProofTrust {
    fn prove(
        &self,
        response: &Value,
        addresses: &[Address],
        joints: &[UnitHash],
        now: u64,
    ) -> Result<Vec<ProvenUnit>, Untold> {
        let trust = Trust {
            network: self.network,
            order_providers: &self.order_providers,
            genesis: self.genesis,
            now: Some(now),
        };
        let verified = verify(response, &Asked { addresses, joints }, &trust)?;
        if !verified.units.is_empty() && !verified.is_fresh(now, AGE_MAX_SECONDS) {
            return Err(Untold::Stale);
        }
        Ok(verified.units)
    }
}
