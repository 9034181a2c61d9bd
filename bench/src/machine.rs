//! The machine that figures were made on.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};

use crate::tally::percentile;

/// How often the disk is tried.
const SYNCS: usize = 50;

/// What figures depend on. What cannot be found out is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Processors that this process may use.
    pub cores: usize,
    /// Their model.
    pub cpu: String,
    /// Memory in bytes.
    pub memory: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The compiler.
    pub rustc: String,
    /// The commit of the source, with a word where the source was changed since.
    pub commit: String,
    /// When, in UTC.
    pub date: String,
}

impl Machine {
    /// This one, now.
    pub fn this() -> Self {
        let file = |path| fs::read_to_string(path).unwrap_or_default();
        let source = env!("CARGO_MANIFEST_DIR");
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            cpu: field(&file("/proc/cpuinfo"), "model name").to_owned(),
            memory: memory(&file("/proc/meminfo")),
            kernel: file("/proc/sys/kernel/osrelease").trim().to_owned(),
            rustc: said(Command::new("rustc").arg("--version")),
            commit: said(Command::new("git").args([
                "-C",
                source,
                "describe",
                "--always",
                "--dirty",
                "--abbrev=12",
            ])),
            date: said(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"])),
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "cores": self.cores,
            "cpu": self.cpu,
            "memory_bytes": self.memory,
            "kernel": self.kernel,
            "rustc": self.rustc,
            "commit": self.commit,
            "date": self.date,
        })
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cores, cpu, memory, kernel, rustc, commit, date } = self;
        let gigabytes = memory / 1_000_000_000;
        write!(f, "{cores} x {cpu}, {gigabytes} GB, Linux {kernel}, {rustc}, commit {commit}, {date}")
    }
}

/// The value behind a name in one of the kernel's lists.
fn field<'a>(list: &'a str, name: &str) -> &'a str {
    let mut pairs = list.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(found, _)| found.trim() == name).map_or("", |(_, value)| value.trim())
}

fn memory(meminfo: &str) -> u64 {
    let kib = field(meminfo, "MemTotal").trim_end_matches("kB").trim().parse::<u64>();
    kib.map_or(0, |kib| kib.saturating_mul(1024))
}

/// What a command says, or nothing.
fn said(command: &mut Command) -> String {
    let output = command.output().ok().filter(|output| output.status.success());
    output.map_or_else(String::new, |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// How long the disk below `dir` takes to make 4 KiB durable, in the median. Full sync costs at least
/// that per group of commits; next to nothing means that the disk does not keep its word.
///
/// # Errors
/// Where nothing can be written there.
pub fn sync_time(dir: &Path) -> anyhow::Result<Duration> {
    let path = dir.join("sync-probe");
    let mut file = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut once = || {
        let begun = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        Ok(begun.elapsed())
    };
    let mut times = (0..SYNCS).map(|_| once()).collect::<std::io::Result<Vec<_>>>()?;
    times.sort_unstable();
    fs::remove_file(&path)?;
    Ok(percentile(&times, 50).expect("there are some"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_the_lists_of_the_kernel() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Fast: 9\nprocessor\t: 1\nmodel name\t: Slow\n";
        assert_eq!(field(cpuinfo, "model name"), "Fast: 9");
        assert_eq!(field(cpuinfo, "none"), "");
        assert_eq!(memory("MemTotal:       1000 kB\nMemFree: 1 kB\n"), 1_024_000);
        assert_eq!(memory(""), 0);
    }

    #[test]
    fn a_command_that_fails_says_nothing() {
        assert_eq!(said(Command::new("sh").args(["-c", "echo x; exit 1"])), "");
        assert_eq!(said(&mut Command::new("/no/such/command")), "");
        assert_eq!(said(Command::new("sh").args(["-c", "echo ' x '"])), "x");
    }
}
