//! How payers, hubs and books stand when somebody asks.

use ledger::{Account, Book, Purse};
use obyte_hub::HubStats;
use payout::Timestamp;
use store::{HeldBacklog, StoreError, TextcoinCounts};

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
    let (mut books, mut held, mut textcoins) = (Vec::new(), Vec::new(), Vec::new());
    let now = Timestamp::from_millis(process::now_seconds().unsigned_abs().saturating_mul(1000));
    for one in watched {
        match stands(one, now).await {
            Ok((book, backlog, counts)) => {
                textcoins.push((one.endpoint.code(), counts));
                books.push((one.endpoint.code(), book, one.alerts));
                held.push((one.endpoint.code(), backlog));
            }
            Err(error) => {
                tracing::warn!(endpoint = %one.endpoint, %error, "the metrics lack the book, which cannot be read");
            }
        }
    }
    note_books(sheet, &books);
    note_held(sheet, &held, process::now_seconds());
    note_textcoins(sheet, &textcoins);
}

async fn stands(
    Watched { endpoint, store, .. }: &Watched,
    now: Timestamp,
) -> Result<(Book, HeldBacklog, TextcoinCounts), StoreError> {
    let counts = store.textcoin_counts(*endpoint, now).await?;
    Ok((store.balances(*endpoint).await?, store.held_backlog(*endpoint).await?, counts))
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

fn note_held(sheet: &Sheet, held: &[(&str, HeldBacklog)], now: i64) {
    let help = "Orders and withdrawals that are held until an operator decides.";
    let payouts = sheet.gauge("bytesback_held_payouts", help, &["endpoint"]);
    let help = "How long the oldest of what is held has waited; 0 where nothing is.";
    let oldest = sheet.gauge("bytesback_held_oldest_age_seconds", help, &["endpoint"]);
    for (endpoint, backlog) in held {
        payouts.with_label_values(&[*endpoint]).set(whole(backlog.payouts));
        let age = |since: Timestamp| now.saturating_sub(whole(since.as_millis() / 1000)).max(0);
        oldest.with_label_values(&[*endpoint]).set(backlog.oldest.map_or(0, age));
    }
}

fn note_textcoins(sheet: &Sheet, textcoins: &[(&str, TextcoinCounts)]) {
    let help = "Textcoins: open ones, those of them whose time is over and those that a unit takes back already; \
                those that are proven claimed or taken back; and, of all these, those of a lost database that were found. \
                Corrections of mistyped addresses that wait.";
    let figure = sheet.gauge("bytesback_textcoins", help, &["endpoint", "state"]);
    for (endpoint, counts) in textcoins {
        let TextcoinCounts { open, expired, swept, claimed, taken_back, found, corrections } = *counts;
        for (state, count) in [
            ("open", open),
            ("expired", expired),
            ("being_taken_back", swept),
            ("claimed", claimed),
            ("taken_back", taken_back),
            ("found", found),
            ("being_corrected", corrections),
        ] {
            figure.with_label_values(&[*endpoint, state]).set(whole(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sheet;

    #[test]
    fn what_is_held_is_counted_and_its_age_told() {
        let sheet = Sheet::default();
        let since = |millis| Some(Timestamp::from_millis(millis));
        let held =
            [("live", HeldBacklog { payouts: 3, oldest: since(40_999) }), ("test", HeldBacklog::default())];
        note_held(&sheet, &held, 100);
        let text = sheet::text(&sheet.into_registry().gather());
        for line in [
            r#"bytesback_held_payouts{endpoint="live"} 3"#,
            r#"bytesback_held_oldest_age_seconds{endpoint="live"} 60"#,
            r#"bytesback_held_payouts{endpoint="test"} 0"#,
            r#"bytesback_held_oldest_age_seconds{endpoint="test"} 0"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn textcoins_are_counted_by_how_they_stand() {
        let sheet = Sheet::default();
        let counts = TextcoinCounts {
            open: 5,
            expired: 2,
            swept: 1,
            claimed: 7,
            taken_back: 3,
            found: 4,
            corrections: 6,
        };
        note_textcoins(&sheet, &[("live", counts)]);
        let text = sheet::text(&sheet.into_registry().gather());
        for line in [
            r#"bytesback_textcoins{endpoint="live",state="open"} 5"#,
            r#"bytesback_textcoins{endpoint="live",state="being_taken_back"} 1"#,
            r#"bytesback_textcoins{endpoint="live",state="taken_back"} 3"#,
            r#"bytesback_textcoins{endpoint="live",state="found"} 4"#,
            r#"bytesback_textcoins{endpoint="live",state="being_corrected"} 6"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_age_below_zero() {
        let sheet = Sheet::default();
        let oldest = Some(Timestamp::from_millis(200_000));
        note_held(&sheet, &[("live", HeldBacklog { payouts: 1, oldest })], 100);
        let text = sheet::text(&sheet.into_registry().gather());
        assert!(text.contains("bytesback_held_oldest_age_seconds{endpoint=\"live\"} 0\n"), "{text}");
    }
}
