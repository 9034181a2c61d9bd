//! The requests that wait for answers on the connection that stands now.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot, watch};

use crate::HubError;

/// What a hub answered: JSON text, or nothing where the answer is undefined or null.
pub(crate) type Answer = Option<Box<RawValue>>;

/// Connects the handles of a hub with the connection, if there is one.
#[derive(Debug)]
pub(crate) struct Line {
    state: Mutex<State>,
    max_pending: usize,
    /// What the hub wants signed at a login, on this connection.
    challenge: watch::Sender<Option<String>>,
}

#[derive(Debug, Default)]
struct State {
    /// Where to put what is to be sent, while connected.
    outgoing: Option<mpsc::Sender<String>>,
    /// Why there is no connection, where that will not change by waiting.
    why_not: Option<HubError>,
    pending: HashMap<String, oneshot::Sender<Result<Answer, HubError>>>,
}

/// A request that waits; dropping it gives up waiting.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    line: &'a Line,
    tag: String,
    outgoing: mpsc::Sender<String>,
    answer: oneshot::Receiver<Result<Answer, HubError>>,
}

impl Line {
    pub(crate) fn new(max_pending: usize) -> Self {
        Self { state: Mutex::default(), max_pending, challenge: watch::Sender::new(None) }
    }

    /// From now on requests go out this way.
    pub(crate) fn open(&self, outgoing: mpsc::Sender<String>) {
        let mut state = self.lock();
        state.outgoing = Some(outgoing);
        state.why_not = None;
    }

    /// The connection ended: so do all requests. `why_not` is what later requests are told.
    pub(crate) fn hang_up(&self, why_not: Option<HubError>) {
        self.challenge.send_replace(None);
        let pending = {
            let mut state = self.lock();
            state.outgoing = None;
            state.why_not = why_not;
            std::mem::take(&mut state.pending)
        };
        for waiting in pending.into_values() {
            // Whoever does not wait any more does not care.
            let _ = waiting.send(Err(HubError::Disconnected));
        }
    }

    /// The hub wants this signed at a login.
    pub(crate) fn set_challenge(&self, challenge: String) {
        self.challenge.send_replace(Some(challenge));
    }

    /// What the hub wants signed; it comes soon after the connection.
    pub(crate) async fn challenge(&self) -> String {
        let mut challenges = self.challenge.subscribe();
        let challenge = challenges.wait_for(Option::is_some).await.expect("the sender lives as long as we");
        challenge.clone().expect("waited for")
    }

    /// Gives the answer to whoever waits for it. Answers nobody waits for are late or strange: ignored.
    pub(crate) fn answer(&self, tag: &str, answer: Option<&RawValue>) -> bool {
        let Some(waiting) = self.lock().pending.remove(tag) else { return false };
        waiting.send(Ok(answer.map(ToOwned::to_owned))).is_ok()
    }

    /// A place for one more answer.
    ///
    /// # Errors
    /// Where there is no connection, or too many wait already.
    pub(crate) fn wait(&self, tag: String) -> Result<Waiting<'_>, HubError> {
        let (sender, answer) = oneshot::channel();
        let mut state = self.lock();
        let outgoing = state.sender()?;
        if state.pending.len() >= self.max_pending {
            return Err(HubError::Busy { limit: self.max_pending });
        }
        state.pending.insert(tag.clone(), sender);
        Ok(Waiting { line: self, tag, outgoing, answer })
    }

    /// Sends what needs no answer, once the hub has read enough of what was sent before.
    ///
    /// # Errors
    /// Where there is no connection.
    pub(crate) async fn say(&self, frame: String) -> Result<(), HubError> {
        let outgoing = self.lock().sender()?;
        outgoing.send(frame).await.map_err(|_| HubError::NotConnected)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn sender(&self) -> Result<mpsc::Sender<String>, HubError> {
        let why_not = || self.why_not.clone().unwrap_or(HubError::NotConnected);
        self.outgoing.clone().ok_or_else(why_not)
    }
}

impl Waiting<'_> {
    /// Sends the request and waits for its answer or the end of the connection.
    pub(crate) async fn send(mut self, frame: String) -> Result<Answer, HubError> {
        self.outgoing.send(frame).await.map_err(|_| HubError::Disconnected)?;
        (&mut self.answer).await.unwrap_or(Err(HubError::Disconnected))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.lock().pending.remove(&self.tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> (Line, mpsc::Receiver<String>) {
        let line = Line::new(2);
        let (sender, receiver) = mpsc::channel(4);
        line.open(sender);
        (line, receiver)
    }

    fn raw(json: &str) -> Box<RawValue> {
        serde_json::from_str(json).expect("JSON")
    }

    #[tokio::test]
    async fn an_answer_finds_its_request_by_the_tag_and_only_once() {
        let (line, mut outgoing) = line();
        let (a, b) = (line.wait("a".into()).expect("room"), line.wait("b".into()).expect("room"));
        let asked = async {
            outgoing.recv().await.expect("a frame");
            outgoing.recv().await.expect("a frame");
            assert!(line.answer("b", Some(&raw("2"))));
            assert!(!line.answer("b", Some(&raw("3"))), "the second answer to a tag is ignored");
            assert!(!line.answer("c", None), "so is one to nothing");
            assert!(line.answer("a", None));
        };
        let (a, b, ()) = tokio::join!(a.send("A".into()), b.send("B".into()), asked);
        assert!(a.expect("answered").is_none());
        assert_eq!(b.expect("answered").expect("a value").get(), "2");
    }

    #[tokio::test]
    async fn the_number_of_waiting_requests_is_bounded_and_giving_up_makes_room() {
        let (line, _outgoing) = line();
        let first = line.wait("a".into()).expect("room");
        let _second = line.wait("b".into()).expect("room");
        assert_eq!(line.wait("c".into()).expect_err("full"), HubError::Busy { limit: 2 });
        drop(first);
        assert!(line.wait("c".into()).is_ok());
    }

    #[tokio::test]
    async fn all_requests_end_with_the_connection() {
        let (line, _outgoing) = line();
        let (a, b) = (line.wait("a".into()).expect("room"), line.wait("b".into()).expect("room"));
        let end = async { line.hang_up(None) };
        let (a, b, ()) = tokio::join!(a.send("A".into()), b.send("B".into()), end);
        assert_eq!(a.expect_err("ended"), HubError::Disconnected);
        assert_eq!(b.expect_err("ended"), HubError::Disconnected);
        assert_eq!(line.wait("c".into()).expect_err("no connection"), HubError::NotConnected);
        assert_eq!(line.say("d".into()).await.expect_err("no connection"), HubError::NotConnected);
    }
}
