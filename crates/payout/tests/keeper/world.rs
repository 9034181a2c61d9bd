//! Textcoins, a store, a network on which at most one unit that spends a coin becomes good, and a hub.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use obyte::answer::PostAnswer;
use obyte::compose::{Coin, Parents};
use obyte::fee::ThresholdSize;
use obyte::unit::CoinId;
use obyte::{Address, BallHash, Bytes, Mnemonic, Network, Unit, UnitHash};
use payout::{
    AskHistory, Keeper, KeeperAction, KeeperEvent, LineState, Moves, OpenTextcoin, SeenUnit, Settings,
    Standing, Sweep, SweepChange, TextcoinKeys, TextcoinNo, Timestamp, VersionStatus,
};

const BEGINNING: u64 = 1_800_000_000_000;
/// What each textcoin holds, and what taking it back may cost.
pub(crate) const HOLDS: u64 = 10_000;
pub(crate) const FEES_MAX: u64 = 5_000;

/// A unit that spends a textcoin, at the network.
#[derive(Clone, Debug)]
pub(crate) struct Spender {
    pub(crate) no: TextcoinNo,
    pub(crate) unit: UnitHash,
    pub(crate) is_sweep: bool,
    /// Decided, for ever: whether it is good.
    pub(crate) decided: Option<bool>,
    /// The hub does not show it.
    pub(crate) hidden: bool,
}

/// How a textcoin ended, by whose word it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Claimed(UnitHash),
    TakenBack(UnitHash),
}

pub(crate) struct World {
    pub(crate) keeper: Keeper,
    pub(crate) now: u64,
    /// What the store holds.
    pub(crate) open: BTreeMap<TextcoinNo, OpenTextcoin>,
    pub(crate) ended: BTreeMap<TextcoinNo, End>,
    /// What was signed for those that ended.
    over: BTreeMap<TextcoinNo, OpenTextcoin>,
    pub(crate) spenders: Vec<Spender>,
    /// Questions and posts that wait for an answer.
    pub(crate) waiting: VecDeque<KeeperAction>,
    /// What was posted, in order.
    pub(crate) posted: Vec<UnitHash>,
    pub(crate) notes: Vec<String>,
    /// How many questions came for balances and for histories.
    pub(crate) asked: [u32; 2],
    pub(crate) fee: u64,
    /// What the hub says to every unit, if it takes none.
    pub(crate) refusal: Option<&'static str>,
    /// How many units the last question for a history named.
    pub(crate) named: usize,
    /// More touches each address than the hub tells.
    crowded: bool,
    pub(crate) line: LineState,
    connected: bool,
}

impl World {
    /// So many textcoins, the first of which expires after a minute, the next after two, and so on.
    pub(crate) fn new(count: u32) -> Self {
        let open = (0..count).map(|counter| (no(counter), textcoin(counter))).collect();
        let home = Some(Address::of_source("the line"));
        let line = LineState { home, may_sweep: true, queued: 0, open: 0 };
        let mut world = Self {
            keeper: keeper(),
            now: BEGINNING,
            open,
            ended: BTreeMap::new(),
            over: BTreeMap::new(),
            spenders: Vec::new(),
            waiting: VecDeque::new(),
            posted: Vec::new(),
            notes: Vec::new(),
            asked: [0; 2],
            fee: 10,
            refusal: None,
            named: 0,
            crowded: false,
            line,
            connected: false,
        };
        world.start();
        world
    }

    /// The process dies between any two actions, and another begins from the store.
    pub(crate) fn start(&mut self) {
        self.keeper = keeper();
        self.waiting.clear();
        self.connected = true;
        self.tell(KeeperEvent::Open(self.open.values().cloned().collect()));
        self.tell(KeeperEvent::Line(self.line));
        self.tell(KeeperEvent::Connected);
    }

    pub(crate) fn disconnect(&mut self) {
        self.waiting.clear();
        self.connected = false;
        self.tell(KeeperEvent::Disconnected);
    }

    pub(crate) fn connect(&mut self) {
        self.connected = true;
        self.tell(KeeperEvent::Connected);
    }

    pub(crate) fn tell(&mut self, event: KeeperEvent) {
        let now = Timestamp::from_millis(self.now);
        for action in self.keeper.handle(now, event) {
            if !self.carry_out(action) {
                // The store has refused: another keeper begins from what it holds.
                return self.start();
            }
        }
        let wakes = self.keeper.wake_at(now);
        assert!(wakes.is_none_or(|at| at > now), "it would be woken for nothing, again and again");
    }

