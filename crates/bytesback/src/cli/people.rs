//! Numbers, times and foreign texts, for people to read.

use std::time::{Duration, UNIX_EPOCH};

use payout::Timestamp;

/// The last millisecond that has a date of four digits for the year.
const LAST_DATE: u64 = 253_402_300_799_999;

/// A number with its digits in groups of three.
pub(super) fn in_groups(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let sign = if number.is_negative() { "-" } else { "" };
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}")
}

/// A moment as a date and a time of day (UTC), to the second.
pub(super) fn date(at: Timestamp) -> String {
    let millis = at.as_millis();
    if millis > LAST_DATE {
        return format!("{millis} ms after 1970");
    }
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(millis)).to_string()
}

/// How long ago a moment is, to the second.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    humantime::format_duration(Duration::from_secs(now.since(at).as_secs())).to_string()
}

/// A text of somebody else's that cannot play tricks on a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter })
        .collect()
}

/// `1 payout`, `2 payouts`.
pub(super) fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", in_groups(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (-1_234_567, "-1 234 567")] {
            assert_eq!(in_groups(number), text);
        }
    }

    #[test]
    fn a_moment_has_a_date_and_every_number_is_printed() {
        assert_eq!(date(Timestamp::from_millis(1_795_420_862_999)), "2026-11-23T08:01:02Z");
        assert_eq!(date(Timestamp::from_millis(LAST_DATE)), "9999-12-31T23:59:59Z");
        assert_eq!(date(Timestamp::from_millis(u64::MAX)), format!("{} ms after 1970", u64::MAX));
    }

    #[test]
    fn a_time_that_lies_ahead_is_no_time_ago() {
        let at = Timestamp::from_millis;
        assert_eq!(ago(at(1_000), at(62_900)), "1m 1s");
        assert_eq!(ago(at(62_900), at(1_000)), "0s");
    }

    #[test]
    fn what_others_say_moves_no_cursor() {
        assert_eq!(plain("good\x1b[2J\nbad"), "good\u{fffd}[2J\u{fffd}bad");
    }
}
