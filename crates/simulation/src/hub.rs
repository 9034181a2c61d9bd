//! What a bad hub does: refuse for any reason, keep what it refused, lose, lie, stall and stand still. It
//! cannot forge a proof.

use std::sync::Arc;

use obyte::Bytes;
use obyte::answer::{FeeTooLow, MaybeAccepted, PostAnswer, Remedy, Transient, UnitError};
use payout::{AskHistory, SeenUnit, Standing, Stock};

use crate::chain::{Chain, Eye};
use crate::random::Random;

/// A hub, and whatever else stands between the engine and the network.
#[derive(Debug)]
pub(crate) struct Hub {
    no: usize,
    pub(crate) is_honest: bool,
    pub(crate) fees_are_high: bool,
    /// It tells all that it knows of the past, at least.
    pub(crate) is_frank: bool,
    /// Since when it stands still.
    pub(crate) frozen_at: Option<u64>,
    /// How many of a hundred answers are lies.
    lies: u64,
    /// How many of a hundred units become stable late, and how late at most, in milliseconds.
    late: (u64, u64),
    /// Refused to our face, and kept, to be let out later.
    pub(crate) kept: Vec<Arc<str>>,
}

/// What a hub did with a posted unit.
#[derive(Debug)]
pub(crate) struct Posted {
    /// Its answer, if one comes.
    pub(crate) answer: Option<PostAnswer>,
    /// What really happened, for the story.
    pub(crate) truth: &'static str,
}

/// Every answer that a hub can give instead of the true one (13).
fn lies() -> Vec<PostAnswer> {
    let fee = FeeTooLow { address: None, required: Some(Bytes::literal(700)) };
    let maybe = [
        MaybeAccepted::Known,
        MaybeAccepted::AlreadyExists,
        MaybeAccepted::AlreadyHandling,
        MaybeAccepted::KnownUnverified,
        MaybeAccepted::NoAnswer,
    ];
    let transient = [
        Transient::CatchingUp,
        Transient::UnknownParents,
        Transient::NeedHashTree,
        Transient::LastBallAdvanced,
        Transient::LastBallNotStable,
        Transient::TimestampAhead,
        Transient::FeeTooLow(fee),
        Transient::ComposedWrongly,
    ];
    let unit = [
        UnitError::KnownBad,
        UnitError::CoinSpent,
        UnitError::SourceUnknown,
        UnitError::SourceNotAncestor,
        UnitError::SourceNotGood,
        UnitError::WrongCoin,
        UnitError::FeeTooLow(fee),
        UnitError::DefinitionMissing,
        UnitError::DefinitionRepeated,
        UnitError::DefinitionPending,
        UnitError::Signature,
        UnitError::Unbalanced,
        UnitError::Form,
        UnitError::Version,
        UnitError::Agents,
        UnitError::Parents,
    ];
    let whole = [
        PostAnswer::Accepted,
        PostAnswer::Conflict,
        PostAnswer::JointError,
        PostAnswer::RequestError,
        PostAnswer::Blocked,
        PostAnswer::Unknown,
    ];
    let maybe = maybe.into_iter().map(PostAnswer::MaybeAccepted);
    let transient = transient.into_iter().map(PostAnswer::Transient);
    maybe.chain(transient).chain(unit.into_iter().map(PostAnswer::UnitError)).chain(whole).collect()
}

impl Hub {
    /// Some hubs are worse than others.
    pub(crate) fn new(no: usize, random: &mut Random) -> Self {
        Self {
            no,
            is_honest: false,
            is_frank: false,
            fees_are_high: false,
            frozen_at: None,
            lies: random.between(0, 55),
            late: (random.between(0, 80), *random.pick(&[20_000, 60_000, 600_000]).expect("there are some")),
            kept: Vec::new(),
        }
    }

    /// What it sees of the network.
    pub(crate) fn eye(&self) -> Eye {
        let until = self.frozen_at.filter(|_| !self.is_frank);
        Eye { until: until.unwrap_or(u64::MAX), ..Eye::of(self.no) }
    }

