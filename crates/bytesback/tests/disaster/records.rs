//! What a server's database tells, in the order in which it happened.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{
    Change, Fees, PaidOutput, Payee, Payout, PayoutId, Settlement, Slot, SlotNo, Timestamp, Version,
    VersionId, VersionNo, VersionStatus,
};
use rusqlite::{Connection, Row};
use simulation::{Purchase, Record};

/// What was accepted under an order id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) payout: PayoutId,
    pub(crate) recipient: Address,
    pub(crate) amount: Bytes,
}

/// A database at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database {
    pub(crate) accepted: BTreeMap<String, Accepted>,
    /// Every signed unit, as it is posted.
    pub(crate) units: BTreeMap<UnitHash, Arc<str>>,
    /// The unit that settled each slot.
    pub(crate) settled: BTreeMap<SlotNo, UnitHash>,
    /// What is set aside for the fees of each payout.
    pub(crate) reserve: Bytes,
    payouts: BTreeMap<PayoutId, Payout>,
    /// When, and what comes first of what happened at once.
    records: Vec<((u64, u8), Record)>,
}

impl Database {
    /// Reads the test endpoint of a database that nobody changes meanwhile.
    pub(crate) fn read(file: &Path) -> Self {
        let connection = Connection::open(file).expect("a database");
        connection.execute_batch("BEGIN").expect("it can be read");
        let mut database = Self::default();
        database.read_coins(&connection);
        database.read_purchases(&connection);
        database.read_slots(&connection);
        database.records.sort_by_key(|(place, _)| *place);
        database
    }

    /// All records, with the deposit of the shop where it belongs.
    pub(crate) fn records(&self, deposit: (Timestamp, Record)) -> Vec<Record> {
        let (at, deposit) = deposit;
        let later = self.records.partition_point(|((when, _), _)| *when <= at.as_millis());
        let mut records: Vec<Record> = self.records.iter().map(|(_, record)| record.clone()).collect();
        records.insert(later, deposit);
        records
    }

    /// As if the last slot had never been journaled.
    pub(crate) fn without_the_last_slot(&self) -> Self {
        let last = self.settled.last_key_value().map(|(slot, _)| *slot);
        let mut other = self.clone();
        other.records.retain(|(_, record)| last.is_none() || slot_of(record) != last);
        other
    }

    /// As if the first purchase had been accepted with a byte more.
    pub(crate) fn with_another_amount(&self) -> Self {
        let mut other = self.clone();
        let first = other.records.iter_mut().find_map(|(_, record)| match record {
            Record::Accepted(purchase) => Some(purchase),
            _ => None,
        });
        let first = first.expect("something was bought");
        first.base = first.base.checked_add(Bytes::literal(1)).expect("far below the cap");
        other
    }

    fn note(&mut self, at: u64, rank: u8, record: Record) {
        self.records.push(((at, rank), record));
    }

    fn read_coins(&mut self, connection: &Connection) {
        let columns = "unit, message_index, output_index, amount, address, proven_at, reserve";
        for_each(
            connection,
            &format!("SELECT {columns} FROM coins WHERE endpoint = 'test' ORDER BY id"),
            |row| {
                let at = number(row, "proven_at");
                let (coin, reserve) = (coin(row), bytes(row, "reserve"));
                let change = Change::CoinProven {
                    coin,
                    origin: payout::Origin::Others,
                    reserve,
                    at: Timestamp::from_millis(at),
                };
                self.note(at, 0, Record::Changed(Box::new(change)));
            },
        );
    }

    fn read_purchases(&mut self, connection: &Connection) {
        let query = "SELECT order_id, recipient, partner, base, partner_share, matched, payouts.id AS payout,
                address, amount, fee_reserve, queued_at, parked_at
            FROM purchases JOIN payouts ON payouts.id = purchases.payout
            WHERE purchases.endpoint = 'test' ORDER BY payouts.id";
        let mut latest = 0;
        for_each(connection, query, |row| {
            let payout = PayoutId::new(row.get("payout").expect("a number"));
            let (address, amount, at) =
                (text(row, "address"), bytes(row, "amount"), number(row, "queued_at"));
            assert_eq!(address, text(row, "recipient"));
            assert_eq!(optional(row, "parked_at"), None, "nobody here is an agent");
            assert_eq!(number(row, "partner_share"), number(row, "matched"), "offers are matched in full");
            self.reserve = bytes(row, "fee_reserve");
            let queued_at = Timestamp::from_millis(at);
            self.payouts
                .insert(payout, Payout { id: payout, payee: Payee::Address(address), amount, queued_at });
            let accepted = Accepted { payout, recipient: address, amount };
            let order: String = row.get("order_id").expect("text");
            assert!(self.accepted.insert(order.clone(), accepted).is_none(), "order {order} is there twice");
            let (base, share) = (bytes(row, "base"), bytes(row, "partner_share"));
            let partner = row.get("partner").expect("a number");
            let purchase = Purchase { payout, partner, recipient: address, base, share, at: queued_at };
            // Numbers are given when the database takes a purchase, a little later than its time says.
            latest = latest.max(at);
            self.note(latest, 1, Record::Accepted(purchase));
        });
    }

