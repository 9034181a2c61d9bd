//! How often words are shown: to nobody as often as a program could ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Within this time so often, for a link and for who asks.
const WINDOW: Duration = Duration::from_secs(10 * 60);
const PER_TOKEN: u32 = 10;
const PER_PEER: u32 = 60;
/// So many links and peers are remembered; beyond that the oldest windows are over early.
const MOST: usize = 10_000;

/// Counts what was shown.
#[derive(Default)]
pub(super) struct Limiter(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    tokens: Windows<String>,
    peers: Windows<IpAddr>,
}

impl Limiter {
    /// Whether one more is allowed, to whoever asks if that is known; counted if so.
    pub(super) fn allows(&self, token: &str, peer: Option<IpAddr>, now: Instant) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = peer.map(network_of);
        let is_allowed = counts.tokens.left(token, PER_TOKEN, now)
            && peer.is_none_or(|peer| counts.peers.left(&peer, PER_PEER, now));
        if is_allowed {
            counts.tokens.count(token.to_owned(), now);
            if let Some(peer) = peer {
                counts.peers.count(peer, now);
            }
        }
        is_allowed
    }
}

/// A household has one address of version 4, and 2^64 of version 6.
fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// When each window began, and how often something happened within it.
struct Windows<K>(HashMap<K, (Instant, u32)>);

impl<K> Default for Windows<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Clone> Windows<K> {
    fn left<Q: Eq + Hash + ?Sized>(&self, key: &Q, most: u32, now: Instant) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(key).is_none_or(|(begun, count)| now.duration_since(*begun) >= WINDOW || *count < most)
    }

    fn count(&mut self, key: K, now: Instant) {
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            self.0.retain(|_, (begun, _)| now.duration_since(*begun) < WINDOW);
        }
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            self.0.clear();
        }
        let (begun, count) = self.0.entry(key).or_insert((now, 0));
        if now.duration_since(*begun) >= WINDOW {
            (*begun, *count) = (now, 0);
        }
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    fn allowed(limiter: &Limiter, token: &str, from: &str, now: Instant) -> u32 {
        let mut count = 0;
        while count < 1000 && limiter.allows(token, peer(from), now) {
            count += 1;
        }
        count
    }

    #[test]
    fn a_link_is_shown_some_times_and_later_again() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        assert_eq!(allowed(&limiter, "a", "192.0.2.1", now), PER_TOKEN);
        assert_eq!(allowed(&limiter, "a", "192.0.2.2", now), 0, "whoever asks");
        assert_eq!(allowed(&limiter, "b", "192.0.2.1", now), PER_TOKEN);
        assert_eq!(allowed(&limiter, "a", "192.0.2.1", now + WINDOW), PER_TOKEN);
    }

    #[test]
    fn nobody_is_shown_many_links() {
        for (one, other) in [("192.0.2.1", "::ffff:192.0.2.1"), ("2001:db8::1", "2001:db8::ffff:1")] {
            let (limiter, now) = (Limiter::default(), Instant::now());
            let shown = (0..200).filter(|number| limiter.allows(&number.to_string(), peer(one), now)).count();
            assert_eq!(shown, PER_PEER as usize);
            assert!(!limiter.allows("another", peer(other), now), "it is the same household");
            assert!(limiter.allows("another", peer("198.51.100.1"), now));
        }
    }

    #[test]
    fn of_who_is_not_known_only_the_links_are_counted() {
        let (limiter, now) = (Limiter::default(), Instant::now());
        for number in 0..2 * PER_PEER {
            assert!(limiter.allows(&number.to_string(), None, now));
        }
        assert_eq!((0..50).filter(|_| limiter.allows("a", None, now)).count(), PER_TOKEN as usize);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut windows, now) = (Windows::default(), Instant::now());
        for number in 0..2 * MOST {
            windows.count(number, now);
        }
        assert!(windows.0.len() <= MOST);
    }
}
