//! Engines with a defect, to test the tests: what they do wrong is done to them from outside, between the
//! engine and its world, so that the engine itself carries no such code.

use std::collections::VecDeque;

use obyte::answer::{MaybeAccepted, PostAnswer};
use payout::{
    Action, Change, Engine, Event, FeeLimits, Payout, PayoutId, Settings, Snapshot, Standing, Timestamp,
};
use payout::{VersionId, VersionStatus};

/// One defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// After a start the next version of a slot spends another coin than the anchor.
    ForgetsTheAnchor,
    /// A unit is posted before it is journaled.
    PostsFirst,
    /// A unit is posted and never journaled.
    NeverJournals,
    /// Payouts are paid anew when the hub does not answer.
    FreesOnTimeout,
    /// Payouts are paid anew when the hub refuses their unit.
    FreesOnRefusal,
    /// What a hub lists is taken for proven.
    TrustsTheHub,
    /// What a hub does not list any more is taken for dead.
    TrustsSilence,
    /// Coins are credited before they are proven.
    CreditsUnproven,
    /// `known` is taken for `accepted`.
    KnownIsAccepted,
    /// Customers are told before the acceptance is kept.
    TellsFirst,
    /// After a start the coins that were credited are forgotten.
    ForgetsCredits,
    /// After a crash the last things written are gone.
    LosesTheTail,
    /// A purchase that is repeated is paid again.
    PaysRepeats,
    /// Ceilings on fees are a hundred times too high.
    IgnoresCeilings,
    /// What was paid is queued again.
    ForgetsPaid,
    /// After a database was lost, payouts leave before all coins are at a fresh address.
    SkipsTheSweep,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Self; 16] = [
        Self::ForgetsTheAnchor,
        Self::PostsFirst,
        Self::NeverJournals,
        Self::FreesOnTimeout,
        Self::FreesOnRefusal,
        Self::TrustsTheHub,
        Self::TrustsSilence,
        Self::CreditsUnproven,
        Self::KnownIsAccepted,
        Self::TellsFirst,
        Self::ForgetsCredits,
        Self::LosesTheTail,
        Self::PaysRepeats,
        Self::IgnoresCeilings,
        Self::ForgetsPaid,
        Self::SkipsTheSweep,
    ];
}

/// Does what a defect does.
#[derive(Debug)]
pub(crate) struct Saboteur {
    defect: Option<Defect>,
    /// Earlier states of the store.
    older: VecDeque<Snapshot>,
    repeats: i64,
}

