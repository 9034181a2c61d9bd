//! Days, on which rules begin and end.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SECONDS: u64 = 24 * 60 * 60;
/// 31 December 9999.
const LAST: u32 = 2_932_896;

/// A day of universal time, from 1970 to 9999. [`fmt::Display`] gives `2026-12-31`, which reads back as the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// The text is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written like 2026-12-31, and lies between 1970 and 9999")]
pub struct DayError;

impl Day {
    /// The day of this moment, in milliseconds since 1970; the last one for a moment behind it.
    pub fn of_millis(millis: u64) -> Self {
        Self(u32::try_from(millis / (1000 * SECONDS)).unwrap_or(LAST).min(LAST))
    }

    /// How many days it lies behind the first of 1970.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The first of so many days that end with this one.
    #[must_use]
    pub const fn first_of(self, days: u16) -> Self {
        Self(self.0.saturating_sub((days as u32).saturating_sub(1)))
    }

    fn begin(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(u64::from(self.0) * SECONDS)
    }
}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let begin = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).map_err(|_| DayError)?;
        let since = begin.duration_since(UNIX_EPOCH).map_err(|_| DayError)?;
        Ok(Self(u32::try_from(since.as_secs() / SECONDS).map_err(|_| DayError)?))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = humantime::format_rfc3339_seconds(self.begin()).to_string();
        f.write_str(moment.split('T').next().unwrap_or(&moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_back_from_its_text() {
        for (text, number) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-23", 20_780), ("9999-12-31", LAST)]
        {
            let day: Day = text.parse().expect("a day");
            assert_eq!((day.number(), day.to_string()), (number, text.to_owned()));
        }
        for text in
            ["", "2026", "2026-13-01", "2026-02-30", "1969-12-31", "10000-01-01", "2026-1-1", "23.11.2026"]
        {
            assert_eq!(text.parse::<Day>(), Err(DayError), "{text}");
        }
    }

    #[test]
    fn a_day_lasts_until_its_last_millisecond() {
        let day = |millis| Day::of_millis(millis).to_string();
        assert_eq!(day(1_795_391_999_999), "2026-11-22");
        assert_eq!(day(1_795_392_000_000), "2026-11-23");
        assert_eq!(day(u64::MAX), "9999-12-31");
    }

    #[test]
    fn a_period_ends_with_its_day() {
        let day: Day = "2026-12-01".parse().expect("a day");
        assert_eq!(day.first_of(1), day);
        assert_eq!(day.first_of(30).to_string(), "2026-11-02");
        assert_eq!(Day(3).first_of(30), Day(0));
    }
}
