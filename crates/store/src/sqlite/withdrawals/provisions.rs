//! How the server that was started last is configured.

use obyte::Bytes;
use rusqlite::{Connection, params};

use crate::sqlite::codec::Fields;
use crate::{Endpoint, Provisions, StoreError};

pub(super) fn keep(
    connection: &Connection,
    endpoint: Endpoint,
    provisions: &Provisions,
) -> Result<(), StoreError> {
    let Provisions { fee_reserve, fund_reserve, low_fund, low_deposit, resends_per_day } = *provisions;
    connection
        .prepare_cached(
            "INSERT INTO provisions (endpoint, fee_reserve, fund_reserve, low_fund, low_deposit, resends_per_day)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET fee_reserve = excluded.fee_reserve,
                 fund_reserve = excluded.fund_reserve, low_fund = excluded.low_fund,
                 low_deposit = excluded.low_deposit,
                 resends_per_day = excluded.resends_per_day",
        )?
        .execute(params![
            endpoint.code(),
            i64::from(fee_reserve),
            i64::from(fund_reserve),
            low_fund.map(i64::from),
            low_deposit.map(i64::from),
            resends_per_day
        ])?;
    Ok(())
}

pub(in crate::sqlite) fn read(
    connection: &Connection,
    endpoint: Endpoint,
) -> Result<Option<Provisions>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM provisions WHERE endpoint = ?")?;
    let mut rows = statement.query([endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("provisions", row);
    let optional = |column| -> Result<Option<Bytes>, StoreError> {
        fields.plain::<Option<i64>>(column)?.map(|_| fields.bytes(column)).transpose()
    };
    Ok(Some(Provisions {
        fee_reserve: fields.bytes("fee_reserve")?,
        fund_reserve: fields.bytes("fund_reserve")?,
        low_fund: optional("low_fund")?,
        low_deposit: optional("low_deposit")?,
        resends_per_day: fields.plain("resends_per_day")?,
    }))
}
