//! Units of a real network, in place of those that hubs of the simulation were posted.

use std::sync::Arc;

use obyte::Unit;
use obyte::compose::Coin;

use super::{Chain, HUBS, Held, NEVER};
use crate::broken::{Broken, hold};

impl Chain {
    /// Takes a unit of a real network, in the order in which units came there, and judges it by what came
    /// before: it is good if its sources are, and nobody good has spent its coins.
    ///
    /// # Errors
    /// Where a source has not come before.
    pub fn observe(&mut self, unit: &Unit) -> Result<(), Broken> {
        let held = self.held(unit, Arc::from(""), 0);
        let hash = unit.hash();
        hold!(Sound, self.has_sources(&held), "{hash} spends what is not on the network");
        let now = self.units.len() as u64;
        if !self.units.contains_key(&hash) {
            self.insert(hash, Held { ripe_at: now, seen: [now; HUBS], ..held });
            self.ripen(now);
        }
        Ok(())
    }

    pub(super) fn held(&self, unit: &Unit, json: Arc<str>, last_ball_mci: u64) -> Held {
        let outputs = unit.outputs();
        Held {
            json,
            inputs: unit.spent_coins().collect(),
            outputs: outputs
                .map(|(id, output)| Coin { id, amount: output.amount, address: output.address })
                .collect(),
            authors: unit
                .authors()
                .iter()
                .filter(|author| self.own.contains(&author.address))
                .map(|author| (author.address, author.definition.is_some()))
                .collect(),
            last_ball_mci,
            past: unit.parents().first().and_then(|tip| self.tips.get(tip)).cloned().unwrap_or_default(),
            ripe_at: 0,
            stable_at: NEVER,
            seen: [NEVER; HUBS],
            fate: super::Fate::Unstable,
        }
    }
}
