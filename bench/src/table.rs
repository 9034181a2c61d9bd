//! Rows as lines of text, printed as they come.

use std::fmt::Write as _;
use std::time::Duration;

use crate::row::Row;

/// Title and width of each column.
const COLUMNS: [(&str, usize); 12] = [
    ("load", 12),
    ("paid/s", 8),
    ("p50 ms", 8),
    ("p99 ms", 8),
    ("errors", 7),
    ("units/s", 8),
    ("outputs/unit", 13),
    ("fee/payout", 11),
    ("prepaid/payout", 15),
    ("peak MB", 8),
    ("server CPU", 11),
    ("load CPU", 9),
];

/// Processors that may be busy with other things, such as the kernel's work for the network.
const UNDISTURBED: f64 = 0.15;

/// The titles, and a line below them.
pub fn head() -> String {
    let titles = line(COLUMNS.map(|(title, _)| title.to_owned()));
    let rule = "-".repeat(titles.len());
    format!("{titles}\n{rule}")
}

/// The figures of a row; lines below it say what its errors were.
pub fn row(row: &Row) -> String {
    let costs = row.costs.as_ref();
    let mut text = line([
        row.load.to_string(),
        number(Some(row.paid_per_second), 1),
        number(row.median.map(millis), 1),
        number(row.p99.map(millis), 1),
        row.errors.to_string(),
        number(Some(row.units_per_second), 1),
        number(row.outputs_per_unit, 1),
        number(costs.and_then(|costs| costs.per_payout()), 1),
        number(costs.and_then(|costs| costs.prepaid_per_payout()), 1),
        number(row.usage.server_memory.map(|bytes| bytes as f64 / 1e6), 1),
        percent(row.usage.server_cpu),
        percent(row.usage.own_cpu),
    ]);
    for note in notes(row) {
        write!(text, "\n    {note}").expect("a string takes everything");
    }
    text
}

fn notes(row: &Row) -> Vec<String> {
    let mut notes = Vec::new();
    if row.pending > 0 {
        notes.push(format!("{} pending, {} of them paid when asked again", row.pending, row.paid_late));
    }
    notes.extend(row.failures.iter().map(|(text, times)| format!("{times} x {text}")));
    let unknown = row.costs.as_ref().map_or(0, |costs| costs.units_unknown);
    if unknown > 0 {
        notes.push(format!("{unknown} units were not stable in time; fees are those of the others"));
    }
    if let Some(other) = row.usage.other_cpu.filter(|other| *other > UNDISTURBED) {
        notes.push(format!("disturbed: something else took {} of a processor", percent(Some(other))));
    }
    notes
}

/// The first column to the left, the others to the right.
fn line(cells: [String; COLUMNS.len()]) -> String {
    let mut line = String::new();
    for (index, (cell, (_, width))) in cells.iter().zip(COLUMNS).enumerate() {
        let done = if index == 0 { write!(line, "{cell:<width$}") } else { write!(line, "{cell:>width$}") };
        done.expect("a string takes everything");
    }
    line
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

/// Of one processor.
fn percent(busy: Option<f64>) -> String {
    busy.map_or_else(|| "-".to_owned(), |busy| format!("{:.0}%", busy * 100.0))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fees::Costs;
    use crate::load::Load;
    use crate::row::Usage;
    use crate::shop::Answer;
    use crate::tally::Tally;

    fn sample(costs: Option<Costs>, usage: Usage) -> Row {
        let mut tally = Tally::default();
        let second = Duration::from_secs(1);
        tally.count(1, Answer::Paid(obyte::UnitHash::of("1")), second / 8, second);
        tally.count(2, Answer::Pending, second, second);
        tally.count(3, Answer::failed("no"), second, second);
        Row::new(Load::Open { rate: 1000 }, 2 * second, tally, costs, usage)
    }

    #[test]
    fn figures_stand_below_their_titles() {
        let costs = Costs { units: 1, payouts: 4, charged: 2, units_unknown: 3, ..Costs::default() };
        let usage = Usage {
            server_memory: Some(54_321_000),
            server_cpu: Some(1.5),
            own_cpu: Some(0.25),
            other_cpu: Some(0.5),
        };
        let text = row(&sample(Some(costs), usage));
        let lines: Vec<_> = text.lines().collect();
        let head = head();
        let titles = head.lines().next().expect("titles");
        assert_eq!(titles.len(), lines[0].len());
        let cells: Vec<_> = lines[0].split_whitespace().collect();
        let expected =
            ["1000/s", "0.5", "125.0", "1000.0", "2", "0.5", "1.0", "0.5", "0.0", "54.3", "150%", "25%"];
        assert_eq!(cells, expected);
        let end = titles.find("p99 ms").expect("the title") + "p99 ms".len();
        assert!(lines[0][..end].ends_with(" 1000.0"));
        assert_eq!(lines[1].trim(), "1 pending, 0 of them paid when asked again");
        assert_eq!(lines[2].trim(), "1 x no");
        assert!(lines[3].contains("3 units were not stable"));
        assert!(lines[4].contains("something else took 50% of a processor"));
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let text = row(&sample(None, Usage::default()));
        let cells: Vec<_> = text.lines().next().expect("figures").split_whitespace().collect();
        assert_eq!(cells[7..], ["-", "-", "-", "-", "-"]);
    }
}
