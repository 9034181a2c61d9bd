//! What was found out lately.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::AttestedPayee;
use tokio::time::Instant;

/// So long what was found holds: somebody who attests a wallet should not have to wait for it.
const REMEMBER: Duration = Duration::from_secs(60);
/// The most mailboxes that are remembered.
const MOST: usize = 1024;

/// The wallets of mailboxes, and that they have none.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, (Instant, Option<AttestedPayee>)>>);

impl Cache {
    /// What was found for a mailbox, if that is known.
    pub(super) fn get(&self, email: &str, now: Instant) -> Option<Option<AttestedPayee>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = known.get(email)?;
        is_new(*at, now).then_some(*found)
    }

    /// Remembers it. Where there are too many, all are forgotten.
    pub(super) fn put(&self, email: String, found: Option<AttestedPayee>, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (at, _)| is_new(*at, now));
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(email, (now, found));
    }
}

fn is_new(at: Instant, now: Instant) -> bool {
    now.duration_since(at) < REMEMBER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_known_for_a_minute() {
        let (cache, now) = (Cache::default(), Instant::now());
        assert_eq!(cache.get("a@example.org", now), None);
        cache.put("a@example.org".to_owned(), None, now);
        assert_eq!(cache.get("a@example.org", now), Some(None));
        assert_eq!(cache.get("a@example.org", now + REMEMBER), None);
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let (cache, now) = (Cache::default(), Instant::now());
        for number in 0..2 * MOST {
            cache.put(number.to_string(), None, now);
        }
        assert!(cache.0.lock().expect("nobody panics with it").len() <= MOST);
        assert_eq!(cache.get(&(2 * MOST - 1).to_string(), now), Some(None));
    }
}
