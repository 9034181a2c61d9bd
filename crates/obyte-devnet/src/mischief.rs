//! What a hub does wrong, by order of a test.
//!
//! A [`Rule`] plays a [`Trick`] on requests as they come; what holds for all answers (hidden units,
//! fees, a stall, a wrong clock) is switched on and off. Nothing here is left to chance: who gives the
//! orders decides what happens when. A hub without orders behaves.

mod lie;
mod rule;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use obyte::{Bytes, UnitHash};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::config::Clock;
use crate::watch::Outbox;

pub use lie::Lie;
pub use rule::{Change, Rule, Trick};

/// The orders to a hub. All clones are the same orders.
#[derive(Clone, Debug)]
pub struct Mischief(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    orders: Mutex<Orders>,
    /// Whether there are any orders: a hub without looks at nothing else.
    is_active: AtomicBool,
    is_stalled: watch::Sender<bool>,
    clock_offset_ms: AtomicI64,
}

#[derive(Debug, Default)]
struct Orders {
    rules: Vec<Rule>,
    hidden: HashSet<UnitHash>,
    asked_fee: Option<Bytes>,
    least_fee: Option<Bytes>,
    /// Parameters of posts that were refused and kept.
    kept: Vec<Value>,
    /// Answers that wait to be sent in reverse order.
    turned: Vec<(Outbox, String)>,
}

impl Default for Mischief {
    fn default() -> Self {
        Self(Arc::new(Inner {
            orders: Mutex::default(),
            is_active: AtomicBool::new(false),
            is_stalled: watch::Sender::new(false),
            clock_offset_ms: AtomicI64::new(0),
        }))
    }
}

