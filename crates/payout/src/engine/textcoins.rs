//! Which textcoins a unit gives.
//!
//! A payout that is to be paid by a textcoin gets the next number when a unit is planned for it. The hub is asked
//! whether any of the new addresses has a history, and what claiming a textcoin takes; from then on both stand in the
//! payout, whatever becomes of the unit. A number whose address has a history is never used.

use std::collections::{BTreeMap, BTreeSet};

use obyte::Address;

use super::Engine;
use super::composing::Plan;
use super::making::Found;
use crate::textcoin::claim_reserve;
use crate::{Alarm, Claims, Issue, Payee, Payout, TextcoinKeys, TextcoinNo};

/// Gives numbers in their order.
#[derive(Debug)]
pub(super) struct Mint {
    next: TextcoinNo,
    /// The addresses of the next numbers, as far as they were needed; nothing for those that are skipped.
    ahead: BTreeMap<u32, Option<Address>>,
}

impl Mint {
    pub(super) const fn new(next: TextcoinNo) -> Self {
        Self { next, ahead: BTreeMap::new() }
    }

    /// The next numbers that can be used, with their addresses.
    fn offer(&mut self, keys: &TextcoinKeys, count: usize) -> Vec<(TextcoinNo, Address)> {
        let mut offered = Vec::new();
        let mut no = self.next;
        while offered.len() < count {
            let derive = || keys.textcoin(no).map(|textcoin| textcoin.address());
            if let Some(address) = *self.ahead.entry(no.counter).or_insert_with(derive) {
                offered.push((no, address));
            }
            no.counter = no.counter.checked_add(1).expect("fewer than 2^32 textcoins are ever given");
        }
        offered
    }

    /// Never uses what has a history. Whether anything was on offer of that.
    fn skip(&mut self, used: &BTreeSet<Address>) -> bool {
        let mut found = false;
        for address in self.ahead.values_mut() {
            if address.is_some_and(|address| used.contains(&address)) {
                *address = None;
                found = true;
            }
        }
        found
    }

    /// These stand in the journal.
    fn given(&mut self, payouts: &[Payout]) {
        let given = payouts.iter().filter_map(|payout| payout.payee.issue());
        let of_now = given.filter(|issue| issue.no.generation == self.next.generation);
        let Some(last) = of_now.map(|issue| issue.no.counter).max() else { return };
        self.next.counter = self.next.counter.max(last + 1);
        self.ahead = self.ahead.split_off(&self.next.counter);
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
    /// Chooses numbers for those who join and have none.
    pub(super) fn offer_textcoins(&mut self, plan: &mut Plan) {
        let count = plan.joining.iter().filter(|payout| self.mint.is_needed_by(payout)).count();
        plan.offered = self.mint.offer(self.keyring.textcoins(), count);
    }

    /// Whether the hub has shown that an address on offer was used, so that another plan is needed.
    pub(super) fn are_used(&mut self, found: &Found) -> bool {
        found.claims.as_ref().is_some_and(|claims| self.mint.skip(&claims.used))
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
