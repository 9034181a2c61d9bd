//! What can be ordered, as it is written.

use std::collections::BTreeMap;
use std::time::Duration;

use obyte::{Address, Bytes, UnitHash};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Change, Lie, Rule, Trick};

/// An order. Hubs are numbered from 0; without a number the first is meant.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Command {
    /// Tells how things stand.
    Status {},
    /// Plays a trick on requests of one name.
    Play {
        #[serde(default)]
        hub: usize,
        on: String,
        trick: Wanted,
        /// How often; without it always.
        times: Option<u32>,
        /// After so many requests that are served well.
        #[serde(default)]
        after: u32,
    },
    /// Takes back all mischief but what was kept.
    Behave {
        #[serde(default)]
        hub: usize,
    },
    /// Says nothing any more.
    Stall {
        #[serde(default)]
        hub: usize,
    },
    /// Ends a stall.
    Resume {
        #[serde(default)]
        hub: usize,
    },
    /// Shows a unit to nobody.
    Hide {
        #[serde(default)]
        hub: usize,
        unit: UnitHash,
    },
    /// Shows all units again.
    ShowAll {
        #[serde(default)]
        hub: usize,
    },
    /// Asks for at least such a TPS fee.
    AskFee {
        #[serde(default)]
        hub: usize,
        bytes: Option<Bytes>,
    },
    /// Refuses units with a lower TPS fee.
    RefuseFeesBelow {
        #[serde(default)]
        hub: usize,
        bytes: Option<Bytes>,
    },
    /// Lets the hub's clock be wrong.
    Clock {
        #[serde(default)]
        hub: usize,
        offset_ms: i64,
    },
    /// Tells every client that units turned bad.
    Alarm {
        #[serde(default)]
        hub: usize,
        units: Vec<UnitHash>,
    },
    /// Posts what was refused and kept, there or at another hub.
    ReleaseKept {
        #[serde(default)]
        hub: usize,
        at: Option<usize>,
    },
    /// Keeps back what goes from hub to hub.
    Hold { from: Option<usize>, to: Option<usize> },
    /// Lets it go.
    Release { from: Option<usize>, to: Option<usize> },
    /// Whether the order provider posts nothing, so that nothing gets stable.
    OrderProvider { rests: bool },
    /// Pays from the faucet.
    Pay { to: Address, bytes: Bytes },
}

impl Command {
    /// Reads an order, which is a JSON object and nothing else.
    pub(super) fn read(line: &[u8]) -> Result<Self, serde_json::Error> {
        let fields: Map<String, Value> = serde_json::from_slice(line)?;
        serde_json::from_value(fields.into())
    }
}

/// A trick as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    Drop,
    Swallow,
    DelayMs(u64),
    Reorder(usize),
    Disconnect,
    DisconnectAfter,
    Answer(Value),
    Error(String),
    KeepAndError(String),
    AcceptAndForget,
    Lie(Lie),
    /// Values in the answer, by JSON pointer, and what they are to be.
    Set(BTreeMap<String, Value>),
}

/// The rule that an order means.
pub(super) fn rule(command: &str, wanted: Wanted, times: Option<u32>, after: u32) -> Rule {
    let rule = Rule::on(command, wanted.into()).after(after);
    match times {
        Some(times) => rule.times(times),
        None => rule,
    }
}

impl From<Wanted> for Trick {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Drop => Self::Drop,
            Wanted::Swallow => Self::Swallow,
            Wanted::DelayMs(ms) => Self::Delay(Duration::from_millis(ms)),
            Wanted::Reorder(count) => Self::Reorder(count),
            Wanted::Disconnect => Self::Disconnect,
            Wanted::DisconnectAfter => Self::DisconnectAfter,
            Wanted::Answer(value) => Self::Answer(value),
            Wanted::Error(text) => Self::Error(text),
            Wanted::KeepAndError(text) => Self::KeepAndError(text),
            Wanted::AcceptAndForget => Self::AcceptAndForget,
            Wanted::Lie(lie) => Self::Lie(lie),
            Wanted::Set(values) => Self::Change(Change::new(move |answer| {
                for (pointer, value) in &values {
                    if let Some(place) = answer.pointer_mut(pointer) {
                        place.clone_from(value);
                    }
                }
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_trick_can_be_written() {
        for (written, meant) in [
            (json!("drop"), "Drop"),
            (json!("swallow"), "Swallow"),
            (json!({"delay_ms": 500}), "Delay(500ms)"),
            (json!({"reorder": 3}), "Reorder(3)"),
            (json!("disconnect"), "Disconnect"),
            (json!("disconnect_after"), "DisconnectAfter"),
            (json!({"answer": 7}), "Answer(Number(7))"),
            (json!({"error": "no"}), "Error(\"no\")"),
            (json!({"keep_and_error": "no"}), "KeepAndError(\"no\")"),
            (json!("accept_and_forget"), "AcceptAndForget"),
            (json!({"lie": "amounts"}), "Lie(Amounts)"),
            (json!({"lie": "no_proof"}), "Lie(NoProof)"),
            (json!({"lie": "wrong_balls"}), "Lie(WrongBalls)"),
            (json!({"lie": "void"}), "Lie(Void)"),
            (json!({"lie": "nothing_void"}), "Lie(NothingVoid)"),
            (json!({"lie": "nothing"}), "Lie(Nothing)"),
            (json!({"lie": {"mci": 3}}), "Lie(Mci(3))"),
            (json!({"set": {"/a": 1}}), "Change(Change)"),
        ] {
            let wanted: Wanted = serde_json::from_value(written.clone()).expect("a trick");
            assert_eq!(format!("{:?}", Trick::from(wanted)), meant, "{written}");
        }
    }

    #[test]
    fn an_order_with_a_slip_is_none() {
        for written in [
            json!({"do": "dance"}),
            json!({"do": "status", "hub": 1}),
            json!({"do": "stall", "hubs": 1}),
            json!({"do": "play", "on": "heartbeat", "trick": "drip"}),
            json!({"do": "hide", "unit": "short"}),
            json!(["status"]),
        ] {
            assert!(Command::read(written.to_string().as_bytes()).is_err(), "{written}");
        }
    }
}
