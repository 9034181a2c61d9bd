//! Posting sweeps, again and again the same bytes, and what hubs say to them (8.4, 13).
//!
//! An answer is a hint. It decides whether the same unit is posted again, or whether the textcoin gets another
//! version, which spends the same coin; so a wrong hint costs time and nothing else.

use std::time::Duration;

use obyte::answer::{PostAnswer, Remedy, UnitError};

use super::{Keeper, KeeperAction, Kept, Outbox, SweepChange};
use crate::engine::Hint;
use crate::{TextcoinNo, Timestamp, VersionNo, VersionStatus};

/// So often in a row a unit may be refused for a reason that may pass, before it counts as refused.
const DOUBTS_MAX: u32 = 3;
/// And so often for a conflict: whoever is in the way is proven some time or dies. What spends something else at the same
/// address stays in the way for ever, and a later unit goes on top of it (13).
const CONFLICTS_MAX: u32 = 10;
/// Where a hub refuses what should not be possible, another unit for that textcoin is tried after so long.
const STRANGE: Duration = Duration::from_secs(3600);

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
            kept.textcoin.claim.is_none() && kept.posted.unanswered.is_none() && kept.is_being_swept()
        });
        waiting.map(|(no, kept)| (*no, kept.posted.again_at.unwrap_or_default()))
    }

    pub(super) fn post(&mut self, now: Timestamp, no: TextcoinNo, out: &mut Outbox) {
        let again_at = now.plus(self.settings.repost_every);
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        let Some((version, json)) = kept.newest_alive().map(|sweep| (sweep.version, sweep.json.clone()))
        else {
            return;
        };
        kept.posted.unanswered = Some(version);
        kept.posted.again_at = Some(again_at);
        out.push(KeeperAction::Post { no, version, json });
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
        if kept.newest_alive().is_none_or(|sweep| sweep.version != version) {
            return;
        }
        let doubts = kept.posted.doubts;
        match Hint::of(answer) {
            Hint::Has => {
                kept.posted.doubts = 0;
                kept.look_by(now.plus(self.settings.follow_every));
                self.note(now, no, version, VersionStatus::Accepted, text, out);
            }
            // Only a history tells whether a unit that the hub knows is good.
            Hint::MayHave => {
                kept.posted.doubts = 0;
                kept.look_by(now);
                self.note_open(now, no, version, text, out);
            }
            hint => {
                kept.posted.doubts = doubts.saturating_add(1);
                // Perhaps somebody has claimed it.
                kept.look_by(now);
                if is_hopeless(hint, answer, doubts) {
                    self.refuse(now, no, version, answer, text, out);
                } else {
                    self.put_off(now, no, answer, doubts);
                    self.note_open(now, no, version, text, out);
                }
                tell_of(no, answer, text, out);
            }
        }
    }

    /// It may be taken another time.
    fn put_off(&mut self, now: Timestamp, no: TextcoinNo, answer: PostAnswer, doubts: u32) {
        let is_blocked = answer.remedy() == Remedy::OtherHub;
        let pause = if is_blocked { self.settings.repost_every } else { self.pause_after(doubts) };
        if let Some(kept) = self.textcoins.get_mut(&no) {
            kept.posted.again_at = Some(now.plus(pause));
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
        let pause = self.pause_before_another(version, answer);
        // What is wrong with this one may be wrong with all; and for some of it a hub blocks us for an hour.
        match answer {
            PostAnswer::JointError => self.sweeping.hold(now.plus(STRANGE)),
            _ if answer.remedy() == Remedy::Stop => {
                self.sweeping.hold(now.plus(self.settings.repost_every));
            }
            _ => {}
        }
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        kept.posted = Posted::default();
        kept.unspent_at = None;
        kept.sweep_at = now.plus(pause);
        match answer {
            PostAnswer::UnitError(UnitError::DefinitionMissing) => kept.shows_definition = true,
            PostAnswer::UnitError(UnitError::DefinitionRepeated) => kept.shows_definition = false,
            _ => {}
        }
        if let Some(required) = answer.fee_too_low().and_then(|fee| fee.required) {
            kept.tps_fee = required;
        }
    }

    fn pause_before_another(&self, version: VersionNo, answer: PostAnswer) -> Duration {
        match (answer.remedy(), version.get()) {
            (Remedy::Stop, _) => STRANGE,
            (Remedy::Resync, version) => {
                self.settings.repost_every.saturating_mul(1 << version.min(6)).min(STRANGE)
            }
            (_, 0) => Duration::ZERO,
            (_, version) => self.pause_after(version),
        }
    }

    /// The hub may have it or not. What was accepted before stays so.
    fn note_open(
        &mut self,
        now: Timestamp,
        no: TextcoinNo,
        version: VersionNo,
        text: &str,
        out: &mut Outbox,
    ) {
        let newest = self.textcoins.get(&no).and_then(Kept::newest_alive);
        if newest.is_some_and(|sweep| sweep.status == VersionStatus::Journaled) {
            self.note(now, no, version, VersionStatus::Unknown, text, out);
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

/// Whether it makes no sense to post the same unit again, after it was not taken so often in a row before.
fn is_hopeless(hint: Hint, answer: PostAnswer, doubts: u32) -> bool {
    match (hint, answer.remedy()) {
        (_, Remedy::Resync) => doubts >= CONFLICTS_MAX,
        (Hint::Doubtful, _) => doubts >= DOUBTS_MAX,
        (hint, _) => hint == Hint::Refused,
    }
}

/// What should not be possible an operator wants to know.
fn tell_of(no: TextcoinNo, answer: PostAnswer, text: &str, out: &mut Outbox) {
    if matches!(answer.remedy(), Remedy::OtherHub | Remedy::Stop) {
        let what = format!("a hub refused the unit that takes it back: {text}");
        out.push(KeeperAction::Note { no, what });
    }
}
