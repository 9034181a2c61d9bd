//! Reading a payout from its columns.

use payout::{Issue, Payee, Payout, PayoutId, TextcoinNo};

use crate::StoreError;
use crate::sqlite::codec::Fields;

/// A payout, from its `id`, `address`, `amount`, `queued_at`, `textcoin`, `generation`, `counter` and
/// `claim_reserve`.
pub(in crate::sqlite) fn payout(fields: &Fields<'_>) -> Result<Payout, StoreError> {
    Ok(Payout {
        id: PayoutId::new(fields.plain("id")?),
        payee: payee(fields)?,
        amount: fields.bytes("amount")?,
        queued_at: fields.time("queued_at")?,
    })
}

/// Who is paid, from the columns of [`payout`].
pub(in crate::sqlite) fn payee(fields: &Fields<'_>) -> Result<Payee, StoreError> {
    if !fields.plain::<bool>("textcoin")? {
        return fields.text("address").map(Payee::Address);
    }
    if fields.plain::<Option<i64>>("counter")?.is_none() {
        return Ok(Payee::Textcoin(None));
    }
    let no = TextcoinNo { generation: fields.number("generation")?, counter: fields.number("counter")? };
    let (address, reserve) = (fields.text("address")?, fields.bytes("claim_reserve")?);
    Ok(Payee::Textcoin(Some(Issue { no, address, reserve })))
}
