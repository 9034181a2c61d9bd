//! Textcoins get their numbers when their payouts enter a slot for the first time.

use payout::{Issue, Payout, TextcoinNo, Timestamp};
use rusqlite::params;

use super::Line;
use crate::sqlite::codec::{is_taken, millis};
use crate::{StoreError, Violation};

impl Line<'_> {
    /// A payout enters a slot as it was accepted, but for its textcoin, which has got a number; that stays the same
    /// from then on, within a generation.
    pub(super) fn check_owed(&self, payout: &Payout) -> Result<(), StoreError> {
        let Some(known) = self.owed(payout.id)? else { return Err(Violation::NotOwed(payout.id).into()) };
        if known == *payout {
            return Ok(());
        }
        let Some(issue) = payout.payee.issue() else { return Err(Violation::NotOwed(payout.id).into()) };
        let is_other = Payout { payee: known.payee, ..*payout } != known || !known.payee.is_textcoin();
        let is_given = known.payee.issue().is_some_and(|given| given.no.generation == issue.no.generation);
        if is_other || is_given {
            return Err(Violation::NotOwed(payout.id).into());
        }
        self.issue(payout, issue)
    }

    /// A hub has accepted a version: from this moment on those who get textcoins by it have their time to claim
    /// them, and each is owed a mail, which a textcoin gets once, in whatever versions it is. What was accepted before,
    /// by whatever version, keeps its time; one that was given anew, with other words, has its time from now on.
    pub(super) fn note_accepted(&self, version: i64, at: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO textcoins (payout, endpoint, accepted_at, expires_at)
                 SELECT id, endpoint, ?2, ?2 + expires_after FROM version_outputs
                 JOIN payouts ON payouts.id = version_outputs.payout WHERE version = ?1 AND textcoin
                 ON CONFLICT (payout) DO UPDATE
                     SET accepted_at = excluded.accepted_at, expires_at = excluded.expires_at, claim_seen = NULL
                     WHERE NOT EXISTS (SELECT 1 FROM mails JOIN payouts ON payouts.id = mails.payout
                         WHERE mails.payout = textcoins.payout AND mails.generation = payouts.generation
                             AND mails.counter = payouts.counter)",
            )?
            .execute(params![version, millis(at)?])?;
        // Behind it, since the mail of a number tells that its time has begun.
        self.connection
            .prepare_cached(
                "INSERT INTO mails (endpoint, payout, generation, counter, kind, sending, written_at, wake_at)
                 SELECT endpoint, id, generation, counter, 0, 0, ?2, ?2 FROM version_outputs
                 JOIN payouts ON payouts.id = version_outputs.payout WHERE version = ?1 AND textcoin
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![version, millis(at)?])?;
        Ok(())
    }

    fn issue(&self, payout: &Payout, issue: Issue) -> Result<(), StoreError> {
        let TextcoinNo { generation, counter } = issue.no;
        let is_next = self
            .connection
            .prepare_cached(
                "UPDATE lines SET textcoins = ?3 + 1 WHERE endpoint = ?1 AND generation = ?2 AND textcoins <= ?3",
            )?
            .execute(params![self.code(), generation, counter])?;
        if is_next != 1 {
            return Err(Violation::TextcoinGiven(issue.no).into());
        }
        let issued = self
            .connection
            .prepare_cached(
                "UPDATE payouts SET address = ?, generation = ?, counter = ?, claim_reserve = ? WHERE id = ?",
            )?
            .execute(params![
                issue.address.as_str(),
                generation,
                counter,
                i64::from(issue.reserve),
                payout.id.get()
            ]);
        match issued {
            Err(error) if is_taken(&error) => Err(Violation::TextcoinGiven(issue.no).into()),
            other => other.map(drop).map_err(StoreError::from),
        }
    }
}
