//! Which textcoins a unit gives.
//!
//! A payout that is to be paid by a textcoin gets the next number when a unit is planned for it. The hub is asked
//! whether any of the new addresses has a history, and what claiming a textcoin takes; from then on both stand in the
//! payout, whatever becomes of the unit. A number whose address has a history is never used.
//!
//! From number to address there are some milliseconds of work. A stock of the next addresses is kept, which the shell
//! fills beside the payer ([`Engine::textcoins_wanted`]); what is missing in it is derived when it is needed. It holds no
//! secret. Each life of the wallet has a stock of its own, as it has an engine of its own.

use std::collections::{BTreeMap, BTreeSet};

use obyte::Address;

use super::composing::Plan;
use super::making::Found;
use super::{Engine, Outbox};
use crate::textcoin::claim_reserve;
use crate::{Action, Alarm, Claims, Issue, Payee, Payout, Search, TextcoinKeys, TextcoinNo, Timestamp};

/// So many addresses are kept in stock: those of two full units.
const STOCK: usize = 256;

/// So many numbers are skipped in a row on the word of a hub, which can call any address used. A larger gap would hide
/// what is behind it from a search after a loss ([`Search::GAP`]).
const SKIPPED_MAX: usize = Search::GAP as usize / 2;

/// What was made of the word of a hub that addresses are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skipped {
    /// None of them was on offer.
    Nothing,
    /// Those will not be used.
    Some,
    /// That cannot be true of so many: all are on offer again.
    TooMany(usize),
}

/// Gives numbers in their order.
#[derive(Debug)]
pub(super) struct Mint {
    next: TextcoinNo,
    /// The addresses of the next numbers, as far as they are known; nothing where wallets would not agree on it.
    ahead: BTreeMap<u32, Option<Address>>,
    /// Those of the next numbers that a hub calls used.
    skipped: BTreeSet<u32>,
    /// Whether any was ever needed.
    is_in_use: bool,
}

impl Mint {
    pub(super) const fn new(next: TextcoinNo) -> Self {
        Self { next, ahead: BTreeMap::new(), skipped: BTreeSet::new(), is_in_use: next.counter > 0 }
    }

    /// In which life of the wallet they are given.
    pub(super) const fn generation(&self) -> u32 {
        self.next.generation
    }

    /// These are owed.
    pub(super) fn expect(&mut self, payouts: &[Payout]) {
        self.is_in_use |= payouts.iter().any(|payout| payout.payee.is_textcoin());
    }

    /// The next numbers that can be used, with their addresses.
    fn offer(&mut self, keys: &TextcoinKeys, count: usize) -> Vec<(TextcoinNo, Address)> {
        let mut offered = Vec::new();
        let mut no = self.next;
        while offered.len() < count {
            let derive = || keys.textcoin(no).map(|textcoin| textcoin.address());
            let address = *self.ahead.entry(no.counter).or_insert_with(derive);
            if let Some(address) = address.filter(|_| !self.skipped.contains(&no.counter)) {
                offered.push((no, address));
            }
            no.counter = no.counter.checked_add(1).expect("fewer than 2^32 textcoins are ever given");
        }
        offered
    }

    /// The first of the next numbers that are not in stock, at most so many.
    fn wanted(&self, most: usize) -> Vec<TextcoinNo> {
        if !self.is_in_use || self.ahead.len() >= STOCK {
            return Vec::new();
        }
        let TextcoinNo { generation, counter } = self.next;
        let numbers = (counter..=u32::MAX).take(STOCK).filter(|counter| !self.ahead.contains_key(counter));
        numbers.take(most).map(|counter| TextcoinNo { generation, counter }).collect()
    }

    /// What was derived beside. Numbers that were given or skipped meanwhile stay so.
    fn stock(&mut self, derived: Vec<(TextcoinNo, Option<Address>)>) {
        for (no, address) in derived {
            if no.generation == self.next.generation && no.counter >= self.next.counter {
                self.ahead.entry(no.counter).or_insert(address);
            }
        }
    }

