//! What one hub shows of a purchase unit, and what of it is proven.

use std::sync::Arc;

use obyte::history::{Asked, HistoryError, ProvenUnit, State, Trust, verify};
use obyte::{Address, UnitHash};
use obyte_hub::{HistoryRequest, Hub, HubError};
use program::{UnitClaim, UnitFault, UnitProof, UnitRules};
use serde_json::Value;

use super::{ProofTrust, UnitChecker, signed};

/// A proof whose newest order provider unit is older shows a stalled or lying hub (7.4 iv).
const AGE_MAX_SECONDS: u64 = 15 * 60;
/// Of a unit with more outputs to strangers only so many are followed: a gateway is paid by one.
const FOLLOWED_MAX: usize = 8;

/// Why a hub tells nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Untold {
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

impl UnitChecker {
    /// What the unit proves, as this hub shows it.
    pub(super) async fn look(
        &self,
        hub: &Hub,
        rules: &UnitRules,
        unit: UnitHash,
        claim: &UnitClaim<'_>,
    ) -> Result<Result<UnitProof, UnitFault>, Untold> {
        let shown = self.history(hub, Vec::new(), unit, None).await?;
        let Some(mut proven) = shown.into_iter().next() else { return Ok(Err(UnitFault::NotFound)) };
        let mut around = self.followers(hub, claim, &proven).await?;
        if let Some(place) = around.iter().position(|shown| shown.unit.hash() == unit) {
            // The later look.
            proven = around.swap_remove(place);
        }
        let proof = match claim.judge(rules, &proven, &around) {
            Ok(proof) if !proof.is_final => proof,
            decided => return Ok(decided),
        };
        let next = around.iter().filter(|shown| Some(shown.unit.hash()) == proof.forwarded_by);
        for shown in [&proven].into_iter().chain(next).filter(|shown| shown.state == State::Unstable) {
            let definitions = signed::missing_definitions(hub, &shown.unit).await?;
            if let Err(why) = signed::check(&shown.unit, &definitions, &self.trust, claim.now) {
                tracing::info!(%unit, why, "a purchase unit that is not final cannot be judged");
                return Ok(Err(UnitFault::NotJudged));
            }
        }
        Ok(Ok(proof))
    }

    /// Later units of those who may have forwarded the money of a unit, and the unit itself.
    async fn followers(
        &self,
        hub: &Hub,
        claim: &UnitClaim<'_>,
        proven: &ProvenUnit,
    ) -> Result<Vec<ProvenUnit>, Untold> {
        let mut follow = claim.to_follow(&proven.unit);
        follow.truncate(FOLLOWED_MAX);
        if follow.is_empty() {
            return Ok(Vec::new());
        }
        let from = proven.hints.main_chain_index;
        match self.history(hub, follow, proven.unit.hash(), from).await {
            // So busy an address is nobody's one-time address.
            Err(Untold::Hub(HubError::HistoryTooLarge)) => Ok(Vec::new()),
            shown => shown,
        }
    }

    async fn history(
        &self,
        hub: &Hub,
        addresses: Vec<Address>,
        unit: UnitHash,
        min_mci: Option<u64>,
    ) -> Result<Vec<ProvenUnit>, Untold> {
        let request = HistoryRequest {
            witnesses: self.trust.order_providers.addresses().to_vec(),
            addresses,
            requested_joints: vec![unit],
            known_stable_units: Vec::new(),
            min_mci,
        };
        let response = hub.history(&request).await?;
        let (trust, now) = (Arc::clone(&self.trust), self.clock.now().as_millis() / 1000);
        let proving =
            tokio::task::spawn_blocking(move || trust.prove(&response, &request.addresses, unit, now));
        proving.await.unwrap_or(Err(Untold::CutShort))
    }
}

impl ProofTrust {
    fn prove(
        &self,
        response: &Value,
        addresses: &[Address],
        unit: UnitHash,
        now: u64,
    ) -> Result<Vec<ProvenUnit>, Untold> {
        let trust = Trust {
            network: self.network,
            order_providers: &self.order_providers,
            genesis: self.genesis,
            now: Some(now),
        };
        let verified = verify(response, &Asked { addresses, joints: &[unit] }, &trust)?;
        if !verified.units.is_empty() && !verified.is_fresh(now, AGE_MAX_SECONDS) {
            return Err(Untold::Stale);
        }
        Ok(verified.units)
    }
}
