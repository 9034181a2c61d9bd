//! The table of `docs/fees.md`.

use std::fmt::Write as _;

use super::network::{DEVNET, LIVENET};
use super::payer::{pay, pay_clients, pay_each_alone, usual};
use super::purchases::{Arrival, BEGIN, purchases};
use super::tally::Tally;

/// Purchases per second.
pub const RATES: [u64; 10] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
/// For how many minutes purchases come.
pub const MINUTES: u64 = 5;

/// Beside them, in one go: clients that buy again and again, and a queue after an outage.
const CROWDS: [usize; 2] = [128, 512];
const QUEUE: usize = 100_000;

const HEAD: &str = "\
| purchases/s | paid/s | units/s | payouts/unit | size | TPS fee | both | prepaid | p50 wait | p99 wait | a unit each |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";
const CROWDS_HEAD: &str = "\
| who | paid/s | units/s | payouts/unit | size | TPS fee | both | prepaid | p50 wait | p99 wait | above a ceiling |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// All tables, as Markdown.
pub fn tables() -> String {
    let mut text = String::new();
    for (model, interval) in [(LIVENET, 1), (DEVNET, 2)] {
        let title = format!("### {}, `tps_interval` {interval}:", model.name);
        for (arrival, how) in [(Arrival::AtRandom, "at random"), (Arrival::Evenly, "evenly")] {
            let _ = write!(text, "{title} purchases {how}\n\n{HEAD}");
            for rate in RATES {
                let times = purchases(arrival, rate, 60 * MINUTES);
                let alone = whole(&pay_each_alone(model, &times));
                row(&mut text, &rate.to_string(), &pay(model, &usual(), &times), &alone);
            }
            text.push('\n');
        }
        let _ = write!(text, "{title} crowds\n\n{CROWDS_HEAD}");
        for clients in CROWDS {
            let tally = pay_clients(model, &usual(), clients, 60 * MINUTES);
            row(&mut text, &format!("{clients} clients"), &tally, &tally.in_vain.to_string());
        }
        let tally = pay(model, &usual(), &[BEGIN; QUEUE]);
        row(&mut text, "100,000 at once", &tally, &tally.in_vain.to_string());
        text.push('\n');
    }
    text
}

fn row(text: &mut String, name: &str, tally: &Tally, last: &str) {
    let (units, payouts) = (u128::from(tally.units), u128::from(tally.payouts));
    let per_second = |count: u128| tenths(count * 10_000 / u128::from(tally.length));
    let _ = writeln!(
        text,
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {last} |",
        per_second(payouts),
        per_second(units),
        tenths(payouts * 10 / units),
        tenths(tally.size_fees * 10 / payouts),
        tenths(tally.tps_fees * 10 / payouts),
        tenths(tally.tenths_per_payout()),
        tenths(tally.prepaid * 10 / payouts),
        time(tally.wait(500)),
        time(tally.wait(990)),
    );
}

fn time(millis: u64) -> String {
    if millis < 10_000 { format!("{millis} ms") } else { format!("{} s", millis / 1000) }
}

fn tenths(number: u128) -> String {
    format!("{}.{}", number / 10, number % 10)
}

fn whole(alone: &Tally) -> String {
    let bytes = alone.tenths_per_payout() / 10;
    if bytes < 1_000_000_000 { bytes.to_string() } else { "over 1 GBYTE".to_owned() }
}
