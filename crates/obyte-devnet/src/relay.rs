//! How units come from hub to hub.
//!
//! Every hub passes on at once what was given to it, to every other hub, in its order. A relay can be
//! held: what comes meanwhile waits. A unit that comes before its parents waits for them where it
//! arrives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use obyte::Unit;

use crate::core::Core;

/// The most units that wait for their parents at a hub; beyond that, the oldest is forgotten.
const MAX_WAITING: usize = 10_000;

/// The way from one hub to another.
#[derive(Debug)]
pub struct Relay {
    to: Weak<Core>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    is_held: bool,
    units: VecDeque<Arc<Unit>>,
}

impl Relay {
    /// A way to a hub.
    pub(crate) fn to(core: &Arc<Core>) -> Self {
        Self { to: Arc::downgrade(core), queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps back what comes from now on.
    pub fn hold(&self) {
        self.queue().is_held = true;
    }

    /// Passes on what was kept back, and what comes from now on. The other hub has judged everything
    /// when this returns.
    pub fn release(&self) {
        self.queue().is_held = false;
        self.flow();
    }

    /// Whether units are kept back.
    pub fn is_held(&self) -> bool {
        self.queue().is_held
    }

    /// How many units are kept back.
    pub fn waiting(&self) -> usize {
        self.queue().units.len()
    }

    /// Passes a unit on.
    pub(crate) fn pass(&self, unit: Arc<Unit>) {
        self.queue().units.push_back(unit);
        self.flow();
    }

    fn flow(&self) {
        let next = || {
            let mut queue = self.queue();
            if queue.is_held { None } else { queue.units.pop_front() }
        };
        // The queue is free while a unit is judged.
        while let Some(unit) = next() {
            if let Some(to) = self.to.upgrade() {
                to.receive(unit);
            }
        }
    }
}

/// Units that came before their parents.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<VecDeque<Arc<Unit>>>);

impl Waiting {
    fn units(&self) -> MutexGuard<'_, VecDeque<Arc<Unit>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a unit.
    pub(crate) fn add(&self, unit: Arc<Unit>) {
        let mut units = self.units();
        units.push_back(unit);
        if units.len() > MAX_WAITING {
            units.pop_front();
        }
    }

    /// Takes the oldest unit that waits no longer.
    pub(crate) fn take(&self, is_ready: impl Fn(&Unit) -> bool) -> Option<Arc<Unit>> {
        let mut units = self.units();
        let index = units.iter().position(|unit| is_ready(unit))?;
        units.remove(index)
    }
}
