//! What answers say.

use super::Case;
use crate::client::Client;
use crate::probe::{Probe, each, in_time};
use crate::reply::Answer;
use crate::sale::Sale;
use crate::stop::{Judged, expect, fail};

pub(super) const CASES: &[Case] = &[
    Case { details: &["C3"], name: "every decision of the API has status 200", run: refusals },
    Case { details: &["C12"], name: "no error holds a copy of the input", run: no_copy },
    Case {
        details: &["C13", "C14", "C15"],
        name: "ok comes with an amount in bytes and a unit",
        run: ok_fields,
    },
];

/// What is known only at the end.
pub(super) const LAST: &[Case] =
    &[Case { details: &["C4"], name: "every answer came before clients give up", run: in_good_time }];

fn refusals(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let changes = [
        ("partner_key", "wrong-key"),
        ("order_id", ""),
        ("customer", ""),
        ("address", ""),
        ("address", "nobody"),
        ("currency", ""),
        ("currency", "XXX"),
        ("currency_amount", "much"),
        ("partner_cashback_percentage", "101"),
        ("purchase_unit", "not a unit"),
    ];
    each(&changes, |(field, value)| {
        probe.refused(&Client::wordpress(), &sale.clone().with(field, value)).map(|_| ())
    })?;
    let reply = Client::gateway().send(&probe.options.target, "POST", &probe.path, b"{broken");
    probe.exchange_bytes(&reply.bytes)?.judge().map(|_| ()).map_err(|stop| stop.at("broken JSON"))?;
    let reply = Client::plugin().send(&probe.options.target, "POST", &probe.path, b"");
    probe.exchange_bytes(&reply.bytes)?.judge().map(|_| ()).map_err(|stop| stop.at("no body"))
}

/// Looked for in answers, in any case and encoding that leaves letters alone.
const MARKER: &str = "zqxj";

fn no_copy(probe: &Probe<'_>) -> Judged<()> {
    let values = [
        MARKER.to_owned(),
        format!("<b>{MARKER}</b>\r\n\"{MARKER}\""),
        format!("{MARKER}@{MARKER}"),
        format!("1{MARKER}"),
        format!("{MARKER}-").repeat(100),
    ];
    let refused = [
        "partner",
        "partner_key",
        "address",
        "currency",
        "currency_amount",
        "partner_cashback_percentage",
        "purchase_unit",
    ];
    // What is fine by itself, so that something else must be wrong.
    let free = ["customer", "order_id", "description", "merchant"];
    for value in &values {
        each(&refused, |field| without_marker(probe, &probe.sale().with(field, value)))?;
        each(&free, |field| without_marker(probe, &probe.sale().with("currency", "XXX").with(field, value)))?;
    }
    let order = format!("{} {MARKER}", probe.order());
    let sale = probe.sale().with("order_id", order);
    probe.paid(&Client::wordpress(), &sale)?;
    without_marker(probe, &sale.with("currency_amount", "9"))
}

fn without_marker(probe: &Probe<'_>, sale: &Sale) -> Judged<()> {
    let reply = probe.exchange_bytes(&probe.request(&Client::wordpress(), sale).bytes)?;
    if let Answer::Paid(paid) = reply.judge()? {
        return fail(format!("expected a refusal, {} bytes were paid", paid.amount));
    }
    let whole = format!("{:?}{}", reply.headers, reply.text()).to_ascii_lowercase();
    expect(!whole.contains(MARKER), "an answer without a copy of the input", reply.text())
}

fn ok_fields(probe: &Probe<'_>) -> Judged<()> {
    // What is promised for every ok is judged wherever one comes.
    probe.paid(&Client::wordpress(), &probe.sale()).map(|_| ())
}

fn in_good_time(probe: &Probe<'_>) -> Judged<()> {
    let (slowest, count) = probe.slowest();
    let came = format!("{} ms for the slowest of {count}", slowest.as_millis());
    expect(in_time(slowest), "each within 4.5 s", came)
}
