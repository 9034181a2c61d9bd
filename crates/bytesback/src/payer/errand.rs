//! What the engine asks of the hub: each question runs as a task of its own and comes back as an event.

use std::sync::Arc;
use std::time::Duration;

use obyte::answer::{MaybeAccepted, PostAnswer};
use obyte::compose::Parents;
use obyte::fee::ThresholdSize;
use obyte_hub::{Hub, HubError, ParentsRequest};
use payout::{AskHistory, AskParents, Event, VersionId};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::history::Historian;

/// How long an answer about parents or to a post may take before the engine goes on without it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Runs errands to the hub.
#[derive(Clone)]
pub(super) struct Errands {
    pub(super) hub: Hub,
    pub(super) historian: Arc<Historian>,
    pub(super) events: mpsc::UnboundedSender<Event>,
}

impl Errands {
    pub(super) fn ask_parents(&self, question: AskParents, threshold: ThresholdSize) {
        let this = self.clone();
        tokio::spawn(async move {
            let ask = question.ask;
            let event = match timeout(PATIENCE, this.parents(&question)).await {
                Ok(Ok((parents, looked_up_mci))) => Event::Parents { ask, parents, threshold, looked_up_mci },
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the hub gave no parents");
                    Event::NoParents { ask }
                }
                Err(_) => {
                    tracing::warn!("the hub gave no parents in time");
                    Event::NoParents { ask }
                }
            };
            this.tell(event);
        });
    }

    /// Parents first, and only then the unit whose place decides about the definition: this order has no
    /// race (4.7).
    async fn parents(&self, question: &AskParents) -> Result<(Parents, Option<u64>), HubError> {
        let request = ParentsRequest {
            witnesses: None,
            from_addresses: vec![question.from],
            output_addresses: question.to.clone(),
            max_aa_responses: None,
        };
        let parents = Parents::from(self.hub.parents(&request).await?);
        let looked_up = match question.look_up {
            Some(unit) => self.hub.get_joint(unit).await?.and_then(|joint| joint.hints.main_chain_index),
            None => None,
        };
        Ok((parents, looked_up))
    }

    pub(super) fn post(&self, version: VersionId, json: Arc<str>) {
        let this = self.clone();
        tokio::spawn(async move {
            let event = match timeout(PATIENCE, this.hub.post_joint(&json)).await {
                Ok(Ok(reply)) => {
                    Event::PostAnswered { version, answer: reply.answer, text: reply.text.to_string() }
                }
                Ok(Err(error)) => match error.as_post_answer() {
                    Some(answer) if answer != NO_ANSWER => {
                        Event::PostAnswered { version, answer, text: error.to_string() }
                    }
                    _ => Event::PostUnanswered { version },
                },
                Err(_) => Event::PostUnanswered { version },
            };
            this.tell(event);
        });
    }

    pub(super) fn ask_history(&self, question: AskHistory) {
        let this = self.clone();
        tokio::spawn(async move {
            let ask = question.ask;
            let event = match this.historian.look_up(&this.hub, question).await {
                Ok(units) => Event::History { ask, units },
                Err(error) => {
                    tracing::warn!(%error, "no history of the wallet could be proven");
                    Event::NoHistory { ask }
                }
            };
            this.tell(event);
        });
    }

    fn tell(&self, event: Event) {
        // The payer may have stopped meanwhile.
        let _ = self.events.send(event);
    }
}

const NO_ANSWER: PostAnswer = PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer);
