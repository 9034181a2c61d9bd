//! What the engine asks of the hub: each question runs as a task of its own and comes back as an event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use obyte::answer::{MaybeAccepted, PostAnswer};
use obyte::compose::Parents;
use obyte::fee::ThresholdSize;
use obyte::{Address, UnitHash};
use obyte_hub::{Hub, HubError, HubId, Hubs, ParentsRequest, Question};
use payout::{AskHistory, AskId, AskParents, AskStock, Claims, Event, TextcoinKeys, TextcoinNo, VersionId};
use serde_json::Value;
use tokio::sync::mpsc;

use super::claims::claims;
use super::history::{Historian, NoHistory};
use super::suspicion::Parentage;

/// How long an answer about parents or to a post may take before the engine goes on without it.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// How many definitions are asked for at once.
const AT_ONCE: usize = 16;

/// What a hub found for a unit.
struct Found {
    parents: Parents,
    looked_up: BTreeMap<UnitHash, u64>,
    agents: u64,
    claims: Option<Claims>,
}

/// Runs errands to the hub.
#[derive(Clone)]
pub(super) struct Errands {
    pub(super) hubs: Hubs,
    pub(super) parentage: Arc<Parentage>,
    pub(super) historian: Arc<Historian>,
    pub(super) events: mpsc::UnboundedSender<Event>,
}

impl Errands {
    pub(super) fn ask_parents(&self, question: AskParents, threshold: ThresholdSize) {
        let this = self.clone();
        tokio::spawn(async move {
            let ask = question.ask;
            let historian = &this.historian;
            let asking = this.hubs.ask(Question::Parents, PATIENCE, |hub| async move {
                parents(&hub, historian.order_providers.addresses(), &question).await
            });
            let event = match asking.await {
                (hub, Ok(Found { parents, .. })) if this.is_to_be_left(hub, &parents) => {
                    Event::NoParents { ask }
                }
                (_, Ok(Found { parents, looked_up, agents, claims })) => {
                    Event::Parents { ask, parents, threshold, looked_up, agents, claims }
                }
                (hub, Err(error)) => {
                    tracing::warn!(hub = %this.hubs.name(hub), %error, "the hub gave no parents");
                    Event::NoParents { ask }
                }
            };
            this.tell(event);
        });
    }

    pub(super) fn look_up_agents(&self, ask: AskId, addresses: Vec<Address>) {
        let this = self.clone();
        tokio::spawn(async move {
            let asking = this.hubs.ask(Question::Definitions, PATIENCE, |hub| async move {
                agents(&hub, addresses.clone()).await
            });
            let event = match asking.await {
                (_, Ok(agents)) => Event::Agents { ask, agents },
                (hub, Err(error)) => {
                    tracing::warn!(hub = %this.hubs.name(hub), %error, "the hub does not show its agents");
                    Event::NoParents { ask }
                }
            };
            this.tell(event);
        });
    }

    /// Derives the addresses of textcoins on a thread of its own: some milliseconds of work each.
    pub(super) fn derive_textcoins(&self, keys: TextcoinKeys, numbers: Vec<TextcoinNo>) {
        let this = self.clone();
        tokio::task::spawn_blocking(move || {
            let address = |no| keys.textcoin(no).map(|textcoin| textcoin.address());
            let derived = numbers.into_iter().map(|no| (no, address(no))).collect();
            this.tell(Event::TextcoinsDerived(derived));
        });
    }

    /// Whether the parents show that another hub is better asked.
    fn is_to_be_left(&self, hub: HubId, parents: &Parents) -> bool {
        let suspicion = self.parentage.judge(hub, parents, self.historian.clock.now());
        suspicion.is_some_and(|what| self.hubs.report(hub, &what))
    }

