//! Searching for textcoins of lives of the wallet that were lost with their databases.
//!
//! Their words follow from numbers, and a life gives its numbers in their order. So all numbers of a generation are
//! tried from the first, until none of so many in a row was given. Some are given and never used: units died, or a hub
//! called addresses used that were not.

use std::ops::Range;

use super::TextcoinNo;

/// A search over several generations: where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// The number that is tried next.
    pub next: TextcoinNo,
    /// All numbers of its generation that are known to be given are below this one.
    pub given: u32,
    /// All generations below this one are searched.
    pub generations: u32,
}

impl Search {
    /// So many numbers in a row that nobody was given end the search in a generation.
    pub const GAP: u32 = 500;

    /// A search that begins.
    pub const fn begin(generations: u32) -> Self {
        Self { next: TextcoinNo { generation: 0, counter: 0 }, given: 0, generations }
    }

    /// Whether there is no number to try.
    pub const fn is_over(&self) -> bool {
        self.next.generation >= self.generations
    }

    /// The counters that are tried next, at most so many; all in the generation of [`next`](Self::next). Empty when it
    /// is over.
    pub fn counters(&self, most: u32) -> Range<u32> {
        let from = self.next.counter;
        if self.is_over() {
            return from..from;
        }
        let end = self.given.saturating_add(Self::GAP).max(from);
        from..end.min(from.saturating_add(most))
    }

    /// In this generation all counters below this one are known to be given.
    #[must_use]
    pub fn with_given(self, given: u32) -> Self {
        Self { given: self.given.max(given), ..self }
    }

    /// Where it stands once these counters were tried, of which `last` is the last that was given to somebody.
    #[must_use]
    pub fn tried(self, counters: &Range<u32>, last: Option<u32>) -> Self {
        let given = last.map_or(self.given, |last| self.given.max(last.saturating_add(1)));
        let counter = counters.end;
        if counter < given.saturating_add(Self::GAP) && counter < u32::MAX {
            return Self { next: TextcoinNo { counter, ..self.next }, given, ..self };
        }
        let generation = self.next.generation.saturating_add(1);
        Self { next: TextcoinNo { generation, counter: 0 }, given: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Searches in steps of so many, and begins again from what was kept after each; all numbers that were tried.
    fn play(given: &BTreeSet<TextcoinNo>, generations: u32, most: u32) -> Vec<TextcoinNo> {
        let mut search = Search::begin(generations);
        let mut tried = Vec::new();
        while !search.is_over() {
            let counters = search.counters(most);
            assert!(!counters.is_empty(), "it goes on: {search:?}");
            let numbers = counters.clone().map(|counter| TextcoinNo { counter, ..search.next });
            let last = numbers.clone().rfind(|no| given.contains(no)).map(|no| no.counter);
            tried.extend(numbers);
            search = search.tried(&counters, last);
        }
        assert!(search.counters(most).is_empty());
        tried
    }

    fn no(generation: u32, counter: u32) -> TextcoinNo {
        TextcoinNo { generation, counter }
    }

    #[test]
    fn a_generation_ends_with_a_gap_and_no_earlier() {
        let gap = Search::GAP;
        let given = [no(0, 3), no(0, 3 + gap), no(0, 4 + 2 * gap), no(1, 0), no(2, 0)].into();
        let tried = play(&given, 2, 100);
        assert!(tried.contains(&no(0, 3 + gap)), "a gap that is one too small ends nothing");
        assert!(!tried.contains(&no(0, 4 + 2 * gap)));
        assert_eq!(tried.iter().filter(|no| no.generation == 0).count() as u32, 4 + 2 * gap);
        assert_eq!(tried.iter().filter(|no| no.generation == 1).count() as u32, 1 + gap);
        assert!(!tried.contains(&no(2, 0)), "that is the present one");
    }

    #[test]
    fn behind_what_is_known_it_goes_on() {
        let search = Search::begin(1).with_given(10_000);
        assert_eq!(search.counters(20_000), 0..10_000 + Search::GAP);
        assert_eq!(search.with_given(5), search);
    }

    #[test]
    fn at_the_end_of_all_numbers_it_ends() {
        let last = Search { next: no(0, u32::MAX - 5), given: u32::MAX - 5, generations: 1 };
        let counters = last.counters(100);
        assert!(last.tried(&counters, Some(u32::MAX - 1)).is_over());
    }

    proptest! {
        #[test]
        fn every_number_is_tried_once_that_no_gap_hides(
            counters in prop::collection::vec(prop::collection::vec(0..Search::GAP, 0..6), 1..4),
            most in 1..700_u32,
        ) {
            // Each is less than a gap behind the one before.
            let mut given = BTreeSet::new();
            for (generation, steps) in (0..).zip(&counters) {
                let mut counter = 0;
                for step in steps {
                    counter += step;
                    given.insert(no(generation, counter));
                }
            }
            let generations = u32::try_from(counters.len()).expect("few");
            let tried = play(&given, generations, most);
            prop_assert!(tried.is_sorted() && tried.windows(2).all(|pair| pair[0] != pair[1]));
            let tried: BTreeSet<_> = tried.into_iter().collect();
            prop_assert!(given.is_subset(&tried));
        }
    }
}
