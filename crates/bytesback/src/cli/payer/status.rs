//! `payer status`.

use std::fmt::Write;
use std::time::Duration;

use ledger::{Account, Book};
use payout::Timestamp;
use serde_json::{Value, json};
use store::{Endpoint, Overview, PayerReport, Store};

use super::{Common, moment, pause_json};
use crate::cli::fund::low;
use crate::cli::people::{ago, count, date, in_groups, plain};
use crate::cli::withdrawal::purse;
use crate::clock::{Clock, SystemClock};
use crate::payer::REPORT_EVERY;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A payer that was not heard of for so long does not run.
const SILENT: u32 = 3;

pub(super) async fn status(common: &Common) -> anyhow::Result<()> {
    let store = common.data.open()?;
    let mut found = Vec::new();
    for endpoint in common.endpoints() {
        found.push(of(&*store, endpoint, SystemClock.now()).await?);
    }
    common.print(&found)
}

async fn of(store: &dyn Store, endpoint: Endpoint, now: Timestamp) -> anyhow::Result<(String, Value)> {
    let overview = store.overview(endpoint, now.minus(DAY)).await?;
    let book = store.balances(endpoint).await?;
    let partners = store.partners().await?;
    let low = low(store, endpoint, &book).await?;
    let low: Vec<_> = low.into_iter().map(|of| purse(of, &partners)).collect();
    Ok((text(endpoint, &overview, &book, &low, now)?, object(endpoint, &overview, &book, &low, now)))
}

/// What a payer that runs says of itself.
fn running(overview: &Overview, now: Timestamp) -> Option<&PayerReport> {
    let report = overview.report.as_ref()?;
    (report.running && now.since(report.at) < REPORT_EVERY * SILENT).then_some(report)
}

fn text(
    endpoint: Endpoint,
    overview: &Overview,
    book: &Book,
    low: &[String],
    now: Timestamp,
) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "{endpoint} endpoint")?;
    let mut line = |name: &str, text: String| writeln!(out, "  {name:<14} {text}");
    line("server", server(overview, now))?;
    if overview.pauses.is_empty() {
        line("paying", "not stopped".to_owned())?;
    }
    for pause in &overview.pauses {
        line("PAUSED", format!("since {}: {}", date(pause.since), plain(&pause.why.to_string())))?;
    }
    if overview.restoring {
        line("RESTORING", "every coin moves to a fresh address before anybody is paid".to_owned())?;
    }
    line("queue", waiting(overview.queued, "payout", overview.oldest_queued, now))?;
    if overview.held.payouts > 0 {
        line(
            "held",
            format!(
                "{}: see `bytesback purchase held` and `fund withdrawals --all`",
                waiting(overview.held.payouts, "payout", overview.held.oldest, now)
            ),
        )?;
    }
    line("open slots", waiting(overview.open_slots, "slot", overview.oldest_open, now))?;
    for account in [Account::Owed, Account::Fund, Account::FeeReserve] {
        line(&account.to_string(), format!("{} bytes", in_groups(book.balance(account))))?;
    }
    if !low.is_empty() {
        line("LOW", low.join(", "))?;
    }
    line("prepaid today", prepaid(overview))?;
    if let Some(last) = &overview.last_settled {
        line("last settled", format!("slot {}, unit {}", last.no, last.unit))?;
    }
    if let Some((alarm, at)) = overview.report.as_ref().and_then(|report| report.alarm.as_ref()) {
        line("last alarm", format!("{} ago: {}", ago(*at, now), plain(alarm)))?;
    }
    if let Some(oldest) = overview.reposts.first() {
        line("to post again", format!("wished {} ago, waits for the server", ago(oldest.asked_at, now)))?;
    }
    Ok(out)
}

fn server(overview: &Overview, now: Timestamp) -> String {
    match (&overview.report, running(overview, now)) {
        (_, Some(report)) => {
            let connected = if report.connected { "connected" } else { "NOT connected" };
            let synced = if report.synced { "history proven" } else { "history not proven yet" };
            format!("running, hub {} {connected}, {synced}", plain(&report.hub))
        }
        (Some(report), None) => format!("not running, last seen {}", date(report.at)),
        (None, None) => "not running, never seen".to_owned(),
    }
}

fn waiting(number: u64, what: &str, oldest: Option<Timestamp>, now: Timestamp) -> String {
    let age = oldest.map(|oldest| format!(", the oldest for {}", ago(oldest, now)));
    format!("{}{}", count(number, what), age.unwrap_or_default())
}

fn prepaid(overview: &Overview) -> String {
    let ceiling = overview.report.as_ref().map(|report| in_groups(report.tps_fee_per_day_max));
    let ceiling = ceiling.map(|most| format!(" of at most {most}")).unwrap_or_default();
    format!("{}{ceiling} bytes of TPS fees", in_groups(overview.prepaid))
}

fn object(endpoint: Endpoint, overview: &Overview, book: &Book, low: &[String], now: Timestamp) -> Value {
    let report = overview.report.as_ref();
    let alarm = report.and_then(|report| report.alarm.as_ref());
    json!({
        "endpoint": endpoint.code(),
        "running": running(overview, now).is_some(),
        "last_seen": report.map(|report| moment(report.at)),
        "hub": report.map(|report| &report.hub),
        "connected": running(overview, now).is_some_and(|report| report.connected),
        "synced": running(overview, now).is_some_and(|report| report.synced),
        "pauses": overview.pauses.iter().map(pause_json).collect::<Vec<_>>(),
        "queued": overview.queued,
        "oldest_queued": overview.oldest_queued.map(moment),
        "held": overview.held.payouts,
        "oldest_held": overview.held.oldest.map(moment),
        "restoring": overview.restoring,
        "open_slots": overview.open_slots,
        "oldest_open": overview.oldest_open.map(moment),
        "owed": book.balance(Account::Owed).get(),
        "fund": book.balance(Account::Fund).get(),
        "fee_reserve": book.balance(Account::FeeReserve).get(),
        "low": low,
        "prepaid_today": overview.prepaid,
        "prepaid_per_day_max": report.map(|report| report.tps_fee_per_day_max),
        "last_settled": overview.last_settled.as_ref().map(|last| json!({"slot": last.no, "unit": last.unit})),
        "last_alarm": alarm.map(|(text, at)| json!({"text": text, "when": moment(*at)})),
        "reposts_waiting": overview.reposts.len(),
    })
}
