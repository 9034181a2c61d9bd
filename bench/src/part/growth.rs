//! Answer times as the database grows.

use std::time::Duration;

use serde_json::json;

use super::{ratio, times};
use crate::layout::{Layout, Section, megabytes, millis, number, percent};
use crate::load::{Load, fill, settle};
use crate::options::{Fees, Options};
use crate::row::Row;
use crate::stage::Stage;
use crate::{report, table};

/// The load under which answer times are measured, per second.
const RATE: u32 = 100;
/// Clients that fill the database in between.
const CLIENTS: u64 = 512;
/// How long purchases that are pending after filling may take.
const SETTLE: Duration = Duration::from_secs(600);

const LAYOUT: Layout = Layout(&[
    ("purchases", 10),
    ("filled at/s", 12),
    ("paid/s", 8),
    ("p50 ms", 8),
    ("p99 ms", 8),
    ("p50 grew", 10),
    ("p99 grew", 10),
    ("errors", 7),
    ("database MB", 12),
    ("peak MB", 8),
    ("server CPU", 11),
]);

pub(super) async fn run(purchases: u64, fees: Fees, options: &Options) -> anyhow::Result<Section> {
    let stage = Stage::apart(options, fees, None).await?;
    stage.subject.warm_up().await?;
    println!("{RATE} purchases per second, {} s for each row\n\n{}", options.seconds, LAYOUT.head());
    let lasting = Duration::from_secs(options.seconds.into());
    let (mut rows, mut notes, mut data) = (Vec::new(), Vec::new(), Vec::new());
    let mut empty: Option<Row> = None;
    for size in sizes(purchases) {
        let filled_at = fill_up(&stage, size).await;
        let (before, database) = (stage.subject.caller.numbers(), stage.database_size()?);
        let row = stage.subject.row(Load::Open { rate: RATE }, lasting).await?;
        let first = empty.get_or_insert_with(|| row.clone());
        let cells = vec![
            before.to_string(),
            number(filled_at, 0),
            number(Some(row.paid_per_second), 1),
            number(row.median.map(millis), 1),
            number(row.p99.map(millis), 1),
            times(ratio(first.median.map(millis), row.median.map(millis))),
            times(ratio(first.p99.map(millis), row.p99.map(millis))),
            row.errors.to_string(),
            megabytes(Some(database)),
            megabytes(row.usage.server_memory),
            percent(row.usage.server_cpu),
        ];
        println!("{}", LAYOUT.line(&cells));
        for note in table::notes(&row) {
            println!("    {note}");
            notes.push(format!("{before} purchases: {note}"));
        }
        rows.push(cells);
        data.push(json!({"purchases": before, "filled_per_second": filled_at, "database_bytes": database,
            "row": report::row(&row)}));
    }
    let facts = stage.facts.clone();
    stage.end().await?;
    Ok(Section {
        title: format!("{RATE} purchases per second on a growing database, fees {}", fees.name()),
        layout: LAYOUT,
        rows,
        notes,
        data: json!({"kind": "growth", "server": facts, "sizes": data}),
    })
}

/// Lets the database grow to so many purchases, all paid; says how many per second that were.
async fn fill_up(stage: &Stage, size: u64) -> Option<f64> {
    let caller = &stage.subject.caller;
    let missing = size.saturating_sub(caller.numbers());
    if missing == 0 {
        return None;
    }
    let mut tally = fill(missing, CLIENTS, caller).await;
    let per_second = tally.paid as f64 / tally.until.as_secs_f64();
    settle(caller, &mut tally, SETTLE).await;
    Some(per_second)
}

/// An empty database, a hundredth, a tenth, and all of it.
fn sizes(purchases: u64) -> Vec<u64> {
    let mut sizes = vec![0, purchases / 100, purchases / 10, purchases];
    sizes.dedup();
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_grows_in_steps_of_ten() {
        assert_eq!(sizes(1_000_000), [0, 10_000, 100_000, 1_000_000]);
        assert_eq!(sizes(5), [0, 5]);
    }
}
