//! The figures of a row as cells.

use crate::layout::{Layout, megabytes, millis, number, percent};
use crate::row::{Row, Usage};

/// The columns of a row.
pub const LAYOUT: Layout = Layout(&[
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
]);

/// Processors that may be busy with other things, such as the kernel's work for the network.
const UNDISTURBED: f64 = 0.15;

/// The figures of a row.
pub fn cells(row: &Row) -> Vec<String> {
    let costs = row.costs.as_ref();
    vec![
        row.load.to_string(),
        number(Some(row.paid_per_second), 1),
        number(row.median.map(millis), 1),
        number(row.p99.map(millis), 1),
        row.errors.to_string(),
        number(Some(row.units_per_second), 1),
        number(row.outputs_per_unit, 1),
        number(costs.and_then(|costs| costs.per_payout()), 1),
        number(costs.and_then(|costs| costs.prepaid_per_payout()), 1),
        megabytes(row.usage.server_memory),
        percent(row.usage.server_cpu),
        percent(row.usage.own_cpu),
    ]
}

/// What is to be said about a row: what its errors were, and what disturbed it.
pub fn notes(row: &Row) -> Vec<String> {
    let mut notes = Vec::new();
    if row.pending > 0 {
        notes.push(format!("{} pending, {} of them paid when asked again", row.pending, row.paid_late));
    }
    notes.extend(row.failures.iter().map(|(text, times)| format!("{times} x {text}")));
    let unknown = row.costs.as_ref().map_or(0, |costs| costs.units_unknown);
    if unknown > 0 {
        notes.push(format!("{unknown} units were not stable in time; fees are those of the others"));
    }
    notes.extend(disturbance(&row.usage));
    notes
}

/// Says where something else kept the machine busy.
pub fn disturbance(usage: &Usage) -> Option<String> {
    let other = usage.other_cpu.filter(|other| *other > UNDISTURBED);
    other.map(|other| format!("disturbed: something else took {} of a processor", percent(Some(other))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fees::Costs;
    use crate::load::Load;
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
    fn the_figures_of_a_row_stand_in_their_columns() {
        let costs = Costs { units: 1, payouts: 4, charged: 2, units_unknown: 3, ..Costs::default() };
        let usage = Usage {
            server_memory: Some(54_321_000),
            server_cpu: Some(1.5),
            own_cpu: Some(0.25),
            other_cpu: Some(0.5),
        };
        let row = sample(Some(costs), usage);
        let expected =
            ["1000/s", "0.5", "125.0", "1000.0", "2", "0.5", "1.0", "0.5", "0.0", "54.3", "150%", "25%"];
        assert_eq!(cells(&row), expected);
        assert_eq!(LAYOUT.0.len(), expected.len());
        let notes = notes(&row);
        assert_eq!(notes[..2], ["1 pending, 0 of them paid when asked again", "1 x no"]);
        assert!(notes[2].contains("3 units were not stable"));
        assert!(notes[3].contains("something else took 50% of a processor"));
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let cells = cells(&sample(None, Usage::default()));
        assert_eq!(cells[7..], ["-", "-", "-", "-", "-"]);
    }
}
