//! Looking at what became of textcoins: balances are hints, histories are proofs.

use std::collections::BTreeMap;
use std::time::Duration;

use obyte::{Address, UnitHash};

use super::{Keeper, KeeperAction, Outbox, SweepChange};
use crate::{AskHistory, AskId, SeenUnit, Standing, TextcoinNo, Timestamp, VersionStatus};

/// How many addresses one question for balances names (6.4), and one for a history at most.
const AT_ONCE: usize = 100;
/// The shortest time between two questions for balances, however many textcoins there are.
const BALANCES_APART: Duration = Duration::from_secs(1);
/// So many units of one textcoin are asked for by name at most: a question may name 2,000 (6.4).
const NAMED: usize = 20;

/// Which questions are on their way, and when the next ones are due.
#[derive(Debug, Default)]
pub(super) struct Looking {
    balances: Option<AskId>,
    /// The last textcoin of the chunk that was asked for last.
    cursor: Option<TextcoinNo>,
    balances_at: Timestamp,
    balances_asked: Option<Timestamp>,
    history: Option<(AskId, Vec<TextcoinNo>, Timestamp)>,
    history_at: Timestamp,
    /// How many textcoins one question for a history names, where it was too large before.
    fewer: Option<usize>,
}

impl Looking {
    pub(super) const fn at_once(&mut self) {
        self.balances_at = Timestamp::from_millis(0);
        self.history_at = Timestamp::from_millis(0);
    }

    pub(super) fn forget_questions(&mut self) {
        self.balances = None;
        self.history = None;
    }

    /// A question failed; for which textcoins, if it was for a history.
    pub(super) fn fail(&mut self, ask: AskId, later: Timestamp) -> Option<Vec<TextcoinNo>> {
        if self.balances.take_if(|asked| *asked == ask).is_some() {
            self.balances_at = later;
        }
        let (_, asked, _) = self.history.take_if(|(asked, ..)| *asked == ask)?;
        self.history_at = later;
        Some(asked)
    }

    /// The textcoins of the question for a history that is on its way.
    pub(super) fn in_question(&self) -> &[TextcoinNo] {
        self.history.as_ref().map(|(_, asked, _)| asked.as_slice()).unwrap_or_default()
    }

    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.balances_at = self.balances_at.min(now);
        self.history_at = self.history_at.min(now);
        self.balances_asked = self.balances_asked.map(|at| at.min(now));
    }
}

impl Keeper {
    /// The news may be about any of them: the next chunk comes soon, and those that are watched closely at once.
    pub(super) fn on_have_updates(&mut self, now: Timestamp) {
        let soonest = self.looking.balances_asked.map(|at| at.plus(BALANCES_APART)).unwrap_or_default();
        self.looking.balances_at = self.looking.balances_at.min(soonest.max(now));
        for kept in self.textcoins.values_mut() {
            if kept.textcoin.claim.is_some() || kept.is_being_swept() {
                kept.look_by(now);
            }
        }
    }

    pub(super) fn next_balances(&self) -> Option<Timestamp> {
        (self.looking.balances.is_none() && !self.textcoins.is_empty()).then_some(self.looking.balances_at)
    }

    pub(super) fn ask_balances(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.next_balances().is_none_or(|at| at > now) {
            return;
        }
        let chunk = self.next_chunk();
        let (ask, chunks) = (self.new_ask(), self.textcoins.len().div_ceil(AT_ONCE));
        let apart = self.settings.follow_every / u32::try_from(chunks).unwrap_or(u32::MAX).max(1);
        self.looking.balances = Some(ask);
        self.looking.balances_asked = Some(now);
        self.looking.balances_at = now.plus(apart.max(BALANCES_APART));
        self.looking.cursor = chunk.last().copied();
        let addresses = chunk.iter().map(|no| self.textcoins[no].textcoin.coin.address).collect();
        out.push(KeeperAction::AskBalances { ask, addresses });
    }

    /// The textcoins behind the last chunk; from the first again where there are no more.
    fn next_chunk(&self) -> Vec<TextcoinNo> {
        let after = self.looking.cursor.unwrap_or_default();
        let behind = self.textcoins.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
        let chunk: Vec<_> = match self.looking.cursor {
            Some(_) => behind.map(|(no, _)| *no).take(AT_ONCE).collect(),
            None => Vec::new(),
        };
        if chunk.is_empty() { self.textcoins.keys().copied().take(AT_ONCE).collect() } else { chunk }
    }

    pub(super) fn on_balances(&mut self, now: Timestamp, ask: AskId, balances: &BTreeMap<Address, u64>) {
        if self.looking.balances.take_if(|asked| *asked == ask).is_none() {
            return;
        }
        for (address, balance) in balances {
            let no = self.numbers.get(address);
            let Some(kept) = no.and_then(|no| self.textcoins.get_mut(no)) else { continue };
            if *balance < kept.textcoin.coin.amount.get() {
                kept.look_by(now);
            }
        }
    }

    pub(super) fn next_history(&self) -> Option<Timestamp> {
        if self.looking.history.is_some() {
            return None;
        }
        let wanted = self.textcoins.values().filter_map(|kept| kept.look_at).min()?;
        Some(wanted.max(self.looking.history_at))
    }

