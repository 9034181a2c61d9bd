//! The state machine itself: what is going on, and what comes next.

mod answers;
mod composing;
mod follow;
mod line;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use obyte::compose::{Coin, Payer};
use obyte::fee::TpsLaw;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, SecretKey, UnitHash};

use self::composing::{Asking, Found};
use self::follow::Follow;
use crate::{Action, Alarm, AskId, Change, Event, FirstUnit, Payout, Settings, SlotNo, Snapshot};
use crate::{PayoutId, Slot, Timestamp, Version, VersionId, VersionStatus};

/// How long TPS fees count against the daily ceiling.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a payout stands that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InHand {
    /// No hub has accepted it yet.
    Waiting,
    /// A hub has accepted this unit, which pays it.
    Accepted(UnitHash),
}

/// Pays for one endpoint, from one address.
///
/// The value holds everything that is not settled; what is settled lives in the store alone.
pub struct Engine {
    settings: Settings,
    key: SecretKey,
    address: Address,

    /// What is owed and in no slot.
    queue: VecDeque<Payout>,
    /// The open slots, in their order.
    slots: VecDeque<Slot>,
    next_slot: SlotNo,
    /// The coin that the next slot spends when none is open.
    anchor: Option<Coin>,
    refills: BTreeMap<CoinId, Coin>,
    first_unit: Option<FirstUnit>,
    prepaid: VecDeque<(Timestamp, Bytes)>,

    follow: Follow,
    connected: bool,
    paused: Option<Alarm>,
    asking: Option<Asking>,
    /// Units that were posted and are not answered yet.
    posting: BTreeSet<VersionId>,
    /// When each open version was posted last, on this connection.
    posted: BTreeMap<VersionId, Timestamp>,
    /// When an open version is to be posted again, ahead of the usual time.
    repost_at: BTreeMap<VersionId, Timestamp>,
    /// No composing before this time.
    compose_at: Timestamp,
    last_sent: Option<Timestamp>,
    gap: Duration,
    next_ask: u64,
}

impl Engine {
    /// An engine that goes on from what the store holds. It asks for a history before it composes
    /// anything.
    pub fn new(settings: Settings, key: SecretKey, snapshot: Snapshot) -> Self {
        let follow = Follow::new(snapshot.synced_mci, snapshot.settled_units, snapshot.credited_coins);
        Self {
            settings,
            address: Payer::new(key.public_key(), false).address(),
            key,
            queue: snapshot.queue.into(),
            slots: snapshot.slots.into(),
            next_slot: SlotNo::new(snapshot.next_slot),
            anchor: snapshot.anchor,
            refills: snapshot.refills.into_iter().map(|coin| (coin.id, coin)).collect(),
            first_unit: snapshot.first_unit,
            prepaid: snapshot.prepaid.into(),
            follow,
            connected: false,
            paused: None,
            asking: None,
            posting: BTreeSet::new(),
            posted: BTreeMap::new(),
            repost_at: BTreeMap::new(),
            compose_at: Timestamp::default(),
            last_sent: None,
            gap: settings.pacing.gap(&TpsLaw::DEFAULT),
            next_ask: 0,
        }
    }

    /// The address that pays.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// How many payouts are owed and in no slot.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// The slots that are not settled, in their order.
    pub fn open_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Where a payout stands that is not settled; nothing for any other.
    pub fn in_hand(&self, payout: PayoutId) -> Option<InHand> {
        if self.queue.iter().any(|queued| queued.id == payout) {
            return Some(InHand::Waiting);
        }
        let slot = self.slots.iter().find(|slot| slot.payouts.iter().any(|held| held.id == payout))?;
        let accepted = |version: &&Version| version.status == VersionStatus::Accepted && version.pays(payout);
        let accepted = slot.versions.iter().find(accepted).map(|version| version.unit);
        Some(accepted.map_or(InHand::Waiting, InHand::Accepted))
    }

    /// Why paying is stopped, if it is.
    pub fn paused(&self) -> Option<&Alarm> {
        self.paused.as_ref()
    }

    /// Whether a history was proven since the start, so that payouts can leave.
    pub fn is_synced(&self) -> bool {
        self.follow.is_synced()
    }