impl Mischief {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.0.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Orders)) {
        let mut orders = self.orders();
        change(&mut orders);
        let Orders { rules, hidden, asked_fee, least_fee, .. } = &*orders;
        let is_active = !rules.is_empty() || !hidden.is_empty() || asked_fee.is_some() || least_fee.is_some();
        self.0.is_active.store(is_active, Ordering::Release);
    }

    fn is_active(&self) -> bool {
        self.0.is_active.load(Ordering::Acquire)
    }

    /// Adds a rule. Of several rules that fit a request, the oldest one counts.
    pub fn add(&self, rule: Rule) {
        self.change(|orders| orders.rules.push(rule));
    }

    /// Takes all rules back, shows hidden units, and forgets what was ordered about fees, stalls and the
    /// clock. What was kept stays kept.
    pub fn stop(&self) {
        self.change(|orders| {
            let kept = std::mem::take(&mut orders.kept);
            let turned = std::mem::take(&mut orders.turned);
            *orders = Orders { kept, ..Orders::default() };
            for (outbox, frame) in turned.into_iter().rev() {
                outbox.send(frame);
            }
        });
        self.set_clock_offset_ms(0);
        self.resume();
    }

    /// Reads and sends nothing any more, heartbeats included, until [`Mischief::resume`]. Connections
    /// stay open, and new ones are accepted.
    pub fn stall(&self) {
        self.0.is_stalled.send_replace(true);
    }

    /// Ends a stall: everything that waited goes on.
    pub fn resume(&self) {
        self.0.is_stalled.send_replace(false);
    }

    /// Does not show a unit any more: neither in histories, nor by `get_joint`, nor by a push.
    pub fn hide(&self, unit: UnitHash) {
        self.change(|orders| {
            orders.hidden.insert(unit);
        });
    }

    /// Shows all units again.
    pub fn show_all(&self) {
        self.change(|orders| orders.hidden.clear());
    }

    /// Asks for at least such a TPS fee when somebody wants parents.
    pub fn ask_fee(&self, fee: Option<Bytes>) {
        self.change(|orders| orders.asked_fee = fee);
    }

    /// Refuses units with a lower TPS fee, as a hub does under load.
    pub fn refuse_fees_below(&self, fee: Option<Bytes>) {
        self.change(|orders| orders.least_fee = fee);
    }

    /// Lets the hub's clock be wrong by so many milliseconds.
    pub fn set_clock_offset_ms(&self, offset: i64) {
        self.0.clock_offset_ms.store(offset, Ordering::Release);
    }

    /// How many units are kept that were answered with an error.
    pub fn kept(&self) -> usize {
        self.orders().kept.len()
    }

    /// A clock that is wrong as ordered.
    pub(crate) fn clock(&self, right: Clock) -> Clock {
        let orders = self.clone();
        Clock::new(move || {
            let offset = orders.0.clock_offset_ms.load(Ordering::Acquire);
            let by = std::time::Duration::from_millis(offset.unsigned_abs());
            if offset < 0 { right.now().saturating_sub(by) } else { right.now() + by }
        })
    }

    /// Waits while the hub is stalled.
    pub(crate) async fn flows(&self) {
        if *self.0.is_stalled.borrow() {
            // The sender lives as long as this.
            let _ = self.0.is_stalled.subscribe().wait_for(|is_stalled| !is_stalled).await;
        }
    }

    /// What to do with a request.
    pub(crate) fn on_request(&self, command: &str, params: Option<&Value>) -> Option<Trick> {
        if !self.is_active() {
            return None;
        }
        let mut trick = None;
        self.change(|orders| {
            trick = rule::play(&mut orders.rules, command).or_else(|| orders.too_cheap(command, params));
        });
        trick
    }

    /// Changes an answer by what holds for all.
    pub(crate) fn wants_answer(&self, command: &str) -> bool {
        const TOUCHED: [&str; 3] =
            ["light/get_history", "get_joint", "light/get_parents_and_last_ball_and_witness_list_unit"];
        self.is_active() && TOUCHED.contains(&command)
    }

    /// Hides what is hidden, and asks for the fee that was ordered.
    pub(crate) fn bend(&self, answer: &mut Value) {
        let orders = self.orders();
        let is_hidden = |joint: &Value| {
            let hash = joint["unit"]["unit"].as_str().and_then(|hash| hash.parse().ok());
            hash.is_some_and(|hash: UnitHash| orders.hidden.contains(&hash))
        };
        if let Some(joints) = answer.get_mut("joints").and_then(Value::as_array_mut) {
            joints.retain(|joint| !is_hidden(joint));
            if joints.is_empty() {
                *answer = json!({});
            }
        }
        if answer.get("joint").is_some_and(is_hidden) {
            *answer = json!({"joint_not_found": answer["joint"]["unit"]["unit"]});
        }
        if let (Some(asked), Some(fee)) = (orders.asked_fee, answer.get("tps_fee").and_then(Value::as_u64)) {
            answer["tps_fee"] = json!(fee.max(asked.get()));
        }
    }

    /// Whether a unit is not to be shown.
    pub(crate) fn hides(&self, unit: &UnitHash) -> bool {
        self.is_active() && self.orders().hidden.contains(unit)
    }

    /// Keeps a post for later.
    pub(crate) fn keep(&self, params: Value) {
        self.orders().kept.push(params);
    }

    /// The posts that were kept.
    pub(crate) fn take_kept(&self) -> Vec<Value> {
        std::mem::take(&mut self.orders().kept)
    }

    /// Keeps an answer back until there are so many, and then sends them, the last one first.
    pub(crate) fn turn_around(&self, count: usize, outbox: Outbox, frame: String) {
        let mut orders = self.orders();
        orders.turned.push((outbox, frame));
        if orders.turned.len() >= count {
            for (outbox, frame) in std::mem::take(&mut orders.turned).into_iter().rev() {
                outbox.send(frame);
            }
        }
    }
}

impl Orders {
    /// The refusal of a post that pays less than was ordered.
    fn too_cheap(&self, command: &str, params: Option<&Value>) -> Option<Trick> {
        let least = self.least_fee.filter(|_| command == "post_joint")?.get();
        let unit = &params?["unit"];
        let found = unit["tps_fee"].as_u64().unwrap_or(0);
        let author = unit["authors"][0]["address"].as_str().unwrap_or_default();
        let text = format!("tps fee on address {author} must be at least {least}, found {found}");
        (found < least).then_some(Trick::Error(text))
    }
}
