//! What one hub shows of a purchase unit, and what of it is proven.

use std::collections::BTreeSet;

use obyte::history::{ProvenUnit, State};
use obyte::{Unit, UnitHash};
use obyte_hub::{Hub, HubError};
use program::{UnitClaim, UnitFault, UnitProof, UnitRules};

use super::coins::{self, Shown};
use super::prover::Untold;
use super::{UnitChecker, signed};

/// Of a unit with more outputs to strangers only so many are followed: a gateway is paid by one.
const FOLLOWED_MAX: usize = 8;
/// The coins of a unit that is not proven are followed back through so many units that are not proven either,
/// itself included, and to so many units in all: callers choose the unit, and must not choose how much we ask for.
const UNPROVEN_MAX: usize = 16;
const SOURCES_MAX: usize = 128;

impl UnitChecker {
    /// What the unit proves, as this hub shows it.
    pub(super) async fn look(
        &self,
        hub: &Hub,
        rules: &UnitRules,
        unit: UnitHash,
        claim: &UnitClaim<'_>,
    ) -> Result<Result<UnitProof, UnitFault>, Untold> {
        let shown = self.prover.history(hub, Vec::new(), vec![unit], None).await?;
        let Some(mut proven) = shown.into_iter().next() else { return Ok(Err(UnitFault::NotFound)) };
        let mut around = self.followers(hub, claim, &proven).await?;
        if let Some(place) = around.iter().position(|shown| shown.unit.hash() == unit) {
            // The later look.
            proven = around.swap_remove(place);
        }
        let proof = match claim.judge(rules, &proven, &around) {
            Ok(proof) if !proof.is_final => proof,
            decided => return Ok(decided),
        };
        let next = around.into_iter().filter(|shown| Some(shown.unit.hash()) == proof.forwarded_by);
        let known: Shown = [proven].into_iter().chain(next).map(|shown| (shown.unit.hash(), shown)).collect();
        Ok(match self.check_unproven(hub, known, claim.now).await? {
            Ok(()) => Ok(proof),
            Err(why) => {
                tracing::info!(%unit, why, "a purchase unit that is not final cannot be judged");
                Err(UnitFault::NotJudged)
            }
        })
    }

    /// Checks those of these units that are not proven, and those that made their coins, back to proven ones;
    /// says in a few words what is wrong.
    async fn check_unproven(
        &self,
        hub: &Hub,
        mut known: Shown,
        now: u64,
    ) -> Result<Result<(), &'static str>, Untold> {
        let mut spent = BTreeSet::new();
        let mut checked = BTreeSet::new();
        loop {
            let is_open =
                |shown: &&ProvenUnit| shown.state == State::Unstable && !checked.contains(&shown.unit.hash());
            let open: Vec<Unit> = known.values().filter(is_open).map(|shown| shown.unit.clone()).collect();
            if open.is_empty() {
                return Ok(Ok(()));
            }
            let sources: BTreeSet<_> =
                open.iter().flat_map(coins::sources).filter(|unit| !known.contains_key(unit)).collect();
            if checked.len() + open.len() > UNPROVEN_MAX || known.len() + sources.len() > SOURCES_MAX {
                return Ok(Err("too much before it is not proven either"));
            }
            if !sources.is_empty() {
                let shown = self.prover.history(hub, Vec::new(), sources.into_iter().collect(), None).await?;
                known.extend(shown.into_iter().map(|shown| (shown.unit.hash(), shown)));
            }
            for unit in open {
                let definitions = signed::missing_definitions(hub, &unit).await?;
                let judged = signed::check(&unit, &definitions, self.prover.trust(), now)
                    .and_then(|()| coins::check(&unit, &known, &mut spent));
                if judged.is_err() {
                    return Ok(judged);
                }
                checked.insert(unit.hash());
            }
        }
    }

    /// Later units of those who may have forwarded the money of a unit, and the unit itself.
    async fn followers(
        &self,
        hub: &Hub,
        claim: &UnitClaim<'_>,
        proven: &ProvenUnit,
    ) -> Result<Vec<ProvenUnit>, Untold> {
        let mut follow = claim.to_follow(&proven.unit);
        follow.truncate(FOLLOWED_MAX);
        if follow.is_empty() {
            return Ok(Vec::new());
        }
        let from = proven.hints.main_chain_index;
        match self.prover.history(hub, follow, vec![proven.unit.hash()], from).await {
            // So busy an address is nobody's one-time address.
            Err(Untold::Hub(HubError::HistoryTooLarge)) => Ok(Vec::new()),
            shown => shown,
        }
    }
}