    /// Whether the store takes what is to be kept.
    fn carry_out(&mut self, action: KeeperAction) -> bool {
        match action {
            KeeperAction::Persist(changes) => return changes.into_iter().all(|change| self.keep(change)),
            KeeperAction::Post { no, version, ref json } => {
                let kept = self.open.get(&no).or_else(|| self.over.get(&no));
                let sweep = kept.and_then(|open| {
                    open.sweeps.iter().find(|sweep| sweep.version == version && sweep.json == *json)
                });
                self.posted.push(sweep.expect("these very bytes were journaled before").unit);
                self.waiting.push_back(action);
            }
            KeeperAction::Note { what, .. } => self.notes.push(what),
            question => {
                self.asked[0] += u32::from(matches!(question, KeeperAction::AskBalances { .. }));
                if let KeeperAction::AskHistory(AskHistory { addresses, units, .. }) = &question {
                    assert!(addresses.len() + units.len() <= 2_000, "a hub answers nothing to that");
                    self.asked[1] += 1;
                    self.named = units.len();
                }
                self.waiting.push_back(question);
            }
        }
        true
    }

    /// The store keeps what it is told, and refuses what breaks a rule.
    fn keep(&mut self, change: SweepChange) -> bool {
        match change {
            // The payer was told of the proof first.
            SweepChange::Signed { no, .. } if !self.open.contains_key(&no) => return false,
            SweepChange::Answered { no, .. } if !self.open.contains_key(&no) => {}
            SweepChange::Signed { no, sweep } => {
                let open = self.open.get_mut(&no).expect("it is open");
                let unit = unit(&sweep);
                assert_eq!(
                    unit.spent_coins().collect::<Vec<_>>(),
                    [open.coin.id],
                    "it spends what was given"
                );
                let outputs: Vec<_> = unit.outputs().map(|(_, output)| output).collect();
                assert_eq!((outputs.len(), Some(outputs[0].address)), (1, self.line.home));
                assert_eq!(outputs[0].amount.get() + sweep.fees.total().get(), HOLDS);
                assert!(sweep.fees.total() <= open.fees_max, "a partner would lose");
                assert_eq!(sweep.version.get() as usize, open.sweeps.len());
                let is_due = open.recalled || open.expires_at <= Timestamp::from_millis(self.now);
                assert!(is_due && self.line.may_sweep, "nothing is taken back before its time");
                open.sweeps.push(sweep);
            }
            SweepChange::Answered { no, version, status, .. } => {
                let sweeps = &mut self.open.get_mut(&no).expect("it is open").sweeps;
                let sweep = &mut sweeps[version.get() as usize];
                assert!(sweep.status != VersionStatus::Dead && status != VersionStatus::Final);
                sweep.status = status;
            }
            SweepChange::ClaimSeen { no, claim } => {
                if let Some(open) = self.open.get_mut(&no) {
                    open.claim = claim;
                }
            }
            SweepChange::Claimed { no, unit, .. } => {
                let is_proven =
                    |spender: &&Spender| spender.unit == unit && spender.no == no && !spender.is_sweep;
                let spender = self.spenders.iter().find(is_proven).expect("somebody claims it");
                assert_eq!(spender.decided, Some(true), "only a proof ends it");
                self.end(no, End::Claimed(unit));
            }
        }
        true
    }

    fn end(&mut self, no: TextcoinNo, end: End) {
        let open = self.open.remove(&no).expect("it ends once");
        self.over.insert(no, open);
        self.ended.insert(no, end);
    }

    /// A customer claims a textcoin at some hub.
    pub(crate) fn claim(&mut self, counter: u32, hidden: bool) -> UnitHash {
        let unit = UnitHash::of(&format!("claim {counter} {}", self.spenders.len()));
        self.spenders.push(Spender { no: no(counter), unit, is_sweep: false, decided: None, hidden });
        unit
    }

