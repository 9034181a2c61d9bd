//! Posting sweeps, again and again the same bytes, and what hubs say to them (8.4, 13).
//!
//! An answer is a hint. It decides whether the same unit is posted again, or whether the textcoin gets another
//! version, which spends the same coin; so a wrong hint costs time and nothing else.

use obyte::answer::{PostAnswer, Remedy, UnitError};

use super::{Keeper, KeeperAction, Outbox, Sweep, SweepChange};
use crate::{TextcoinNo, Timestamp, VersionNo, VersionStatus};

/// So often in a row a unit may be refused for a reason that may pass, before it counts as refused.
const DOUBTS_MAX: u32 = 3;

/// What is known of posting the newest unit of a textcoin.
#[derive(Debug, Default)]
pub(super) struct Posted {
    /// The version that is posted and not answered yet.
    unanswered: Option<VersionNo>,
    /// When it is to be posted again; at once where nothing is said.
    again_at: Option<Timestamp>,
    /// How often in a row it was not taken.
    doubts: u32,
}

impl Posted {
    /// On the next connection it is posted again.
    pub(super) fn forget_connection(&mut self) {
        (self.unanswered, self.again_at) = (None, None);
    }

    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.again_at = self.again_at.map(|at| at.min(now));
    }
}

impl Keeper {
    pub(super) fn next_post(&self) -> Option<Timestamp> {
        self.to_post().map(|(_, at)| at).min()
    }

    pub(super) fn post_again(&mut self, now: Timestamp, out: &mut Outbox) {
        let due: Vec<TextcoinNo> = self.to_post().filter(|(_, at)| *at <= now).map(|(no, _)| no).collect();
        for no in due {
            self.post(now, no, out);
        }
    }

    /// The textcoins whose newest unit is to be posted, and when. While a claim is seen none is: a hub would refuse
    /// it, and the claim is proven or gone soon.
    fn to_post(&self) -> impl Iterator<Item = (TextcoinNo, Timestamp)> {
        let waiting = self.textcoins.iter().filter(|(_, kept)| {
            kept.textcoin.claim.is_none()
                && kept.posted.unanswered.is_none()
                && kept.textcoin.sweeps.last().is_some_and(Sweep::is_alive)
        });
        waiting.map(|(no, kept)| (*no, kept.posted.again_at.unwrap_or_default()))
    }

    /// Posts the newest unit. Those before it were refused, and pay the same less a fee: they are never needed.
    pub(super) fn post(&mut self, now: Timestamp, no: TextcoinNo, out: &mut Outbox) {
        let again_at = now.plus(self.settings.repost_every);
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        let Some(sweep) = kept.textcoin.sweeps.last() else { return };
        kept.posted.unanswered = Some(sweep.version);
        kept.posted.again_at = Some(again_at);
        out.push(KeeperAction::Post { no, version: sweep.version, json: sweep.json.clone() });
    }

    pub(super) fn on_no_answer(&mut self, now: Timestamp, no: TextcoinNo, version: VersionNo) {
        let soon = now.plus(self.settings.retry_after);
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        if kept.posted.unanswered.take_if(|of| *of == version).is_some() {
            kept.posted.again_at = Some(soon);
            kept.look_by(soon);
        }
    }

    pub(super) fn on_answer(
        &mut self,
        now: Timestamp,
        no: TextcoinNo,
        version: VersionNo,
        answer: PostAnswer,
        text: &str,
        out: &mut Outbox,
    ) {
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        kept.posted.unanswered.take_if(|of| *of == version);
        if !kept.textcoin.sweeps.last().is_some_and(|sweep| sweep.version == version && sweep.is_alive()) {
            return;
        }
        if answer == PostAnswer::Accepted {
            kept.posted.doubts = 0;
            kept.look_by(now.plus(self.settings.follow_every));
            return self.note(now, no, version, VersionStatus::Accepted, text, out);
        }
        let doubts = kept.posted.doubts;
        kept.posted.doubts = doubts.saturating_add(1);
        // Perhaps somebody has claimed it.
        kept.look_by(now);
        let soon = now.plus(self.pause_after(doubts));
        match answer.remedy() {
            // Only a history tells whether a unit that the hub knows is good.
            Remedy::Follow => self.note(now, no, version, VersionStatus::Unknown, text, out),
            Remedy::Replace => self.refuse(now, no, version, answer, text, out),
            Remedy::PostAtOnce | Remedy::PostLater | Remedy::PostAncestors if doubts < DOUBTS_MAX => {
                self.post_at(no, soon);
                self.note(now, no, version, VersionStatus::Unknown, text, out);
            }
            Remedy::PostAtOnce | Remedy::PostAncestors => self.refuse(now, no, version, answer, text, out),
            Remedy::PostLater | Remedy::Resync => self.post_at(no, soon),
            Remedy::OtherHub | Remedy::Stop => {
                self.post_at(no, now.plus(self.settings.repost_every));
                let what = format!("a hub refused the unit that takes it back: {text}");
                out.push(KeeperAction::Note { no, what });
            }
        }
    }

    fn post_at(&mut self, no: TextcoinNo, at: Timestamp) {
        if let Some(kept) = self.textcoins.get_mut(&no) {
            kept.posted.again_at = Some(at);
        }
    }

    /// It is not taken as it is: another version follows, once nobody is seen to have claimed it.
    fn refuse(
        &mut self,
        now: Timestamp,
        no: TextcoinNo,
        version: VersionNo,
        answer: PostAnswer,
        text: &str,
        out: &mut Outbox,
    ) {
        self.note(now, no, version, VersionStatus::Refused, text, out);
        let pause = self.pause_after(version.get());
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        kept.posted = Posted::default();
        kept.sweep_at = if version.get() == 0 { now } else { now.plus(pause) };
        match answer {
            PostAnswer::UnitError(UnitError::DefinitionMissing) => kept.shows_definition = true,
            PostAnswer::UnitError(UnitError::DefinitionRepeated) => kept.shows_definition = false,
            _ => {}
        }
        if let Some(required) = answer.fee_too_low().and_then(|fee| fee.required) {
            kept.tps_fee = required;
        }
    }

    /// Against a proof no answer counts.
    pub(super) fn note(
        &mut self,
        now: Timestamp,
        no: TextcoinNo,
        version: VersionNo,
        status: VersionStatus,
        answer: &str,
        out: &mut Outbox,
    ) {
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        let Some(sweep) = kept.textcoin.sweeps.iter_mut().find(|sweep| sweep.version == version) else {
            return;
        };
        if sweep.status == status || sweep.status == VersionStatus::Dead {
            return;
        }
        sweep.status = status;
        out.persist(SweepChange::Answered { no, version, status, answer: answer.to_owned(), at: now });
    }
}
