//! Times as services write them.

use std::time::UNIX_EPOCH;

use program::Moment;

use super::SourceError;

/// A time like `2026-11-23T10:47:48Z`.
pub(super) fn time(text: &str) -> Result<Moment, SourceError> {
    let since = humantime::parse_rfc3339(text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let millis = since.and_then(|since| u64::try_from(since.as_millis()).ok());
    millis.map(Moment::from_millis).ok_or(SourceError::Malformed("its time is none"))
}

/// Midnight in UTC of a day like `2026-11-23`.
pub(super) fn day(text: &str) -> Result<Moment, SourceError> {
    time(&format!("{text}T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_read_strictly() {
        assert_eq!(day("1970-01-02").expect("a day").as_millis(), 86_400_000);
        assert_eq!(time("2026-11-23T10:47:48Z").expect("a time").as_millis(), 1_795_430_868_000);
        for wrong in ["", "2026-13-01", "2026-11-23T00:00:00Z", "23.11.2026", "1969-12-31"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
