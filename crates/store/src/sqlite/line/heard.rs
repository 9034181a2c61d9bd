//! What hubs said to versions.

use payout::{Timestamp, VersionId};
use rusqlite::{OptionalExtension, params};

use super::Line;
use crate::oversight::HubAnswer;
use crate::sqlite::codec::{Fields, integer, millis};
use crate::{Endpoint, StoreError};

/// So many answers to a version are kept, the newest ones.
const KEPT: i64 = 20;

/// Keeps an answer that changes nothing else.
pub(in crate::sqlite) fn heard(
    connection: &rusqlite::Connection,
    endpoint: Endpoint,
    version: VersionId,
    answer: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let line = Line { connection, endpoint };
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM versions WHERE endpoint = ? AND slot = ? AND version = ?")?
        .query_row(params![endpoint.code(), integer(version.slot.get())?, version.version.get()], |row| {
            row.get(0)
        })
        .optional()?;
    // A slot may have been given up while the answer was on its way; its versions stay.
    id.map_or(Ok(()), |id| line.keep_answer(id, answer, at))
}

impl Line<'_> {
    pub(super) fn keep_answer(&self, version: i64, answer: &str, at: Timestamp) -> Result<(), StoreError> {
        let last: Option<(i64, String)> = self
            .connection
            .prepare_cached(
                "SELECT no, answer FROM version_answers WHERE version = ? ORDER BY no DESC LIMIT 1",
            )?
            .query_row([version], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match last {
            Some((no, words)) if words == answer => {
                self.connection
                    .prepare_cached(
                        "UPDATE version_answers SET last_at = ?, times = times + 1 WHERE version = ? AND no = ?",
                    )?
                    .execute(params![millis(at)?, version, no])?;
            }
            last => self.add_answer(version, last.map_or(0, |(no, _)| no + 1), answer, at)?,
        }
        Ok(())
    }

    fn add_answer(&self, version: i64, no: i64, answer: &str, at: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO version_answers (version, no, answer, first_at, last_at, times)
                 VALUES (?1, ?2, ?3, ?4, ?4, 1)",
            )?
            .execute(params![version, no, answer, millis(at)?])?;
        if no >= KEPT {
            self.connection
                .prepare_cached("DELETE FROM version_answers WHERE version = ? AND no <= ?")?
                .execute([version, no - KEPT])?;
        }
        Ok(())
    }

    pub(super) fn answers(&self, version: i64) -> Result<Vec<HubAnswer>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT * FROM version_answers WHERE version = ? ORDER BY no")?;
        let mut rows = statement.query([version])?;
        let mut answers = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("version_answers", row);
            answers.push(HubAnswer {
                answer: fields.plain("answer")?,
                first_at: fields.time("first_at")?,
                last_at: fields.time("last_at")?,
                times: fields.number("times")?,
            });
        }
        Ok(answers)
    }
}
