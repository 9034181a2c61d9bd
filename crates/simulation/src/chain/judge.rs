//! What an honest hub says to a posted unit.

use std::sync::Arc;

use obyte::UnitHash;
use obyte::answer::{MaybeAccepted, PostAnswer, Transient, UnitError};

use super::{Chain, Eye, Fate, Held};

impl Chain {
    /// What an honest hub does with a posted unit, which becomes stable at `ripe_at`.
    pub fn post(&mut self, eye: Eye, json: &Arc<str>, now: u64, ripe_at: u64) -> PostAnswer {
        let (hash, held) = self.read(json);
        let answer = self.judge(eye, &hash, &held);
        match answer {
            PostAnswer::Accepted => {
                if !self.units.contains_key(&hash) {
                    self.insert(hash, Held { ripe_at, ..held });
                }
                self.show(eye.hub, &hash, now);
            }
            PostAnswer::UnitError(_) => {
                self.known_bad.insert((eye.hub, hash));
            }
            _ => {}
        }
        answer
    }

    fn judge(&self, eye: Eye, hash: &UnitHash, held: &Held) -> PostAnswer {
        if self.sees(eye, hash) {
            return PostAnswer::MaybeAccepted(MaybeAccepted::Known);
        }
        if self.known_bad.contains(&(eye.hub, *hash)) {
            return PostAnswer::UnitError(UnitError::KnownBad);
        }
        if held.last_ball_mci > self.mci_at(eye) {
            return PostAnswer::Transient(Transient::LastBallNotStable);
        }
        if let Some(error) = self.definition_error(held) {
            return PostAnswer::UnitError(error);
        }
        if !held.inputs.iter().all(|coin| self.sees(eye, &coin.unit)) {
            return PostAnswer::Transient(Transient::UnknownParents);
        }
        let sources = || held.inputs.iter().map(|coin| (&coin.unit, self.fate_seen(eye, &coin.unit)));
        if sources().any(|(_, fate)| matches!(fate, Fate::Bad(_))) {
            return PostAnswer::UnitError(UnitError::SourceNotGood);
        }
        if sources().any(|(unit, fate)| fate == Fate::Unstable && !held.past.contains(unit)) {
            return PostAnswer::UnitError(UnitError::SourceNotAncestor);
        }
        let mut rivals = self.rivals(hash, held).filter(|(rival, _)| self.sees(eye, rival));
        match rivals.next().map(|(rival, _)| self.fate_seen(eye, rival)) {
            Some(Fate::Good(_)) => PostAnswer::UnitError(UnitError::CoinSpent),
            Some(_) => PostAnswer::Conflict,
            None => PostAnswer::Accepted,
        }
    }

    pub(super) fn definition_error(&self, held: &Held) -> Option<UnitError> {
        held.authors.iter().find_map(|(author, reveals)| {
            let is_defined = self.defined.get(author).is_some_and(|mci| *mci <= held.last_ball_mci);
            match (is_defined, reveals) {
                (true, true) => Some(UnitError::DefinitionRepeated),
                (false, false) => Some(UnitError::DefinitionMissing),
                _ => None,
            }
        })
    }

    pub(super) fn has_sources(&self, held: &Held) -> bool {
        held.inputs.iter().all(|coin| self.units.contains_key(&coin.unit))
    }

    /// Units that spend one of its coins and are not bad.
    pub(super) fn rivals<'a>(
        &'a self,
        hash: &'a UnitHash,
        held: &'a Held,
    ) -> impl Iterator<Item = (&'a UnitHash, &'a Held)> {
        let spenders = held.inputs.iter().filter_map(|coin| self.spenders.get(coin)).flatten();
        let others = spenders.filter(move |other| *other != hash).map(|other| (other, &self.units[other]));
        others.filter(|(_, other)| !matches!(other.fate, Fate::Bad(_)))
    }
}
