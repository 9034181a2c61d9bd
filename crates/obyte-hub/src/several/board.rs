//! What is known of each hub, and who is asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::choice::{self, Current, Standing};
use super::conduct::{HubId, HubName, Misbehaviour, SwitchReason};
use super::{HubStats, HubsState, Patience, Question};
use crate::{ConnectionState, Hub};

/// Shared by the handles, and by the task that chooses.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) hubs: Vec<Hub>,
    pub(super) names: Vec<HubName>,
    pub(super) patience: Patience,
    pub(super) state: watch::Sender<HubsState>,
    /// Told when the choice may have to change.
    pub(super) changed: Arc<Notify>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    places: Vec<Place>,
    current: Current,
}

#[derive(Debug, Default)]
struct Place {
    standing: Standing,
    failures: [Failures; Question::COUNT],
    counts: Counts,
}

/// Questions of one kind that got no answer that helps, since the last one that did.
#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    /// When the last one that was counted ended: what was asked before counts with it.
    last: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) posts: u64,
    pub(super) answers: u64,
    pub(super) lies: u64,
    pub(super) stalls: u64,
    pub(super) blocks: u64,
    /// How often it was left for another.
    pub(super) switches: u64,
}

impl Board {
    pub(super) fn new(hubs: Vec<Hub>, patience: Patience) -> Self {
        let now = Instant::now();
        let state = HubsState { preferred: HubId(0), connected: false, why: None };
        Self {
            names: HubName::of_all(hubs.iter().map(Hub::config)),
            patience,
            state: watch::Sender::new(state),
            changed: Arc::new(Notify::new()),
            inner: Mutex::new(Inner {
                places: hubs.iter().map(|_| Place::default()).collect(),
                current: Current { index: 0, since: now, started: now },
            }),
            hubs,
        }
    }

    pub(super) fn preferred(&self) -> HubId {
        self.state.borrow().preferred
    }

    /// Looks how things stand and chooses; says when to look again.
    pub(super) fn look(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut inner = self.lock();
        let Inner { places, current } = &mut *inner;
        for (place, hub) in places.iter_mut().zip(&self.hubs) {
            place.notice(&hub.state().borrow(), now);
        }
        let standings: Vec<Standing> = places.iter().map(|place| place.standing.clone()).collect();
        let chosen = choice::choose(&standings, *current, &self.patience, now);
        let left = current.index;
        let mut why = None;
        if chosen != left {
            why = Some(choice::reason(&standings[left], now));
            places[left].counts.switches += 1;
            *current = Current { index: chosen, since: now, ..*current };
        }
        let next = choice::next_look(&standings, *current, &self.patience, now);
        drop(inner);
        self.publish(chosen, why);
        next
    }

    fn publish(&self, chosen: usize, why: Option<SwitchReason>) {
        let connected = self.hubs[chosen].is_connected();
        self.state.send_if_modified(|state| {
            let before = *state;
            state.preferred = HubId(chosen);
            state.connected = connected;
            state.why = why.or(before.why);
            if let Some(why) = why {
                let (from, to) = (&self.names[before.preferred.0], &self.names[chosen]);
                tracing::warn!(%from, %to, %why, "another hub is asked from now on");
            }
            *state != before
        });
    }

    /// A hub did wrong. Whether another one can be used instead.
    pub(super) fn report(&self, hub: HubId, what: &Misbehaviour) -> bool {
        let now = Instant::now();
        let mut inner = self.lock();
        let place = &mut inner.places[hub.0];
        let is_new = place.standing.condemn(what.offence(), &self.patience, now);
        match what {
            Misbehaviour::Lied(_) => place.counts.lies += 1,
            Misbehaviour::Stalled(_) => place.counts.stalls += 1,
            Misbehaviour::Blocked => place.counts.blocks += 1,
        }
        place.failures = Default::default();
        let left_alone = place.standing.left_alone_until(now).map_or(0, |until| (until - now).as_secs());
        let others = inner.others_than(hub, now);
        drop(inner);
        let name = &self.names[hub.0];
        if !is_new {
            tracing::debug!(hub = %name, "the hub misbehaves again: {what}");
        } else if others {
            tracing::error!(hub = %name, "the hub misbehaves: {what}; it is left alone for {left_alone} s");
        } else {
            tracing::error!(hub = %name, "the hub misbehaves: {what}; there is no better one now");
        }
        self.changed.notify_one();
        others
    }

    /// A question was answered so that it helps.
    pub(super) fn answered(&self, hub: HubId, question: Question) {
        let place = &mut self.lock().places[hub.0];
        place.counts.answers += 1;
        place.failures[question as usize] = Failures::default();
    }

    /// A question that was asked at this time was not answered so that it helps.
    pub(super) fn failed(&self, hub: HubId, question: Question, asked: Instant) {
        let too_often = {
            let failures = &mut self.lock().places[hub.0].failures[question as usize];
            if failures.last.is_none_or(|last| last <= asked) {
                failures.count += 1;
                failures.last = Some(Instant::now());
            }
            failures.count >= self.patience.failures_max
        };
        if too_often {
            let what =
                format!("{} questions about {question} in a row were in vain", self.patience.failures_max);
            self.report(hub, &Misbehaviour::Stalled(what));
        }
    }

    pub(super) fn posted(&self, hub: HubId) {
        self.lock().places[hub.0].counts.posts += 1;
    }

    /// The hubs to which a unit is posted beside the preferred one.
    pub(super) fn secondaries(&self, preferred: HubId) -> Vec<HubId> {
        let now = Instant::now();
        let inner = self.lock();
        let others = (0..inner.places.len()).filter(|index| *index != preferred.0);
        others.filter(|index| self.takes_posts(&inner, *index, now)).map(HubId).collect()
    }

    /// Whether units can be posted to a hub.
    pub(super) fn is_posted_to(&self, hub: HubId) -> bool {
        self.takes_posts(&self.lock(), hub.0, Instant::now())
    }

    fn takes_posts(&self, inner: &Inner, index: usize, now: Instant) -> bool {
        self.hubs[index].is_connected() && !inner.places[index].standing.blocks_us(now)
    }

    pub(super) fn stats(&self) -> Vec<HubStats> {
        let (now, preferred) = (Instant::now(), self.preferred());
        let inner = self.lock();
        let places = inner.places.iter().zip(&self.hubs).enumerate();
        let stats = places.map(|(index, (place, hub))| HubStats {
            name: self.names[index].clone(),
            url: hub.config().url.clone(),
            connected: hub.is_connected(),
            preferred: preferred.0 == index,
            in_disgrace: place.standing.in_disgrace(now),
            left_alone_for: place.standing.left_alone_until(now).map_or(Duration::ZERO, |until| until - now),
            posts: place.counts.posts,
            answers: place.counts.answers,
            lies: place.counts.lies,
            stalls: place.counts.stalls,
            blocks: place.counts.blocks,
            switches: place.counts.switches,
        });
        stats.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Whether another hub is there and not in disgrace; one that was never reached does not count.
    fn others_than(&self, hub: HubId, now: Instant) -> bool {
        self.places.iter().enumerate().any(|(index, place)| {
            index != hub.0 && place.standing.connected_since.is_some() && !place.standing.in_disgrace(now)
        })
    }
}

impl Place {
    fn notice(&mut self, state: &ConnectionState, now: Instant) {
        self.standing.tried |= *state != ConnectionState::Connecting;
        match state {
            ConnectionState::Connected => {
                self.standing.connected_since.get_or_insert(now);
            }
            _ => {
                self.standing.connected_since = None;
                self.failures = Default::default();
            }
        }
    }
}
