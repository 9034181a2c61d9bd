//! Who may report: said to nobody else.

use std::time::Duration;

use super::Case;
use crate::client::Client;
use crate::probe::{Probe, each};
use crate::sale::Sale;
use crate::stop::{Judged, expect};

pub(super) const CASES: &[Case] = &[
    Case { details: &["C41"], name: "whatever is wrong with the partner is answered alike", run: alike },
    Case { details: &["C29", "C41"], name: "an app without settings, null, is not authenticated", run: null },
    Case { details: &["C41"], name: "authentication comes before any field", run: order_of_checks },
    Case { details: &["C41"], name: "an unknown partner and a wrong key take as long", run: timing },
];

/// The body of the answer, to the byte.
fn body(probe: &Probe<'_>, client: &Client, sale: &Sale) -> Judged<Vec<u8>> {
    let reply = probe.exchange_bytes(&probe.request(client, sale).bytes)?;
    reply.judge()?;
    Ok(reply.body)
}

fn is_turned_away(probe: &Probe<'_>, client: &Client, sale: &Sale) -> Judged<()> {
    let wanted = body(probe, &Client::wordpress(), &probe.sale().with("partner_key", "wrong-key"))?;
    let came = body(probe, client, sale)?;
    let wanted = String::from_utf8_lossy(&wanted).into_owned();
    expect(came == wanted.as_bytes(), &wanted, String::from_utf8_lossy(&came))
}

fn alike(probe: &Probe<'_>) -> Judged<()> {
    let (sale, key) = (probe.sale(), &probe.options.partner.key);
    let wrong_case = key.to_ascii_uppercase();
    let cut = &key[..key.len().saturating_sub(1)];
    let pairs: [(&'static str, &str); 8] = [
        ("partner", "nobody-by-this-name"),
        ("partner", ""),
        ("partner", &probe.options.processor.name),
        ("partner", "a'--"),
        ("partner_key", ""),
        ("partner_key", cut),
        ("partner_key", "\u{0}"),
        ("partner_key", if wrong_case == *key { "other" } else { &wrong_case }),
    ];
    for (number, (field, value)) in pairs.into_iter().enumerate() {
        let sale = sale.clone().with(field, value);
        is_turned_away(probe, &Client::wordpress(), &sale)
            .map_err(|stop| stop.at(&format!("{field}, number {number}")))?;
    }
    for field in ["partner", "partner_key"] {
        is_turned_away(probe, &Client::wordpress(), &sale.clone().without(field))
            .map_err(|stop| stop.at(&format!("without {field}")))?;
    }
    is_turned_away(probe, &Client::telegram(), &sale.without("partner").without("partner_key"))
}

fn null(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("partner", "null").with("partner_key", "null").with("currency", "JPY");
    is_turned_away(probe, &Client::helper(), &sale)
}

fn order_of_checks(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe
        .sale()
        .with("address", "nobody")
        .with("currency", "XXX")
        .with("currency_amount", "-1")
        .with("order_id", "")
        .with("purchase_unit", "x");
    each(&["partner", "partner_key"], |field| {
        is_turned_away(probe, &Client::wordpress(), &sale.clone().with(field, "wrong-one"))
    })
}

/// So many of each, in turn.
const ROUNDS: usize = 25;
/// What an honest pair may differ in: a tenth of what a password hash takes.
const CLOSE: Duration = Duration::from_millis(5);

fn timing(probe: &Probe<'_>) -> Judged<()> {
    let unknown = probe.sale().with("partner", "nobody-by-this-name");
    let wrong = probe.sale().with("partner_key", "wrong-key");
    let (mut unknown_took, mut wrong_took) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (sale, took) in [(&unknown, &mut unknown_took), (&wrong, &mut wrong_took)] {
            took.push(probe.exchange_bytes(&probe.request(&Client::wordpress(), sale).bytes)?.took);
        }
    }
    let (unknown, wrong) = (median(unknown_took), median(wrong_took));
    let close = unknown.abs_diff(wrong) <= CLOSE || unknown.max(wrong) < unknown.min(wrong) * 2;
    expect(close, "medians within 5 ms or a factor of 2", format!("{unknown:?} and {wrong:?}"))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
