//! What several hubs say, as one stream.

use std::collections::VecDeque;

use futures_util::future::select_all;
use tokio::sync::watch;

use super::HubsState;
use super::conduct::{HubId, HubName, SwitchReason};
use crate::{HubEvent, HubEvents, SystemVars};

/// Something that happened at one of several hubs.
#[derive(Clone, Debug)]
pub enum HubsEvent {
    /// Another hub is asked from now on. It is connected, knows none of our watches, and need not have the
    /// units that were posted before: post them again, and ask for a history (8.2).
    Switched {
        /// Who was asked before.
        from: HubName,
        /// Who is asked now.
        to: HubName,
        /// Why.
        why: SwitchReason,
    },
    /// A hub beside the preferred one is connected, for the first time or again. It is posted to from now on,
    /// and need not have the units that were posted before: see [`crate::Hubs::catch_up`].
    Joined {
        /// Which one.
        hub: HubId,
        /// Its name.
        name: HubName,
    },
    /// A hub says something: the preferred one, or any one where it is
    /// [`HubEvent::SequenceBecameBad`].
    Said {
        /// Who.
        from: HubName,
        /// What.
        event: HubEvent,
    },
}

/// The events of several hubs. Nothing is buffered beyond what each hub's own mailbox holds.
///
/// Dropping this only means that nobody listens; the [`crate::Hubs`] go on.
#[derive(Debug)]
pub struct HubsEvents {
    sources: Vec<Source>,
    state: watch::Receiver<HubsState>,
    /// Whether the state can still change.
    watching: bool,
    /// Who is preferred, as far as it was told.
    preferred: HubId,
    /// Whether the preferred one was told to be connected.
    told_connected: bool,
    ready: VecDeque<HubsEvent>,
    /// Which source is looked at first, so that none is starved.
    turn: usize,
}

#[derive(Debug)]
struct Source {
    name: HubName,
    events: HubEvents,
    ended: bool,
    /// Hubs tell them once for each connection.
    vars: Option<Box<SystemVars>>,
}

impl HubsEvents {
    pub(super) fn new(sources: Vec<(HubName, HubEvents)>, state: watch::Receiver<HubsState>) -> Self {
        let preferred = state.borrow().preferred;
        let source = |(name, events)| Source { name, events, ended: false, vars: None };
        Self {
            sources: sources.into_iter().map(source).collect(),
            preferred,
            state,
            watching: true,
            told_connected: false,
            ready: VecDeque::new(),
            turn: 0,
        }
    }

    /// The next event, or nothing once all hubs were closed and all events were taken.
    ///
    /// May be cancelled without losing an event.
    pub async fn recv(&mut self) -> Option<HubsEvent> {
        loop {
            self.notice_switch();
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let Self { sources, state, turn, .. } = self;
            tokio::select! {
                biased;
                changed = state.changed(), if self.watching => self.watching = changed.is_ok(),
                next = next_of(sources, *turn) => {
                    let (index, event) = next?;
                    *turn = index + 1;
                    self.take(index, event);
                }
            }
        }
    }

    fn notice_switch(&mut self) {
        let now = *self.state.borrow();
        if now.preferred == self.preferred {
            return;
        }
        let from = self.name(self.preferred);
        self.preferred = now.preferred;
        self.told_connected = true;
        let (to, why) = (self.name(now.preferred), now.why.unwrap_or(SwitchReason::Disconnected));
        self.ready.push_back(HubsEvent::Switched { from, to: to.clone(), why });
        if let Some(vars) = self.sources[now.preferred.0].vars.clone() {
            self.ready.push_back(HubsEvent::Said { from: to, event: HubEvent::SystemVars(vars) });
        }
    }

    fn take(&mut self, index: usize, event: Option<HubEvent>) {
        let Some(event) = event else {
            self.sources[index].ended = true;
            return;
        };
        if let HubEvent::SystemVars(vars) = &event {
            self.sources[index].vars = Some(vars.clone());
        }
        if index != self.preferred.0 && matches!(event, HubEvent::Connected) {
            let hub = HubId(index);
            self.ready.push_back(HubsEvent::Joined { hub, name: self.name(hub) });
        } else if self.counts(index, &event) {
            self.ready.push_back(HubsEvent::Said { from: self.name(HubId(index)), event });
        }
    }

    fn counts(&mut self, index: usize, event: &HubEvent) -> bool {
        let is_preferred = index == self.preferred.0;
        match event {
            HubEvent::SequenceBecameBad(_) => true,
            // The switch has told it.
            HubEvent::Connected => is_preferred && !std::mem::replace(&mut self.told_connected, true),
            HubEvent::Disconnected { .. } if is_preferred => {
                self.told_connected = false;
                true
            }
            _ => is_preferred,
        }
    }

    fn name(&self, hub: HubId) -> HubName {
        self.sources[hub.0].name.clone()
    }
}

/// The next event of any source that has not ended; nothing when all have.
async fn next_of(sources: &mut [Source], turn: usize) -> Option<(usize, Option<HubEvent>)> {
    let count = sources.len();
    let mut open: Vec<_> = sources.iter_mut().enumerate().filter(|(_, source)| !source.ended).collect();
    if open.is_empty() {
        return None;
    }
    open.sort_by_key(|(index, _)| (index + count - turn % count) % count);
    let receiving =
        open.into_iter().map(|(index, source)| Box::pin(async move { (index, source.events.recv().await) }));
    Some(select_all(receiving).await.0)
}
