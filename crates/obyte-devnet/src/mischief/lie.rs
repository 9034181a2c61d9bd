//! Lies about histories.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What to change in the answer to `light/get_history`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lie {
    /// The first output of every unit pays a byte more.
    Amounts,
    /// Nothing is proven.
    NoProof,
    /// The balls of the proof are others.
    WrongBalls,
    /// The proven units are void.
    Void,
    /// No proven unit is void.
    NothingVoid,
    /// There is nothing new.
    Nothing,
    /// All units have this main chain index, which nothing proves.
    Mci(u64),
}

impl Lie {
    /// Tells the lie.
    pub(crate) fn tell(self, history: &mut Value) {
        match self {
            Self::Nothing => *history = json!({}),
            Self::NoProof => {
                if let Some(history) = history.as_object_mut() {
                    history.remove("proofchain_balls");
                }
            }
            Self::Amounts => each(history, "joints", |joint| {
                let messages = joint.get_mut("unit").and_then(|unit| unit["messages"].as_array_mut());
                for message in messages.into_iter().flatten() {
                    let amount = message.pointer_mut("/payload/outputs/0/amount");
                    if let Some((amount, value)) =
                        amount.and_then(|amount| amount.as_u64().map(|value| (amount, value)))
                    {
                        *amount = json!(value + 1);
                    }
                }
            }),
            Self::WrongBalls => each(history, "proofchain_balls", |ball| {
                ball.insert("ball".to_owned(), json!(obyte::BallHash::of("a lie")));
            }),
            Self::Void => each(history, "proofchain_balls", |ball| {
                ball.insert("is_nonserial".to_owned(), json!(true));
            }),
            Self::NothingVoid => each(history, "proofchain_balls", |ball| {
                ball.remove("is_nonserial");
            }),
            Self::Mci(mci) => each(history, "joints", |joint| {
                if let Some(unit) = joint.get_mut("unit").and_then(Value::as_object_mut) {
                    unit.insert("main_chain_index".to_owned(), json!(mci));
                }
            }),
        }
    }
}

fn each(history: &mut Value, list: &str, change: impl Fn(&mut Map<String, Value>)) {
    let elements = history.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
    elements.filter_map(Value::as_object_mut).for_each(change);
}
