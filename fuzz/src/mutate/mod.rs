//! New inputs from old ones.

mod bytes;
mod json;

use crate::Random;

/// The longest input that is made.
pub const MAX_LEN: usize = 256 * 1024;

/// Makes an input from `seed` by one to four changes, each of bytes or of JSON; `other` is a second seed
/// of which pieces may come in.
pub fn mutate(random: &mut Random, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut input = seed.to_vec();
    // Mostly one change: what is nearly right reaches deepest.
    let changes = *random.pick(&[1, 1, 1, 1, 2, 2, 3, 4]);
    for _ in 0..changes {
        input = if random.below(2) == 0 {
            json::mutate(random, &input).unwrap_or_else(|| bytes::mutate(random, &input, other))
        } else {
            bytes::mutate(random, &input, other)
        };
    }
    input.truncate(MAX_LEN);
    input
}
