//! When purchases come.

use crate::random::Random;

/// When purchases begin, in milliseconds: the network is there already.
pub(super) const BEGIN: u64 = 600_000;

/// How purchases come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// At random, independently of each other (Poisson).
    AtRandom,
    /// One after the other at the same distance.
    Evenly,
}

/// The times of so many purchases per second for so many seconds, in milliseconds, ascending.
///
/// At random means that each falls anywhere; this is a Poisson process whose total is known.
pub fn purchases(arrival: Arrival, per_second: u64, seconds: u64) -> Vec<u64> {
    let (count, length) = (per_second * seconds, seconds * 1000);
    let mut random = Random::new(per_second);
    let mut times: Vec<u64> = match arrival {
        Arrival::AtRandom => (0..count).map(|_| BEGIN + random.between(0, length - 1)).collect(),
        Arrival::Evenly => (0..count).map(|number| BEGIN + number * length / count).collect(),
    };
    times.sort_unstable();
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenly_means_at_the_same_distance() {
        let times = purchases(Arrival::Evenly, 10, 60);
        assert_eq!(times.len(), 600);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 100));
    }

    #[test]
    fn at_random_as_many_gaps_are_long_as_chance_makes() {
        let times = purchases(Arrival::AtRandom, 10, 600);
        assert_eq!(times.len(), 6_000);
        // Of the gaps of a Poisson process e^-2 are longer than twice the mean: 13.5 of a hundred.
        let long = times.windows(2).filter(|pair| pair[1] - pair[0] > 200).count();
        assert!((720..900).contains(&long), "{long}");
    }
}
