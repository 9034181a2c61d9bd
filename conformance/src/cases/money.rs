//! Currencies, amounts, percentages.

use super::Case;
use crate::client::{Client, Request};
use crate::probe::{Probe, each, is_same};
use crate::reply::Answer;
use crate::sale::Sale;
use crate::stop::{Judged, expect, fail, skip};
use crate::target::Endpoint;

pub(super) const CASES: &[Case] = &[
    Case { details: &["C31"], name: "RUB is RUR, and the case of a currency does not count", run: rubles },
    Case {
        details: &["C31"],
        name: "units of bytes are refused with the list of currencies",
        run: byte_units,
    },
    Case { details: &["C32"], name: "JPY and CXP are refused with the list of currencies", run: unsupported },
    Case { details: &["C33"], name: "more GBYTE than exist are refused", run: above_supply },
    Case { details: &["C33"], name: "bytes sent as GBYTE are refused", run: bytes_as_gbyte },
    Case { details: &["C34", "C38"], name: "6.0E-5 GBYTE without a unit are paid", run: exponent },
    Case { details: &["C34"], name: "amounts count by their value", run: spellings },
    Case { details: &["C34"], name: "JSON numbers are read exactly, and null is missing", run: json_numbers },
    Case { details: &["C34"], name: "what is no amount is refused", run: no_amounts },
    Case { details: &["C34"], name: "a comma is never guessed", run: commas },
    Case { details: &["C35"], name: "no amount is an error and leaves the order free", run: empty_amount },
    Case { details: &["C36"], name: "an empty or missing percentage is zero", run: no_percentage },
    Case { details: &["C36"], name: "the partner's percentage is matched up to 10 points", run: matched },
    Case { details: &["C36"], name: "what is no percentage is refused", run: no_percentages },
    Case { details: &["C38"], name: "an empty or missing purchase unit is none", run: no_unit },
];

fn rubles(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("currency", "RUB").with("currency_amount", "100.00");
    let first = probe.paid(&Client::wordpress(), &sale)?;
    each(&["RUR", "rub", "Rur", " RUB "], |name| {
        probe.replays(&Client::telegram(), &sale.clone().with("currency", name), &first)
    })
}

fn refused_with_the_list(probe: &Probe<'_>, currencies: &[&str]) -> Judged<()> {
    let sale = probe.sale();
    each(currencies, |currency| {
        let sale = sale.clone().with("currency", currency).with("currency_amount", "0.5");
        probe.refused_saying(&["currency", "USD", "EUR", "RUR", "GBYTE", "BTC"], &Client::wordpress(), &sale)
    })?;
    probe.paid(&Client::wordpress(), &sale).map(|_| ())
}

fn byte_units(probe: &Probe<'_>) -> Judged<()> {
    refused_with_the_list(probe, &["B", "KB", "MB", "GB", "bytes"])
}

fn unsupported(probe: &Probe<'_>) -> Judged<()> {
    refused_with_the_list(probe, &["JPY", "CXP", "GBP", "null", "$"])
}

fn above_supply(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("currency", "GBYTE").with("currency_amount", "1250000000");
    probe.refused(&Client::plugin(), &sale).map(|_| ())
}

fn bytes_as_gbyte(probe: &Probe<'_>) -> Judged<()> {
    if probe.options.endpoint == Endpoint::Live {
        return skip("a server that does not refuse would pay a fortune");
    }
    if !probe.options.strict {
        return skip("only with --strict: a server that does not refuse pays 6000 GBYTE");
    }
    let sale = probe.sale().with("currency", "GBYTE").with("currency_amount", "60000");
    probe.refused_saying(&["bytes"], &Client::plugin(), &sale)
}

fn exponent(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("customer", "0").with("currency", "GBYTE").with("currency_amount", "6.0E-5");
    let first = probe.paid(&Client::wordpress(), &sale)?;
    expect(first.amount <= 60_000, "a part of 60000 bytes", first.amount)?;
    probe.replays(&Client::wordpress(), &sale.with("currency_amount", "0.00006"), &first)
}

fn spellings(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("currency_amount", "12.50");
    let first = probe.paid(&Client::wordpress(), &sale)?;
    each(&["12.5", "12.500000", "0012.5", "1.25E1", "1.25e+1", "1250e-2", "125E-1", " 12.5 "], |amount| {
        probe.replays(&Client::wordpress(), &sale.clone().with("currency_amount", amount), &first)
    })
}

fn json_numbers(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe
        .sale()
        .with("customer", "0")
        .with("currency", "BTC")
        .with("currency_amount", "0.00001")
        .with("description", "");
    let first = probe.paid(&Client::gateway(), &sale)?;
    each(&["1.0E-5", "1e-5", "0.000010", "0.00001"], |amount| {
        let reply = probe.exchange_bytes(&as_numbers(probe, &sale, amount).bytes)?;
        match reply.judge()? {
            Answer::Paid(again) => is_same(&again, &first),
            Answer::Error { text, .. } => fail(format!("expected the first answer again, came: {text}")),
        }
    })
}

