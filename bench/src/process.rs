//! What the kernel tells about a process: memory and processor time.

use std::fs;
use std::time::Duration;

use anyhow::Context;

/// Linux counts processor time for programs in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// A process that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// A process by its id.
    pub const fn new(pid: u32) -> Self {
        Self(pid)
    }

    /// The process that runs this.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// Begins a new peak of memory. Where the kernel does not allow it the old one stays.
    pub fn forget_peak(self) {
        // Only the row's figure is larger without it, and the README says so.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.0), "5");
    }

    /// The most memory that was in use since [`Self::forget_peak`], in bytes.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn peak_memory(self) -> anyhow::Result<u64> {
        size(&self.read("status")?, "VmHWM:").context("the kernel tells no VmHWM")
    }

    /// The memory in use now, in bytes.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn memory(self) -> anyhow::Result<u64> {
        size(&self.read("status")?, "VmRSS:").context("the kernel tells no VmRSS")
    }

    /// The processor time of all its threads so far.
    ///
    /// # Errors
    /// Where the process is gone.
    pub fn cpu_time(self) -> anyhow::Result<Duration> {
        ticks(&self.read("stat")?).map(|ticks| TICK * ticks).context("/proc/PID/stat is of another form")
    }

    fn read(self, file: &str) -> anyhow::Result<String> {
        let path = format!("/proc/{}/{file}", self.0);
        fs::read_to_string(&path).with_context(|| format!("cannot read {path}; did the server end?"))
    }
}

/// The processor time of everything on this machine so far.
///
/// # Errors
/// Where the kernel does not tell.
pub fn machine_time() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    busy_ticks(&stat).map(|ticks| TICK * ticks).context("/proc/stat is of another form")
}

/// All but `idle` and `iowait` (fields 4 and 5) of the first line; guests are in the others already.
fn busy_ticks(stat: &str) -> Option<u32> {
    let all = stat.strip_prefix("cpu ")?.lines().next()?.split_whitespace();
    let ticks: Vec<u64> = all.take(8).map(|ticks| ticks.parse().ok()).collect::<Option<_>>()?;
    let busy = ticks.iter().sum::<u64>() - ticks.get(3)? - ticks.get(4)?;
    u32::try_from(busy).ok()
}

/// One of the sizes, in bytes.
fn size(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// `utime` and `stime`, fields 14 and 15. The name before them may hold anything, even `)`.
fn ticks(stat: &str) -> Option<u32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u32>().ok();
    next()?.checked_add(next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_kernel_are_found_among_others() {
        let status = "VmPeak:\t 9 kB\nVmHWM:\t   1234 kB\nVmRSS:\t 5 kB\n";
        assert_eq!(size(status, "VmHWM:"), Some(1234 * 1024));
        assert_eq!(size(status, "VmRSS:"), Some(5 * 1024));
        assert_eq!(size("VmPeak: 9 kB\n", "VmHWM:"), None);
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 100 0 0 0 250 31 0 0 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("77 (a) S 1"), None);
        assert_eq!(busy_ticks("cpu  1 2 4 1000 500 8 16 32 64 128\ncpu0 1\n"), Some(63));
        assert_eq!(busy_ticks("cpu0 1"), None);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let own = Process::own();
        assert!(own.peak_memory().expect("VmHWM") > 100_000);
        assert!(own.memory().expect("VmRSS") > 100_000);
        assert!(machine_time().expect("times") >= own.cpu_time().expect("times"));
        own.forget_peak();
        assert!(own.peak_memory().expect("VmHWM") > 100_000);
    }
}
