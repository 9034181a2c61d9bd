//! Customers, descriptions, merchants, and bodies that are written badly.

use super::Case;
use crate::client::Client;
use crate::probe::{Probe, each};
use crate::stop::{Judged, expect};

pub(super) const CASES: &[Case] = &[
    Case { details: &["C17"], name: "a guest, customer 0, is paid every time", run: guests },
    Case { details: &["C18"], name: "a customer without history is paid", run: random_customer },
    Case { details: &["C19"], name: "a customer may be Cyrillic, None, and very long", run: customers },
    Case { details: &["C24"], name: "a description is free text of any length", run: descriptions },
    Case { details: &["C25"], name: "a merchant is optional and free text", run: merchants },
    Case { details: &["C29"], name: "unencoded bodies are read", run: glued },
    Case { details: &["C29"], name: "unknown fields are ignored", run: unknown_fields },
    Case { details: &["C30"], name: "partner and key survive clients that do not encode", run: alphabet },
    Case { details: &["API"], name: "of a repeated field the last counts", run: repeated },
];

fn guests(probe: &Probe<'_>) -> Judged<()> {
    for _ in 0..3 {
        probe.paid(&Client::wordpress(), &probe.sale().with("customer", "0"))?;
    }
    Ok(())
}

fn random_customer(probe: &Probe<'_>) -> Judged<()> {
    each(&["S1x9KqbZm", "H1-_Zk0"], |customer| {
        probe.paid(&Client::app(), &probe.sale().with("customer", customer)).map(|_| ())
    })
}

fn customers(probe: &Probe<'_>) -> Judged<()> {
    let long = ["я".repeat(255), "x".repeat(10_000)];
    each(
        &["Иван Петров None", "None", "First Last user", "\u{1F355} 'x'", &long[0], &long[1]],
        |customer| probe.paid(&Client::telegram(), &probe.sale().with("customer", customer)).map(|_| ()),
    )
}

fn descriptions(probe: &Probe<'_>) -> Judged<()> {
    let receipt = "ООО \"Ромашка\"\r\nКАССОВЫЙ ЧЕК\r\nИТОГ = 1490.00\t\u{1F9FE}";
    let sale = probe.sale().with("description", receipt);
    let first = probe.paid(&Client::telegram(), &sale)?;
    // It is no term of the purchase: another one changes nothing.
    let long = "строка\n".repeat(1500);
    each(&["", "Error", "<b>", &long, "\u{0}"], |description| {
        probe.replays(&Client::telegram(), &sale.clone().with("description", description), &first)
    })?;
    let not_text = sale.clone().with("description", b"\xFF\xFE\xD0");
    probe
        .replays(&Client::telegram(), &not_text, &first)
        .map_err(|stop| stop.at("bytes that are no UTF-8"))?;
    probe.replays(&Client::telegram(), &sale.without("description"), &first)
}

fn merchants(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("merchant", "7707083893 99");
    let first = probe.paid(&Client::telegram(), &sale)?;
    each(&["", "7707083893", "ООО Ромашка"], |merchant| {
        probe.replays(&Client::telegram(), &sale.clone().with("merchant", merchant), &first)
    })?;
    probe.replays(&Client::telegram(), &sale.without("merchant"), &first)
}

fn glued(probe: &Probe<'_>) -> Judged<()> {
    let order = probe.order();
    let sale = probe
        .sale()
        .with("customer", "山田 太郎")
        .with("order_id", format!(" 5% off {order} & more #7 "))
        .with("description", "fish & chips = 100% + tip\n2 lines")
        .with("merchant", "");
    let first = probe.paid(&Client::helper(), &sale)?;
    // What it was understood as, from a client that encodes.
    probe.replays(&Client::wordpress(), &sale.with("order_id", format!("5% off {order}")), &first)
}

fn unknown_fields(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let more = sale.clone().and("secret_key", "x").and("PARTNER", "y").and("", "z").after("order", "1");
    let first = probe.paid(&Client::plugin(), &more)?;
    probe.replays(&Client::plugin(), &sale, &first)?;
    probe.replays(&Client::gateway(), &sale.and("extra", "x"), &first)
}

fn alphabet(probe: &Probe<'_>) -> Judged<()> {
    let credentials = &probe.options.partner;
    for text in [&credentials.name, &credentials.key] {
        let good = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let fits = (5..=100).contains(&text.len());
        expect(good && fits, "5 to 100 letters, digits, _ and - in name and key", "others")?;
    }
    Ok(())
}

fn repeated(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let twice =
        sale.clone().after("currency_amount", "2.00").after("partner", "nobody").after("order_id", "first");
    let first = probe.paid(&Client::plugin(), &twice)?;
    probe.replays(&Client::plugin(), &sale, &first)?;
    probe.refused_saying(&["order_id"], &Client::plugin(), &sale.and("currency_amount", "2.00"))
}
