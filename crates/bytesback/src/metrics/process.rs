//! What the kernel tells about this process.

use std::time::{SystemTime, UNIX_EPOCH};

use super::sheet::Sheet;

/// Seconds since the Unix epoch.
pub(super) fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Notes the memory in use. Where the kernel does not tell there is no such figure.
pub(super) fn look(sheet: &Sheet) {
    let status = std::fs::read_to_string("/proc/self/status");
    if let Some(bytes) = status.ok().as_deref().and_then(resident) {
        let figure = sheet.gauge("process_resident_memory_bytes", "Memory in use.", &[]);
        figure.with_label_values::<&str>(&[]).set(bytes);
    }
}

/// `VmRSS` in bytes.
fn resident(status: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_in_use_is_found_among_other_figures() {
        assert_eq!(resident("VmHWM:\t 9 kB\nVmRSS:\t   1234 kB\nRssAnon:\t 5 kB\n"), Some(1234 * 1024));
        assert_eq!(resident("VmHWM:\t 9 kB\n"), None);
    }
}
