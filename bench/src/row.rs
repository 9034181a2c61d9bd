//! One row: what was counted, as figures.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::fees::Costs;
use crate::load::Load;
use crate::process::{Process, machine_time};
use crate::tally::{Tally, percentile};

/// The figures of one load. What could not be measured is `None`.
#[derive(Clone, Debug)]
pub struct Row {
    /// The load.
    pub load: Load,
    /// The row's length: what was asked for, or longer if the last answer came later.
    pub duration: Duration,
    /// Purchases that were paid in the answer.
    pub paid: u64,
    /// The same per second.
    pub paid_per_second: f64,
    /// Half of the answers took at most so long.
    pub median: Option<Duration>,
    /// All but one in a hundred took at most so long.
    pub p99: Option<Duration>,
    /// Answers that paid nothing, or not yet.
    pub errors: u64,
    /// Those of them that were pending.
    pub pending: u64,
    /// Those of the pending that were paid when asked again.
    pub paid_late: u64,
    /// The others by their text.
    pub failures: BTreeMap<String, u64>,
    /// Units that carried the payouts.
    pub units: u64,
    /// The same per second.
    pub units_per_second: f64,
    /// Payouts per unit.
    pub outputs_per_unit: Option<f64>,
    /// What the units cost.
    pub costs: Option<Costs>,
    /// What the server needed.
    pub usage: Usage,
}

/// What the processes needed during a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// The most memory of the server, in bytes.
    pub server_memory: Option<u64>,
    /// Processors that the server kept busy; 1.0 is one of them.
    pub server_cpu: Option<f64>,
    /// Processors that the load generator kept busy.
    pub own_cpu: Option<f64>,
    /// Processors that anything else kept busy. The kernel's work for the network is partly in here.
    pub other_cpu: Option<f64>,
}

impl Row {
    /// The figures of a load that was to last `lasting`.
    pub fn new(load: Load, lasting: Duration, mut tally: Tally, costs: Option<Costs>, usage: Usage) -> Self {
        tally.latencies.sort_unstable();
        let duration = tally.until.max(lasting);
        let units = tally.units.len() as u64;
        Self {
            load,
            duration,
            paid: tally.paid,
            paid_per_second: per_second(tally.paid, duration),
            median: percentile(&tally.latencies, 50),
            p99: percentile(&tally.latencies, 99),
            errors: tally.errors(),
            pending: tally.pending.len() as u64,
            paid_late: tally.paid_late,
            units,
            units_per_second: per_second(units, duration),
            outputs_per_unit: (units > 0).then(|| tally.payouts() as f64 / units as f64),
            failures: tally.failures,
            costs,
            usage,
        }
    }
}

fn per_second(count: u64, duration: Duration) -> f64 {
    count as f64 / duration.as_secs_f64()
}

/// Watches the processes over a row.
#[derive(Debug)]
pub struct Watch {
    server: Option<Process>,
    begun: Instant,
    times: Times,
}

/// Processor times so far.
#[derive(Clone, Copy, Debug)]
struct Times {
    server: Option<Duration>,
    own: Duration,
    all: Duration,
}

impl Times {
    fn now(server: Option<Process>) -> anyhow::Result<Self> {
        Ok(Self {
            server: server.map(Process::cpu_time).transpose()?,
            own: Process::own().cpu_time()?,
            all: machine_time()?,
        })
    }
}

impl Watch {
    /// Begins.
    ///
    /// # Errors
    /// Where the server is gone.
    pub fn begin(server: Option<Process>) -> anyhow::Result<Self> {
        if let Some(server) = server {
            server.forget_peak();
        }
        Ok(Self { server, begun: Instant::now(), times: Times::now(server)? })
    }

    /// Ends.
    ///
    /// # Errors
    /// Where the server is gone.
    pub fn end(self) -> anyhow::Result<Usage> {
        let (before, after) = (self.times, Times::now(self.server)?);
        let elapsed = self.begun.elapsed();
        let busy = |time: Duration| time.as_secs_f64() / elapsed.as_secs_f64();
        let own = after.own.saturating_sub(before.own);
        let server = after.server.zip(before.server).map(|(after, before)| after.saturating_sub(before));
        let all = after.all.saturating_sub(before.all);
        Ok(Usage {
            server_memory: self.server.map(Process::peak_memory).transpose()?,
            server_cpu: server.map(busy),
            own_cpu: Some(busy(own)),
            other_cpu: server.map(|server| busy(all.saturating_sub(server + own))),
        })
    }
}

#[cfg(test)]
mod tests {
    use obyte::UnitHash;

    use super::*;
    use crate::shop::Answer;

    #[test]
    fn figures_follow_from_what_was_counted() {
        let second = Duration::from_secs(1);
        let mut tally = Tally::default();
        for number in 0..30 {
            let unit = UnitHash::of(&(number % 3).to_string());
            let latency = Duration::from_millis(30 - number);
            tally.count(number, Answer::Paid(unit), latency, 9 * second);
        }
        tally.count(30, Answer::failed("no"), second, 9 * second);
        let load = Load::Open { rate: 3 };
        let row = Row::new(load, 10 * second, tally.clone(), None, Usage::default());
        assert_eq!((row.paid, row.errors, row.units), (30, 1, 3));
        assert_eq!((row.paid_per_second, row.units_per_second, row.outputs_per_unit), (3.0, 0.3, Some(10.0)));
        assert_eq!(row.median, Some(Duration::from_millis(15)));
        assert_eq!(row.p99, Some(Duration::from_millis(30)));
        tally.until = 15 * second;
        let late = Row::new(load, 10 * second, tally, None, Usage::default());
        assert_eq!(late.paid_per_second, 2.0, "who answers late does not look faster");
    }

    #[test]
    fn nothing_paid_leaves_figures_empty() {
        let row = Row::new(
            Load::Closed { clients: 1 },
            Duration::from_secs(1),
            Tally::default(),
            None,
            Usage::default(),
        );
        assert_eq!((row.median, row.p99, row.outputs_per_unit), (None, None, None));
        assert_eq!(row.paid_per_second, 0.0);
    }

    #[test]
    fn processor_time_of_a_row_is_watched() {
        let watch = Watch::begin(Some(Process::own())).expect("this process is there");
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(60) {
            std::hint::black_box(UnitHash::of("busy"));
        }
        let usage = watch.end().expect("this process is there");
        assert!(usage.own_cpu.expect("watched") > 0.1, "{usage:?}");
        assert!(usage.server_memory.expect("watched") > 100_000, "{usage:?}");
    }
}
