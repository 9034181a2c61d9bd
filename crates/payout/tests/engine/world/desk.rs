//! A world driven by hand, for examples.

use std::sync::Arc;
use std::time::Duration;

use obyte::answer::PostAnswer;
use obyte::compose::Coin;
use obyte::fee::ThresholdSize;
use obyte::{Address, Bytes, UnitHash};
use payout::{
    Action, Alarm, AskHistory, AskId, AskParents, AskStock, Change, Claims, Engine, Event, Payee, Payout,
    PayoutId, SeenUnit, Settings, SlotNo, Standing, Stock, Timestamp, Version, VersionId, VersionNo,
};

use simulation::{BEGINNING, Books, Journal, keyring, own_addresses};

use super::{HUB, KEPT, payout, settings};

/// The TPS fee that the hub asks for where an example does not say.
const FEE: u64 = 11;

pub(crate) struct Desk {
    pub(crate) books: Books,
    pub(crate) engine: Engine,
    pub(crate) settings: Settings,
    pub(crate) now: u64,
    /// How long a unit takes to become stable, in milliseconds.
    pub(crate) stable_after: u64,
    /// Units posted and not answered.
    pub(crate) posts: Vec<(VersionId, Arc<str>)>,
    pub(crate) parents_asked: Option<AskParents>,
    pub(crate) history_asked: Option<AskHistory>,
    pub(crate) stock_asked: Option<AskStock>,
    pub(crate) agents_asked: Option<(AskId, Vec<Address>)>,
    pub(crate) parked: Vec<PayoutId>,
    /// What was settled, and what was kept for the slot behind it.
    pub(crate) settlements: Vec<(VersionId, Bytes)>,
    pub(crate) told: Vec<(Vec<PayoutId>, UnitHash)>,
    pub(crate) alarms: Vec<Alarm>,
    /// What the engine did last, in order.
    pub(crate) log: Vec<Action>,
    /// The TPS fee that claiming a textcoin takes.
    pub(crate) claim_fee: u64,
    /// The hub says of every new address that it has a history.
    pub(crate) calls_all_used: bool,
    next_payout: i64,
}

impl Desk {
    /// A payer with one coin of a GBYTE, connected and synced.
    pub(crate) fn new() -> Self {
        let mut desk = Self::with(settings(), 1_000_000_000);
        desk.settle_down();
        desk
    }

    /// A payer with one stable coin, not yet connected.
    pub(crate) fn with(settings: Settings, fund: u64) -> Self {
        let mut desk = Self::penniless(settings);
        desk.deposit(fund);
        desk.tell(Event::Connected);
        desk
    }

    pub(crate) fn penniless(settings: Settings) -> Self {
        let engine = Engine::new(settings, keyring(), payout::Snapshot::default());
        Self {
            books: Books::new(own_addresses(), settings.limits),
            engine,
            settings,
            now: BEGINNING,
            stable_after: 2_000,
            posts: Vec::new(),
            parents_asked: None,
            history_asked: None,
            stock_asked: None,
            agents_asked: None,
            parked: Vec::new(),
            settlements: Vec::new(),
            told: Vec::new(),
            alarms: Vec::new(),
            log: Vec::new(),
            claim_fee: 7,
            calls_all_used: false,
            next_payout: 1,
        }
    }

    pub(crate) fn deposit(&mut self, amount: u64) -> Coin {
        let coin = self.books.chain.deposit(amount, self.now);
        self.books.ripen(self.now).expect(KEPT);
        coin
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    pub(crate) fn tell(&mut self, event: Event) {
        if matches!(event, Event::Connected | Event::Disconnected) {
            self.forget_questions();
        }
        let now = self.time();
        self.log = self.engine.handle(now, event);
        for action in self.log.clone() {
            self.carry_out(action);
        }
        let wakes = self.engine.wake_at(now);
        assert!(wakes.is_none_or(|at| at > now), "the engine would be woken for nothing, again and again");
    }

    fn forget_questions(&mut self) {
        self.posts.clear();
        self.parents_asked = None;
        self.history_asked = None;
        self.stock_asked = None;
        self.agents_asked = None;
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Persist(changes) => {
                self.books.commit(&changes).expect(KEPT);
                self.settlements.extend(changes.iter().filter_map(|change| match change {
                    Change::Settled(settlement) => Some((settlement.version, settlement.kept)),
                    _ => None,
                }));
            }
            Action::AskParents(question) => self.parents_asked = Some(question),
            Action::AskHistory(question) => self.history_asked = Some(question),
            Action::TakeStock(question) => self.stock_asked = Some(question),
            Action::Post { version, json } => {
                self.books.check_post(version, &json).expect(KEPT);
                self.posts.push((version, json));
            }
            Action::LookUpAgents { ask, addresses } => self.agents_asked = Some((ask, addresses)),
            Action::Parked { payouts } => self.parked.extend(payouts),
            Action::BeginAnew => self.crash(),
            Action::Accepted { payouts, unit } => {
                self.books.check_told(&payouts, &unit).expect(KEPT);
                self.told.push((payouts, unit));
            }
            Action::Alarm(alarm) => self.alarms.push(alarm),
        }
    }

