//! How payers, hubs and books stand when somebody asks.

use ledger::{Account, Book, Purse};
use obyte_hub::HubStats;

use super::sheet::Sheet;
use super::{Watched, process, whole};
use crate::alerts::Thresholds;
use crate::payer::PayerStatus;

/// The accounts that are shown: none of a partner.
const ACCOUNTS: [(Account, &str); 6] = [
    (Account::Fund, "fund"),
    (Account::Owed, "owed"),
    (Account::FeeReserve, "fee_reserve"),
    (Account::NetworkFees, "network_fees"),
    (Account::Paid, "paid"),
    (Account::Withdrawn, "withdrawn"),
];

/// Notes how all of them stand.
pub(super) async fn look(sheet: &Sheet, watched: &[Watched]) {
    let payers = |watched: &Watched| (watched.endpoint.code(), watched.payer.status());
    note_payers(sheet, &watched.iter().map(payers).collect::<Vec<_>>());
    let hubs = |watched: &Watched| (watched.endpoint.code(), watched.hubs.stats());
    note_hubs(sheet, &watched.iter().map(hubs).collect::<Vec<_>>(), process::now_seconds());
    let mut books = Vec::new();
    for Watched { endpoint, store, alerts, .. } in watched {
        match store.balances(*endpoint).await {
            Ok(book) => books.push((endpoint.code(), book, *alerts)),
            Err(error) => {
                tracing::warn!(%endpoint, %error, "the metrics lack the book, which cannot be read")
            }
        }
    }
    note_books(sheet, &books);
}

fn note_payers(sheet: &Sheet, payers: &[(&str, PayerStatus)]) {
    type Figure = (&'static str, &'static str, fn(&PayerStatus) -> i64);
    let figures: [Figure; 6] = [
        ("bytesback_payer_queued_payouts", "Payouts that are owed and in no unit.", |status| {
            whole(status.queued as u64)
        }),
        ("bytesback_payer_open_slots", "Units on their way that are not proven yet.", |status| {
            whole(status.open_slots as u64)
        }),
        ("bytesback_payer_connected", "Whether the hub that is asked is connected.", |status| {
            i64::from(status.connected)
        }),
        ("bytesback_payer_synced", "Whether the wallet's history was proven since the start.", |status| {
            i64::from(status.synced)
        }),
        ("bytesback_payer_paused", "Whether paying was stopped for a person to look.", |status| {
            i64::from(status.paused.is_some())
        }),
        ("bytesback_payer_superseded", "Whether another process pays instead, for good.", |status| {
            i64::from(status.superseded)
        }),
    ];
    for (name, help, value) in figures {
        let figure = sheet.gauge(name, help, &["endpoint"]);
        for (endpoint, status) in payers {
            figure.with_label_values(&[*endpoint]).set(value(status));
        }
    }
}

fn note_hubs(sheet: &Sheet, hubs: &[(&str, Vec<HubStats>)], now: i64) {
    let labels = ["endpoint", "hub"];
    let posts = sheet.counter("bytesback_hub_posts_total", "Units posted to the hub.", &labels);
    let answers = sheet.counter("bytesback_hub_answers_total", "Questions that it answered.", &labels);
    let switches =
        sheet.counter("bytesback_hub_switches_total", "How often it was left for another hub.", &labels);
    let misbehaviours = sheet.counter(
        "bytesback_hub_misbehaviours_total",
        "What the hub was caught at: lied, stalled, or blocked our internet address.",
        &["endpoint", "hub", "kind"],
    );
    let connected = sheet.gauge("bytesback_hub_connected", "Whether the hub is connected.", &labels);
    let preferred = sheet.gauge("bytesback_hub_preferred", "Whether it is the hub that is asked.", &labels);
    let disgrace = sheet.gauge(
        "bytesback_hub_in_disgrace_until_timestamp_seconds",
        "Until when the hub is left alone for what it did; 0 where it is not.",
        &labels,
    );
    for (endpoint, hub) in
        hubs.iter().flat_map(|(endpoint, hubs)| hubs.iter().map(move |hub| (endpoint, hub)))
    {
        let of = [endpoint, hub.name.as_str()];
        posts.with_label_values(&of).inc_by(hub.posts);
        answers.with_label_values(&of).inc_by(hub.answers);
        switches.with_label_values(&of).inc_by(hub.switches);
        for (kind, count) in [("lied", hub.lies), ("stalled", hub.stalls), ("blocked", hub.blocks)] {
            misbehaviours.with_label_values(&[of[0], of[1], kind]).inc_by(count);
        }
        connected.with_label_values(&of).set(i64::from(hub.connected));
        preferred.with_label_values(&of).set(i64::from(hub.preferred));
        let until = now.saturating_add(whole(hub.left_alone_for.as_secs()));
        disgrace.with_label_values(&of).set(if hub.in_disgrace { until } else { 0 });
    }
}

fn note_books(sheet: &Sheet, books: &[(&str, Book, Thresholds)]) {
    let help = "What stands on an account of the book; deposits of partners are not shown.";
    let figure = sheet.gauge("bytesback_book_bytes", help, &["endpoint", "account"]);
    let help = "How many balances are below their threshold: of the fund at most one; deposits of partners.";
    let low = sheet.gauge("bytesback_low_balance", help, &["endpoint", "of"]);
    for (endpoint, book, thresholds) in books {
        let (fund, deposits): (Vec<_>, Vec<_>) =
            thresholds.low(book).into_iter().partition(|purse| *purse == Purse::Fund);
        for (of, count) in [("fund", fund.len()), ("deposits", deposits.len())] {
            low.with_label_values(&[*endpoint, of]).set(whole(count as u64));
        }
        for (account, name) in ACCOUNTS {
            let balance = i128::from(book.balance(account));
            figure.with_label_values(&[*endpoint, name]).set(balance.try_into().unwrap_or(i64::MAX));
        }
    }
}
