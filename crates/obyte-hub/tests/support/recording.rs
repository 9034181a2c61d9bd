//! Recorded conversations with a real hub, replayed.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Peer;

/// One recording: what the hub said first, then what it said after each thing that the client sent.
pub(crate) struct Recording {
    greeting: Vec<Value>,
    turns: Vec<Turn>,
    /// What the client answered to requests of the hub.
    pub(crate) answered: Vec<Value>,
    /// Whether the hub hung up.
    pub(crate) hub_closed: bool,
}

/// Something that the client sent, and what the hub said before the next.
pub(crate) struct Turn {
    pub(crate) sent: Value,
    pub(crate) said: Vec<Value>,
    used: bool,
}

impl Recording {
    pub(crate) fn load(name: &str) -> Self {
        Self::read("../obyte/tests/vectors/ws", name)
    }

    /// One of those of our own wallet.
    pub(crate) fn of_our_wallet(name: &str) -> Self {
        Self::read("../obyte/tests/recordings/data", name)
    }

    fn read(directory: &str, name: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        let text = std::fs::read_to_string(directory.join(name)).expect("the recording is there");
        let mut recording =
            Self { greeting: Vec::new(), turns: Vec::new(), answered: Vec::new(), hub_closed: false };
        for line in text.lines() {
            recording.add(&serde_json::from_str(line).expect("a line of JSON"));
        }
        recording
    }

    fn add(&mut self, line: &Value) {
        if line["event"] == "close" && line["code"] == 1000 {
            self.hub_closed = true;
        }
        // Some recorded clients sent deliberate rubbish.
        let frame = line["frame"].as_str().and_then(|frame| serde_json::from_str::<Value>(frame).ok());
        let Some(frame) = frame.filter(|frame| frame[1].is_object()) else { return };
        let greets = frame[1]["subject"] == "version";
        match line["dir"].as_str() {
            Some("out") if frame[0] == "response" => self.answered.push(frame),
            Some("out") if !greets => self.turns.push(Turn { sent: frame, said: Vec::new(), used: false }),
            Some("in") => self.said_after(&frame).push(frame),
            _ => {}
        }
    }

    /// Where to put what the hub said: an answer to its request, anything else to what was sent last.
    fn said_after(&mut self, frame: &Value) -> &mut Vec<Value> {
        let is_asked = |turn: &Turn| turn.sent[1]["tag"] == frame[1]["tag"] && !turn.is_answered();
        let asked = if frame[0] == "response" { self.turns.iter().rposition(is_asked) } else { None };
        match asked.or(self.turns.len().checked_sub(1)) {
            Some(index) => &mut self.turns[index].said,
            None => &mut self.greeting,
        }
    }

    /// Leaves out what the client sent, but not what the hub said after it.
    pub(crate) fn leave_out(&mut self, unwanted: impl Fn(&Value) -> bool) {
        let mut kept: Vec<Turn> = Vec::new();
        for turn in self.turns.drain(..) {
            if !unwanted(&turn.sent) {
                kept.push(turn);
                continue;
            }
            let answers = |said: &Value| said[0] == "response";
            let said = turn.said.into_iter().filter(|said| !answers(said));
            kept.last_mut().map_or(&mut self.greeting, |turn| &mut turn.said).extend(said);
        }
        self.turns = kept;
    }

    /// Everything that the hub said.
    pub(crate) fn said(&self) -> impl Iterator<Item = &Value> {
        self.greeting.iter().chain(self.turns.iter().flat_map(|turn| &turn.said))
    }

    /// What the client sent and got, in order.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// Says what the hub said first, then answers what the client sends as the hub did, until it hangs up.
    /// What was never sent to the hub fails the test.
    pub(crate) async fn replay<S: AsyncRead + AsyncWrite + Unpin>(mut self, mut peer: Peer<S>) {
        for frame in &self.greeting {
            peer.send(frame).await;
        }
        while let Some((_, frame)) = peer.frame().await {
            if frame[0] == "response" || frame[1]["subject"] == "version" {
                continue;
            }
            let turn = self.find(&frame);
            for said in turn {
                peer.send(said).await;
            }
        }
    }

    /// What the hub said to the same frame with another tag.
    fn find(&mut self, frame: &Value) -> Vec<Value> {
        let untagged = |frame: &Value| {
            let mut frame = frame.clone();
            if let Some(content) = frame[1].as_object_mut() {
                content.remove("tag");
            }
            frame
        };
        let turn = self
            .turns
            .iter_mut()
            .find(|turn| !turn.used && untagged(&turn.sent) == untagged(frame))
            .unwrap_or_else(|| panic!("the recorded client sent no such thing: {frame}"));
        turn.used = true;
        let retagged = |said: &Value| {
            let mut said = said.clone();
            if said[0] == "response" {
                assert_eq!(said[1]["tag"], turn.sent[1]["tag"], "the recording is in order");
                said[1]["tag"] = json!(frame[1]["tag"]);
            }
            said
        };
        turn.said.iter().map(retagged).collect()
    }
}

impl Turn {
    /// The request's command.
    pub(crate) fn command(&self) -> &str {
        self.sent[1]["command"].as_str().unwrap_or_default()
    }

    /// The request's parameters.
    pub(crate) fn params(&self) -> &Value {
        &self.sent[1]["params"]
    }

    fn is_answered(&self) -> bool {
        self.said.iter().any(|said| said[0] == "response")
    }

    /// What the hub answered.
    pub(crate) fn response(&self) -> &Value {
        let answer = self.said.iter().find(|said| said[0] == "response").expect("it was answered");
        &answer[1]["response"]
    }
}
