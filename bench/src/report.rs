//! Rows as JSON.

use serde_json::{Value, json};

use crate::row::Row;

/// All that is known of a row.
pub fn row(row: &Row) -> Value {
    let kind = match row.load {
        crate::load::Load::Open { rate } => json!({"open": rate}),
        crate::load::Load::Closed { clients } => json!({"closed": clients}),
    };
    let millis = |duration: std::time::Duration| duration.as_secs_f64() * 1e3;
    json!({
        "load": kind,
        "seconds": row.duration.as_secs_f64(),
        "paid": row.paid,
        "paid_per_second": row.paid_per_second,
        "median_ms": row.median.map(millis),
        "p99_ms": row.p99.map(millis),
        "errors": row.errors,
        "pending": row.pending,
        "pending_paid_later": row.paid_late,
        "failures": row.failures,
        "units": row.units,
        "units_per_second": row.units_per_second,
        "outputs_per_unit": row.outputs_per_unit,
        "network_fee_per_payout": row.costs.and_then(|costs| costs.per_payout()),
        "prepaid_tps_fee_per_payout": row.costs.and_then(|costs| costs.prepaid_per_payout()),
        "units_with_unknown_fee": row.costs.map(|costs| costs.units_unknown),
        "server_peak_memory_bytes": row.usage.server_memory,
        "server_cpu": row.usage.server_cpu,
        "load_cpu": row.usage.own_cpu,
        "other_cpu": row.usage.other_cpu,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::load::Load;
    use crate::row::Usage;
    use crate::tally::Tally;

    #[test]
    fn what_was_not_measured_is_null() {
        let tally = Tally::default();
        let row =
            row(&Row::new(Load::Open { rate: 5 }, Duration::from_secs(2), tally, None, Usage::default()));
        assert_eq!(row["load"], json!({"open": 5}));
        assert_eq!(row["seconds"], 2.0);
        for empty in ["median_ms", "network_fee_per_payout", "server_cpu", "outputs_per_unit"] {
            assert_eq!(row.get(empty), Some(&Value::Null), "{empty}");
        }
    }
}
