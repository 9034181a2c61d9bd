//! What the keeper asks of the hub: each question runs as a task of its own and comes back as an event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use obyte::Address;
use obyte::answer::{MaybeAccepted, PostAnswer};
use obyte::compose::Parents;
use obyte::fee::ThresholdSize;
use obyte_hub::{AddressBalance, Hubs, ParentsRequest, Question};
use payout::{AskHistory, AskId, KeeperEvent, TextcoinNo, VersionNo};
use tokio::sync::mpsc;

use crate::payer::Historian;

/// How long an answer may take before the keeper goes on without it.
const PATIENCE: Duration = Duration::from_secs(15);

const NO_ANSWER: PostAnswer = PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer);

/// Runs errands to the hub.
#[derive(Clone)]
pub(super) struct Errands {
    pub(super) hubs: Hubs,
    pub(super) historian: Arc<Historian>,
    pub(super) events: mpsc::UnboundedSender<KeeperEvent>,
}

impl Errands {
    pub(super) fn ask_balances(&self, ask: AskId, addresses: Vec<Address>) {
        let this = self.clone();
        self.run(async move {
            let asking = this.hubs.ask(Question::Coins, PATIENCE, |hub| {
                let addresses = addresses.clone();
                async move { hub.balances(&addresses).await }
            });
            match asking.await {
                (_, Ok(found)) => {
                    let held = |address| {
                        let base = found.get(address).map(AddressBalance::base).unwrap_or_default();
                        base.stable.saturating_add(base.pending)
                    };
                    let balances: BTreeMap<_, _> =
                        addresses.iter().map(|address| (*address, held(address))).collect();
                    KeeperEvent::Balances { ask, balances }
                }
                (hub, Err(error)) => {
                    tracing::warn!(hub = %this.hubs.name(hub), %error, "the hub tells no balances of textcoins");
                    KeeperEvent::Unanswered { ask }
                }
            }
        });
    }

    pub(super) fn ask_history(&self, question: AskHistory) {
        let ask = question.ask;
        let this = self.clone();
        self.run(async move { match this.historian.look_up(&this.hubs, question).await {
            (_, Ok(units)) => KeeperEvent::History { ask, units },
            (_, Err(error)) if error.is_too_large() => KeeperEvent::HistoryTooLarge { ask },
            (hub, Err(error)) => {
                tracing::warn!(hub = %this.hubs.name(hub), %error, "no history of textcoins could be proven");
                if let Some(what) = error.misbehaviour() {
                    this.hubs.report(hub, &what);
                }
                KeeperEvent::Unanswered { ask }
            }
        }});
    }

    pub(super) fn ask_parents(&self, ask: AskId, from: Address, to: Address, threshold: ThresholdSize) {
        let request = ParentsRequest {
            witnesses: None,
            from_addresses: vec![from],
            output_addresses: vec![to],
            max_aa_responses: None,
        };
        let this = self.clone();
        self.run(async move {
            let asking = this.hubs.ask(Question::Parents, PATIENCE, |hub| async move {
                hub.parents(&request).await.map(Parents::from)
            });
            match asking.await {
                (_, Ok(parents)) => KeeperEvent::Parents { ask, parents, threshold },
                (hub, Err(error)) => {
                    tracing::warn!(hub = %this.hubs.name(hub), %error, "the hub gave no parents");
                    KeeperEvent::Unanswered { ask }
                }
            }
        });
    }

    pub(super) fn post(&self, no: TextcoinNo, version: VersionNo, json: Arc<str>) {
        let posting = self.hubs.post_joint(json, PATIENCE);
        self.run(async move {
            match posting.await {
                Ok(reply) => KeeperEvent::PostAnswered {
                    no,
                    version,
                    answer: reply.answer,
                    text: reply.text.to_string(),
                },
                Err(error) => match error.as_post_answer() {
                    Some(answer) if answer != NO_ANSWER => {
                        KeeperEvent::PostAnswered { no, version, answer, text: error.to_string() }
                    }
                    _ => KeeperEvent::PostUnanswered { no, version },
                },
            }
        });
    }

    /// Tells the keeper what comes of it. The keeper may have been thrown away meanwhile.
    fn run(&self, errand: impl Future<Output = KeeperEvent> + Send + 'static) {
        let events = self.events.clone();
        tokio::spawn(async move { drop(events.send(errand.await)) });
    }
}
