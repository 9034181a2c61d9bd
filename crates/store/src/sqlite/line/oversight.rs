//! Slots and payouts as an operator looks at them.

use payout::{PayoutId, SlotNo, Timestamp, VersionNo};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::payout;
use super::{Line, anchor, fees};
use crate::oversight::{
    Overview, PaidFor, PayoutTrail, SlotLine, SlotPayout, SlotRecord, SlotState, VersionRecord, WhichSlots,
};
use crate::sqlite::codec::{Fields, integer};
use crate::sqlite::{holds, payers, purchases, wishes, withdrawals};
use crate::{Endpoint, OrderId, StoreError, Wishes};

/// A slot with the version that counts: the good one, or else the newest.
const SLOT_LINES: &str = "
    SELECT no, state, winner, mci, charged_tps_fee, closed_at, unit, status, size_fee, tps_fee,
        (SELECT count(*) FROM versions AS all_versions
         WHERE all_versions.endpoint = slots.endpoint AND all_versions.slot = slots.no) AS version_count,
        (SELECT signed_at FROM versions AS first
         WHERE first.endpoint = slots.endpoint AND first.slot = slots.no AND first.version = 0) AS opened_at,
        (SELECT count(*) FROM version_outputs WHERE version_outputs.version = versions.id) AS payout_count,
        (SELECT coalesce(sum(amount), 0) FROM version_outputs JOIN payouts ON payouts.id = payout
         WHERE version_outputs.version = versions.id) AS paid
    FROM slots JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
        AND versions.version = coalesce(winner, (SELECT max(version) FROM versions AS newest
            WHERE newest.endpoint = slots.endpoint AND newest.slot = slots.no))";

pub(in crate::sqlite) fn overview(
    connection: &Connection,
    endpoint: Endpoint,
    fees_since: Timestamp,
) -> Result<Overview, StoreError> {
    let line = Line { connection, endpoint };
    let Wishes { pauses, reposts, .. } = wishes::wishes(connection, endpoint)?;
    let (queued, oldest_queued) = line.queue_length()?;
    let (open_slots, oldest_open) = line.open_length()?;
    let prepaid = line.prepaid_since(fees_since)?.into_iter().map(|(_, fee)| fee).sum();
    let settled = "WHERE slots.endpoint = ? AND state = 'settled' ORDER BY no DESC LIMIT ?";
    let last_settled = line.slot_lines(settled, 1)?.pop();
    Ok(Overview {
        report: payers::report(connection, endpoint)?,
        pauses,
        reposts,
        queued,
        held: holds::backlog(connection, endpoint)?,
        restoring: line.restoring()?.cause.is_some(),
        oldest_queued,
        open_slots,
        oldest_open,
        prepaid,
        last_settled,
    })
}

pub(in crate::sqlite) fn slots(
    connection: &Connection,
    endpoint: Endpoint,
    which: WhichSlots,
    limit: u32,
) -> Result<Vec<SlotLine>, StoreError> {
    let which = match which {
        WhichSlots::All => "WHERE slots.endpoint = ? ORDER BY no DESC LIMIT ?",
        WhichSlots::Open => "WHERE slots.endpoint = ? AND state = 'open' ORDER BY no DESC LIMIT ?",
    };
    Line { connection, endpoint }.slot_lines(which, limit)
}

pub(in crate::sqlite) fn slot(
    connection: &Connection,
    endpoint: Endpoint,
    slot: SlotNo,
) -> Result<Option<SlotRecord>, StoreError> {
    let line = Line { connection, endpoint };
    let mut statement = connection.prepare_cached("SELECT * FROM slots WHERE endpoint = ? AND no = ?")?;
    let mut rows = statement.query(params![endpoint.code(), integer(slot.get())?])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("slots", row);
    Ok(Some(SlotRecord {
        no: slot,
        state: state(&fields)?,
        anchor: anchor(&fields)?,
        versions: line.version_records(slot)?,
        payouts: line.payouts_ever_in(slot)?,
    }))
}

pub(in crate::sqlite) fn slot_of_unit(
    connection: &Connection,
    endpoint: Endpoint,
    unit: obyte::UnitHash,
) -> Result<Option<SlotNo>, StoreError> {
    let slot: Option<i64> = connection
        .prepare_cached("SELECT slot FROM versions WHERE endpoint = ? AND unit = ?")?
        .query_row(params![endpoint.code(), unit.as_str()], |row| row.get(0))
        .optional()?;
    Ok(slot.map(|slot| SlotNo::new(slot.unsigned_abs())))
}

pub(in crate::sqlite) fn trail(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
) -> Result<Option<PayoutTrail>, StoreError> {
    let Some(key) = purchases::key_of(connection, endpoint, payout)? else { return Ok(None) };
    let record = purchases::find_as_paid(connection, endpoint, &key, Some(payout))?;
    let Some(record) = record else { return Ok(None) };
    Ok(Some(PayoutTrail { record, slots: slots_ever_of(connection, payout)? }))
}

