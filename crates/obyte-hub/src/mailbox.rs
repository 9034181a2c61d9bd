//! Where events wait to be taken: bounded, and never in the way of the socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use obyte::UnitHash;
use tokio::sync::Notify;

use crate::HubEvent;

/// How many bad units may wait; further ones are only counted.
const MAX_BAD_UNITS: usize = 10_000;

/// The events of one hub, in order, with what can be merged merged.
///
/// Dropping this only means that nobody listens; the [`crate::Hub`] goes on.
#[derive(Debug)]
pub struct HubEvents(Arc<Mailbox>);

impl HubEvents {
    pub(crate) const fn new(mailbox: Arc<Mailbox>) -> Self {
        Self(mailbox)
    }

    /// The next event, or nothing once the client was closed and all events were taken.
    ///
    /// May be cancelled without losing an event.
    pub async fn recv(&mut self) -> Option<HubEvent> {
        loop {
            let arrival = self.0.arrival.notified();
            {
                let mut waiting = self.0.lock();
                if let Some(event) = waiting.take() {
                    return Some(event);
                }
                if waiting.closed {
                    return None;
                }
            }
            arrival.await;
        }
    }

    /// An event that waits already.
    pub fn try_recv(&mut self) -> Option<HubEvent> {
        self.0.lock().take()
    }
}

impl Drop for HubEvents {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        *waiting = Waiting { abandoned: true, ..Waiting::default() };
    }
}

/// The sender's side of [`HubEvents`].
#[derive(Debug)]
pub(crate) struct Mailbox {
    waiting: Mutex<Waiting>,
    arrival: Notify,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many joints and notices may wait.
    pub(crate) events: usize,
    /// How many bytes the joints may have together.
    pub(crate) bytes: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<HubEvent>,
    /// Of joints and notices in the queue.
    bounded: usize,
    /// Of joints in the queue.
    bytes: usize,
    missed: Missed,
    closed: bool,
    abandoned: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Missed {
    joints: u64,
    bad_units: u64,
    notices: u64,
}

impl Mailbox {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { waiting: Mutex::default(), arrival: Notify::new(), limits }
    }

    /// Puts an event where it will be taken, or merges it with one that waits.
    pub(crate) fn put(&self, event: HubEvent) {
        let mut waiting = self.lock();
        if waiting.abandoned || waiting.closed {
            return;
        }
        waiting.put(event, self.limits);
        drop(waiting);
        self.arrival.notify_one();
    }

    /// No more events will come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrival.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Option<HubEvent> {
        let Some(event) = self.queue.pop_front() else {
            let Missed { joints, bad_units, notices } = std::mem::take(&mut self.missed);
            let any = joints + bad_units + notices > 0;
            return any.then_some(HubEvent::Missed { joints, bad_units, notices });
        };
        match &event {
            HubEvent::Joint(joint) => {
                self.bounded -= 1;
                self.bytes -= joint.get().len();
            }
            HubEvent::Notice { .. } => self.bounded -= 1,
            _ => {}
        }
        Some(event)
    }

    fn put(&mut self, event: HubEvent, limits: Limits) {
        match event {
            HubEvent::Joint(joint) => {
                let bytes = self.bytes.saturating_add(joint.get().len());
                if self.bounded >= limits.events || bytes > limits.bytes {
                    self.missed.joints += 1;
                    return;
                }
                self.bounded += 1;
                self.bytes = bytes;
                self.queue.push_back(HubEvent::Joint(joint));
            }
            HubEvent::Notice { .. } if self.bounded >= limits.events => self.missed.notices += 1,
            HubEvent::Notice { .. } => {
                self.bounded += 1;
                self.queue.push_back(event);
            }
            HubEvent::SequenceBecameBad(units) => self.collect_bad(units),
            HubEvent::HaveUpdates => {
                if !self.queue.iter().any(|waiting| matches!(waiting, HubEvent::HaveUpdates)) {
                    self.queue.push_back(event);
                }
            }
            HubEvent::SystemVars(_) => self.replace(event, |old| matches!(old, HubEvent::SystemVars(_))),
            HubEvent::ExchangeRates(_) => {
                self.replace(event, |old| matches!(old, HubEvent::ExchangeRates(_)))
            }
            // Of several changes only the last end and what came after it matter.
            HubEvent::Disconnected { .. } => {
                self.replace(event, |old| matches!(old, HubEvent::Connected | HubEvent::Disconnected { .. }));
            }
            HubEvent::Connected | HubEvent::Missed { .. } => self.queue.push_back(event),
        }
    }

    fn replace(&mut self, event: HubEvent, outdated: impl Fn(&HubEvent) -> bool) {
        self.queue.retain(|waiting| !outdated(waiting));
        self.queue.push_back(event);
    }

    fn collect_bad(&mut self, mut units: Vec<UnitHash>) {
        let collected = self.queue.iter_mut().find_map(|waiting| match waiting {
            HubEvent::SequenceBecameBad(collected) => Some(collected),
            _ => None,
        });
        let room = MAX_BAD_UNITS - collected.as_ref().map_or(0, |collected| collected.len());
        self.missed.bad_units += units.len().saturating_sub(room) as u64;
        units.truncate(room);
        match collected {
            Some(collected) => collected.append(&mut units),
            None if units.is_empty() => {}
            None => self.queue.push_back(HubEvent::SequenceBecameBad(units)),
        }
    }
}

#[cfg(test)]
mod tests;
