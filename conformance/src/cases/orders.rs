//! Order ids: what is one purchase, and that it is paid once.

use std::thread;

use super::Case;
use crate::client::Client;
use crate::probe::{Probe, each, is_same};
use crate::reply::{Answer, Paid};
use crate::sale::Sale;
use crate::stop::{Judged, Stop, expect, fail};

pub(super) const CASES: &[Case] = &[
    Case { details: &["C20"], name: "order ids of a processor are per merchant", run: per_merchant },
    Case { details: &["C20"], name: "a processor must name the merchant", run: processor_without_merchant },
    Case { details: &["C20"], name: "a merchant does not part the orders of a shop", run: one_shop },
    Case { details: &["C21"], name: "order ids are free text", run: free_text },
    Case { details: &["C21"], name: "order ids are compared exactly, but for their ends", run: exactly },
    Case { details: &["C21"], name: "order ids above 255 characters are refused", run: too_long },
    Case {
        details: &["C22"],
        name: "the same order twice within milliseconds is paid once",
        run: double_fire,
    },
    Case { details: &["C23"], name: "a repetition is answered like the first time", run: repetition },
    Case { details: &["API"], name: "the same order with another value is an error", run: conflicts },
];

fn per_merchant(probe: &Probe<'_>) -> Judged<()> {
    probe.needs_processor()?;
    let sale = probe.processed();
    let (one, two) = (sale.clone().with("merchant", "shop 7"), sale.with("merchant", "shop 8"));
    let first = probe.paid(&Client::gateway(), &one)?;
    let second = probe.paid(&Client::gateway(), &two)?;
    expect(first.unit != second.unit || first.amount == second.amount, "two payments", &second.unit)?;
    probe.replays(&Client::plugin(), &one, &first)?;
    probe.replays(&Client::plugin(), &two, &second)
}

fn processor_without_merchant(probe: &Probe<'_>) -> Judged<()> {
    probe.needs_processor()?;
    let sale = probe.processed();
    each(&["", "  "], |merchant| {
        probe.refused_saying(&["merchant"], &Client::gateway(), &sale.clone().with("merchant", merchant))
    })?;
    probe.refused_saying(&["merchant"], &Client::gateway(), &sale.without("merchant"))
}

fn one_shop(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::wordpress(), &sale)?;
    probe.replays(&Client::wordpress(), &sale.with("merchant", "another"), &first)
}

fn free_text(probe: &Probe<'_>) -> Judged<()> {
    let run = &probe.options.run_id;
    let long = "я".repeat(255 - run.len());
    let endings =
        [" 17-05-2018 12:30 123", "/table:4;18/05", " 山田 \u{1F355} #%&=+'\"<>", " a\nb", "';--", &long];
    each(&endings, |ending| {
        let sale = probe.sale().with("order_id", format!("{run}{ending}"));
        let first = probe.paid(&Client::telegram(), &sale)?;
        probe.replays(&Client::gateway(), &sale, &first)
    })
}

fn exactly(probe: &Probe<'_>) -> Judged<()> {
    let order = format!("{} a e", probe.order());
    let sale = probe.sale().with("order_id", &order);
    let first = probe.paid(&Client::wordpress(), &sale)?;
    let padded = sale.clone().with("order_id", format!(" \t{order}\r\n"));
    probe.replays(&Client::wordpress(), &padded, &first)?;
    each(&["A e", "a  e", "a é", "a e\u{301}", "a e 0"], |ending| {
        let other = sale.clone().with("order_id", format!("{} {ending}", &order[..order.len() - 4]));
        probe.paid(&Client::wordpress(), &other).map(|_| ())
    })
}

fn too_long(probe: &Probe<'_>) -> Judged<()> {
    each(&["x", "я"], |letter| {
        let sale = probe.sale().with("order_id", letter.repeat(256));
        probe.refused_saying(&["order_id"], &Client::wordpress(), &sale)
    })
}

fn double_fire(probe: &Probe<'_>) -> Judged<()> {
    for count in [2, 2, 8] {
        let sale = probe.sale();
        let answers = at_once(probe, &sale, count)?;
        let paid: Vec<&Paid> = answers
            .iter()
            .filter_map(|answer| match answer {
                Answer::Paid(paid) => Some(paid),
                Answer::Error { .. } => None,
            })
            .collect();
        for answer in &answers {
            if let Answer::Error { text, pending: false } = answer {
                return fail(format!("expected ok for each, came the error: {text}"));
            }
        }
        let firsts = paid.iter().filter(|paid| !paid.replayed).count();
        expect(firsts <= 1, "at most one answer without replayed:true", firsts)?;
        let units = paid.iter().all(|one| one.unit == paid[0].unit && one.amount == paid[0].amount);
        expect(units, "one unit and one amount for all", format!("{paid:?}"))?;
        if paid.len() == answers.len() {
            expect(firsts == 1, "one answer without replayed:true", firsts)?;
            probe.replays(&Client::wordpress(), &sale, paid[0])?;
        }
    }
    Ok(())
}

/// Sends the same bytes on so many connections that are all open before.
fn at_once(probe: &Probe<'_>, sale: &Sale, count: usize) -> Judged<Vec<Answer>> {
    let request = probe.request(&Client::wordpress(), sale);
    let connections: Vec<_> = (0..count).map(|_| probe.connect()).collect::<Result<_, _>>()?;
    thread::scope(|scope| {
        let sent: Vec<_> = connections
            .into_iter()
            .map(|mut connection| {
                let bytes = &request.bytes;
                scope.spawn(move || {
                    connection.write(bytes)?;
                    connection.reply()?.judge()
                })
            })
            .collect();
        let died = || Stop::Fail("a thread of the suite died".to_owned());
        sent.into_iter().map(|thread| thread.join().map_err(|_| died())?).collect()
    })
}

fn repetition(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("currency_amount", "1.50");
    let first = probe.paid(&Client::wordpress(), &sale)?;
    let words = [
        ("currency_amount", "1.5"),
        ("currency_amount", "01.500"),
        ("currency", "usd"),
        ("partner_cashback_percentage", "0.0"),
        ("customer", "18"),
        ("description", "again"),
    ];
    each(&words, |(field, value)| {
        probe.replays(&Client::wordpress(), &sale.clone().with(field, value), &first)
    })?;
    for client in [Client::plugin(), Client::telegram(), Client::app(), Client::gateway()] {
        probe.replays(&client, &sale, &first)?;
    }
    match probe.answer(&Client::plugin_multipart(), &sale)? {
        Answer::Paid(again) => is_same(&again, &first),
        Answer::Error { text, .. } => fail(format!("expected the first answer again, came: {text}")),
    }
}

fn conflicts(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::wordpress(), &sale)?;
    let other = obyte::Address::of_source("somebody else").to_string();
    let changes = [
        ("currency_amount", "1.01"),
        ("currency", "EUR"),
        ("partner_cashback_percentage", "1"),
        ("address", other.as_str()),
    ];
    each(&changes, |(field, value)| {
        probe.refused_saying(&["order_id"], &Client::wordpress(), &sale.clone().with(field, value))
    })?;
    probe.replays(&Client::wordpress(), &sale, &first)
}