/// The slots with a version that pays a payout, oldest first.
pub(in crate::sqlite) fn slots_ever_of(
    connection: &Connection,
    payout: PayoutId,
) -> Result<Vec<SlotNo>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT slot FROM versions
         WHERE id IN (SELECT version FROM version_outputs WHERE payout = ?) ORDER BY slot",
    )?;
    let slots: Vec<i64> = statement.query_map([payout.get()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(slots.into_iter().map(|slot| SlotNo::new(slot.unsigned_abs())).collect())
}

pub(in crate::sqlite) fn payouts_of_order(
    connection: &Connection,
    endpoint: Endpoint,
    order: &OrderId,
) -> Result<Vec<PayoutId>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT coalesce((SELECT max(id) FROM payouts WHERE origin = purchases.payout), payout) FROM purchases
             WHERE endpoint = ? AND order_id = ? ORDER BY payout",
        )?;
    let payouts: Vec<i64> = statement
        .query_map(params![endpoint.code(), order.as_str()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(payouts.into_iter().map(PayoutId::new).collect())
}

impl Line<'_> {
    fn queue_length(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) AS count, min(queued_at) AS oldest
             FROM payouts INDEXED BY payouts_queued WHERE endpoint = ? AND slot IS NULL
                 AND parked_at IS NULL AND held_at IS NULL",
        )?;
        let mut rows = statement.query([self.code()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("payouts", row);
        Ok((fields.number("count")?, fields.optional_time("oldest")?))
    }

    fn open_length(&self) -> Result<(u64, Option<Timestamp>), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) AS count, min(signed_at) AS oldest FROM slots INDEXED BY slots_open
             JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
                 AND versions.version = 0
             WHERE slots.endpoint = ? AND state = 'open'",
        )?;
        let mut rows = statement.query([self.code()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("slots", row);
        Ok((fields.number("count")?, fields.optional_time("oldest")?))
    }

    fn slot_lines(&self, which: &str, limit: u32) -> Result<Vec<SlotLine>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!("{SLOT_LINES} {which}"))?;
        let mut rows = statement.query(params![self.code(), limit])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            lines.push(slot_line(row)?);
        }
        Ok(lines)
    }

    fn version_records(&self, slot: SlotNo) -> Result<Vec<VersionRecord>, StoreError> {
        let versions = self.versions(slot)?.into_iter();
        versions
            .map(|version| {
                let answers = self.answers(self.version(version.id)?.id)?;
                Ok(VersionRecord { version, answers })
            })
            .collect()
    }

    fn paid_for(&self, payout: PayoutId) -> Result<Option<PaidFor>, StoreError> {
        if let Some(key) = purchases::key_of(self.connection, self.endpoint, payout)? {
            return Ok(Some(PaidFor::Purchase(key)));
        }
        let name = withdrawals::name_of(self.connection, payout)?;
        Ok(name.map(|(command, purse)| PaidFor::Withdrawal { command, purse }))
    }

    fn payouts_ever_in(&self, slot: SlotNo) -> Result<Vec<SlotPayout>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, address, amount, queued_at, textcoin, generation, counter, claim_reserve, slot,
                 parked_at IS NOT NULL AS is_parked,
                 held_at IS NOT NULL AS is_held FROM payouts WHERE id IN (
                 SELECT payout FROM versions JOIN version_outputs ON version_outputs.version = versions.id
                 WHERE versions.endpoint = ? AND versions.slot = ?)
             ORDER BY id",
        )?;
        let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
        let mut payouts = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("payouts", row);
            let payout = payout(&fields)?;
            let paid_for = self
                .paid_for(payout.id)?
                .ok_or_else(|| fields.bad("id", "neither a purchase nor a withdrawal is for this payout"))?;
            let slot: Option<i64> = fields.plain("slot")?;
            let slot = slot.map(|_| fields.number("slot").map(SlotNo::new)).transpose()?;
            payouts.push(SlotPayout {
                payout,
                paid_for,
                slot,
                is_parked: fields.plain("is_parked")?,
                is_held: fields.plain("is_held")?,
            });
        }
        Ok(payouts)
    }
}

fn slot_line(row: &Row<'_>) -> Result<SlotLine, StoreError> {
    let fields = Fields::new("slots", row);
    Ok(SlotLine {
        no: SlotNo::new(fields.number("no")?),
        state: state(&fields)?,
        opened_at: fields.time("opened_at")?,
        versions: fields.number("version_count")?,
        unit: fields.text("unit")?,
        status: purchases::status(&fields)?,
        payouts: fields.number("payout_count")?,
        amount: fields.bytes("paid")?,
        fees: fees(&fields)?,
    })
}

fn state(fields: &Fields<'_>) -> Result<SlotState, StoreError> {
    let code: String = fields.plain("state")?;
    Ok(match code.as_str() {
        "open" => SlotState::Open,
        "dead" => SlotState::Dead { at: fields.time("closed_at")? },
        "settled" => SlotState::Settled {
            winner: VersionNo::new(fields.number("winner")?),
            main_chain_index: match fields.plain::<Option<i64>>("mci")? {
                None => None,
                Some(_) => Some(fields.number("mci")?),
            },
            charged_tps_fee: match fields.plain::<Option<i64>>("charged_tps_fee")? {
                None => None,
                Some(_) => Some(fields.bytes("charged_tps_fee")?),
            },
            at: fields.time("closed_at")?,
        },
        _ => return Err(fields.bad("state", "the code is unknown")),
    })
}
