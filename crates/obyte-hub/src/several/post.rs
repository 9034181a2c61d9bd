//! Posting a unit to all hubs at once.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::join_all;
use obyte::answer::{PostAnswer, Transient};
use tokio::sync::oneshot;
use tokio::task::unconstrained;
use tokio::time::{Instant, timeout};

use super::board::Board;
use super::conduct::{HubId, Misbehaviour};
use super::{Hubs, Question};
use crate::{Hub, HubError, PostReply};

type Posted = Result<PostReply, HubError>;

impl Hubs {
    /// Posts a signed unit, the JSON text of the unit itself, to all hubs that are connected. What counts
    /// is the answer of the preferred one, which is waited for up to `limit`; what the others say goes
    /// to the log, and nobody waits for them.
    ///
    /// The unit is on its way to every hub, before anything that is asked or posted after this call, even
    /// if the answer is not waited for.
    ///
    /// # Errors
    /// Where no answer came. [`HubError::as_post_answer`] says what that means for the unit.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn post_joint(&self, unit: Arc<str>, limit: Duration) -> impl Future<Output = Posted> + Send + use<> {
        let board = Arc::clone(&self.board);
        let preferred = board.preferred();
        let asked = Instant::now();
        let answer = begin(post_to(&board, preferred, &unit, limit));
        let others: Vec<_> = board
            .secondaries(preferred)
            .into_iter()
            .map(|id| (id, begin(post_to(&board, id, &unit, limit))))
            .collect();
        async move {
            let (tell, told) = oneshot::channel();
            if !others.is_empty() {
                tokio::spawn(listen(Arc::clone(&board), preferred, asked, others, told));
            }
            let posted = answer.await;
            note(&board, preferred, asked, &posted);
            // Without other hubs nobody listens.
            let _ = tell.send(posted.clone());
            posted
        }
    }
}

impl Hubs {
    /// Posts units, in this order, to one hub that may lack them ([`crate::HubsEvent::Joined`]). What it says
    /// goes to the log, and nobody waits for it; each answer is listened to up to `limit`.
    ///
    /// The units are on their way before anything that is asked or posted after this call. A hub that is not
    /// connected, or blocks us, gets nothing.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn catch_up(&self, hub: HubId, units: impl IntoIterator<Item = Arc<str>>, limit: Duration) {
        if !self.board.is_posted_to(hub) {
            return;
        }
        let posts: Vec<_> =
            units.into_iter().map(|unit| begin(post_to(&self.board, hub, &unit, limit))).collect();
        if !posts.is_empty() {
            let board = Arc::clone(&self.board);
            tokio::spawn(async move {
                for answer in join_all(posts).await {
                    hear(&board, hub, &answer);
                }
            });
        }
    }
}

fn post_to(
    board: &Board,
    id: HubId,
    unit: &Arc<str>,
    limit: Duration,
) -> impl Future<Output = Posted> + Send + use<> {
    board.posted(id);
    let (hub, unit): (Hub, _) = (board.hubs[id.0].clone(), Arc::clone(unit));
    async move {
        let posted = timeout(limit, hub.post_joint(&unit)).await;
        posted.unwrap_or(Err(HubError::TimedOut { after: limit }))
    }
}

/// What the preferred hub's answer tells about the hub itself.
fn note(board: &Board, hub: HubId, asked: Instant, posted: &Posted) {
    match posted {
        Ok(reply) => match reply.answer {
            PostAnswer::Blocked => {
                board.report(hub, &Misbehaviour::Blocked);
            }
            PostAnswer::Transient(Transient::CatchingUp | Transient::NeedHashTree) => {
                board.failed(hub, Question::Post, asked);
            }
            _ => board.answered(hub, Question::Post),
        },
        Err(error) if error.shows_a_stall() => board.failed(hub, Question::Post, asked),
        Err(_) => {}
    }
}

/// Hears what the other hubs say, beside the answer that counts.
async fn listen(
    board: Arc<Board>,
    preferred: HubId,
    asked: Instant,
    others: Vec<(HubId, impl Future<Output = Posted> + Send)>,
    told: oneshot::Receiver<Posted>,
) {
    let answers = join_all(others.into_iter().map(|(id, answer)| async move { (id, answer.await) })).await;
    for (id, answer) in &answers {
        hear(&board, *id, answer);
    }
    // Whoever posted may have gone.
    let Ok(Ok(reply)) = told.await else { return };
    let accepts =
        |(_, answer): &&(HubId, Posted)| matches!(answer, Ok(PostReply { answer: PostAnswer::Accepted, .. }));
    let accepting = answers.iter().find(accepts);
    if let (true, Some((id, _))) = (refuses(reply.answer), accepting) {
        let (hub, other) = (&board.names[preferred.0], &board.names[id.0]);
        tracing::warn!(%hub, %other, answer = %reply.text, "the hub refuses a unit that another one accepts");
        board.failed(preferred, Question::Verdict, asked);
    } else if reply.answer == PostAnswer::Accepted {
        board.answered(preferred, Question::Verdict);
    }
}

/// Hears what a hub says whose answer does not count.
fn hear(board: &Board, id: HubId, answer: &Posted) {
    let hub = &board.names[id.0];
    match answer {
        Ok(reply) => {
            board.answered(id, Question::Post);
            tracing::debug!(%hub, answer = %reply.text, "another hub answers to the unit");
            if reply.answer == PostAnswer::Blocked {
                board.report(id, &Misbehaviour::Blocked);
            }
        }
        Err(error) => tracing::debug!(%hub, %error, "another hub does not answer to the unit"),
    }
}

const fn refuses(answer: PostAnswer) -> bool {
    !matches!(answer, PostAnswer::Accepted | PostAnswer::MaybeAccepted(_))
}

/// Lets a future take its first step now, so that what several futures send leaves in their order.
fn begin<F>(future: F) -> impl Future<Output = F::Output> + use<F>
where
    F: Future,
{
    let mut future = Box::pin(unconstrained(future));
    let first = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    async move {
        match first {
            Poll::Ready(output) => output,
            Poll::Pending => future.await,
        }
    }
}
