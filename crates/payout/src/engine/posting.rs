//! Posting units, the first time and again (8.4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Engine, Outbox};
use crate::{Action, Slot, SlotNo, Timestamp, Version, VersionId, VersionStatus};

/// So often in a row a unit may be refused for a reason that may pass, before it counts as refused.
const DOUBTS_MAX: u32 = 3;
/// The same for a unit that was accepted before: the hub may find it again.
const DOUBTS_MAX_ACCEPTED: u32 = 6;

/// What is known of posting.
#[derive(Debug, Default)]
pub(super) struct Posting {
    /// Posted on this connection, and not answered yet.
    unanswered: BTreeSet<VersionId>,
    /// When a version was posted last on this connection.
    posted: BTreeMap<VersionId, Timestamp>,
    /// When a version is to be posted again, ahead of the usual time.
    again_at: BTreeMap<VersionId, Timestamp>,
    /// How often in a row a hub did not take a version for a reason that may pass.
    doubts: BTreeMap<VersionId, u32>,
    /// Accepted versions that the hub does not have any more, and does not take again.
    lost: BTreeSet<VersionId>,
}

impl Posting {
    /// On the next connection everything that is open is posted again.
    pub(super) fn forget_connection(&mut self) {
        self.unanswered.clear();
        self.posted.clear();
        self.again_at.clear();
    }

    pub(super) fn forget(&mut self, id: VersionId) {
        self.answered(id);
        self.posted.remove(&id);
        self.again_at.remove(&id);
        self.trust(id);
    }

    pub(super) fn answered(&mut self, id: VersionId) {
        self.unanswered.remove(&id);
    }

    pub(super) fn again(&mut self, id: VersionId, at: Timestamp) {
        self.again_at.insert(id, at);
    }

    /// Counts one doubt more; tells whether there are too many now.
    pub(super) fn doubt(&mut self, id: VersionId, was_accepted: bool) -> bool {
        let doubts = self.doubts.entry(id).or_default();
        *doubts = doubts.saturating_add(1);
        let too_many = *doubts >= if was_accepted { DOUBTS_MAX_ACCEPTED } else { DOUBTS_MAX };
        if too_many && was_accepted {
            self.lost.insert(id);
        }
        too_many
    }

    /// How many times the usual pause a version waits for its next posting: more with every doubt.
    pub(super) fn patience(&self, id: VersionId) -> u32 {
        1 << self.doubts.get(&id).map_or(0, |doubts| (*doubts - 1).min(5))
    }

    /// The hub has it.
    pub(super) fn trust(&mut self, id: VersionId) {
        self.doubts.remove(&id);
        self.lost.remove(&id);
    }

    pub(super) fn is_lost(&self, id: VersionId) -> bool {
        self.lost.contains(&id)
    }

    /// The clock was set back to this time.
    pub(super) fn not_after(&mut self, now: Timestamp) {
        for at in self.posted.values_mut().chain(self.again_at.values_mut()) {
            *at = now.min(*at);
        }
    }
}

impl Engine {
    /// The units that a hub needs that has none of them, in the order of the line. All are journaled once
    /// the actions of the last event are carried out.
    pub fn line(&self) -> impl Iterator<Item = Arc<str>> {
        self.open_versions().filter(|version| is_alive(version)).map(|version| Arc::clone(&version.json))
    }

    /// Posts what is to be posted again: after a start or a new connection everything that is open, in
    /// the order of the line, later what is not proven for long (8.4).
    pub(super) fn post_again(&mut self, now: Timestamp, out: &mut Outbox) {
        let due: Vec<VersionId> = self
            .open_versions()
            .filter(|version| self.repost_time(version).is_some_and(|at| at <= now))
            .map(|version| version.id)
            .collect();
        for id in due {
            self.post(now, id, out);
        }
    }

    pub(super) fn next_repost(&self) -> Option<Timestamp> {
        self.open_versions().filter_map(|version| self.repost_time(version)).min()
    }

    pub(super) fn post(&mut self, now: Timestamp, id: VersionId, out: &mut Outbox) {
        let Some(json) = self.version(id).map(|version| version.json.clone()) else { return };
        self.posting.unanswered.insert(id);
        self.posting.posted.insert(id, now);
        self.posting.again_at.remove(&id);
        out.push(Action::Post { version: id, json });
    }

    /// What the operator wants posted again: of each slot the versions that may be at a hub; where all
    /// were refused, the newest that is not proven dead. What is on its way already is not sent twice.
    pub(super) fn on_repost(&mut self, now: Timestamp, slot: Option<SlotNo>, out: &mut Outbox) {
        if !self.connected {
            // On the next connection everything is posted.
            return;
        }
        let meant = self.slots.iter().filter(|open| slot.is_none_or(|slot| slot == open.no));
        let versions: Vec<VersionId> = meant.flat_map(to_repost).collect();
        for id in versions {
            if !self.posting.unanswered.contains(&id) {
                self.post(now, id, out);
            }
        }
    }

    /// A pause before a version is posted again that grows with every doubt, up to the usual time.
    pub(super) fn pause_before_repost(&self, id: VersionId) -> Duration {
        let pause = self.settings.retry_after.saturating_mul(self.posting.patience(id));
        pause.min(self.settings.repost_every)
    }

    /// When a version is to be posted (again). One that the hub refused is not: its slot gets another
    /// version.
    fn repost_time(&self, version: &Version) -> Option<Timestamp> {
        if !is_alive(version) || self.posting.unanswered.contains(&version.id) {
            return None;
        }
        let usual = self.posting.posted.get(&version.id).map(|at| at.plus(self.settings.repost_every));
        let sooner = self.posting.again_at.get(&version.id).copied();
        Some(sooner.or(usual).unwrap_or_default())
    }

    fn open_versions(&self) -> impl Iterator<Item = &Version> {
        self.slots.iter().flat_map(|slot| &slot.versions)
    }
}

/// A hub may have it or take it.
const fn is_alive(version: &Version) -> bool {
    matches!(version.status, VersionStatus::Journaled | VersionStatus::Unknown | VersionStatus::Accepted)
}

fn to_repost(slot: &Slot) -> Vec<VersionId> {
    let alive: Vec<_> = slot.versions.iter().filter(|version| is_alive(version)).collect();
    let newest = || slot.versions.iter().rfind(|version| version.status != VersionStatus::Dead);
    if alive.is_empty() { newest().into_iter().collect() } else { alive }
        .into_iter()
        .map(|version| version.id)
        .collect()
}
