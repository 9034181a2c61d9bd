//! Where mischief meets the protocol.

use std::sync::Arc;

use serde_json::{Value, json};

use super::connection::Connection;
use super::frame::Answer;
use crate::mischief::Trick;

/// What becomes of a request on which a trick is played.
pub(super) enum Then {
    /// It is handled, and its answer treated.
    Handle(Trick),
    /// It is answered at once.
    Answer(Answer),
    /// Nothing.
    Nothing,
}

/// Plays the part of a trick that comes before a request is handled.
pub(super) fn before(connection: &Connection, trick: Trick, params: Option<&Value>) -> Then {
    match trick {
        Trick::Drop => Then::Nothing,
        Trick::Disconnect => {
            connection.outbox.cut();
            Then::Nothing
        }
        Trick::Answer(value) => Then::Answer(Answer::Value(value)),
        Trick::Error(text) => Then::Answer(Answer::Error(text)),
        Trick::KeepAndError(text) => {
            connection.core.mischief.keep(params.cloned().unwrap_or_default());
            Then::Answer(Answer::Error(text))
        }
        Trick::AcceptAndForget => Then::Answer(Answer::Value(json!("accepted"))),
        other => Then::Handle(other),
    }
}

/// Plays the part of a trick that comes when there is an answer.
pub(super) fn after(connection: &Arc<Connection>, trick: Trick, tag: &str, command: &str, answer: Answer) {
    let answer = match trick {
        Trick::Lie(lie) => changed(answer, |value| lie.tell(value)),
        Trick::Change(ref change) => changed(answer, |value| change.apply(value)),
        _ => answer,
    };
    let Some(frame) = answer.frame(tag, command) else { return };
    let outbox = connection.outbox.clone();
    match trick {
        Trick::Swallow => {}
        Trick::DisconnectAfter => outbox.cut(),
        Trick::Reorder(count) => connection.core.mischief.turn_around(count, outbox, frame),
        Trick::Delay(delay) => connection.spawn(async move {
            tokio::time::sleep(delay).await;
            outbox.send(frame);
        }),
        _ => outbox.send(frame),
    }
}

/// An answer with its value changed.
pub(super) fn changed(answer: Answer, change: impl FnOnce(&mut Value)) -> Answer {
    let mut value = match answer {
        Answer::Value(value) => value,
        Answer::Text(text) => serde_json::from_str(&text).unwrap_or_default(),
        other => return other,
    };
    change(&mut value);
    Answer::Value(value)
}
