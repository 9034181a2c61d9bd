//! A queue that is paid after an outage of the hub.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;

use crate::layout::{Layout, Section, megabytes, number, percent};
use crate::load::{drained, fill};
use crate::options::{Fees, Options};
use crate::row::Watch;
use crate::stage::Stage;
use crate::table::disturbance;

/// Clients that report purchases during the outage; each waits until its answer is due.
const CLIENTS: u64 = 4000;
/// What the queue takes beyond the payouts that are to wait in it.
const SPARE: u64 = 1000;
/// How long paying the queue may take.
const LIMIT: Duration = Duration::from_secs(3600);

const LAYOUT: Layout = Layout(&[
    ("queued", 9),
    ("outage s", 10),
    ("first paid s", 14),
    ("all paid s", 12),
    ("payouts/s", 11),
    ("units", 7),
    ("outputs/unit", 14),
    ("fee/payout", 12),
    ("prepaid/payout", 16),
    ("peak MB", 9),
    ("server CPU", 12),
]);

pub(super) async fn run(payouts: u64, fees: Fees, options: &Options) -> anyhow::Result<Section> {
    let mut stage = Stage::apart(options, fees, Some(payouts + SPARE)).await?;
    stage.subject.warm_up().await?;
    println!("the hub goes; {payouts} purchases are reported meanwhile\n");
    stage.stop_devnet().await?;
    let begun = Instant::now();
    let mut filled = fill(payouts, CLIENTS, &stage.subject.caller).await;
    ensure!(filled.paid == 0, "{} purchases were paid without a hub", filled.paid);
    filled.pending.sort_unstable();
    let queued = filled.pending.len() as u64;
    let watch = Watch::begin(stage.subject.process)?;
    stage.start_devnet().await?;
    let outage = begun.elapsed();
    let drained = drained(&stage.subject.caller, &filled.pending, LIMIT).await?;
    let usage = watch.end()?;
    stage.subject.reconnect().await?;
    let costs = stage.subject.costs(&drained.units).await?;
    let units = drained.units.len();
    // Until the first of it is paid the server only waits to try the connection again.
    let paying = drained.last.saturating_sub(drained.first).as_secs_f64();
    let cells = vec![
        queued.to_string(),
        number(Some(outage.as_secs_f64()), 1),
        number(Some(drained.first.as_secs_f64()), 2),
        number(Some(drained.last.as_secs_f64()), 2),
        number((paying > 0.0).then(|| queued as f64 / paying), 0),
        units.to_string(),
        number((units > 0).then(|| queued as f64 / units as f64), 1),
        number(costs.and_then(|costs| costs.per_payout()), 1),
        number(costs.and_then(|costs| costs.prepaid_per_payout()), 1),
        megabytes(usage.server_memory),
        percent(usage.server_cpu),
    ];
    println!("{}\n{}", LAYOUT.head(), LAYOUT.line(&cells));
    let mut notes: Vec<_> = filled.failures.iter().map(|(text, times)| format!("{times} x {text}")).collect();
    let unknown = costs.map_or(0, |costs| costs.units_unknown);
    if unknown > 0 {
        notes.push(format!("{unknown} units were not stable in time; fees are those of the others"));
    }
    notes.extend(disturbance(&usage));
    notes.iter().for_each(|note| println!("    {note}"));
    let facts = stage.facts.clone();
    stage.end().await?;
    Ok(Section {
        title: format!("A queue of {payouts} payouts after an outage of the hub, fees {}", fees.name()),
        layout: LAYOUT,
        rows: vec![cells],
        notes,
        data: json!({
            "kind": "drain",
            "server": facts,
            "queued": queued,
            "outage_seconds": outage.as_secs_f64(),
            "first_paid_seconds": drained.first.as_secs_f64(),
            "all_paid_seconds": drained.last.as_secs_f64(),
            "units": units,
            "network_fee_per_payout": costs.and_then(|costs| costs.per_payout()),
            "prepaid_tps_fee_per_payout": costs.and_then(|costs| costs.prepaid_per_payout()),
            "server_peak_memory_bytes": usage.server_memory,
            "server_cpu": usage.server_cpu,
        }),
    })
}
