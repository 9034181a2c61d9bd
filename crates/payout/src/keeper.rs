//! The keeper of textcoins, pure: follows those that were given until they are claimed, and takes back those that
//! nobody claims in time (9.2, 9.3).
//!
//! It stands beside the engine and never touches the line. What lies at an address is asked of the hub a hundred
//! addresses at a time, and is only a hint of where to look; a *history* of the addresses, which is proven, decides:
//!
//! * a unit of somebody else that spends the coin, proven good: the textcoin is *claimed*;
//! * such a unit that is not proven: the claim is *seen*, and nothing is begun against it while it lasts;
//! * nobody spends it, by a history that was asked for within the last minute, and its time is over: a *sweep* is
//!   signed with the textcoin's own key, journaled, and posted until it is proven. It spends this one coin and pays
//!   this one output, at the line's home, whatever version of it; so any two of them conflict, and so does any claim.
//!
//! Whoever wins the race is told by a proof alone. That a sweep is good for ever the payer sees, too, since it brings
//! a coin to the wallet; it books it, and the keeper only forgets the textcoin.

mod event;
mod looking;
mod posting;
mod record;
mod sweeping;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use obyte::fee::TpsLaw;
use obyte::{Address, Bytes, UnitHash};

pub use self::event::{KeeperAction, KeeperEvent, LineState};
use self::looking::Looking;
use self::posting::Posted;
pub use self::record::{OpenTextcoin, Sweep, SweepChange};
use self::sweeping::Sweeping;
use crate::{AskId, Pacer, Settings, TextcoinKeys, TextcoinNo, Timestamp};

/// Follows the textcoins of one endpoint.
///
/// The value holds those that are open; what is over lives in the store alone.
pub struct Keeper {
    settings: Settings,
    keys: TextcoinKeys,
    textcoins: BTreeMap<TextcoinNo, Kept>,
    numbers: BTreeMap<Address, TextcoinNo>,
    line: LineState,
    connected: bool,
    looking: Looking,
    sweeping: Sweeping,
    pacer: Pacer,
    next_ask: u64,
    /// The time that was told last.
    clock: Timestamp,
}

/// A textcoin that is open, and what is known of it since the start.
#[derive(Debug)]
struct Kept {
    textcoin: OpenTextcoin,
    /// A history is wanted from this time on.
    look_at: Option<Timestamp>,
    /// When a history was asked for that showed nobody spending it.
    unspent_at: Option<Timestamp>,
    /// More touches its address than a hub tells: only units asked for by name are told.
    crowded: bool,
    posted: Posted,
    /// No other version before this time.
    sweep_at: Timestamp,
    /// How often in a row none could be made, for a reason that lies in this textcoin.
    in_vain: u32,
    /// The hub wants the definition to be shown, or not, other than usual (4.7).
    shows_definition: bool,
    /// The least TPS fee that a hub said it takes. It counts for one attempt.
    tps_fee: Bytes,
}

impl Kept {
    fn new(textcoin: OpenTextcoin) -> Self {
        let look_at = (!textcoin.sweeps.is_empty() || textcoin.claim.is_some()).then(Timestamp::default);
        Self {
            textcoin,
            look_at,
            unspent_at: None,
            crowded: false,
            posted: Posted::default(),
            sweep_at: Timestamp::default(),
            in_vain: 0,
            shows_definition: true,
            tps_fee: Bytes::ZERO,
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.textcoin.recalled || self.textcoin.expires_at <= now
    }

    /// A unit that takes it back is at a hub, or may be.
    fn is_being_swept(&self) -> bool {
        self.newest_alive().is_some()
    }

    /// The unit that is posted. Those before it were refused, or pay the same less a fee: they are not needed while it is
    /// there.
    fn newest_alive(&self) -> Option<&Sweep> {
        self.textcoin.sweeps.iter().rfind(|sweep| sweep.is_alive())
    }

    fn is_own(&self, unit: &UnitHash) -> bool {
        self.textcoin.sweeps.iter().any(|sweep| sweep.unit == *unit)
    }

    fn look_by(&mut self, at: Timestamp) {
        self.look_at = Some(self.look_at.map_or(at, |before| before.min(at)));
    }
}

/// What is to be done, gathered while an event is handled; changes that follow each other are kept as one.
#[derive(Default)]
struct Outbox(Vec<KeeperAction>);

impl Outbox {
    fn persist(&mut self, change: SweepChange) {
        match self.0.last_mut() {
            Some(KeeperAction::Persist(changes)) => changes.push(change),
            _ => self.0.push(KeeperAction::Persist(vec![change])),
        }
    }

    fn push(&mut self, action: KeeperAction) {
        self.0.push(action);
    }
}

impl Keeper {
    /// A keeper that knows no textcoin yet.
    pub fn new(settings: Settings, keys: TextcoinKeys) -> Self {
        Self {
            settings,
            keys,
            textcoins: BTreeMap::new(),
            numbers: BTreeMap::new(),
            line: LineState::default(),
            connected: false,
            looking: Looking::default(),
            sweeping: Sweeping::default(),
            pacer: Pacer::new(&settings, &TpsLaw::DEFAULT),
            next_ask: 0,
            clock: Timestamp::default(),
        }
    }

