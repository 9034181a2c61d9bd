//! What is run: what the options name, or everything.

use crate::options::{Counts, Fees, Options};

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Rows of open and of closed load.
    Rows {
        /// Purchases per second, a row each.
        rates: Counts,
        /// Clients, a row each.
        clients: Counts,
        /// Of the embedded devnet.
        fees: Fees,
    },
    /// The same open load for minutes.
    Sustained {
        /// Purchases per second.
        rate: u32,
        /// How long.
        minutes: u32,
        /// Of the devnet.
        fees: Fees,
    },
    /// A queue that is paid after an outage of the hub.
    Drain {
        /// How many payouts wait in it.
        payouts: u64,
        /// Of the devnet.
        fees: Fees,
    },
    /// Answer times as the database grows.
    Growth {
        /// How many purchases it holds in the end.
        purchases: u64,
        /// Of the devnet.
        fees: Fees,
    },
}

/// The parts that the options name; the rows where they name none.
pub fn parts(options: &Options) -> Vec<Part> {
    if options.all {
        return all(options);
    }
    let (fees, minutes) = (options.fees, options.minutes);
    let mut parts = Vec::new();
    parts.extend(options.sustained.map(|rate| Part::Sustained { rate, minutes, fees }));
    parts.extend(options.drain.map(|payouts| Part::Drain { payouts, fees }));
    parts.extend(options.growth.map(|purchases| Part::Growth { purchases, fees }));
    if parts.is_empty() {
        parts.push(Part::Rows { rates: options.rates.clone(), clients: options.clients.clone(), fees });
    }
    parts
}

/// Everything that is published. Growth goes without fees, or filling the database would take hours.
fn all(options: &Options) -> Vec<Part> {
    let (rates, clients, minutes) = (options.rates.clone(), options.clients.clone(), options.minutes);
    let (real, off) = (Fees::Real, Fees::Off);
    vec![
        Part::Rows { rates, clients, fees: real },
        Part::Rows { rates: Counts(vec![]), clients: Counts(vec![1, 128, 512]), fees: off },
        Part::Sustained { rate: 500, minutes, fees: real },
        Part::Drain { payouts: 100_000, fees: real },
        Part::Growth { purchases: 1_000_000, fees: off },
    ]
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn of(options: &[&str]) -> Vec<Part> {
        parts(&Options::try_parse_from([&["bench"], options].concat()).expect("good options"))
    }

    #[test]
    fn without_a_name_the_rows_are_run_and_named_parts_replace_them() {
        assert!(matches!(of(&["--fees=off"])[..], [Part::Rows { fees: Fees::Off, .. }]));
        let (rate, minutes, fees) = (500, 2, Fees::Real);
        assert_eq!(of(&["--sustained=500", "--minutes=2"]), [Part::Sustained { rate, minutes, fees }]);
        assert_eq!(of(&["--drain"]), [Part::Drain { payouts: 100_000, fees }]);
        assert_eq!(of(&["--growth=5", "--drain=7"]).len(), 2);
    }

    #[test]
    fn everything_holds_each_part_and_goes_with_no_server_of_others() {
        assert_eq!(of(&["--all"]).len(), 5);
        for other in ["--url=http://127.0.0.1:1", "--hub=ws://127.0.0.1:1", "--drain=1"] {
            assert!(Options::try_parse_from(["bench", "--all", other]).is_err(), "{other}");
        }
        let options = Options::try_parse_from(["bench", "--url=http://127.0.0.1:1", "--growth"]);
        assert!(options.is_err(), "the data must be ours");
    }
}
