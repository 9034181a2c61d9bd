//! Whether entries balance, and balances are their sums.

use std::collections::BTreeMap;

use ledger::{Account, SignedBytes};
use rusqlite::Connection;

use super::kept;
use crate::sqlite::codec::Fields;
use crate::{BookCheck, Difference, Endpoint, EntryId, StoreError};

/// One pass over all postings; what is wrong is listed, not an error.
pub(in crate::sqlite) fn verify(
    connection: &Connection,
    endpoint: Endpoint,
) -> Result<BookCheck, StoreError> {
    let mut check = BookCheck::default();
    let mut sums: BTreeMap<Account, i128> = BTreeMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT entries.id AS id, account, change FROM entries NOT INDEXED
         LEFT JOIN postings ON postings.entry = entries.id WHERE endpoint = ? ORDER BY entries.id",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut open: Option<Open> = None;
    while let Some(row) = rows.next()? {
        let fields = Fields::new("postings", row);
        let id = EntryId::new(fields.plain("id")?);
        if open.as_ref().is_none_or(|open| open.id != id) {
            close(&mut check, open.replace(Open { id, sum: 0, postings: 0 }));
        }
        let Some(account) = fields.optional_text::<Account>("account")? else { continue };
        let change = i128::from(fields.plain::<i64>("change")?);
        *sums.entry(account).or_default() += change;
        if let Some(open) = &mut open {
            open.sum += change;
            open.postings += 1;
        }
    }
    close(&mut check, open);
    compare(&mut check, &sums, &kept(connection, endpoint)?);
    Ok(check)
}

/// An entry whose postings are being read.
struct Open {
    id: EntryId,
    sum: i128,
    postings: u32,
}

fn close(check: &mut BookCheck, entry: Option<Open>) {
    let Some(entry) = entry else { return };
    check.entries += 1;
    if entry.sum != 0 || entry.postings == 0 {
        check.unbalanced.push(entry.id);
    }
}

pub(in crate::sqlite) fn compare(
    check: &mut BookCheck,
    sums: &BTreeMap<Account, i128>,
    kept: &BTreeMap<Account, SignedBytes>,
) {
    let mut accounts: Vec<Account> = sums.keys().chain(kept.keys()).copied().collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        let posted = sums.get(&account).copied().unwrap_or_default();
        let kept = kept.get(&account).copied().unwrap_or_default();
        if posted != i128::from(kept) {
            check.differences.push(Difference { account, posted, kept });
        }
        if kept.is_negative() && !account.may_be_negative() {
            check.below_zero.push(account);
        }
    }
}