    /// The unit leaves at once, so that units leave in the order of the line, and before the next
    /// question for parents (8.2, 8.4).
    pub(super) fn post(&self, version: VersionId, json: Arc<str>) {
        let this = self.clone();
        let posting = self.hubs.post_joint(json, PATIENCE);
        tokio::spawn(async move {
            let event = match posting.await {
                Ok(reply) => {
                    Event::PostAnswered { version, answer: reply.answer, text: reply.text.to_string() }
                }
                Err(error) => match error.as_post_answer() {
                    Some(answer) if answer != NO_ANSWER => {
                        Event::PostAnswered { version, answer, text: error.to_string() }
                    }
                    _ => Event::PostUnanswered { version },
                },
            };
            this.tell(event);
        });
    }

    pub(super) fn ask_history(&self, question: AskHistory) {
        let this = self.clone();
        tokio::spawn(async move {
            let ask = question.ask;
            let event = match this.historian.look_up(&this.hubs, question).await {
                (_, Ok(units)) => Event::History { ask, units },
                (hub, Err(error)) if error.is_too_large() => {
                    tracing::warn!(hub = %this.hubs.name(hub), "the wallet's history is too large for the hub; its coins are looked for one by one");
                    Event::HistoryTooLarge { ask }
                }
                (hub, Err(error)) => {
                    this.judge(hub, &error, "no history of the wallet could be proven");
                    Event::NoHistory { ask }
                }
            };
            this.tell(event);
        });
    }

    pub(super) fn take_stock(&self, question: AskStock) {
        let this = self.clone();
        tokio::spawn(async move {
            let ask = question.ask;
            let event = match this.historian.take_stock(&this.hubs, question).await {
                (_, Ok(stock)) => Event::Stock { ask, stock },
                (hub, Err(error)) => {
                    this.judge(hub, &error, "the coins of the wallet could not be counted and proven");
                    Event::NoStock { ask }
                }
            };
            this.tell(event);
        });
    }

    fn judge(&self, hub: HubId, error: &NoHistory, what: &str) {
        tracing::warn!(hub = %self.hubs.name(hub), %error, "{what}");
        if let Some(what) = error.misbehaviour() {
            self.hubs.report(hub, &what);
        }
    }

    fn tell(&self, event: Event) {
        // The payer may have stopped meanwhile.
        let _ = self.events.send(event);
    }
}

/// Parents first, and only then the unit whose place decides about the definition: this order has no
/// race (4.7).
async fn parents(hub: &Hub, order_providers: &[Address], question: &AskParents) -> Result<Found, HubError> {
    let request = ParentsRequest {
        witnesses: None,
        from_addresses: question.from.clone(),
        output_addresses: question.to.clone(),
        max_aa_responses: None,
    };
    let answer = hub.parents(&request).await?;
    let agents = answer.count_primary_aa_triggers;
    let parents = Parents::from(answer);
    let mut looked_up = BTreeMap::new();
    for unit in &question.look_up {
        let joint = hub.get_joint(*unit).await?;
        looked_up.extend(joint.and_then(|joint| joint.hints.main_chain_index).map(|index| (*unit, index)));
    }
    let claims = match question.fresh.as_slice() {
        [] => None,
        fresh => Some(claims(hub, order_providers, fresh).await?),
    };
    Ok(Found { parents, looked_up, agents, claims })
}

/// Which of the addresses a hub shows a definition of an agent for. A definition hashes to its address,
/// which the hub client checks, so none can be made up.
async fn agents(hub: &Hub, addresses: Vec<Address>) -> Result<Vec<Address>, HubError> {
    let asking = addresses.into_iter().map(|address| {
        let hub = hub.clone();
        async move { Ok(hub.definition(address).await?.filter(is_agent).map(|_| address)) }
    });
    let found: Vec<Option<Address>> = stream::iter(asking).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

fn is_agent(definition: &Value) -> bool {
    definition.get(0).and_then(Value::as_str) == Some("autonomous agent")
}

const NO_ANSWER: PostAnswer = PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer);