    /// So many payouts are accepted at once.
    pub(crate) fn owe(&mut self, count: usize) -> Vec<PayoutId> {
        let payouts = (0..count).map(|_| self.next_payout()).collect();
        self.owe_these(payouts)
    }

    /// So many payouts to mailboxes are accepted at once.
    pub(crate) fn owe_textcoins(&mut self, count: usize) -> Vec<PayoutId> {
        let textcoin = |payout| Payout { payee: Payee::Textcoin(None), ..payout };
        let payouts = (0..count).map(|_| textcoin(self.next_payout())).collect();
        self.owe_these(payouts)
    }

    fn next_payout(&mut self) -> Payout {
        self.next_payout += 1;
        payout(self.next_payout, self.time())
    }

    fn owe_these(&mut self, payouts: Vec<Payout>) -> Vec<PayoutId> {
        for payout in &payouts {
            self.books.journal.accept(*payout).expect(KEPT);
        }
        let ids = payouts.iter().map(|payout| payout.id).collect();
        let is_queued = |payout: &Payout| !self.books.journal.held.contains(&payout.id);
        let queued: Vec<_> = payouts.into_iter().filter(is_queued).collect();
        if !queued.is_empty() {
            self.tell(Event::Queued(queued));
        }
        ids
    }

    /// The first order that was ever accepted is reported again, to a database that does not know it.
    pub(crate) fn repeat_first(&mut self) -> PayoutId {
        let payout = payout(2, self.time());
        self.books.journal.accept(payout).expect(KEPT);
        if !self.books.journal.held.contains(&payout.id) {
            self.tell(Event::Queued(vec![payout]));
        }
        payout.id
    }

    pub(crate) fn give_parents(&mut self) {
        self.give_parents_for(FEE);
    }

    pub(crate) fn give_parents_for(&mut self, tps_fee: u64) {
        let question = self.parents_asked.take().expect("the engine asked for parents");
        let parents = self.books.chain.parents(HUB, self.now, tps_fee);
        let looked_up = self.books.chain.mcis_of(HUB, &question.look_up);
        let threshold = ThresholdSize::DEFAULT;
        let is_agent = |address: &&Address| self.books.chain.is_agent(address);
        let agents = question.to.iter().filter(is_agent).count() as u64;
        let claims = (!question.fresh.is_empty()).then(|| self.claims(&question.fresh));
        self.tell(Event::Parents { ask: question.ask, parents, threshold, looked_up, agents, claims });
    }

    fn claims(&self, fresh: &[Address]) -> Claims {
        let has_history = |address: &&Address| self.calls_all_used || self.books.chain.knows(address);
        let used = fresh.iter().filter(has_history).copied().collect();
        Claims { used, tps_fee: Bytes::new(self.claim_fee).expect("in range") }
    }

    /// The hub tells truly which of the payees are agents.
    pub(crate) fn give_agents(&mut self) {
        let (ask, addresses) = self.agents_asked.take().expect("the engine asked for agents");
        let is_agent = |address: &Address| self.books.chain.is_agent(address);
        let agents = addresses.into_iter().filter(is_agent).collect();
        self.tell(Event::Agents { ask, agents });
    }

    /// The payouts are accepted and their unit is posted, not answered.
    pub(crate) fn post_for(&mut self, count: usize) -> (Vec<PayoutId>, VersionId) {
        let ids = self.owe(count);
        self.give_parents();
        let (version, _) = self.posts.last().expect("the unit was posted");
        (ids, *version)
    }

    /// The payouts are accepted, and the hub has accepted their unit.
    pub(crate) fn pay(&mut self, count: usize) -> (Vec<PayoutId>, VersionId) {
        let (ids, version) = self.post_for(count);
        assert_eq!(self.let_hub_answer(version), PostAnswer::Accepted);
        // The next unit keeps its distance.
        self.pass(Duration::from_secs(1));
        (ids, version)
    }