    /// Takes in what happened, and says what is to be done, in that order.
    pub fn handle(&mut self, now: Timestamp, event: Event) -> Vec<Action> {
        let mut out = Outbox::default();
        match event {
            Event::Queued(payouts) => self.queue.extend(payouts),
            Event::Connected => self.on_connected(),
            Event::Disconnected => self.on_disconnected(),
            Event::Parents { ask, parents, threshold, looked_up_mci } => {
                let found = Found { parents: &parents, threshold, looked_up_mci };
                self.on_parents(now, ask, &found, &mut out);
            }
            Event::NoParents { ask } => self.on_no_parents(now, ask),
            Event::PostAnswered { version, answer, text } => {
                self.on_answer(now, version, answer, text, &mut out);
            }
            Event::PostUnanswered { version } => self.on_no_answer(now, version),
            Event::HaveUpdates => self.follow.want(),
            Event::History { ask, units } => self.on_history(now, ask, &units, &mut out),
            Event::NoHistory { ask } => self.follow.failed(ask, now.plus(self.settings.retry_after)),
            Event::FeeLaw(law) => self.gap = self.settings.pacing.gap(&law),
            Event::Resumed => self.paused = None,
            Event::Tick => {}
        }
        self.go_on(now, &mut out);
        out.actions
    }

    /// When the engine wants to be told the time again, if nothing else happens before.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.connected {
            return None;
        }
        let times = [self.history_due(), self.next_repost(), self.next_composing(now)];
        times.into_iter().flatten().min()
    }

    fn go_on(&mut self, now: Timestamp, out: &mut Outbox) {
        if !self.connected {
            return;
        }
        self.post_again(now, out);
        self.compose_next(now, out);
        self.ask_history(now, out);
    }

    fn on_connected(&mut self) {
        self.on_disconnected();
        self.connected = true;
        self.follow.want();
    }

    /// Whatever was asked will not be answered, and every unit is posted again on the next connection.
    fn on_disconnected(&mut self) {
        self.connected = false;
        self.asking = None;
        self.posting.clear();
        self.posted.clear();
        self.repost_at.clear();
        self.follow.forget_question();
    }

    fn new_ask(&mut self) -> AskId {
        self.next_ask += 1;
        AskId(self.next_ask)
    }

    /// TPS fees paid in advance within the last day.
    fn prepaid_today(&mut self, now: Timestamp) -> Bytes {
        while self.prepaid.front().is_some_and(|(at, _)| now.since(*at) >= DAY) {
            self.prepaid.pop_front();
        }
        Bytes::checked_sum(self.prepaid.iter().map(|(_, fee)| *fee)).unwrap_or(Bytes::MAX)
    }

    fn pause(&mut self, alarm: Alarm, out: &mut Outbox) {
        self.paused = Some(alarm.clone());
        out.push(Action::Alarm(alarm));
    }
}

/// The key stays out of every log.
impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("address", &self.address())
            .field("queue", &self.queue)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}

/// Collects actions; changes that follow each other are persisted together.
#[derive(Debug, Default)]
struct Outbox {
    actions: Vec<Action>,
}

impl Outbox {
    fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    fn persist(&mut self, change: Change) {
        if let Some(Action::Persist(changes)) = self.actions.last_mut() {
            changes.push(change);
        } else {
            self.actions.push(Action::Persist(vec![change]));
        }
    }
}

/// A set that forgets what it learned first.
#[derive(Debug, Default)]
struct Recent<T> {
    order: VecDeque<T>,
    members: HashSet<T>,
}

impl<T: Copy + Eq + std::hash::Hash> Recent<T> {
    /// Enough for all that the last few minutes of the heaviest load can bring.
    const LIMIT: usize = 10_000;

    fn insert(&mut self, member: T) -> bool {
        if !self.members.insert(member) {
            return false;
        }
        self.order.push_back(member);
        if self.order.len() > Self::LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
        true
    }

    fn contains(&self, member: &T) -> bool {
        self.members.contains(member)
    }
}

impl<T: Copy + Eq + std::hash::Hash> FromIterator<T> for Recent<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut recent = Self { order: VecDeque::new(), members: HashSet::new() };
        for member in members {
            recent.insert(member);
        }
        recent
    }
}
