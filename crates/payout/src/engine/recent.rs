//! What was seen lately.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

/// A set that forgets what it learned first.
#[derive(Debug, Default)]
pub(super) struct Recent<T> {
    order: VecDeque<T>,
    members: HashSet<T>,
}

impl<T: Copy + Eq + Hash> Recent<T> {
    /// Enough for all that the last few minutes of the heaviest load can bring.
    const LIMIT: usize = 10_000;

    /// Adds a member; tells whether it is new.
    pub(super) fn insert(&mut self, member: T) -> bool {
        if !self.members.insert(member) {
            return false;
        }
        self.order.push_back(member);
        if self.order.len() > Self::LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
        true
    }

    pub(super) fn contains(&self, member: &T) -> bool {
        self.members.contains(member)
    }
}

impl<T: Copy + Eq + Hash> FromIterator<T> for Recent<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut recent = Self { order: VecDeque::new(), members: HashSet::new() };
        for member in members {
            recent.insert(member);
        }
        recent
    }
}
