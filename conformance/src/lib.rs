//! Holds any server of the cashback API to what its existing clients send and expect.
//!
//! A case is a rule with the details of the clients behind it (C1 to C43, the list that the server was
//! built to), the bytes that those clients send, and a judgement of what comes back. Cases know nothing
//! of the server but its URL and one partner: whether a value was understood shows in the API itself,
//! since the same purchase in other words must be a replay, with the same unit, and any other a conflict.
//!
//! The files: `target` (where), `sale` (what), `client` (the bytes), `wire` (TCP), `reply` (what holds for
//! every answer), `probe` (what cases do with all that), `cases` (the rules), `report` (what is told).

mod cases;
mod client;
mod encode;
mod probe;
mod reply;
mod report;
mod sale;
mod stop;
mod target;
mod wire;

use std::io::{self, Write};
use std::time::Instant;

use anyhow::bail;

pub use self::cases::{Case, all};
pub use self::report::{Outcome, Report, Row};
pub use self::target::{Credentials, Endpoint, Options, Target};

use self::probe::Probe;

/// Runs the cases that the options choose, and writes a line for each as it ends.
///
/// # Errors
/// Where nothing answers at the URL, the partner is not known there, or the lines cannot be written.
/// What a server does wrong is no error but a [`Row`].
pub fn run(options: &Options, out: &mut dyn Write) -> anyhow::Result<Report> {
    let chosen: Vec<Case> = all().into_iter().filter(|case| case.is_chosen(&options.only)).collect();
    if chosen.is_empty() {
        bail!("no case has such a number; --list shows them");
    }
    let probe = Probe::new(options);
    probe.introduce().map_err(|stop| anyhow::anyhow!("{}", probe.without_keys(stop.text())))?;
    let mut report = Report::new(options);
    for case in chosen {
        let started = Instant::now();
        let outcome = match (case.run)(&probe) {
            Ok(()) => Outcome::Ok,
            Err(stop) => stop.into_outcome(|text| probe.without_keys(text)),
        };
        let row = Row { case, outcome, took: started.elapsed() };
        write_line(out, &row)?;
        report.rows.push(row);
    }
    Ok(report)
}

fn write_line(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    writeln!(out, "{row}")?;
    out.flush()
}
