//! The payer's history: asked of the hub, proven, and told to the engine in its own words.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use obyte::compose::Coin;
use obyte::history::{
    Asked, HistoryError, OrderProviders, ProvenUnit, State, Trust, VerifiedHistory, verify,
};
use obyte::{Address, Bytes, Network, Unit, UnitHash};
use obyte_hub::{HistoryRequest, HubError, HubId, Hubs, Misbehaviour, Question};
use payout::{AskHistory, Moves, SeenUnit, Standing, Timestamp};
use serde_json::Value;

use crate::clock::Clock;

/// A proof whose newest order provider unit is older shows a stalled or lying hub (7.4 iv).
const AGE_MAX_SECONDS: u64 = 15 * 60;
/// How long a history may take where another hub could be asked instead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks for histories and proves them.
pub(crate) struct Historian {
    pub(super) order_providers: OrderProviders,
    pub(super) genesis: Option<UnitHash>,
    pub(super) network: Network,
    pub(super) clock: Arc<dyn Clock>,
}

/// Why there is no history to go by.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoHistory {
    /// The hub did not answer as it should.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The answer proves nothing.
    #[error("the hub's history is not believed: {0}; if this lasts, use another hub")]
    Unproven(#[from] HistoryError),
    /// The proof is old.
    #[error(
        "the hub's history is stale: its newest proof is older than {AGE_MAX_SECONDS} s; use another hub"
    )]
    Stale,
    /// The verification was cut short, as when the server stops.
    #[error("the verification of a history was cut short")]
    CutShort,
}

impl NoHistory {
    /// Whether there is more to tell than a hub tells at once (6.4). That is nobody's fault.
    pub(crate) const fn is_too_large(&self) -> bool {
        matches!(self, Self::Hub(HubError::HistoryTooLarge))
    }

    /// What it shows about the hub beyond a request without an answer.
    pub(crate) fn misbehaviour(&self) -> Option<Misbehaviour> {
        match self {
            Self::Unproven(why) => Some(Misbehaviour::Lied(why.to_string())),
            Self::Stale => Some(Misbehaviour::Stalled(self.to_string())),
            Self::Hub(_) | Self::CutShort => None,
        }
    }
}

impl Historian {
    /// Says who was asked, too.
    pub(crate) async fn look_up(
        self: &Arc<Self>,
        hubs: &Hubs,
        question: AskHistory,
    ) -> (HubId, Result<Vec<SeenUnit>, NoHistory>) {
        let request = HistoryRequest {
            witnesses: self.order_providers.addresses().to_vec(),
            addresses: question.addresses.clone(),
            requested_joints: question.units.clone(),
            known_stable_units: Vec::new(),
            min_mci: Some(question.min_mci),
        };
        let asking =
            hubs.ask(Question::History, limit(hubs), |hub| async move { hub.history(&request).await });
        let (hub, response) = asking.await;
        let response = match response {
            Ok(response) => response,
            Err(error) => return (hub, Err(error.into())),
        };
        let telling = Telling { also: question.also, moves: question.moves };
        (hub, self.proven(response, question.addresses, question.units, telling).await)
    }

    /// What an answer proves of units of the wallet: those of `asked` addresses, and those asked for by name.
    pub(super) async fn proven(
        self: &Arc<Self>,
        response: Value,
        asked: Vec<Address>,
        units: Vec<UnitHash>,
        telling: Telling,
    ) -> Result<Vec<SeenUnit>, NoHistory> {
        let this = Arc::clone(self);
        let proving = tokio::task::spawn_blocking(move || this.prove(&response, &asked, &units, &telling));
        proving.await.unwrap_or(Err(NoHistory::CutShort))
    }

    fn prove(
        &self,
        response: &Value,
        asked: &[Address],
        units: &[UnitHash],
        telling: &Telling,
    ) -> Result<Vec<SeenUnit>, NoHistory> {
        let now = self.clock.now().as_millis() / 1000;
        let question = Asked { addresses: asked, joints: units };
        let trust = Trust {
            network: self.network,
            order_providers: &self.order_providers,
            genesis: self.genesis,
            now: Some(now),
        };
        let verified: VerifiedHistory = verify(response, &question, &trust)?;
        if !verified.units.is_empty() && !verified.is_fresh(now, AGE_MAX_SECONDS) {
            return Err(NoHistory::Stale);
        }
        let own: HashSet<Address> = asked.iter().chain(&telling.also).copied().collect();
        Ok(verified.units.iter().map(|proven| seen(proven, &own, telling.moves)).collect())
    }
}

/// What is told of the units of an answer.
pub(super) struct Telling {
    /// More addresses of the wallet: units and coins of theirs are told as such.
    pub(super) also: Vec<Address>,
    /// Whether it is told what units of the wallet move.
    pub(super) moves: bool,
}

/// How long a question about the wallet may take.
pub(super) fn limit(hubs: &Hubs) -> Duration {
    let limit = hubs.preferred().config().history_timeout;
    if hubs.is_alone() { limit } else { limit.min(PATIENCE) }
}

fn seen(proven: &ProvenUnit, own: &HashSet<Address>, tells_moves: bool) -> SeenUnit {
    let unit = &proven.unit;
    let outputs = unit.outputs().filter(|(_, output)| own.contains(&output.address));
    let is_own = own.iter().any(|address| unit.is_authored_by(address));
    SeenUnit {
        unit: unit.hash(),
        standing: match proven.state {
            State::FinalGood => Standing::FinalGood,
            State::FinalBad => Standing::FinalBad,
            State::Unstable => Standing::Unstable,
        },
        is_own,
        coins: outputs
            .map(|(id, output)| Coin { id, amount: output.amount, address: output.address })
            .collect(),
        main_chain_index: proven.hints.main_chain_index,
        charged_tps_fee: proven.hints.actual_tps_fee.and_then(|fee| Bytes::new(fee).ok()),
        moves: (is_own && tells_moves).then(|| moves(unit, own)),
    }
}

fn moves(unit: &Unit, own: &HashSet<Address>) -> Moves {
    let outputs =
        unit.outputs().map(|(id, output)| Coin { id, amount: output.amount, address: output.address });
    let to_others = outputs.filter(|coin| !own.contains(&coin.address));
    let authors = unit.authors().iter().map(|author| author.address);
    Moves {
        authors: authors.filter(|author| own.contains(author)).collect(),
        spent: unit.spent_coins().collect(),
        paid: to_others.collect(),
        made_at: unit.timestamp().map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))),
    }
}
