//! Parents, last ball and what congestion costs.

use super::{DagView, KnownUnit, Obstacle, tps_fee_shares};
use crate::unit::LastBall;
use crate::validate::Invalid;
use crate::{Bytes, Unit, UnitHash};

/// A unit with its place in the graph.
pub(super) struct Ancestry<'a, V: DagView> {
    pub(super) view: &'a V,
    pub(super) unit: &'a Unit,
    pub(super) parents: Vec<V::Id>,
    pub(super) last_ball_unit: V::Id,
    pub(super) last_ball_mci: u64,
    /// The newest main chain index in the past of the parents.
    pub(super) included_mci: Option<u64>,
    last_ball: LastBall,
}

impl<'a, V: DagView> Ancestry<'a, V> {
    /// Finds the parents and the unit of the last ball, on the main chain.
    pub(super) fn new(view: &'a V, unit: &'a Unit) -> Result<Self, Invalid> {
        let parents = find_parents(view, unit)?;
        check_relations(view, unit, &parents)?;
        let last_ball = unit.last_ball().ok_or_else(|| Invalid::unit("wrong length of last ball"))?;
        let LastBall { ball, unit: last_ball_unit } = last_ball;
        let Some(id) = view.find(&last_ball_unit) else {
            return Err(Invalid::unit(format!("last ball unit {last_ball_unit} not found")));
        };
        let known = view.unit(id);
        let Some(last_ball_mci) = known.mci.filter(|_| known.is_on_main_chain) else {
            return Err(Invalid::unit(format!("last ball {ball} is not on MC")));
        };
        if known.ball.is_some_and(|own| own != ball) {
            let text = format!("last_ball {ball} and last_ball_unit {last_ball_unit} do not match");
            return Err(Invalid::unit(text));
        }
        let included_mci = parents.iter().filter_map(|&parent| view.unit(parent).latest_included_mci).max();
        // A child of the genesis unit includes index 0 though no parent does.
        if included_mci.unwrap_or(0) < last_ball_mci {
            let text =
                format!("last ball unit {last_ball_unit} is not included in parents, unit {}", unit.hash());
            return Err(Invalid::unit(text));
        }
        Ok(Self { view, unit, parents, last_ball_unit: id, last_ball_mci, included_mci, last_ball })
    }

