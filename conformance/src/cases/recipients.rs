//! The `address`, and the plus signs that some clients lose.

use super::Case;
use crate::client::Client;
use crate::probe::{Probe, each};
use crate::sale::Sale;
use crate::stop::{Judged, expect};

pub(super) const CASES: &[Case] = &[
    Case { details: &["C26"], name: "an address is checked by its checksum", run: checksum },
    Case { details: &["C26"], name: "what shops take for an address is refused", run: no_addresses },
    Case { details: &["C27"], name: "schemes and queries of QR codes are dropped", run: schemes },
    Case { details: &["C27"], name: "mailto: and a query are dropped from an e-mail address", run: mailto },
    Case { details: &["C28"], name: "a plus of an e-mail address is restored", run: email_plus },
    Case { details: &["C28"], name: "a plus of a purchase unit is restored", run: unit_plus },
    Case { details: &["C42"], name: "an e-mail address that was cut is refused", run: cut_email },
];

fn checksum(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let address = address_of(&sale);
    for at in [0, 7, 31] {
        let mut wrong = address.clone().into_bytes();
        wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
        probe.refused_saying(&["address"], &Client::wordpress(), &sale.clone().with("address", wrong))?;
    }
    let first = probe.paid(&Client::wordpress(), &sale)?;
    probe.replays(&Client::wordpress(), &sale.with("address", format!(" {address}\r\n")), &first)
}

fn no_addresses(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let address = address_of(&sale);
    let values = [
        "NO-SENDING-ADDRESS-ON-TEST-MODE",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        &address[1..],
        "textcoin?apple-banana",
        "@somebody",
        "null",
        "",
    ];
    each(&values, |value| {
        probe.refused_saying(&["address"], &Client::wordpress(), &sale.clone().with("address", value))
    })?;
    probe.refused_saying(&["address"], &Client::wordpress(), &sale.without("address"))
}

fn schemes(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let address = address_of(&sale);
    let first = probe.paid(&Client::helper(), &sale)?;
    let schemes = ["byteball:", "byteball-tn:", "obyte:", "obyte-tn:", "Byteball:", "OBYTE-TN:", ""];
    let queries = ["", "?amount=1000", "?amount=1000&asset=base"];
    for scheme in schemes {
        each(&queries, |query| {
            let uri = format!("{scheme}{address}{query}");
            probe.replays(&Client::helper(), &sale.clone().with("address", &uri), &first)?;
            probe.replays(&Client::wordpress(), &sale.clone().with("address", &uri), &first)
        })
        .map_err(|stop| stop.at(scheme))?;
    }
    Ok(())
}

fn mailto(probe: &Probe<'_>) -> Judged<()> {
    let mailbox = probe.mailbox()?;
    let sale = probe.sale();
    let plain = sale.clone().with("address", mailbox);
    each(&["mailto:", "MAILTO:"], |scheme| {
        let uri = sale.clone().with("address", format!("{scheme}{mailbox}?subject=x"));
        probe.alike((&Client::wordpress(), &plain), (&Client::helper(), &uri))
    })
}

fn email_plus(probe: &Probe<'_>) -> Judged<()> {
    let mailbox = probe.mailbox()?.replacen('@', "+b@", 1);
    let sale = probe.sale().with("address", mailbox);
    // Encoded as it should be; then as Angular leaves it, and glued together.
    let right = Client::wordpress();
    probe.alike((&right, &sale), (&Client::app(), &sale))?;
    probe.alike((&right, &sale), (&Client::helper(), &sale))
}

/// No unit of any network is known to have it; what counts is that it is understood as a unit.
const UNIT: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";

fn unit_plus(probe: &Probe<'_>) -> Judged<()> {
    let sale =
        probe.sale().with("currency", "GBYTE").with("currency_amount", "0.01").with("purchase_unit", UNIT);
    let right = probe.refused(&Client::wordpress(), &sale)?;
    let raw = probe.refused(&Client::app().complete(), &sale)?;
    expect(raw == right, &format!("the same answer as when it is encoded, {right:?}"), raw)?;
    each(&["oj8yEksX9Ubq7lLc", "not a unit", &UNIT.replace('+', "-"), &UNIT[1..]], |wrong| {
        let sale = sale.clone().with("purchase_unit", wrong);
        let text = probe.refused(&Client::wordpress(), &sale)?;
        expect(text.contains("purchase_unit"), "an error that says \"purchase_unit\"", &text)?;
        expect(text != right, "another error than for a unit", &text)
    })?;
    // The order id is still free.
    probe.paid(&Client::wordpress(), &sale.with("purchase_unit", "")).map(|_| ())
}

fn cut_email(probe: &Probe<'_>) -> Judged<()> {
    let cut =
        ["a.customer.with.a.long.name@exa", "a.customer@", "a.customer@example.", "@example.org", "a b@c d"];
    each(&cut, |address| {
        probe.refused_saying(&["address"], &Client::wordpress(), &probe.sale().with("address", address))
    })
}

fn address_of(sale: &Sale) -> String {
    let address = sale.fields().find(|(name, _)| *name == "address").map(|(_, value)| value);
    String::from_utf8_lossy(address.unwrap_or_default()).into_owned()
}