    /// The network decides about a textcoin: one of those that spend it is good for ever, the others bad. The payer
    /// sees a sweep that is good.
    pub(crate) fn decide(&mut self, counter: u32, which: usize) {
        let no = no(counter);
        let mut of: Vec<&mut Spender> = self.spenders.iter_mut().filter(|spender| spender.no == no).collect();
        if of.is_empty() || of.iter().any(|spender| spender.decided == Some(true)) {
            of.iter_mut().for_each(|spender| spender.decided = spender.decided.or(Some(false)));
            return;
        }
        let winner = which % of.len();
        for (index, spender) in of.iter_mut().enumerate() {
            spender.decided = Some(index == winner);
        }
        let good = of[winner].clone();
        if good.is_sweep {
            self.end(no, End::TakenBack(good.unit));
        }
    }

    /// A claim that comes when the network has decided is bad.
    pub(crate) fn decide_late(&mut self, counter: u32) {
        let of = no(counter);
        if self.spenders.iter().any(|spender| spender.no == of && spender.decided == Some(true)) {
            self.decide(counter, 0);
        }
    }

    /// The hub answers the oldest question or post.
    pub(crate) fn answer(&mut self) {
        if let Some(event) = self.waiting.pop_front().and_then(|action| self.answer_to(action)) {
            self.tell(event);
        }
    }

    /// No answer comes to the oldest question or post, though the hub may have taken the unit.
    pub(crate) fn keep_silent(&mut self, takes: bool) {
        let Some(action) = self.waiting.pop_front() else { return };
        let event = match action {
            KeeperAction::AskBalances { ask, .. }
            | KeeperAction::AskParents { ask, .. }
            | KeeperAction::AskHistory(AskHistory { ask, .. }) => KeeperEvent::Unanswered { ask },
            KeeperAction::Post { no, version, json } => {
                if takes {
                    self.take(no, &json);
                }
                KeeperEvent::PostUnanswered { no, version }
            }
            _ => return,
        };
        self.tell(event);
    }

    /// From now on more touches each address than the hub tells (6.4).
    pub(crate) fn crowd(&mut self) {
        self.crowded = true;
    }

    /// The hub refuses the oldest post with these words, if that is what waits.
    pub(crate) fn refuse(&mut self, text: &str) {
        if let Some(KeeperAction::Post { no, version, .. }) = self.waiting.front() {
            let (no, version) = (*no, *version);
            self.waiting.pop_front();
            let answer = PostAnswer::classify(text);
            self.tell(KeeperEvent::PostAnswered { no, version, answer, text: text.to_owned() });
        }
    }

    fn answer_to(&mut self, action: KeeperAction) -> Option<KeeperEvent> {
        Some(match action {
            KeeperAction::AskBalances { ask, addresses } => {
                assert!(addresses.len() <= 100);
                let balances = addresses.iter().map(|address| (*address, self.balance(address))).collect();
                KeeperEvent::Balances { ask, balances }
            }
            KeeperAction::AskHistory(AskHistory { ask, ref addresses, .. })
                if self.crowded && !addresses.is_empty() =>
            {
                KeeperEvent::HistoryTooLarge { ask }
            }
            KeeperAction::AskHistory(question) => {
                KeeperEvent::History { ask: question.ask, units: self.history(&question) }
            }
            KeeperAction::AskParents { ask, .. } => {
                let (parents, threshold) = (self.parents(), ThresholdSize::DEFAULT);
                KeeperEvent::Parents { ask, parents, threshold }
            }
            KeeperAction::Post { no, version, json } => {
                let text = self.refusal.unwrap_or_else(|| self.take(no, &json));
                let answer = PostAnswer::classify(text);
                KeeperEvent::PostAnswered { no, version, answer, text: text.to_owned() }
            }
            _ => return None,
        })
    }