    fn known_parents(&self) -> impl Iterator<Item = KnownUnit> + '_ {
        self.parents.iter().map(|&parent| self.view.unit(parent))
    }

    /// The last ball is not older than any parent's, and is stable in view of the parents.
    pub(super) fn check_last_ball(&self) -> Result<(), Obstacle<V::Id>> {
        let newest = self.known_parents().map(|parent| parent.last_ball_mci).max().unwrap_or(0);
        if newest > self.last_ball_mci {
            let parents = self.parents_text(", ");
            return Err(Invalid::unit(format!("last ball mci must not retreat, parents: {parents}")).into());
        }
        let is_stable_here = self.view.unit(self.last_ball_unit).ball.is_some();
        if !is_stable_here || newest < self.last_ball_mci {
            if !self.view.is_stable_in(self.last_ball_unit, &self.parents) {
                return Err(self.not_stable().into());
            }
            if !is_stable_here {
                return Err(Obstacle::LastBallAdvanced(self.last_ball_unit));
            }
        }
        self.check_no_author_twice().map_err(Obstacle::Invalid)
    }

    /// The same unit may pass once other units have come, so this is not remembered.
    fn not_stable(&self) -> Invalid {
        Invalid::transient(format!(
            "{}: last ball unit {} is not stable in view of your parents {}",
            self.unit.hash(),
            self.last_ball.unit,
            self.parents_text(",")
        ))
    }

    fn parents_text(&self, separator: &str) -> String {
        let parents: Vec<_> = self.unit.parents().iter().map(UnitHash::as_str).collect();
        parents.join(separator)
    }

    /// Units of one address that are not related would be merged.
    fn check_no_author_twice(&self) -> Result<(), Invalid> {
        let mut authors: Vec<_> = self.parents.iter().flat_map(|&parent| self.view.authors(parent)).collect();
        authors.sort_unstable();
        match authors.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                let text = format!("some addresses found more than once in parents, e.g. {}", pair[0]);
                Err(Invalid::unit(text))
            }
            None => Ok(()),
        }
    }

    /// The best parent, if the witnessed level does not retreat behind it.
    pub(super) fn best_parent(&self) -> Result<V::Id, Invalid> {
        let Some((best, level)) = self.view.best_parent(&self.parents) else {
            return Err(Invalid::unit("no best parent"));
        };
        match self.known_parents().map(|parent| parent.witnessed_level).max() {
            Some(highest) if level < highest => {
                Err(Invalid::unit(format!("witnessed level retreats from parent's {highest} to {level}")))
            }
            _ => Ok(best),
        }
    }

    /// The hard minimum by the unit's own past, and what is taken at the moment.
    pub(super) fn check_tps_fee(&self, best_parent: V::Id) -> Result<(), Invalid> {
        let (view, unit) = (self.view, self.unit);
        let timestamp = unit.timestamp().unwrap_or(0);
        let required = view.local_tps_fee(best_parent, self.last_ball_unit, timestamp);
        let acceptable = view.acceptable_tps_fee();
        let fee = unit.tps_fee().unwrap_or_default();
        let is_privileged = unit.authors().iter().any(|author| view.is_order_provider(&author.address));
        for (address, percent) in tps_fee_shares(unit) {
            let balance = view.tps_fees_balance(&address, self.last_ball_mci);
            let part = |fee: Bytes| i128::from(fee) * i128::from(percent);
            if i128::from(balance) * 100 + part(fee) < part(required) {
                let share = f64::from(percent) / 100.0;
                return Err(Invalid::unit(format!(
                    "tps_fee {fee} + tps fees balance {balance} less than required {required} \
                     for address {address} whose share is {share}"
                )));
            }
            let found = worth(balance, percent) + double(fee);
            if found < acceptable && !is_privileged {
                return Err(Invalid::transient(format!(
                    "tps fee on address {address} must be at least {acceptable}, found {found}"
                )));
            }
        }
        Ok(())
    }
}

fn find_parents<V: DagView>(view: &V, unit: &Unit) -> Result<Vec<V::Id>, Invalid> {
    let hashes = unit.parents();
    let found: Vec<_> = hashes.iter().filter_map(|hash| view.find(hash)).collect();
    if found.len() == hashes.len() && !found.is_empty() {
        return Ok(found);
    }
    match hashes.iter().find_map(|hash| view.known_bad(hash)) {
        Some(text) => Err(Invalid::unit(format!("some of the unit's parents are known bad: {text}"))),
        None => Err(Invalid::transient("unknown parents")),
    }
}

/// No parent is younger than the unit, none is an ancestor of another.
fn check_relations<V: DagView>(view: &V, unit: &Unit, parents: &[V::Id]) -> Result<(), Invalid> {
    for (index, &parent) in parents.iter().enumerate() {
        let known = view.unit(parent);
        if unit.timestamp().is_none_or(|timestamp| timestamp < known.timestamp) {
            return Err(Invalid::unit(format!("timestamp decreased from parent {}", known.hash)));
        }
        let is_related =
            |&other: &V::Id| view.is_included(parent, &[other]) || view.is_included(other, &[parent]);
        if parents[..index].iter().any(is_related) {
            let text = format!("parent unit {} is related to one of the other parent units", known.hash);
            return Err(Invalid::unit(text));
        }
    }
    Ok(())
}

/// Amounts are below 2^53, where doubles are exact.
#[expect(clippy::cast_precision_loss)]
fn double(amount: Bytes) -> f64 {
    amount.get() as f64
}

/// What a balance is worth to somebody who pays only a share of the fee.
#[expect(clippy::cast_precision_loss, reason = "balances are below 2^53")]
fn worth(balance: i64, percent: u8) -> f64 {
    balance as f64 / (f64::from(percent) / 100.0)
}