    /// How many textcoins are open.
    pub fn open(&self) -> usize {
        self.textcoins.len()
    }

    /// Which of them somebody claims, as far as hubs tell; not proven.
    pub fn claims_seen(&self) -> BTreeSet<TextcoinNo> {
        let seen = self.textcoins.iter().filter(|(_, kept)| kept.textcoin.claim.is_some());
        seen.map(|(no, _)| *no).collect()
    }

    /// Takes in what happened, and says what is to be done, in that order.
    pub fn handle(&mut self, now: Timestamp, event: KeeperEvent) -> Vec<KeeperAction> {
        let mut out = Outbox::default();
        self.notice_clock(now);
        match event {
            KeeperEvent::Open(textcoins) => self.on_open(textcoins),
            KeeperEvent::Recalled(which) => self.on_recalled(&which),
            KeeperEvent::Line(line) => self.line = line,
            KeeperEvent::Connected => self.on_connected(now),
            KeeperEvent::Disconnected => self.on_disconnected(),
            KeeperEvent::HaveUpdates => self.on_have_updates(now),
            KeeperEvent::Balances { ask, balances } => self.on_balances(now, ask, &balances),
            KeeperEvent::History { ask, units } => self.on_history(now, ask, &units, &mut out),
            KeeperEvent::HistoryTooLarge { ask } => self.on_history_too_large(now, ask),
            KeeperEvent::Parents { ask, parents, threshold } => {
                self.on_parents(now, ask, parents, threshold, &mut out);
            }
            KeeperEvent::Unanswered { ask } => self.on_unanswered(now, ask),
            KeeperEvent::PostAnswered { no, version, answer, text } => {
                self.on_answer(now, no, version, answer, &text, &mut out);
            }
            KeeperEvent::PostUnanswered { no, version } => self.on_no_answer(now, no, version),
            KeeperEvent::FeeLaw(law) => self.pacer = Pacer::new(&self.settings, &law),
            KeeperEvent::Tick => {}
        }
        self.go_on(now, &mut out);
        out.0
    }

    /// When the keeper wants to be told the time again, if nothing else happens before.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.connected {
            return None;
        }
        let times = [self.next_post(), self.next_history(), self.next_balances(), self.next_sweep(now)];
        times.into_iter().flatten().min()
    }

    fn go_on(&mut self, now: Timestamp, out: &mut Outbox) {
        if !self.connected {
            return;
        }
        self.post_again(now, out);
        self.begin_sweep(now, out);
        self.ask_history(now, out);
        self.ask_balances(now, out);
    }

    fn on_open(&mut self, textcoins: Vec<OpenTextcoin>) {
        for textcoin in textcoins {
            let (no, address) = (textcoin.no, textcoin.coin.address);
            self.numbers.insert(address, no);
            self.textcoins.entry(no).or_insert_with(|| Kept::new(textcoin));
        }
    }

    fn on_recalled(&mut self, which: &[TextcoinNo]) {
        for no in which {
            if let Some(kept) = self.textcoins.get_mut(no) {
                kept.textcoin.recalled = true;
            }
        }
    }

    fn on_connected(&mut self, now: Timestamp) {
        self.on_disconnected();
        self.connected = true;
        self.looking.at_once();
        for kept in self.textcoins.values_mut() {
            kept.posted.forget_connection();
            if kept.textcoin.claim.is_some() || !kept.textcoin.sweeps.is_empty() {
                kept.look_by(now);
            }
        }
    }

    fn on_disconnected(&mut self) {
        self.connected = false;
        self.looking.forget_questions();
        self.sweeping.forget_question();
        for kept in self.textcoins.values_mut() {
            kept.posted.forget_connection();
        }
    }

    fn on_unanswered(&mut self, now: Timestamp, ask: AskId) {
        let later = now.plus(self.settings.retry_after);
        if let Some(asked) = self.looking.fail(ask, later) {
            for no in asked {
                if let Some(kept) = self.textcoins.get_mut(&no) {
                    kept.look_by(later);
                }
            }
        }
        self.sweeping.fail(ask, later);
    }

    /// It is over with a textcoin.
    fn forget(&mut self, no: TextcoinNo) {
        if let Some(kept) = self.textcoins.remove(&no) {
            self.numbers.remove(&kept.textcoin.coin.address);
        }
    }

    /// After the clock was set back nothing waits until it has caught up again.
    fn notice_clock(&mut self, now: Timestamp) {
        if now < self.clock {
            self.looking.not_after(now);
            self.sweeping.not_after(now);
            for kept in self.textcoins.values_mut() {
                kept.look_at = kept.look_at.map(|at| at.min(now));
                kept.unspent_at = None;
                kept.sweep_at = kept.sweep_at.min(now);
                kept.posted.not_after(now);
            }
        }
        self.clock = now;
    }

    fn new_ask(&mut self) -> AskId {
        self.next_ask += 1;
        AskId(self.next_ask)
    }

    /// A pause that doubles with every time that something went wrong, up to the usual time between two postings.
    fn pause_after(&self, failures: u32) -> Duration {
        let pause = self.settings.retry_after.saturating_mul(1 << failures.min(6));
        pause.min(self.settings.repost_every)
    }
}

/// The keys stay out of every log.
impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("textcoins", &self.textcoins).finish_non_exhaustive()
    }
}
