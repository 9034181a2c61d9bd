//! How a language writes numbers and dates.

use std::time::{Duration, UNIX_EPOCH};

use payout::Timestamp;
use serde::Deserialize;

/// The last second that has a date of four digits for the year.
const LAST_DATE: u64 = 253_402_300_799;

/// How numbers and dates are written; `language.toml` of an operator's templates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    /// Between groups of three digits.
    pub group: String,
    /// Before the fraction.
    pub decimal: String,
    /// A moment, of `{day}`, `{month}`, `{year}` and `{time}`; `UTC` stands behind it.
    pub date: String,
    /// The names of the twelve months, as they stand in a date.
    pub months: [String; 12],
}

impl Habits {
    /// Those of English.
    pub fn english() -> Self {
        Self::of(
            ",",
            ".",
            "{day} {month} {year}, {time}",
            "January February March April May June July \
            August September October November December",
        )
    }

    /// Those of Russian.
    pub fn russian() -> Self {
        // A space at which no line breaks.
        Self::of(
            "\u{a0}",
            ",",
            "{day} {month} {year} г., {time}",
            "января февраля марта апреля мая июня июля \
            августа сентября октября ноября декабря",
        )
    }

    /// For languages of which nothing is known: what is understood everywhere.
    pub fn neutral() -> Self {
        Self::of("\u{a0}", ".", "{year}-{month}-{day}, {time}", "01 02 03 04 05 06 07 08 09 10 11 12")
    }

    fn of(group: &str, decimal: &str, date: &str, months: &str) -> Self {
        let mut names = months.split_whitespace().map(str::to_owned);
        let months = std::array::from_fn(|_| names.next().expect("twelve months in the source"));
        Self { group: group.into(), decimal: decimal.into(), date: date.into(), months }
    }

    /// A decimal number that is written with a point, such as `1234.5`.
    pub(super) fn number(&self, plain: &str) -> String {
        let (whole, fraction) = plain.split_once('.').map_or((plain, None), |(a, b)| (a, Some(b)));
        let mut text = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push_str(&self.group);
            }
            text.push(digit);
        }
        if let Some(fraction) = fraction {
            text.push_str(&self.decimal);
            text.push_str(fraction);
        }
        text
    }

    /// The moment to the minute, rounded down, in UTC; nothing behind the year 9999.
    pub(super) fn moment(&self, at: Timestamp) -> Option<String> {
        let iso = iso(at)?;
        let month: usize = iso[5..7].parse().ok()?;
        let day = iso[8..10].trim_start_matches('0');
        // In numbers only, days have two digits.
        let day = if self.months[0] == "01" { &iso[8..10] } else { day };
        let text = self.date.replace("{day}", day).replace("{month}", self.months.get(month - 1)?);
        Some(format!("{} UTC", text.replace("{year}", &iso[..4]).replace("{time}", &iso[11..16])))
    }
}

/// The moment as `2026-11-30T14:05:00Z`; nothing behind the year 9999.
pub(super) fn iso(at: Timestamp) -> Option<String> {
    let seconds = at.as_millis() / 1000;
    let moment = UNIX_EPOCH + Duration::from_secs(seconds);
    (seconds <= LAST_DATE).then(|| humantime::format_rfc3339_seconds(moment).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_follow_the_language() {
        let at = Timestamp::from_millis(1_796_045_159_999);
        let (english, russian) = (Habits::english(), Habits::russian());
        assert_eq!(english.moment(at).as_deref(), Some("30 November 2026, 13:25 UTC"));
        assert_eq!(russian.moment(at).as_deref(), Some("30 ноября 2026 г., 13:25 UTC"));
        assert_eq!(Habits::neutral().moment(at).as_deref(), Some("2026-11-30, 13:25 UTC"));
        assert_eq!(
            Habits::neutral().moment(Timestamp::from_millis(0)).as_deref(),
            Some("1970-01-01, 00:00 UTC")
        );
        assert_eq!(english.moment(Timestamp::from_millis(u64::MAX)), None);
        assert_eq!(english.number("1234567.8901"), "1,234,567.8901");
        assert_eq!(russian.number("1234567.8901"), "1\u{a0}234\u{a0}567,8901");
        assert_eq!(english.number("123"), "123");
    }
}