    fn read_slots(&mut self, connection: &Connection) {
        let query = "SELECT no, anchor_unit AS unit, anchor_message AS message_index,
                anchor_output AS output_index, anchor_amount AS amount, anchor_address AS address,
                state, winner, mci, charged_tps_fee, closed_at, kept
            FROM slots WHERE endpoint = 'test' ORDER BY no";
        for_each(connection, query, |row| {
            let no = SlotNo::new(number(row, "no"));
            let anchor = coin(row);
            let versions = self.read_versions(connection, no);
            let all = self.note_versions(no, anchor, &versions);
            let at = Timestamp::from_millis(optional(row, "closed_at").unwrap_or_default());
            match row.get::<_, String>("state").expect("text").as_str() {
                "settled" => {
                    let winner = VersionNo::new(row.get("winner").expect("a number"));
                    let won = versions.iter().find(|version| version.id.version == winner).expect("it won");
                    self.settled.insert(no, won.unit);
                    let settlement = Settlement {
                        kept: bytes(row, "kept"),
                        main_chain_index: optional(row, "mci"),
                        charged_tps_fee: optional(row, "charged_tps_fee")
                            .map(|fee| Bytes::new(fee).expect("an amount")),
                        ..settlement(won, &all, at)
                    };
                    self.note(at.as_millis(), 4, Record::Changed(Box::new(Change::Settled(settlement))));
                }
                "dead" => {
                    self.note(at.as_millis(), 4, Record::Changed(Box::new(Change::SlotDied { slot: no, at })))
                }
                _ => {}
            }
        });
    }

    fn read_versions(&mut self, connection: &Connection, slot: SlotNo) -> Vec<Version> {
        let query = format!(
            "SELECT versions.*, min(
                 (SELECT max(last_at) FROM version_answers WHERE version = versions.id),
                 coalesce(closed_at, {})) AS answered_at
             FROM versions JOIN slots ON slots.endpoint = versions.endpoint AND slots.no = versions.slot
             WHERE versions.endpoint = 'test' AND slot = {} ORDER BY version",
            i64::MAX,
            slot.get()
        );
        let mut versions = Vec::new();
        for_each(connection, &query, |row| {
            let id: i64 = row.get("id").expect("a number");
            let unit: UnitHash = text(row, "unit");
            let json: Arc<str> = row.get::<_, String>("json").expect("text").into();
            self.units.insert(unit, Arc::clone(&json));
            let change_id = CoinId {
                unit,
                message_index: row.get("change_message").expect("a number"),
                output_index: row.get("change_output").expect("a number"),
            };
            let version = Version {
                id: VersionId { slot, version: VersionNo::new(row.get("version").expect("a number")) },
                unit,
                json,
                inputs: inputs(connection, id),
                outputs: outputs(connection, id),
                change: Coin {
                    id: change_id,
                    amount: bytes(row, "change_amount"),
                    address: text(row, "change_address"),
                },
                fees: Fees { size: bytes(row, "size_fee"), tps: bytes(row, "tps_fee") },
                signed_at: Timestamp::from_millis(number(row, "signed_at")),
                status: VersionStatus::Journaled,
            };
            self.note_answer(row, version.id);
            versions.push(version);
        });
        versions
    }

    /// What a hub last said to a version before its slot was closed; what it says later changes nothing. What a
    /// proof said comes with its slot.
    fn note_answer(&mut self, row: &Row<'_>, version: VersionId) {
        let Some(at) = optional(row, "answered_at") else { return };
        let was_accepted = row.get::<_, Option<i64>>("accepted_no").expect("a number").is_some();
        let code: String = row.get("status").expect("text");
        let status = VersionStatus::from_code(&code).expect("a status");
        let status = match status {
            VersionStatus::Final | VersionStatus::Dead if was_accepted => VersionStatus::Accepted,
            VersionStatus::Final | VersionStatus::Dead => VersionStatus::Unknown,
            status => status,
        };
        let change =
            Change::Answered { version, status, answer: String::new(), at: Timestamp::from_millis(at) };
        self.note(at, 3, Record::Changed(Box::new(change)));
    }

    /// The opening of a slot and its further versions; tells all payouts that were ever in it.
    fn note_versions(&mut self, no: SlotNo, anchor: Coin, versions: &[Version]) -> BTreeSet<PayoutId> {
        let mut all = BTreeSet::new();
        for version in versions {
            let new = version.outputs.iter().map(|output| output.payout).filter(|payout| all.insert(*payout));
            let appended: Vec<Payout> = new.map(|payout| self.payouts[&payout]).collect();
            let version = version.clone();
            let at = version.signed_at.as_millis();
            let change = match version.id.version.get() {
                0 => Change::SlotOpened(Slot { no, anchor, payouts: appended, versions: vec![version] }),
                _ => Change::VersionAdded { version, appended },
            };
            self.note(at, 2, Record::Changed(Box::new(change)));
        }
        all
    }
}