    /// Never uses what has a history.
    fn skip(&mut self, used: &BTreeSet<Address>) -> Skipped {
        let before = self.skipped.len();
        let is_used = |address: &Option<Address>| address.is_some_and(|address| used.contains(&address));
        let of_used = self.ahead.iter().filter(|(_, address)| is_used(address));
        self.skipped.extend(of_used.map(|(counter, _)| *counter));
        match self.skipped.len() {
            after if after == before => Skipped::Nothing,
            after if after <= SKIPPED_MAX => Skipped::Some,
            after => {
                self.skipped.clear();
                Skipped::TooMany(after)
            }
        }
    }

    /// These stand in the journal.
    fn given(&mut self, payouts: &[Payout]) {
        let given = payouts.iter().filter_map(|payout| payout.payee.issue());
        let of_now = given.filter(|issue| issue.no.generation == self.next.generation);
        let Some(last) = of_now.map(|issue| issue.no.counter).max() else { return };
        self.next.counter = self.next.counter.max(last + 1);
        self.ahead = self.ahead.split_off(&self.next.counter);
        self.skipped = self.skipped.split_off(&self.next.counter);
    }

    /// Whether a payout that enters a slot needs a number. One of an earlier life of the wallet does not count: what
    /// was lost with that may have used it.
    fn is_needed_by(&self, payout: &Payout) -> bool {
        match payout.payee {
            Payee::Address(_) => false,
            Payee::Textcoin(issue) => issue.is_none_or(|issue| issue.no.generation != self.next.generation),
        }
    }
}

impl Engine {
    /// Numbers whose textcoins are to be derived ahead of need, the next ones first and at most so many, for
    /// [`Event::TextcoinsDerived`](crate::Event::TextcoinsDerived). None as long as no textcoin was ever needed.
    pub fn textcoins_wanted(&self, most: usize) -> Vec<TextcoinNo> {
        self.mint.wanted(most)
    }

    pub(super) fn on_derived(&mut self, derived: Vec<(TextcoinNo, Option<Address>)>) {
        self.mint.stock(derived);
    }

    /// Chooses numbers for those who join and have none.
    pub(super) fn offer_textcoins(&mut self, plan: &mut Plan) {
        let count = plan.joining.iter().filter(|payout| self.mint.is_needed_by(payout)).count();
        plan.offered = self.mint.offer(self.keyring.textcoins(), count);
    }

    /// Whether the hub has shown that an address on offer was used, so that another plan is needed. It is not asked again
    /// and again without a pause.
    pub(super) fn are_used(&mut self, now: Timestamp, found: &Found, out: &mut Outbox) -> bool {
        let Some(claims) = &found.claims else { return false };
        match self.mint.skip(&claims.used) {
            Skipped::Nothing => return false,
            Skipped::Some => self.compose_at = now.plus(self.settings.retry_after),
            Skipped::TooMany(count) => {
                self.compose_at = now.plus(self.settings.look_every);
                let why = format!(
                    "the hub calls the addresses of {count} new textcoins used, which are this wallet's alone: use another \
                     hub, or find out who else has the mnemonic"
                );
                out.push(Action::Alarm(Alarm::CannotCompose(why)));
            }
        }
        true
    }

    /// Writes what was offered into the payouts that join.
    pub(super) fn issue_textcoins(&self, plan: &mut Plan, found: &Found) -> Result<(), Alarm> {
        if plan.offered.is_empty() {
            return Ok(());
        }
        let Some(Claims { tps_fee, .. }) = &found.claims else {
            return Err(Alarm::CannotCompose("it is not known what claiming a textcoin takes".to_owned()));
        };
        let ceiling = self.settings.limits.per_payout;
        if *tps_fee > ceiling {
            return Err(Alarm::FeeAboveCeiling { asked: *tps_fee, ceiling });
        }
        let reserve = claim_reserve(self.settings.network, *tps_fee);
        let without = plan.joining.iter_mut().filter(|payout| self.mint.is_needed_by(payout));
        for (payout, (no, address)) in without.zip(plan.offered.drain(..)) {
            payout.payee = Payee::Textcoin(Some(Issue { no, address, reserve }));
        }
        Ok(())
    }

    pub(super) fn note_issued(&mut self, payouts: &[Payout]) {
        self.mint.given(payouts);
    }
}
