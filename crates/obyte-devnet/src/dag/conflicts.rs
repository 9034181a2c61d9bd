//! Units in conflict, and who spends what (7.7).
//!
//! Two units of one address of which neither includes the other are rivals. Both are bad for the time
//! being; when the first of them gets stable it becomes good, if no rival was before it, and the others
//! are void, with everything that spends their outputs. Their balls say so, and what they spend is free
//! again.

use std::collections::HashMap;

use obyte::validate::context::Sequence;

use super::{Dag, Id};

/// Spent outputs and rivals.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    /// Who spends which output of which unit. A unit has one payment in bytes, so the index of the
    /// output tells it.
    spent: HashMap<(Id, u32), Id>,
    /// Those who spend the same.
    also_spent: HashMap<(Id, u32), Vec<Id>>,
    /// Units of the same address that neither include a unit nor are included by it.
    rivals: HashMap<Id, Vec<Id>>,
}

impl Dag {
    /// Who spends an output of a unit and is not void.
    pub(crate) fn spenders(&self, source: Id, output_index: u32) -> impl Iterator<Item = Id> + '_ {
        self.all_spenders(source, output_index).filter(|&id| self.node(id).sequence != Sequence::FinalBad)
    }

    fn all_spenders(&self, source: Id, output_index: u32) -> impl Iterator<Item = Id> + '_ {
        let key = (source, output_index);
        let first = self.conflicts.spent.get(&key);
        let more = first.and_then(|_| self.conflicts.also_spent.get(&key)).into_iter().flatten();
        first.into_iter().chain(more).copied()
    }

    /// The unstable good units among these: they turn bad once a rival comes.
    pub(crate) fn still_good(&self, units: &[Id]) -> Vec<Id> {
        let is_still_good = |&id: &Id| {
            let node = self.node(id);
            node.sequence == Sequence::Good && !node.is_stable
        };
        units.iter().copied().filter(is_still_good).collect()
    }

    /// Notes what a new unit spends and with whom it competes.
    pub(super) fn note_conflicts(&mut self, id: Id, spends: &[(Id, u32)], rivals: &[Id]) {
        for &coin in spends {
            let dead = self.conflicts.spent.get(&coin).map(|&other| self.node(other).sequence);
            match dead {
                Some(Sequence::Good | Sequence::TempBad) => {
                    self.conflicts.also_spent.entry(coin).or_default().push(id);
                }
                Some(Sequence::FinalBad) | None => {
                    self.conflicts.spent.insert(coin, id);
                }
            }
        }
        for &rival in rivals {
            self.conflicts.rivals.entry(id).or_default().push(rival);
            self.conflicts.rivals.entry(rival).or_default().push(id);
        }
        // A unit that is void already is no competitor.
        if self.node(id).sequence != Sequence::FinalBad {
            for rival in self.still_good(rivals) {
                self.node_mut(rival).sequence = Sequence::TempBad;
            }
        }
    }

    /// Decides the conflicts of units that just became stable at the same index.
    pub(super) fn decide(&mut self, stable: &[Id]) {
        let mut bad: Vec<_> =
            stable.iter().copied().filter(|&id| self.node(id).sequence != Sequence::Good).collect();
        if bad.is_empty() {
            return;
        }
        // At the same index, the lowest hash comes first and wins.
        bad.sort_by_key(|&id| self.node(id).hash());
        let mut void = Vec::new();
        for id in bad {
            if self.node(id).sequence == Sequence::FinalBad || self.has_stable_rival(id) {
                self.node_mut(id).sequence = Sequence::FinalBad;
                void.push(id);
            } else {
                self.node_mut(id).sequence = Sequence::Good;
            }
        }
        self.spread(void);
    }

    fn has_stable_rival(&self, id: Id) -> bool {
        let rivals = self.conflicts.rivals.get(&id).into_iter().flatten();
        rivals.map(|&rival| self.node(rival)).any(|rival| rival.is_stable && rival.sequence == Sequence::Good)
    }

    /// Voids all that spend outputs of void units, and so on.
    fn spread(&mut self, mut void: Vec<Id>) {
        while let Some(id) = void.pop() {
            let outputs = 0..self.node(id).outputs;
            let spenders: Vec<_> = outputs.flat_map(|index| self.all_spenders(id, index)).collect();
            for spender in spenders {
                if self.node(spender).sequence != Sequence::FinalBad {
                    self.node_mut(spender).sequence = Sequence::FinalBad;
                    void.push(spender);
                }
            }
        }
    }

    /// Whether a unit is void for so long that its content was dropped: it is served stripped.
    pub(crate) fn is_stripped(&self, id: Id) -> bool {
        let node = self.node(id);
        node.sequence == Sequence::FinalBad && node.is_stable && node.is_at_or_below(self.retrievable_mci())
    }

    /// The last ball of the newest stable unit of the main chain: what is above it is served in full.
    pub(crate) fn retrievable_mci(&self) -> super::Mci {
        self.last_ball_mci(self.main_chain[self.last_stable_mci() as usize])
    }
}