    /// Takes a posted unit and answers, truly or not.
    pub(crate) fn post(
        &mut self,
        random: &mut Random,
        chain: &mut Chain,
        json: &Arc<str>,
        now: u64,
    ) -> Posted {
        let ripe_at = now + self.ripening(random);
        if self.is_honest {
            return Posted { answer: Some(chain.post(self.eye(), json, now, ripe_at)), truth: "" };
        }
        if self.frozen_at.is_some() {
            let answer = PostAnswer::Transient(Transient::CatchingUp);
            return Posted { answer: random.chance(500).then_some(answer), truth: "standing still" };
        }
        if !random.chance(10 * self.lies) {
            // The answer may be lost, or the unit itself.
            if random.chance(40) {
                return Posted { answer: None, truth: "the unit is lost on its way" };
            }
            let answer = chain.post(self.eye(), json, now, ripe_at);
            let is_lost = random.chance(40);
            return Posted {
                answer: (!is_lost).then_some(answer),
                truth: if is_lost { "the answer is lost" } else { "" },
            };
        }
        let truth = match random.between(1, 3) {
            1 => "a lie, the unit is thrown away",
            2 => {
                self.kept.push(json.clone());
                "a lie, the unit is kept"
            }
            _ => {
                chain.smuggle(self.no, json, now, ripe_at);
                "a lie, the unit is let in"
            }
        };
        Posted { answer: Self::lie(random), truth }
    }

    fn lie(random: &mut Random) -> Option<PostAnswer> {
        if random.chance(30) {
            return None;
        }
        let lies = lies();
        let replacing = |lie: &&PostAnswer| matches!(lie.remedy(), Remedy::Replace | Remedy::Resync);
        let worst: Vec<PostAnswer> = lies.iter().filter(replacing).copied().collect();
        let choice = if random.chance(500) { worst } else { lies };
        random.pick(&choice).copied()
    }

    /// The TPS fee that it asks for.
    pub(crate) fn fee(&self, random: &mut Random) -> u64 {
        if self.fees_are_high { random.between(500, 200_000) } else { random.between(0, 300) }
    }

    /// How long a unit takes to become stable.
    fn ripening(&self, random: &mut Random) -> u64 {
        if !self.is_honest && random.chance(10 * self.late.0) {
            random.between(5_000, self.late.1)
        } else {
            random.between(1_000, 5_000)
        }
    }

    /// Hides units, or lists one of ours as good that is not there.
    pub(crate) fn distort(&self, random: &mut Random, units: &mut Vec<SeenUnit>, question: &AskHistory) {
        if self.is_honest {
            return;
        }
        if self.is_frank {
            return;
        }
        if random.chance(100) {
            // Nothing new, says the hub.
            units.clear();
        } else if random.chance(200) {
            // Hiding what came from outside while proving later things is beyond what can be noticed.
            units.retain(|seen| !seen.is_own || random.chance(500));
            units.iter_mut().filter(|seen| seen.is_own).for_each(|seen| seen.main_chain_index = None);
        }
        if let Some(unit) = random.pick(&question.units)
            && random.chance(30)
            && units.iter().all(|seen| seen.unit != *unit)
        {
            units.push(SeenUnit {
                unit: *unit,
                standing: Standing::Unstable,
                is_own: true,
                coins: Vec::new(),
                main_chain_index: None,
                charged_tps_fee: None,
                moves: None,
            });
        }
    }

    /// Hides coins, and is wrong about where the network stands.
    pub(crate) fn miscount(&self, random: &mut Random, stock: &mut Stock) {
        if self.is_honest {
            return;
        }
        if !self.is_frank && random.chance(200) {
            stock.units.retain(|seen| seen.is_own || random.chance(500));
        }
        if random.chance(200) {
            stock.main_chain_index = random.between(0, 2 * stock.main_chain_index);
        }
    }

    /// It loses a unit, and all that hangs on it; another hub may have them.
    pub(crate) fn lose(&mut self, random: &mut Random, chain: &mut Chain) {
        let losing = random.pick(&chain.unstable_own()).copied();
        self.kept.extend(chain.forget(self.no, losing));
    }

    /// What was refused or lost surfaces: perhaps at the worst moment, ahead of what took its place.
    pub(crate) fn let_out(&mut self, random: &mut Random, chain: &mut Chain, now: u64) -> usize {
        let before = self.kept.len();
        for json in std::mem::take(&mut self.kept) {
            if random.chance(500) {
                chain.smuggle(self.no, &json, now, now + random.between(100, 30_000));
            } else {
                self.kept.push(json);
            }
        }
        before - self.kept.len()
    }

    pub(crate) fn become_honest(&mut self, chain: &mut Chain, now: u64) {
        self.is_honest = true;
        self.frozen_at = None;
        self.fees_are_high = false;
        for json in std::mem::take(&mut self.kept) {
            chain.smuggle(self.no, &json, now, now + 1_000);
        }
    }
}
