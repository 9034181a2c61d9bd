//! The state machine itself: what is going on, and what comes next.

mod addresses;
mod agents;
mod answers;
mod composing;
mod follow;
mod line;
mod making;
mod outbox;
mod posting;
mod recent;
mod restoring;
mod stock;
mod textcoins;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use obyte::compose::Coin;
use obyte::fee::TpsLaw;
use obyte::unit::CoinId;
use obyte::{Address, UnitHash};

pub(crate) use self::addresses::CRUMB;
use self::addresses::Stay;
pub(crate) use self::answers::Hint;
use self::composing::Asking;
use self::follow::Follow;
use self::making::{Found, Wishes};
use self::outbox::Outbox;
use self::posting::Posting;
use self::restoring::Restoring;
use self::stock::Stocktaking;
use self::textcoins::Mint;
use crate::pacing::{DailyBudget, Pacer};
use crate::{
    Action, Alarm, AskId, Event, FirstUnit, Keyring, Payout, PayoutId, Settings, Slot, SlotNo, Snapshot,
};
use crate::{Timestamp, Version, VersionStatus};

/// So many deposit addresses beyond those that were given are known as the wallet's own.
const DEPOSITS_AHEAD: u32 = 20;

/// Where a payout stands that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InHand {
    /// No hub has accepted it yet.
    Waiting,
    /// A hub has accepted this unit, which pays it.
    Accepted(UnitHash),
}

/// Pays for one endpoint, with one line of units that moves along the addresses of a wallet.
///
/// The value holds everything that is not settled; what is settled lives in the store alone.
pub struct Engine {
    settings: Settings,
    keyring: Keyring,
    /// How many deposit addresses are watched.
    deposits: u32,

    /// What is owed and in no slot.
    queue: VecDeque<Payout>,
    /// The payouts of the queue and of the open slots, so that none is taken in twice.
    owed: HashSet<PayoutId>,
    /// The open slots, in their order.
    slots: VecDeque<Slot>,
    next_slot: SlotNo,
    /// The coin that the next slot spends when none is open.
    anchor: Option<Coin>,
    refills: BTreeMap<CoinId, Coin>,
    first_units: BTreeMap<Address, FirstUnit>,
    /// What the line has done at its addresses since the start, and before at the one where it stood.
    stays: BTreeMap<Address, Stay>,
    prepaid: DailyBudget,
    mint: Mint,

    follow: Follow,
    stocktaking: Stocktaking,
    /// Where restoring the wallet stands, while it is being restored.
    restoring: Option<Restoring>,
    connected: bool,
    paused: Option<Alarm>,
    asking: Option<Asking>,
    posting: Posting,
    /// Addresses that are known to be autonomous agents.
    agents: BTreeSet<Address>,
    /// What refusals taught about the next unit.
    wishes: Wishes,
    /// No composing before this time.
    compose_at: Timestamp,
    last_sent: Option<Timestamp>,
    pacer: Pacer,
    /// How long it took to prove the last unit that was proven.
    proof_took: Option<Duration>,
    next_ask: u64,
    /// The time that was told last.
    clock: Timestamp,
}

impl Engine {
    /// An engine that goes on from what the store holds. It asks for a history before it composes
    /// anything.
    pub fn new(settings: Settings, mut keyring: Keyring, snapshot: Snapshot) -> Self {
        addresses::derive(&mut keyring, &snapshot);
        let stays = addresses::stays(&keyring, &snapshot);
        let in_slots = snapshot.slots.iter().flat_map(|slot| &slot.payouts);
        let owed = snapshot.queue.iter().chain(in_slots).map(|payout| payout.id).collect();
        let mut mint = Mint::new(snapshot.textcoins);
        mint.expect(&snapshot.queue);
        Self {
            settings,
            keyring,
            deposits: snapshot.deposits,
            follow: Follow::new(&snapshot),
            stocktaking: Stocktaking::default(),
            restoring: Restoring::of(&snapshot),
            queue: snapshot.queue.into(),
            owed,
            slots: snapshot.slots.into(),
            next_slot: SlotNo::new(snapshot.next_slot),
            anchor: snapshot.anchor,
            refills: snapshot.refills.into_iter().map(|coin| (coin.id, coin)).collect(),
            first_units: snapshot.first_units.into_iter().collect(),
            stays,
            prepaid: snapshot.prepaid.into_iter().collect(),
            mint,
            connected: false,
            paused: None,
            asking: None,
            posting: Posting::default(),
            agents: BTreeSet::new(),
            wishes: Wishes::default(),
            compose_at: Timestamp::default(),
            last_sent: None,
            pacer: Pacer::new(&settings, &TpsLaw::DEFAULT),
            proof_took: None,
            next_ask: 0,
            clock: Timestamp::default(),
        }
    }

    /// The address to which the fund is sent, where the line began.
    pub fn fund_address(&self) -> Address {
        self.keyring.fund_address()
    }

