//! Rules about the header of a unit that is to be posted.

use super::fields::Fields;
use super::js::{has_only, is_address, is_positive_integer, nonempty_array};
use super::{Checked, Invalid};
use crate::fee::{ThresholdSize, oversize_fee};
use crate::unit::{Format, Payload, Unit, integer};
use crate::{Network, size};
use serde_json::Value;

/// The most parents of a unit.
const MAX_PARENTS: usize = 16;

/// Who earns the headers commissions: named where several sign, in order, and all of it (4.7).
pub fn recipients(unit: &Unit) -> Checked {
    check_recipients(unit.into())
}

pub(super) fn check_recipients(unit: Fields<'_>) -> Checked {
    const FIELD: &str = "earned_headers_commission_recipients";
    if unit.is_stripped() {
        return Ok(());
    }
    let Some(recipients) = unit.all.get(FIELD) else {
        return match unit.authors().len() {
            1 => Ok(()),
            _ => Err(Invalid::unit(format!("must specify {FIELD} when more than 1 author"))),
        };
    };
    let recipients =
        nonempty_array(Some(recipients)).ok_or_else(|| Invalid::unit(format!("empty {FIELD} array")))?;
    let mut total = 0u64;
    let mut previous = "";
    for recipient in recipients {
        let share = recipient.get("earned_headers_commission_share");
        if !is_positive_integer(share) {
            return Err(Invalid::unit("earned_headers_commission_share must be positive integer"));
        }
        let known = ["address", "earned_headers_commission_share"];
        if !recipient.as_object().is_some_and(|recipient| has_only(recipient, &known)) {
            return Err(Invalid::unit("unknown fields in recipient"));
        }
        if !is_address(recipient.get("address")) {
            return Err(Invalid::unit("invalid recipient address checksum"));
        }
        let address = recipient["address"].as_str().unwrap_or_default();
        if address <= previous {
            return Err(Invalid::unit("recipient list must be sorted by address"));
        }
        previous = address;
        total = total.saturating_add(share.and_then(integer).unwrap_or_default());
    }
    if total != 100 {
        return Err(Invalid::unit("sum of earned_headers_commission_share is not 100"));
    }
    Ok(())
}

/// Parents are few and in order (4.8).
pub fn parents(unit: &Unit) -> Checked {
    let parents = unit.parents();
    if parents.len() > MAX_PARENTS {
        return Err(Invalid::unit(format!("too many parents: {}", parents.len())));
    }
    if !parents.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(Invalid::unit("parent units not ordered"));
    }
    Ok(())
}

/// New units are of version 4.0 and have what that version demands.
pub fn format(unit: &Unit) -> Checked {
    let fields = unit.fields();
    if unit.format() != Format::V4 {
        let since = match unit.network() {
            Network::Livenet => 10_968_000,
            Network::Testnet => 3_522_600,
            Network::Devnet => 0,
        };
        return Err(Invalid::unit(format!("version 4.0 should be used since mci {since}")));
    }
    if fields.contains_key("witnesses") {
        return Err(Invalid::unit("should have no per-unit witnesses since version 4.0"));
    }
    if fields.contains_key("witness_list_unit") {
        return Err(Invalid::unit("should have no witness_list_unit since version 4.0"));
    }
    Ok(())
}

/// The fee for being large is exact, absent where it is zero, and the TPS fee is there (4.6).
pub fn oversize(unit: &Unit, threshold: ThresholdSize) -> Checked {
    if unit.is_stripped() {
        return Ok(());
    }
    let found = unit.fields().get("oversize_fee");
    let print = || found.map_or_else(|| "undefined".to_owned(), Value::to_string);
    match oversize_fee(size::size_for_oversize(unit), threshold) {
        Some(expected) if expected == unit.oversize_fee() => {}
        Some(expected) if expected.is_zero() => {
            return Err(Invalid::joint("zero oversize fee should be omitted"));
        }
        expected => {
            let expected = expected.map_or_else(|| "more than exists".to_owned(), |fee| fee.to_string());
            return Err(Invalid::joint(format!(
                "oversize_fee mismatch: expected {expected}, found {}",
                print()
            )));
        }
    }
    if unit.tps_fee().is_none() {
        return Err(Invalid::unit("no tps_fee field"));
    }
    Ok(())
}

/// Somebody is paid by a public payment.
pub fn outputs_present(unit: &Unit) -> Checked {
    let pays = unit.messages().iter().any(|message| match &message.payload {
        Payload::Payment(_) => true,
        Payload::Inline(_) => message.app == "payment",
        Payload::Elsewhere => false,
    });
    if pays || unit.is_stripped() {
        Ok(())
    } else {
        Err(Invalid::unit("no output addresses found in payment messages"))
    }
}
