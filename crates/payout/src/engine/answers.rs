//! What the hub said to a posted unit, and what follows from it (13).

use obyte::answer::{MaybeAccepted, PostAnswer, Remedy};

use super::{Engine, Outbox};
use crate::{Action, Alarm, Change, Timestamp, VersionId, VersionStatus};

impl Engine {
    pub(super) fn on_answer(
        &mut self,
        now: Timestamp,
        id: VersionId,
        answer: PostAnswer,
        text: String,
        out: &mut Outbox,
    ) {
        self.posting.remove(&id);
        let Some(before) = self.version(id).map(|version| version.status) else { return };
        let status = status_after(before, answer);
        if status == VersionStatus::Accepted && before != status {
            self.accept(id, out);
        }
        if status != before {
            self.set_status(id, status);
            out.persist(Change::Answered { version: id, status, answer: text.clone(), at: now });
        }
        self.remedy(now, id, answer, text, out);
    }

    /// No answer: the hub may have the unit or not. It is posted again.
    pub(super) fn on_no_answer(&mut self, now: Timestamp, id: VersionId) {
        self.posting.remove(&id);
        let Some(version) = self.version_mut(id) else { return };
        if version.status == VersionStatus::Journaled {
            version.status = VersionStatus::Unknown;
        }
        self.repost_at.insert(id, now.plus(self.settings.retry_after));
        self.follow.want();
    }

    /// The hub has the unit: who waits for its payouts can be answered.
    pub(super) fn accept(&self, id: VersionId, out: &mut Outbox) {
        if let Some(version) = self.version(id) {
            let payouts = version.outputs.iter().map(|output| output.payout).collect();
            out.push(Action::Accepted { payouts, unit: version.unit });
        }
    }

    pub(super) fn set_status(&mut self, id: VersionId, status: VersionStatus) {
        if let Some(version) = self.version_mut(id) {
            version.status = status;
        }
    }

    fn remedy(&mut self, now: Timestamp, id: VersionId, answer: PostAnswer, text: String, out: &mut Outbox) {
        let soon = now.plus(self.settings.retry_after);
        match answer.remedy() {
            Remedy::Follow if answer == PostAnswer::Accepted => {}
            // Only a history tells whether a unit that the hub knows is good.
            Remedy::Follow => self.follow.want(),
            Remedy::PostAtOnce => {
                self.repost_at.insert(id, now);
            }
            Remedy::PostLater => {
                self.repost_at.insert(id, soon);
            }
            Remedy::PostAncestors => self.post_line_again(now, id, soon),
            Remedy::Replace if answer.fee_too_low().is_some() => self.compose_at = now,
            Remedy::Replace => self.compose_at = soon,
            Remedy::Resync => {
                self.follow.want();
                self.compose_at = soon;
            }
            Remedy::OtherHub => {
                self.repost_at.insert(id, now.plus(self.settings.repost_every));
                out.push(self.refused(id, text));
            }
            Remedy::Stop => {
                if let Action::Alarm(alarm) = self.refused(id, text) {
                    self.pause(alarm, out);
                }
            }
        }
    }

    fn refused(&self, id: VersionId, answer: String) -> Action {
        let unit = self.version(id).expect("the version was looked up before").unit;
        Action::Alarm(Alarm::Refused { unit, answer })
    }

    /// The hub lacks an ancestor: everything open before this version is posted first, then this.
    fn post_line_again(&mut self, now: Timestamp, id: VersionId, soon: Timestamp) {
        let ancestors: Vec<VersionId> = self
            .slots
            .iter()
            .take_while(|slot| slot.no < id.slot)
            .flat_map(|slot| slot.versions.iter().map(|version| version.id))
            .collect();
        self.repost_at.extend(ancestors.into_iter().map(|ancestor| (ancestor, now)));
        self.repost_at.insert(id, soon);
    }
}

/// An answer is a hint. A unit that was accepted once stays so until a proof says otherwise, since the
/// hub may have forgotten it and may find it again; `known` alone does not make it accepted.
fn status_after(before: VersionStatus, answer: PostAnswer) -> VersionStatus {
    match (before, answer.remedy()) {
        (VersionStatus::Final | VersionStatus::Dead, _) => before,
        (_, Remedy::Follow) if answer == PostAnswer::Accepted => VersionStatus::Accepted,
        (VersionStatus::Accepted, _) => VersionStatus::Accepted,
        (_, Remedy::Replace | Remedy::Resync | Remedy::Stop) => VersionStatus::Refused,
        (VersionStatus::Journaled, _) => VersionStatus::Unknown,
        (VersionStatus::Refused, _) if is_there(answer) => VersionStatus::Unknown,
        _ => before,
    }
}

fn is_there(answer: PostAnswer) -> bool {
    matches!(answer, PostAnswer::MaybeAccepted(MaybeAccepted::Known | MaybeAccepted::AlreadyExists))
}