/// The sale with bare numbers, null for what is empty, and more than is known.
fn as_numbers(probe: &Probe<'_>, sale: &Sale, amount: &str) -> Request {
    let mut body: Vec<String> = Vec::new();
    for (name, value) in sale.fields() {
        let text = serde_json::Value::from(String::from_utf8_lossy(value)).to_string();
        body.push(match name {
            "customer" => "\"customer\":0".to_owned(),
            "currency_amount" => format!("\"currency_amount\":{amount}"),
            "partner_cashback_percentage" => format!("\"{name}\": 0.0"),
            "description" | "purchase_unit" => format!("\"{name}\":null"),
            _ => format!("\"{name}\" : {text}"),
        });
    }
    let body = format!("{{{},\"extra\":{{\"a\":[1,true,null]}}}}", body.join(","));
    Client::gateway().send(&probe.options.target, "POST", &probe.path, body.as_bytes())
}

fn no_amounts(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let values = [
        "0",
        "0.00",
        "0e5",
        "-5",
        "-0.01",
        "NaN",
        "nan",
        "Infinity",
        "INF",
        "-INF",
        "0x10",
        "1e400",
        "1e",
        "e5",
        "1.2.3",
        "1 000",
        "$5",
        "5 USD",
        "null",
        "٣",
        "1_0",
        "+-1",
        ".",
        "1e99999999999999999999",
    ];
    each(&values, |amount| {
        let sale = sale.clone().with("currency_amount", amount);
        probe.refused_saying(&["currency_amount"], &Client::wordpress(), &sale)
    })?;
    probe.paid(&Client::wordpress(), &sale).map(|_| ())
}

fn commas(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    each(&["1,234", "12,5,0", "1,234.50", "1.234,50", ","], |amount| {
        let sale = sale.clone().with("currency_amount", amount);
        probe.refused_saying(&["currency_amount"], &Client::wordpress(), &sale)
    })?;
    let sale = sale.with("currency_amount", "2.5");
    let first = probe.paid(&Client::wordpress(), &sale)?;
    match probe.answer(&Client::wordpress(), &sale.with("currency_amount", "2,5"))? {
        Answer::Paid(again) => is_same(&again, &first),
        // To refuse it is as good.
        Answer::Error { .. } => Ok(()),
    }
}

fn empty_amount(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    each(&["", "0", " "], |amount| {
        let sale = sale.clone().with("currency_amount", amount);
        probe.refused_saying(&["currency_amount"], &Client::wordpress(), &sale)
    })?;
    probe.refused_saying(
        &["currency_amount"],
        &Client::wordpress(),
        &sale.clone().without("currency_amount"),
    )?;
    probe.paid(&Client::wordpress(), &sale).map(|_| ())
}

fn no_percentage(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("partner_cashback_percentage", "");
    let first = probe.paid(&Client::wordpress(), &sale)?;
    probe.replays(&Client::wordpress(), &sale.clone().with("partner_cashback_percentage", "0"), &first)?;
    probe.replays(&Client::telegram(), &sale.without("partner_cashback_percentage"), &first)
}

/// In GBYTE, so that no rate can change in between.
fn amount_with(probe: &Probe<'_>, percentage: &str) -> Judged<u64> {
    let sale = probe
        .sale()
        .with("currency", "GBYTE")
        .with("currency_amount", "0.001")
        .with("partner_cashback_percentage", percentage);
    match probe.paid(&Client::app(), &sale) {
        Err(stop) if stop.text().contains("deposit") => skip("the partner's deposit is too low"),
        other => other.map(|paid| paid.amount),
    }
}

fn matched(probe: &Probe<'_>) -> Judged<()> {
    let base = amount_with(probe, "0")?;
    // Of 1,000,000 bytes: the share of the partner, and the same again up to 10 points.
    each(&[("2.5", 50_000), ("10", 200_000), ("20", 300_000)], |(percentage, more)| {
        let amount = amount_with(probe, percentage)?;
        expect(amount == base + more, &format!("{} bytes", base + more), amount)
    })
}

fn no_percentages(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    each(&["-1", "101", "1000000", "NaN", "ten", "10%", "0x1", "1e9"], |percentage| {
        let sale = sale.clone().with("partner_cashback_percentage", percentage);
        probe.refused_saying(&["partner_cashback_percentage"], &Client::wordpress(), &sale)
    })?;
    probe.paid(&Client::wordpress(), &sale).map(|_| ())
}

fn no_unit(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::wordpress(), &sale)?;
    probe.replays(&Client::wordpress(), &sale.clone().with("purchase_unit", "  "), &first)?;
    probe.replays(&Client::app(), &sale, &first)
}
