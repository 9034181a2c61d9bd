//! The TPS law (4.10): what units must pay for congestion, what they are charged, and whose balance
//! the difference is.

use std::collections::{HashMap, HashSet};

use obyte::Bytes;
use obyte::fee::Load;

use super::{AuthorId, Dag, Id, Mci};

/// Who pays for congestion, and how many percent.
pub(crate) type Share = (AuthorId, u8);

/// The balance of each payer after each index at which it changed, ascending.
#[derive(Debug, Default)]
pub(crate) struct Balances(HashMap<AuthorId, Vec<(Mci, i64)>>);

impl Balances {
    fn at(&self, payer: AuthorId, mci: Mci) -> i64 {
        let Some(changes) = self.0.get(&payer) else { return 0 };
        let later = changes.partition_point(|&(at, _)| at <= mci);
        later.checked_sub(1).map_or(0, |index| changes[index].1)
    }

    fn add(&mut self, payer: AuthorId, mci: Mci, delta: i64) {
        let balance = self.at(payer, mci).saturating_add(delta);
        let changes = self.0.entry(payer).or_default();
        match changes.last_mut() {
            Some(last) if last.0 == mci => last.1 = balance,
            _ if delta == 0 => {}
            _ => changes.push((mci, balance)),
        }
    }
}

/// So many units between two timestamps.
fn load(units: usize, earlier: u64, later: u64) -> Load {
    Load::of(units as u64, later.saturating_sub(earlier))
}

/// What remains to be paid of a required fee by somebody with a balance.
pub(crate) fn required_fee(required: Bytes, balance: i64) -> Bytes {
    let missing = (i128::from(required) - i128::from(balance)).max(0);
    u64::try_from(missing).ok().and_then(|missing| Bytes::new(missing).ok()).unwrap_or(Bytes::MAX)
}

impl Dag {
    /// The TPS fees balance of an address after a main chain index.
    pub(crate) fn tps_fees_balance(&self, payer: AuthorId, mci: Mci) -> i64 {
        self.balances.at(payer, mci)
    }

    /// What a new unit with this past must at least pay: the hard minimum.
    pub(crate) fn local_tps_fee(&self, best_parent: Id, last_ball_unit: Id, timestamp: u64) -> Bytes {
        let last_ball = self.node(last_ball_unit);
        let count = 1 + self.count_above(vec![best_parent], last_ball.mci.unwrap_or(0), None);
        self.law.required(load(count, last_ball.timestamp, timestamp), 1)
    }

    /// What the network asks for now, before any multiplier.
    pub(crate) fn current_tps_fee(&self, now_ms: u64) -> Bytes {
        self.law.current(self.current_load(0, now_ms))
    }

    /// The least that is taken when a unit is posted.
    pub(crate) fn acceptable_tps_fee(&self, now_ms: u64) -> f64 {
        const BUSY: f64 = 15.0;
        let busy = self.recent_load(now_ms).per_second() > BUSY;
        self.law.acceptable(self.current_load(0, now_ms), 1, busy)
    }

    /// What a new unit should pay, seen from the units that are not stable: those after the last
    /// stable index, and those after the index that follows.
    pub(crate) fn recommended_tps_fee(&self, now_ms: u64) -> Bytes {
        let recommended = |shift| self.law.recommended(self.current_load(shift, now_ms), 1);
        recommended(0).max(recommended(1))
    }

    fn current_load(&self, shift: Mci, now_ms: u64) -> Load {
        let since = self.last_stable_mci() + shift;
        let now_up = now_ms.div_ceil(1000);
        let unstable = || self.unstable.iter().map(|&id| self.node(id)).filter(|n| n.timestamp <= now_up);
        let count = 1 + unstable().filter(|node| !node.is_at_or_below(since)).count();
        if count == 1 {
            return Load::NONE;
        }
        let timestamp = if shift == 0 {
            self.last_stable_units.iter().map(|&id| self.node(id).timestamp).max()
        } else {
            unstable().filter(|node| node.mci == Some(since)).map(|node| node.timestamp).max()
        };
        let now = (now_ms + 500) / 1000;
        load(count, timestamp.unwrap_or(now), now)
    }

    /// The load of the last minute, as far as its units are unstable.
    fn recent_load(&self, now_ms: u64) -> Load {
        const PERIOD: u64 = 60;
        let since = ((now_ms + 500) / 1000).saturating_sub(PERIOD);
        let recent = self.unstable.iter().filter(|&&id| self.node(id).timestamp >= since);
        Load::of(recent.count() as u64, PERIOD)
    }

    /// What a unit paid for congestion, balances included: the least over those who share it.
    pub(crate) fn paid_tps_fee(&self, id: Id) -> f64 {
        let node = self.node(id);
        let mci = self.last_ball_mci(id);
        #[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53")]
        let paid = |&(payer, share): &Share| {
            self.balances.at(payer, mci) as f64 / (f64::from(share) / 100.0) + node.tps_fee.get() as f64
        };
        node.shares.iter().map(paid).fold(f64::INFINITY, f64::min)
    }

    /// Charges the units of an index that just became stable, and books what they overpaid.
    pub(super) fn charge_fees(&mut self, mci: Mci, units: &[Id]) {
        let main_chain_unit = self.main_chain[mci as usize];
        for &id in units {
            // What is void pays nothing, and gets nothing back.
            if self.node(id).best_parent.is_none() || !self.node(id).is_good() {
                continue;
            }
            let charged =
                if self.law.base_fee > 0.0 { self.final_fee(main_chain_unit, id) } else { Bytes::ZERO };
            let node = self.node_mut(id);
            node.actual_tps_fee = Some(charged);
            let overpaid = i128::from(node.tps_fee) - i128::from(charged);
            let shares = node.shares.clone();
            for (payer, share) in shares {
                let part = (overpaid * i128::from(share)).div_euclid(100);
                let part = i64::try_from(part).expect("fees are below 9e15");
                self.balances.add(payer, mci, part);
            }
        }
    }

    fn final_fee(&self, main_chain_unit: Id, id: Id) -> Bytes {
        let tip = self.node(main_chain_unit);
        let last_ball = self.node(tip.last_ball_unit.expect("only the genesis unit has none"));
        let count = self.count_above(vec![main_chain_unit], last_ball.mci.unwrap_or(0), Some(id));
        self.law.charged(load(count, last_ball.timestamp, tip.timestamp), 0)
    }

    /// How many units above an index are these or in their past. Of the unit `charged`, only the best
    /// parent is followed.
    fn count_above(&self, mut open: Vec<Id>, mci: Mci, charged: Option<Id>) -> usize {
        let mut seen = HashSet::new();
        while let Some(id) = open.pop() {
            let node = self.node(id);
            if node.is_at_or_below(mci) || !seen.insert(id) {
                continue;
            }
            if charged == Some(id) {
                open.extend(node.best_parent);
            } else {
                open.extend_from_slice(&node.parents);
            }
        }
        seen.len()
    }
}