    /// The addresses that belong to the payer: all that it used, and the next ones. Ever more, in the same
    /// order.
    pub fn own_addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.keyring.derived()
    }

    /// The address at which the line stands: where its change goes.
    pub fn home_address(&self) -> Address {
        self.keyring.address(self.home())
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
        self.notice_clock(now);
        match event {
            Event::Queued(payouts) => self.on_queued(now, payouts, &mut out),
            Event::Connected => self.on_connected(),
            Event::Disconnected => self.on_disconnected(),
            Event::Parents { ask, parents, threshold, looked_up, agents, claims } => {
                self.on_parents(now, ask, Found { parents, threshold, looked_up, agents, claims }, &mut out);
            }
            Event::Agents { ask, agents } => self.on_agents(now, ask, agents, &mut out),
            Event::NoParents { ask } => self.on_no_parents(now, ask),
            Event::PostAnswered { version, answer, text } => {
                self.on_answer(now, version, answer, text, &mut out);
            }
            Event::PostUnanswered { version } => self.on_no_answer(now, version),
            Event::HaveUpdates => self.follow.want(),
            Event::History { ask, units } => self.on_history(now, ask, &units, &mut out),
            Event::NoHistory { ask } => self.follow.failed(ask, now.plus(self.settings.retry_after)),
            Event::HistoryTooLarge { ask } => self.on_history_too_large(ask),
            Event::Stock { ask, stock } => self.on_stock(now, ask, &stock, &mut out),
            Event::NoStock { ask } => self.on_no_stock(now, ask),
            Event::FeeLaw(law) => self.pacer = Pacer::new(&self.settings, &law),
            Event::Paused(why) => drop(self.paused.get_or_insert(why)),
            Event::Deposits(count) => self.on_deposits(count),
            Event::TextcoinsDerived(derived) => self.on_derived(derived),
            Event::Resumed => self.on_resumed(now, &mut out),
            Event::Repost(slot) => self.on_repost(now, slot, &mut out),
            Event::Tick => {}
        }
        self.go_on(now, &mut out);
        out.actions
    }

    /// When the engine wants to be told the time again, if nothing else happens before.
    ///
    /// Right after [`handle`](Self::handle) with the same time it lies ahead: what was due has been done.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.connected {
            return None;
        }
        let times = [self.history_due(), self.stock_due(), self.next_repost(), self.next_composing(now)];
        times.into_iter().flatten().min()
    }

    fn go_on(&mut self, now: Timestamp, out: &mut Outbox) {
        if !self.connected {
            return;
        }
        self.post_again(now, out);
        if self.end_restoring(now, out) {
            // Whatever is due is for the next engine.
            self.connected = false;
            return;
        }
        self.compose_next(now, out);
        self.ask_history(now, out);
        self.ask_stock(now, out);
    }

    /// A payout that is here already is not taken in again: who reports it may not know.
    fn on_queued(&mut self, now: Timestamp, payouts: Vec<Payout>, out: &mut Outbox) {
        self.mint.expect(&payouts);
        let new = payouts.into_iter().filter(|payout| self.owed.insert(payout.id));
        self.queue.extend(new);
        self.park_queued(now, out);
    }

    fn on_connected(&mut self) {
        self.on_disconnected();
        self.connected = true;
        self.look_again();
        self.follow.ask_at_once();
    }

    /// Whatever was asked will not be answered, and every unit is posted again on the next connection.
    fn on_disconnected(&mut self) {
        self.connected = false;
        self.asking = None;
        self.posting.forget_connection();
        self.follow.forget_question();
        self.stocktaking.forget_question();
    }

    /// There are more addresses to which coins may come.
    fn on_deposits(&mut self, count: u32) {
        if count > self.deposits {
            self.deposits = count;
            self.keyring.reach_deposits(count + DEPOSITS_AHEAD);
            self.follow.want();
        }
    }

    /// Whatever there is to see comes first. After a unit of somebody else nothing is as the journal has it.
    fn on_resumed(&mut self, now: Timestamp, out: &mut Outbox) {
        if let Some(Alarm::ForeignUnit(unit)) = self.paused.take() {
            self.begin_restoring(now, unit, out);
        }
        self.follow.must_see();
    }

    /// While the wallet is being restored, what was seen before may not be all.
    fn look_again(&mut self) {
        if let Some(restoring) = &mut self.restoring {
            restoring.look_again();
        }
    }

    /// After the clock was set back nothing waits until it has caught up again.
    fn notice_clock(&mut self, now: Timestamp) {
        if now < self.clock {
            self.compose_at = self.compose_at.min(now);
            self.last_sent = self.last_sent.map(|at| at.min(now));
            self.posting.not_after(now);
            self.follow.not_after(now);
            self.stocktaking.not_after(now);
        }
        self.clock = now;
    }

    fn new_ask(&mut self) -> AskId {
        self.next_ask += 1;
        AskId(self.next_ask)
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
            .field("keyring", &self.keyring)
            .field("queue", &self.queue)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}
