//! What something cost: processor time of this thread, and the most memory of the process.

use std::fs;
use std::time::Duration;

/// The processor time of this thread so far, which other processes do not disturb.
///
/// # Panics
/// On systems other than Linux.
pub fn thread_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts processor time");
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first number is the processor time"))
}

/// What was returned, and how long this thread worked for it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = thread_time();
    let result = work();
    (result, thread_time().saturating_sub(before))
}

/// What was returned, and by how many bytes the memory of the whole process grew for it at most.
///
/// # Panics
/// On systems other than Linux.
pub fn weighed<T>(work: impl FnOnce() -> T) -> (T, u64) {
    // Forgets the peak so far.
    fs::write("/proc/self/clear_refs", "5").expect("a process may reset its own peak");
    let before = status("VmRSS:");
    let result = work();
    (result, status("VmHWM:").saturating_sub(before))
}

fn status(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("Linux tells the memory of a process");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the line is there");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes * 1024
}
