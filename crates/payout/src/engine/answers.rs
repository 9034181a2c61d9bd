//! What the hub said to a posted unit, and what follows from it (13).
//!
//! An answer is a hint, never a proof. It decides whether the same unit is posted again, or whether the
//! slot gets another version, which conflicts with the first; so a wrong hint costs time and nothing
//! else. A unit that was accepted once is given up only after it was refused for a while, since
//! customers were told of it.

use std::time::Duration;

use obyte::answer::{MaybeAccepted, PostAnswer, Remedy, Transient};

use super::{Engine, Outbox};
use crate::{Action, Alarm, Change, Timestamp, VersionId, VersionStatus};

/// So many versions of a slot follow each other without a pause.
const HASTY_VERSIONS: u32 = 3;

/// What an answer tells about one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// The hub has it and finds it good.
    Has,
    /// The hub has it, good or not.
    MayHave,
    /// It may be taken another time.
    NotNow,
    /// Perhaps it is never taken, if this goes on.
    Doubtful,
    /// It is not taken.
    Refused,
}

impl Hint {
    pub(crate) fn of(answer: PostAnswer) -> Self {
        match (answer.remedy(), answer) {
            (_, PostAnswer::Accepted) => Self::Has,
            (Remedy::Follow, _) => Self::MayHave,
            (Remedy::PostAtOnce | Remedy::PostAncestors, _)
            | (_, PostAnswer::Transient(Transient::LastBallNotStable))
            | (_, PostAnswer::MaybeAccepted(MaybeAccepted::KnownUnverified)) => Self::Doubtful,
            (Remedy::PostLater | Remedy::OtherHub, _) => Self::NotNow,
            (Remedy::Replace | Remedy::Resync | Remedy::Stop, _) => Self::Refused,
        }
    }
}

impl Engine {
    pub(super) fn on_answer(
        &mut self,
        now: Timestamp,
        id: VersionId,
        answer: PostAnswer,
        text: String,
        out: &mut Outbox,
    ) {
        self.posting.answered(id);
        let Some(before) = self.version(id).map(|version| version.status) else { return };
        // Against a proof no answer counts.
        if matches!(before, VersionStatus::Final | VersionStatus::Dead) {
            return;
        }
        let hint = self.weigh(id, before, Hint::of(answer));
        match (hint, before) {
            (Hint::Has, _) => self.accept(now, id, &text, out),
            // Only a history tells whether a unit that the hub knows is good.
            (Hint::MayHave, VersionStatus::Accepted) => self.posting.trust(id),
            (Hint::MayHave, _) | (Hint::NotNow | Hint::Doubtful, VersionStatus::Journaled) => {
                self.note(now, id, VersionStatus::Unknown, &text, out);
            }
            (Hint::Refused, VersionStatus::Journaled | VersionStatus::Unknown) => {
                self.note(now, id, VersionStatus::Refused, &text, out);
            }
            _ => {}
        }
        self.remedy(now, id, answer, hint, text, out);
    }

    /// Makes up its mind about what may pass: after a while it counts as a refusal. Whether a unit that
    /// was accepted is refused takes longer.
    fn weigh(&mut self, id: VersionId, before: VersionStatus, hint: Hint) -> Hint {
        let was_accepted = before == VersionStatus::Accepted;
        match hint {
            Hint::Doubtful if self.posting.doubt(id, was_accepted) => Hint::Refused,
            Hint::Refused if was_accepted && !self.posting.doubt(id, true) => Hint::Doubtful,
            _ => hint,
        }
    }

    /// No answer: the hub may have the unit or not. It is posted again.
    pub(super) fn on_no_answer(&mut self, now: Timestamp, id: VersionId) {
        self.posting.answered(id);
        let Some(version) = self.version_mut(id) else { return };
        if version.status == VersionStatus::Journaled {
            version.status = VersionStatus::Unknown;
        }
        self.posting.again(id, now.plus(self.settings.retry_after));
        self.follow.want();
    }

    /// The hub has the unit and finds it good: who waits for its payouts can be answered, once that is
    /// kept, so that everybody who asks later is told the same.
    pub(super) fn accept(&mut self, now: Timestamp, id: VersionId, answer: &str, out: &mut Outbox) {
        self.posting.trust(id);
        let Some(version) = self.version(id) else { return };
        if version.status == VersionStatus::Accepted {
            return;
        }
        let payouts = version.outputs.iter().map(|output| output.payout).collect();
        let unit = version.unit;
        self.note(now, id, VersionStatus::Accepted, answer, out);
        self.compose_at = Timestamp::default();
        out.push(Action::Accepted { payouts, unit });
    }

    pub(super) fn note(
        &mut self,
        now: Timestamp,
        id: VersionId,
        status: VersionStatus,
        answer: &str,
        out: &mut Outbox,
    ) {
        let Some(version) = self.version_mut(id).filter(|version| version.status != status) else { return };
        version.status = status;
        out.persist(Change::Answered { version: id, status, answer: answer.to_owned(), at: now });
    }

    fn remedy(
        &mut self,
        now: Timestamp,
        id: VersionId,
        answer: PostAnswer,
        hint: Hint,
        text: String,
        out: &mut Outbox,
    ) {
        let soon = now.plus(self.pause_before_repost(id));
        match hint {
            Hint::Has => return,
            Hint::MayHave => return self.follow.want(),
            Hint::Refused => {
                self.compose_at = now.plus(self.pause_before_version(id));
                if let Some(restoring) = &mut self.restoring {
                    restoring.look_at_everything();
                }
            }
            Hint::NotNow | Hint::Doubtful => {}
        }
        match answer.remedy() {
            Remedy::PostAtOnce => self.posting.again(id, now),
            Remedy::PostLater => self.posting.again(id, soon),
            Remedy::PostAncestors => self.post_ancestors_again(now, id, soon),
            Remedy::Replace => self.posting.again(id, soon),
            Remedy::Resync => {
                self.posting.again(id, soon);
                self.follow.must_see();
            }
            Remedy::OtherHub => {
                self.posting.again(id, now.plus(self.settings.repost_every));
                let alarm = self.refused(id, text);
                out.push(Action::Alarm(alarm));
            }
            Remedy::Stop => {
                self.posting.again(id, now.plus(self.settings.repost_every));
                let alarm = self.refused(id, text);
                self.pause(alarm, out);
            }
            Remedy::Follow => {}
        }
        if hint == Hint::Refused {
            self.wishes.learn(answer);
        }
    }

    fn refused(&self, id: VersionId, answer: String) -> Alarm {
        let unit = self.version(id).expect("the version was looked up before").unit;
        Alarm::Refused { unit, answer }
    }

    /// The next version comes at once, but a hub that refuses one after the other is not flooded.
    fn pause_before_version(&self, id: VersionId) -> Duration {
        let hasty = id.version.get() + 1 < HASTY_VERSIONS;
        let doublings = (id.version.get() + 1).saturating_sub(HASTY_VERSIONS).min(6);
        let pause = self.settings.retry_after.saturating_mul(1 << doublings);
        if hasty { Duration::ZERO } else { pause.min(self.settings.repost_every) }
    }

    /// The hub lacks an ancestor: everything open before this version is posted first, then this.
    fn post_ancestors_again(&mut self, now: Timestamp, id: VersionId, soon: Timestamp) {
        let ancestors: Vec<VersionId> = self
            .slots
            .iter()
            .take_while(|slot| slot.no < id.slot)
            .flat_map(|slot| slot.versions.iter().map(|version| version.id))
            .collect();
        for ancestor in ancestors {
            self.posting.again(ancestor, now);
        }
        self.posting.again(id, soon);
    }
}
