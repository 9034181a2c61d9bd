//! The same open load for minutes: are memory and answer times flat?

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::{ratio, times};
use crate::layout::{Layout, Section, megabytes, millis, number, percent};
use crate::load::{settle, windows};
use crate::options::{Fees, Options};
use crate::row::{Usage, Watch};
use crate::stage::Stage;
use crate::table::disturbance;
use crate::tally::{Tally, percentile};

/// What is told apart.
const WINDOW: Duration = Duration::from_secs(30);
/// Windows that make a minute.
const MINUTE: usize = 2;
/// How long purchases that are pending at the end may take.
const SETTLE: Duration = Duration::from_secs(60);

const LAYOUT: Layout = Layout(&[
    ("until s", 8),
    ("paid/s", 8),
    ("p50 ms", 8),
    ("p99 ms", 8),
    ("errors", 7),
    ("server MB", 10),
    ("peak MB", 8),
    ("devnet MB", 10),
    ("server CPU", 11),
    ("load CPU", 9),
]);

pub(super) async fn run(rate: u32, minutes: u32, fees: Fees, options: &Options) -> anyhow::Result<Section> {
    // A devnet keeps every unit in memory, and so has a process of its own here.
    let stage = match options.url.is_some() || options.hub.is_some() {
        true => Stage::whole(options, fees).await?,
        false => Stage::apart(options, fees, None).await?,
    };
    stage.subject.warm_up().await?;
    println!("{rate} purchases per second for {minutes} minutes\n");
    let lasting = Duration::from_secs(60) * minutes;
    let (tallies, samples) =
        tokio::join!(windows(rate, lasting, WINDOW, &stage.subject.caller), sample(&stage, lasting));
    let samples = samples?;
    let mut whole = Tally::default();
    tallies.iter().for_each(|tally| whole.add(tally.clone()));
    settle(&stage.subject.caller, &mut whole, SETTLE).await;
    let costs = stage.subject.costs(&whole.units).await?;
    let windows: Vec<_> =
        tallies.into_iter().zip(samples).map(|(tally, sample)| Window::new(tally, sample)).collect();
    println!("{}", LAYOUT.head());
    let rows: Vec<_> = windows.iter().enumerate().map(|(index, window)| window.cells(index)).collect();
    rows.iter().for_each(|cells| println!("{}", LAYOUT.line(cells)));
    let mut notes = vec![verdict(&windows)];
    notes.extend(
        costs.and_then(|costs| costs.per_payout()).map(|fee| format!("{fee:.1} bytes of fee per payout")),
    );
    notes.extend(windows.iter().find_map(|window| disturbance(&window.sample.usage)));
    notes.extend(whole.failures.iter().map(|(text, times)| format!("{times} x {text}")));
    notes.iter().for_each(|note| println!("    {note}"));
    let data: Vec<_> = windows.iter().map(Window::to_json).collect();
    let facts = stage.facts.clone();
    stage.end().await?;
    Ok(Section {
        title: format!("{rate} purchases per second for {minutes} minutes, fees {}", fees.name()),
        layout: LAYOUT,
        rows,
        notes,
        data: json!({"kind": "sustained", "server": facts, "rate": rate, "windows": data}),
    })
}

/// What the processes needed in one window.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    usage: Usage,
    /// The server's memory at the end.
    memory: Option<u64>,
    /// The devnet's, where it is a process of its own.
    devnet: Option<u64>,
}

async fn sample(stage: &Stage, lasting: Duration) -> anyhow::Result<Vec<Sample>> {
    let mut end = Instant::now();
    let mut samples = Vec::new();
    for _ in 0..lasting.as_secs() / WINDOW.as_secs() {
        let watch = Watch::begin(stage.subject.process)?;
        end += WINDOW;
        sleep_until(end).await;
        samples.push(Sample {
            usage: watch.end()?,
            memory: stage.subject.process.map(|process| process.memory()).transpose()?,
            devnet: stage.devnet().map(|process| process.memory()).transpose()?,
        });
    }
    Ok(samples)
}

/// One window, its answers sorted.
struct Window {
    tally: Tally,
    sample: Sample,
}

impl Window {
    fn new(mut tally: Tally, sample: Sample) -> Self {
        tally.latencies.sort_unstable();
        Self { tally, sample }
    }

    fn paid_per_second(&self) -> f64 {
        self.tally.paid as f64 / WINDOW.as_secs_f64()
    }

    fn percentile(&self, percent: usize) -> Option<f64> {
        percentile(&self.tally.latencies, percent).map(millis)
    }

    fn cells(&self, index: usize) -> Vec<String> {
        let Self { tally, sample } = self;
        vec![
            ((index as u64 + 1) * WINDOW.as_secs()).to_string(),
            number(Some(self.paid_per_second()), 1),
            number(self.percentile(50), 1),
            number(self.percentile(99), 1),
            tally.errors().to_string(),
            megabytes(sample.memory),
            megabytes(sample.usage.server_memory),
            megabytes(sample.devnet),
            percent(sample.usage.server_cpu),
            percent(sample.usage.own_cpu),
        ]
    }

    fn to_json(&self) -> Value {
        json!({
            "paid": self.tally.paid,
            "median_ms": self.percentile(50),
            "p99_ms": self.percentile(99),
            "errors": self.tally.errors(),
            "failures": self.tally.failures,
            "server_memory_bytes": self.sample.memory,
            "server_peak_memory_bytes": self.sample.usage.server_memory,
            "devnet_memory_bytes": self.sample.devnet,
            "server_cpu": self.sample.usage.server_cpu,
            "load_cpu": self.sample.usage.own_cpu,
        })
    }
}

/// The last minute over the first: what is flat stays near 1.
fn verdict(windows: &[Window]) -> String {
    let minute = MINUTE.min(windows.len());
    let (first, last) = (&windows[..minute], &windows[windows.len() - minute..]);
    let memory = |part: &[Window]| part.last()?.sample.memory.map(|bytes| bytes as f64);
    let answer = |part: &[Window], percent| {
        let mut all: Vec<_> = part.iter().flat_map(|window| window.tally.latencies.iter().copied()).collect();
        all.sort_unstable();
        percentile(&all, percent).map(millis)
    };
    format!(
        "last minute over first minute: memory {}, p50 {}, p99 {}",
        times(ratio(memory(first), memory(last))),
        times(ratio(answer(first, 50), answer(last, 50))),
        times(ratio(answer(first, 99), answer(last, 99))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(millis: u64, memory: u64) -> Window {
        let latencies = vec![Duration::from_millis(millis); 10];
        let tally = Tally { latencies, paid: 10, ..Tally::default() };
        Window::new(tally, Sample { memory: Some(memory), ..Sample::default() })
    }

    #[test]
    fn the_last_minute_is_set_against_the_first() {
        let windows = [window(10, 100), window(20, 200), window(99, 999), window(30, 250), window(40, 300)];
        let said = verdict(&windows);
        assert_eq!(said, "last minute over first minute: memory x 1.50, p50 x 3.00, p99 x 2.00");
    }

    #[test]
    fn what_was_not_measured_has_no_ratio() {
        let silent = || Window::new(Tally::default(), Sample::default());
        assert!(verdict(&[silent(), silent(), silent()]).ends_with("memory -, p50 -, p99 -"));
    }

    #[test]
    fn a_window_fills_its_columns() {
        let cells = window(10, 3_000_000).cells(1);
        assert_eq!(cells[..6], ["60", "0.3", "10.0", "10.0", "0", "3.0"]);
        assert_eq!(cells.len(), LAYOUT.0.len());
    }
}
