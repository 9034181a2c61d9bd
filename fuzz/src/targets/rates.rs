//! Answers of services that tell prices.

use bytesback::rates::read_answer;
use program::RateSource;

use super::check_error;

/// The same bytes as an answer of each service.
pub(super) fn rates(data: &[u8]) {
    for answer in RateSource::ALL.into_iter().filter_map(|source| read_answer(source, data)) {
        match answer {
            Ok(quotes) => assert!(!quotes.is_empty(), "an answer that tells nothing is none"),
            Err(error) => check_error(error),
        }
    }
}