fn slot_of(record: &Record) -> Option<SlotNo> {
    let Record::Changed(change) = record else { return None };
    match &**change {
        Change::SlotOpened(slot) => Some(slot.no),
        Change::VersionAdded { version, .. } => Some(version.id.slot),
        Change::Answered { version, .. } => Some(version.slot),
        Change::Settled(settlement) => Some(settlement.version.slot),
        Change::SlotDied { slot, .. } => Some(*slot),
        _ => None,
    }
}

fn settlement(won: &Version, all: &BTreeSet<PayoutId>, at: Timestamp) -> Settlement {
    Settlement {
        version: won.id,
        unit: won.unit,
        paid: won.outputs.iter().map(|output| output.payout).collect(),
        freed: all.iter().copied().filter(|payout| !won.pays(*payout)).collect(),
        kept: Bytes::ZERO,
        spent: won.inputs.clone(),
        change: won.change,
        main_chain_index: None,
        charged_tps_fee: None,
        at,
    }
}

fn inputs(connection: &Connection, version: i64) -> Vec<Coin> {
    let query = format!("SELECT * FROM version_inputs WHERE version = {version} ORDER BY position");
    let mut inputs = Vec::new();
    for_each(connection, &query, |row| inputs.push(coin(row)));
    inputs
}

fn outputs(connection: &Connection, version: i64) -> Vec<PaidOutput> {
    let query = format!("SELECT * FROM version_outputs WHERE version = {version} ORDER BY position");
    let mut outputs = Vec::new();
    for_each(connection, &query, |row| {
        let payout = PayoutId::new(row.get("payout").expect("a number"));
        outputs.push(PaidOutput { payout, output_index: row.get("output_index").expect("a number") });
    });
    outputs
}

fn for_each(connection: &Connection, query: &str, mut each: impl FnMut(&Row<'_>)) {
    let mut statement = connection.prepare_cached(query).expect("the schema is known");
    let mut rows = statement.query([]).expect("it can be read");
    while let Some(row) = rows.next().expect("it can be read") {
        each(row);
    }
}

fn coin(row: &Row<'_>) -> Coin {
    let id = CoinId {
        unit: text(row, "unit"),
        message_index: row.get("message_index").expect("a number"),
        output_index: row.get("output_index").expect("a number"),
    };
    Coin { id, amount: bytes(row, "amount"), address: text(row, "address") }
}

fn number(row: &Row<'_>, column: &str) -> u64 {
    optional(row, column).expect("a number")
}

fn optional(row: &Row<'_>, column: &str) -> Option<u64> {
    let number: Option<i64> = row.get(column).expect("a number");
    number.map(|number| number.try_into().expect("not below zero"))
}

fn bytes(row: &Row<'_>, column: &str) -> Bytes {
    Bytes::new(number(row, column)).expect("an amount")
}

fn text<T: FromStr<Err: std::fmt::Debug>>(row: &Row<'_>, column: &str) -> T {
    row.get::<_, String>(column).expect("text").parse().expect("it was written so")
}
