//! How amounts, moments and texts from outside are said to customers, for what is no mail.

use obyte::{Bytes, Network};
use payout::Timestamp;

use super::habits::Habits;
use super::values::{self, gbyte};
use super::{clean, habits};

/// An amount in GBYTE and in bytes.
pub(crate) fn amount(amount: Bytes, habits: &Habits) -> (String, String) {
    (habits.number(&gbyte(amount)), habits.number(&amount.to_string()))
}

/// The name of a network whose coins are no money; empty for the livenet.
pub(crate) fn test_network(network: Network) -> String {
    values::test_network(network)
}

/// A moment to the minute; as machines write it where it has no name.
pub(crate) fn moment(at: Timestamp, habits: &Habits) -> String {
    habits.moment(at).or_else(|| habits::iso(at)).unwrap_or_default()
}

/// A text from outside in one line, without what could confuse its readers.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    clean::one_line(text, most)
}