impl Saboteur {
    pub(crate) const fn new(defect: Option<Defect>) -> Self {
        Self { defect, older: VecDeque::new(), repeats: 0 }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    pub(crate) const fn is_at_work(&self) -> bool {
        self.defect.is_some()
    }

    pub(crate) fn settings(&self, mut settings: Settings) -> Settings {
        if self.is(Defect::IgnoresCeilings) {
            let limits = &mut settings.limits;
            for limit in [&mut limits.per_payout, &mut limits.per_unit, &mut limits.per_day] {
                *limit = limit.checked_mul(100).unwrap_or(*limit);
            }
        }
        settings
    }

    /// The store is about to be written.
    pub(crate) fn before_commit(&mut self, snapshot: impl FnOnce() -> Snapshot) {
        if self.is(Defect::LosesTheTail) {
            self.older.push_back(snapshot());
            if self.older.len() > 2 {
                self.older.pop_front();
            }
        }
    }

    /// What the engine is given when it starts.
    pub(crate) fn snapshot(
        &mut self,
        mut snapshot: Snapshot,
        paid: impl FnOnce() -> Vec<Payout>,
    ) -> Snapshot {
        match self.defect {
            Some(Defect::ForgetsTheAnchor) => {
                let largest = snapshot.refills.iter().max_by_key(|coin| coin.amount).copied();
                if let (Some(slot), Some(coin)) = (snapshot.slots.first_mut(), largest)
                    && slot.versions.iter().all(|version| version.status == VersionStatus::Refused)
                {
                    slot.anchor = coin;
                }
            }
            Some(Defect::ForgetsCredits) => {
                snapshot.credited_coins.clear();
                snapshot.synced_mci = 0;
            }
            Some(Defect::LosesTheTail) => return self.older.pop_front().unwrap_or(snapshot),
            Some(Defect::ForgetsPaid) => snapshot.queue.extend(paid()),
            _ => {}
        }
        snapshot
    }

    /// What the engine is told.
    pub(crate) fn event(&mut self, mut event: Event, engine: &Engine) -> Event {
        match (self.defect, &mut event) {
            (Some(Defect::TrustsTheHub), Event::History { units, .. }) => {
                for seen in units.iter_mut().filter(|seen| seen.is_own && seen.standing == Standing::Unstable)
                {
                    seen.standing = Standing::FinalGood;
                }
            }
            (Some(Defect::CreditsUnproven), Event::History { units, .. }) => {
                for seen in units.iter_mut().filter(|seen| !seen.is_own) {
                    seen.standing = Standing::FinalGood;
                }
            }
            (Some(Defect::TrustsSilence), Event::History { units, .. }) => {
                let open = engine.open_slots().flat_map(|slot| &slot.versions);
                let accepted = open.filter(|version| version.status == VersionStatus::Accepted);
                for version in accepted {
                    if units.iter().all(|seen| seen.unit != version.unit) {
                        units.push(payout::SeenUnit {
                            unit: version.unit,
                            standing: Standing::FinalBad,
                            is_own: true,
                            coins: Vec::new(),
                            main_chain_index: None,
                            charged_tps_fee: None,
                            moves: None,
                        });
                    }
                }
            }
            (Some(Defect::KnownIsAccepted), Event::PostAnswered { answer, .. })
                if *answer == PostAnswer::MaybeAccepted(MaybeAccepted::Known) =>
            {
                *answer = PostAnswer::Accepted;
            }
            (Some(Defect::PaysRepeats), Event::Queued(payouts)) => {
                for payout in payouts {
                    self.repeats += 1;
                    payout.id = PayoutId::new(payout.id.get() + 1_000_000 * (self.repeats % 2));
                }
            }
            _ => {}
        }
        event
    }

    /// What is done instead of what the engine wants; and whether the engine begins again from the store
    /// afterwards.
    pub(crate) fn actions(
        &self,
        told: Option<&Event>,
        mut actions: Vec<Action>,
        now: Timestamp,
    ) -> (Vec<Action>, bool) {
        let freed = |version: &VersionId| {
            let change = Change::SlotDied { slot: version.slot, at: now };
            vec![Action::Persist(vec![change])]
        };
        match (self.defect, told) {
            (Some(Defect::FreesOnTimeout), Some(Event::PostUnanswered { version })) => {
                return (freed(version), true);
            }
            (
                Some(Defect::FreesOnRefusal),
                Some(Event::PostAnswered { version, answer: PostAnswer::UnitError(_), .. }),
            ) => {
                return (freed(version), true);
            }
            (Some(Defect::ForgetsCredits), _) => {
                // It begins anew each time, and does not notice.
                for action in &mut actions {
                    if let Action::Persist(changes) = action {
                        changes.retain(|change| !matches!(change, Change::Synced { .. }));
                    }
                }
                actions.retain(|action| !matches!(action, Action::Persist(changes) if changes.is_empty()));
            }
            (Some(Defect::IgnoresCeilings), _) => {
                // Its books are right.
                for change in actions.iter_mut().flat_map(changes) {
                    if let Change::Settled(settlement) = change {
                        settlement.kept = settlement.kept.min(FeeLimits::default().pull());
                    }
                }
            }
            (Some(Defect::SkipsTheSweep), _) => {
                let has_seen = |change: &Change| matches!(change, Change::Reached { .. });
                for (index, action) in actions.iter_mut().enumerate() {
                    if let Action::Persist(changes) = action
                        && changes.iter().any(has_seen)
                    {
                        changes.push(Change::Restored { at: now });
                        actions.truncate(index + 1);
                        return (actions, true);
                    }
                }
            }
            (Some(Defect::PostsFirst), _) => {
                // A stable sort: what is sent goes ahead.
                actions.sort_by_key(|action| !matches!(action, Action::Post { .. }));
            }
            (Some(Defect::TellsFirst), _) => {
                actions.sort_by_key(|action| !matches!(action, Action::Accepted { .. }));
            }
            (Some(Defect::NeverJournals), _) => {
                let is_new =
                    |change: &Change| matches!(change, Change::SlotOpened(_) | Change::VersionAdded { .. });
                actions.retain(
                    |action| !matches!(action, Action::Persist(changes) if changes.iter().any(is_new)),
                );
            }
            _ => {}
        }
        (actions, false)
    }
}

fn changes(action: &mut Action) -> impl Iterator<Item = &mut Change> {
    match action {
        Action::Persist(changes) => changes.iter_mut(),
        _ => [].iter_mut(),
    }
}