    pub(super) fn ask_history(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.next_history().is_none_or(|at| at > now) {
            return;
        }
        let most = self.looking.fewer.unwrap_or(AT_ONCE);
        let due = self.textcoins.iter().filter(|(_, kept)| kept.look_at.is_some_and(|at| at <= now));
        let asked: Vec<TextcoinNo> = due.map(|(no, _)| *no).take(most).collect();
        let (mut addresses, mut units): (Vec<Address>, Vec<UnitHash>) = (Vec::new(), Vec::new());
        for no in &asked {
            let kept = self.textcoins.get_mut(no).expect("it was found above");
            kept.look_at = None;
            if !kept.crowded {
                // Its history tells of the units that it signed, too.
                addresses.push(kept.textcoin.coin.address);
                continue;
            }
            units.extend(kept.textcoin.sweeps.iter().rev().take(NAMED).map(|sweep| sweep.unit));
            if kept.textcoin.sweeps.is_empty() {
                // There is nothing that could be asked; the network decides who is first.
                kept.unspent_at = Some(now);
            }
        }
        if addresses.is_empty() && units.is_empty() {
            return;
        }
        let ask = self.new_ask();
        let also = asked.iter().map(|no| self.textcoins[no].textcoin.coin.address).collect();
        self.looking.history = Some((ask, asked, now));
        out.push(KeeperAction::AskHistory(AskHistory {
            ask,
            addresses,
            units,
            min_mci: 0,
            also,
            moves: true,
        }));
    }

    pub(super) fn on_history_too_large(&mut self, now: Timestamp, ask: AskId) {
        let later = now.plus(self.settings.retry_after);
        let Some(asked) = self.looking.fail(ask, later) else { return };
        self.looking.fewer = Some((asked.len() / 2).max(1));
        for no in &asked {
            if let Some(kept) = self.textcoins.get_mut(no) {
                kept.look_by(later);
                kept.crowded |= asked.len() == 1;
            }
        }
    }

    pub(super) fn on_history(&mut self, now: Timestamp, ask: AskId, units: &[SeenUnit], out: &mut Outbox) {
        let Some((_, asked, since)) = self.looking.history.take_if(|(asked, ..)| *asked == ask) else {
            return;
        };
        self.looking.fewer = self.looking.fewer.map(|most| (most * 2).min(AT_ONCE));
        for no in asked {
            self.see(now, no, since, units, out);
        }
    }

    /// What a history that was asked for at `since` tells of one textcoin.
    fn see(
        &mut self,
        now: Timestamp,
        no: TextcoinNo,
        since: Timestamp,
        units: &[SeenUnit],
        out: &mut Outbox,
    ) {
        let Some(kept) = self.textcoins.get(&no) else { return };
        let coin = kept.textcoin.coin.id;
        let spends = |seen: &&SeenUnit| seen.moves.as_ref().is_some_and(|moves| moves.spent.contains(&coin));
        let spenders: Vec<(UnitHash, Standing, bool)> = units
            .iter()
            .filter(spends)
            .map(|seen| (seen.unit, seen.standing, kept.is_own(&seen.unit)))
            .collect();
        if let Some((unit, _, is_own)) =
            spenders.iter().find(|(_, standing, _)| *standing == Standing::FinalGood)
        {
            if !is_own {
                out.persist(SweepChange::Claimed { no, unit: *unit, at: now });
            }
            return self.forget(no);
        }
        for (unit, standing, _) in spenders.iter().filter(|(.., is_own)| *is_own) {
            self.see_sweep(now, no, unit, *standing, out);
        }
        let is_listed = |of_own: bool| {
            spenders.iter().find(|(_, standing, own)| *standing == Standing::Unstable && *own == of_own)
        };
        self.note_claim(no, is_listed(false).map(|(unit, ..)| *unit), out);
        let nobody = is_listed(true).is_none() && is_listed(false).is_none();
        let follow_at = now.plus(self.settings.follow_every);
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        kept.unspent_at = nobody.then_some(since);
        if kept.textcoin.claim.is_some() || kept.is_being_swept() {
            kept.look_by(follow_at);
        }
    }

    /// A unit of ours, as the history has it.
    fn see_sweep(
        &mut self,
        now: Timestamp,
        no: TextcoinNo,
        unit: &UnitHash,
        standing: Standing,
        out: &mut Outbox,
    ) {
        let sweeps = self.textcoins.get(&no).map(|kept| kept.textcoin.sweeps.as_slice()).unwrap_or_default();
        let Some(version) = sweeps.iter().find(|sweep| sweep.unit == *unit).map(|sweep| sweep.version) else {
            return;
        };
        match standing {
            Standing::FinalBad => self.note(now, no, version, VersionStatus::Dead, "proven bad", out),
            Standing::Unstable => self.note(now, no, version, VersionStatus::Accepted, "listed as good", out),
            Standing::FinalGood => {}
        }
    }

    fn note_claim(&mut self, no: TextcoinNo, claim: Option<UnitHash>, out: &mut Outbox) {
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        if kept.textcoin.claim != claim {
            out.persist(SweepChange::ClaimSeen { no, claim });
            kept.textcoin.claim = claim;
        }
    }
}
