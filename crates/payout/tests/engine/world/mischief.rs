//! What a bad hub does: refuse for any reason, keep what it refused, lose, lie and stall. It cannot
//! forge a proof.

use std::sync::Arc;

use obyte::Bytes;
use obyte::answer::{FeeTooLow, MaybeAccepted, PostAnswer, Remedy, Transient, UnitError};
use payout::{AskHistory, SeenUnit, Standing};

use super::chain::Chain;
use super::random::Random;

/// What happens to the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    Crash,
    Disconnect,
    RepeatPurchases,
    InTheHub,
}

/// A hub, and whatever else stands between the engine and the network.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) mischief: bool,
    /// How far the engine's clock is ahead of the network's, in milliseconds.
    pub(crate) ahead: u64,
    fees_are_high: bool,
    /// How many of a hundred answers are lies.
    lies: u64,
    /// Refused to our face, and kept, to be let out later.
    kept: Vec<Arc<str>>,
}

/// Every answer that a hub can give instead of the true one.
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
    pub(crate) fn new(random: &mut Random) -> Self {
        let lies = random.between(5, 55);
        Self { mischief: true, ahead: 0, fees_are_high: false, lies, kept: Vec::new() }
    }

    /// Answers a posted unit, truly or not; nothing when the answer is lost.
    pub(crate) fn post(
        &mut self,
        random: &mut Random,
        chain: &mut Chain,
        json: &Arc<str>,
        ripe_at: u64,
    ) -> Option<PostAnswer> {
        if !self.mischief {
            return Some(chain.post(json, ripe_at));
        }
        if !random.chance(10 * self.lies) {
            // The answer may be lost, or the unit itself.
            let comes = !random.chance(40);
            let answer = comes.then(|| chain.post(json, ripe_at));
            return answer.filter(|_| !random.chance(40));
        }
        match random.between(1, 3) {
            1 => {}
            2 => self.kept.push(json.clone()),
            _ => chain.smuggle(json, ripe_at),
        }
        let lies = lies();
        let replacing = |lie: &&PostAnswer| matches!(lie.remedy(), Remedy::Replace | Remedy::Resync);
        let worst: Vec<PostAnswer> = lies.iter().filter(replacing).copied().collect();
        let choice = if random.chance(500) { worst } else { lies };
        random.pick(&choice).copied()
    }

    pub(crate) fn fee(&self, random: &mut Random) -> u64 {
        if self.mischief && self.fees_are_high {
            random.between(500, 200_000)
        } else {
            random.between(0, 300)
        }
    }

    /// How long a unit takes to become stable.
    pub(crate) fn ripening(&self, random: &mut Random) -> u64 {
        if self.mischief && random.chance(500) {
            random.between(5_000, 60_000)
        } else {
            random.between(1_000, 5_000)
        }
    }

    /// Hides units, or lists one of ours as good that is not there.
    pub(crate) fn distort(&self, random: &mut Random, units: &mut Vec<SeenUnit>, question: &AskHistory) {
        if !self.mischief {
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
            });
        }
    }

    pub(crate) fn next_mischief(&mut self, random: &mut Random, chain: &mut Chain, now: u64) -> Mischief {
        match random.between(1, 12) {
            1 => return Mischief::Crash,
            2 => return Mischief::Disconnect,
            3 => return Mischief::RepeatPurchases,
            4 | 5 => self.lose(random, chain),
            6 => self.fees_are_high = !self.fees_are_high,
            7 => self.ahead = *random.pick(&[0, 0, 60_000, 3_600_000]).expect("there are some"),
            8 => {
                chain.deposit(random.between(1_000, 200_000), now + random.between(100, 5_000));
            }
            _ => self.let_out(random, chain, now),
        }
        Mischief::InTheHub
    }

    /// The hub loses a unit, and all that hangs on it; another hub may have them.
    fn lose(&mut self, random: &mut Random, chain: &mut Chain) {
        let losing = random.pick(&chain.unstable_own()).copied();
        self.kept.extend(chain.forget(losing));
    }

    /// What was refused or lost surfaces.
    fn let_out(&mut self, random: &mut Random, chain: &mut Chain, now: u64) {
        for json in std::mem::take(&mut self.kept) {
            if random.chance(500) {
                chain.smuggle(&json, now + random.between(500, 30_000));
            } else {
                self.kept.push(json);
            }
        }
    }

    pub(crate) fn become_honest(&mut self, chain: &mut Chain, now: u64) {
        self.mischief = false;
        self.ahead = 0;
        for json in std::mem::take(&mut self.kept) {
            chain.smuggle(&json, now + 1_000);
        }
    }
}
