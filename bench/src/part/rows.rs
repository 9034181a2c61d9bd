//! Rows of open and of closed load.

use std::time::Duration;

use serde_json::json;

use crate::layout::Section;
use crate::load::Load;
use crate::options::{Counts, Fees, Options};
use crate::stage::Stage;
use crate::{report, table};

pub(super) async fn run(
    rates: &Counts,
    clients: &Counts,
    fees: Fees,
    options: &Options,
) -> anyhow::Result<Section> {
    let stage = Stage::whole(options, fees).await?;
    stage.subject.warm_up().await?;
    println!("{} s for each row\n\n{}", options.seconds, table::LAYOUT.head());
    let lasting = Duration::from_secs(options.seconds.into());
    let (mut cells, mut notes, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for load in loads(rates, clients) {
        let row = stage.subject.row(load, lasting).await?;
        println!("{}", table::LAYOUT.line(&table::cells(&row)));
        for note in table::notes(&row) {
            println!("    {note}");
            notes.push(format!("{load}: {note}"));
        }
        cells.push(table::cells(&row));
        data.push(report::row(&row));
    }
    let facts = stage.facts.clone();
    stage.end().await?;
    Ok(Section {
        title: title(fees, options),
        layout: table::LAYOUT,
        rows: cells,
        notes,
        data: json!({"kind": "rows", "server": facts, "rows": data}),
    })
}

fn title(fees: Fees, options: &Options) -> String {
    match (&options.url, &options.hub) {
        (Some(url), _) => format!("Load on {url}"),
        (None, Some(hub)) => format!("Load, on the hub {hub}"),
        (None, None) => format!("Load, fees {}", fees.name()),
    }
}

fn loads(rates: &Counts, clients: &Counts) -> impl Iterator<Item = Load> {
    let open = rates.0.iter().map(|&rate| Load::Open { rate });
    open.chain(clients.0.iter().map(|&clients| Load::Closed { clients }))
}