    /// The hub takes a unit unless it knows another that spends the same.
    fn take(&mut self, no: TextcoinNo, json: &Arc<str>) -> &'static str {
        let unit =
            serde_json::from_str(json).ok().and_then(|json| Unit::from_json(json).ok()).expect("a unit");
        if self.spenders.iter().any(|spender| spender.unit == unit.hash()) {
            return "known";
        }
        let rival =
            |spender: &&Spender| spender.no == no && !spender.hidden && spender.decided != Some(false);
        if self.spenders.iter().find(rival).is_some() {
            return "conflicting transactions";
        }
        let spender = Spender { no, unit: unit.hash(), is_sweep: true, decided: None, hidden: false };
        self.spenders.push(spender);
        // On a network that has decided already it is bad.
        if self.spenders.iter().any(|spender| spender.no == no && spender.decided == Some(true)) {
            self.spenders.last_mut().expect("just put there").decided = Some(false);
        }
        "accepted"
    }

    fn balance(&self, address: &Address) -> u64 {
        let spent = |spender: &Spender| {
            !spender.hidden && spender.decided != Some(false) && textcoin_at(spender.no).address == *address
        };
        if self.spenders.iter().any(spent) { 0 } else { HOLDS }
    }

    fn history(&self, question: &AskHistory) -> Vec<SeenUnit> {
        let is_asked = |spender: &&Spender| {
            let address = textcoin_at(spender.no).address;
            !spender.hidden
                && (question.addresses.contains(&address) || question.units.contains(&spender.unit))
        };
        let seen = |spender: &Spender| SeenUnit {
            unit: spender.unit,
            standing: match spender.decided {
                Some(true) => Standing::FinalGood,
                Some(false) => Standing::FinalBad,
                None => Standing::Unstable,
            },
            is_own: true,
            coins: Vec::new(),
            main_chain_index: None,
            charged_tps_fee: None,
            moves: Some(Moves {
                authors: vec![textcoin_at(spender.no).address],
                spent: vec![textcoin_at(spender.no).id],
                paid: Vec::new(),
                made_at: None,
            }),
        };
        self.spenders.iter().filter(is_asked).map(seen).collect()
    }

    fn parents(&self) -> Parents {
        let parent = UnitHash::of(&format!("parent at {}", self.now));
        let last_ball: BallHash = UnitHash::of("last ball").to_string().parse().expect("44 characters");
        Parents {
            timestamp: self.now / 1000,
            parent_units: vec![parent],
            last_ball,
            last_ball_unit: UnitHash::of("last ball unit"),
            last_ball_mci: 7,
            tps_fee: Bytes::new(self.fee).expect("a small fee"),
        }
    }

    /// Time passes in which the hub answers everything.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + u64::try_from(time.as_millis()).expect("a short time");
        loop {
            while !self.waiting.is_empty() {
                self.answer();
            }
            let wakes = self.keeper.wake_at(Timestamp::from_millis(self.now)).map(Timestamp::as_millis);
            match wakes.filter(|at| *at <= until) {
                Some(at) => self.now = at,
                None => break,
            }
            self.tell(KeeperEvent::Tick);
        }
        self.now = until;
        self.tell(KeeperEvent::Tick);
    }

    pub(crate) fn sweeps(&self, counter: u32) -> &[Sweep] {
        &self.open[&no(counter)].sweeps
    }
}

pub(crate) fn no(counter: u32) -> TextcoinNo {
    TextcoinNo { generation: 0, counter }
}

fn keys() -> TextcoinKeys {
    let words =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    TextcoinKeys::new(&words.parse::<Mnemonic>().expect("a mnemonic").to_seed(""), "test")
}

fn keeper() -> Keeper {
    Keeper::new(Settings::new(Network::Devnet), keys())
}

fn textcoin_at(no: TextcoinNo) -> Coin {
    let unit = UnitHash::of(&format!("gives {no}"));
    let id = CoinId { unit, message_index: 0, output_index: 0 };
    // Deriving keys takes long, and the same few are needed again and again.
    thread_local! {
        static ADDRESSES: std::cell::RefCell<BTreeMap<TextcoinNo, Address>> = std::cell::RefCell::default();
    }
    let derive = || keys().textcoin(no).expect("none of the first is skipped").address();
    let address = ADDRESSES.with_borrow_mut(|known| *known.entry(no).or_insert_with(derive));
    Coin { id, amount: Bytes::new(HOLDS).expect("small"), address }
}

fn textcoin(counter: u32) -> OpenTextcoin {
    OpenTextcoin {
        no: no(counter),
        coin: textcoin_at(no(counter)),
        fees_max: Bytes::new(FEES_MAX).expect("small"),
        expires_at: Timestamp::from_millis(BEGINNING + 60_000 * (u64::from(counter) + 1)),
        recalled: false,
        claim: None,
        sweeps: Vec::new(),
    }
}

fn unit(sweep: &Sweep) -> Unit {
    let json = serde_json::from_str(&sweep.json).expect("JSON");
    let unit = Unit::from_json(json).expect("a unit");
    assert_eq!(unit.hash(), sweep.unit);
    unit
}