    /// The hub does what an honest one does with a posted unit.
    pub(crate) fn let_hub_answer(&mut self, version: VersionId) -> PostAnswer {
        let index = self.posts.iter().position(|(posted, _)| *posted == version).expect("it was posted");
        let (_, json) = self.posts.remove(index);
        let answer = self.books.chain.post(HUB, &json, self.now, self.now + self.stable_after);
        self.answer_with(version, answer);
        answer
    }

    /// The hub says this, and does nothing.
    pub(crate) fn answer(&mut self, version: VersionId, answer: PostAnswer) {
        let index = self.posts.iter().position(|(posted, _)| *posted == version).expect("it was posted");
        self.posts.remove(index);
        self.answer_with(version, answer);
    }

    fn answer_with(&mut self, version: VersionId, answer: PostAnswer) {
        if answer == PostAnswer::Accepted {
            self.books.vouch_for_post(version);
        }
        self.tell(Event::PostAnswered { version, answer, text: format!("{answer:?}") });
    }

    pub(crate) fn give_history(&mut self) {
        let question = self.history_asked.clone().expect("the engine asked for a history");
        let units = self.books.chain.history(HUB, &question);
        self.give_history_of(units);
    }

    pub(crate) fn give_history_of(&mut self, units: Vec<SeenUnit>) {
        let question = self.history_asked.take().expect("the engine asked for a history");
        self.books.vouch_for_history(&units);
        self.tell(Event::History { ask: question.ask, units });
    }

    pub(crate) fn give_stock(&mut self) {
        let question = self.stock_asked.clone().expect("the engine asked for the stock");
        let stock = self.books.chain.stock(HUB, &question);
        self.give_stock_of(stock);
    }

    pub(crate) fn give_stock_of(&mut self, stock: Stock) {
        let question = self.stock_asked.take().expect("the engine asked for the stock");
        self.books.vouch_for_history(&stock.units);
        self.tell(Event::Stock { ask: question.ask, stock });
    }

    /// What the hub says of a unit without any truth in it.
    pub(crate) fn rumour(&self, unit: UnitHash) -> SeenUnit {
        SeenUnit {
            unit,
            standing: Standing::Unstable,
            is_own: true,
            coins: Vec::new(),
            main_chain_index: None,
            charged_tps_fee: None,
            moves: None,
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += u64::try_from(time.as_millis()).expect("short");
        self.books.ripen(self.now).expect(KEPT);
        self.tell(Event::Tick);
    }

    /// The hub is honest and quick until nothing is asked of it any more.
    pub(crate) fn settle_down(&mut self) {
        for _ in 0..1000 {
            if let Some((version, _)) = self.posts.first() {
                self.let_hub_answer(*version);
            } else if self.history_asked.is_some() {
                self.give_history();
            } else if self.stock_asked.is_some() {
                self.give_stock();
            } else if self.agents_asked.is_some() {
                self.give_agents();
            } else if self.parents_asked.is_some() {
                self.give_parents();
            } else {
                return;
            }
        }
        panic!("the engine asks for ever");
    }

    /// Minutes pass, in which the hub is honest and quick.
    pub(crate) fn let_time_pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.pass(Duration::from_secs(1));
            self.settle_down();
        }
    }

    /// The process dies and starts again, and connects.
    pub(crate) fn crash(&mut self) {
        self.crash_and_stay_offline();
        self.tell(Event::Connected);
    }

    pub(crate) fn crash_and_stay_offline(&mut self) {
        self.engine = Engine::new(self.settings, keyring(), self.books.journal.snapshot());
        self.forget_questions();
    }

    /// The database is lost; there is this copy of it.
    pub(crate) fn lose_journal(&mut self, copy: Journal) {
        self.books.lose_journal(copy);
        self.crash();
    }

    /// The hub loses a unit, and all that hangs on it.
    pub(crate) fn forget(&mut self, unit: UnitHash) {
        self.books.chain.forget(HUB.hub, Some(unit));
    }

    /// A unit comes in by another way, and is stable at that time.
    pub(crate) fn smuggle(&mut self, json: &Arc<str>, ripe_at: u64) {
        self.books.chain.smuggle(HUB.hub, json, self.now, ripe_at);
    }

    /// Everybody is paid, and nothing is going on any more.
    pub(crate) fn check_rest(&self) {
        self.books.check_rest().expect(KEPT);
    }

    pub(crate) fn version(&self, id: VersionId) -> &Version {
        self.books.journal.version(id).expect("it is journaled")
    }

    /// The version of this slot with this number.
    pub(crate) fn id(slot: u64, version: u32) -> VersionId {
        VersionId { slot: SlotNo::new(slot), version: VersionNo::new(version) }
    }
}
