//! How the story of a seed ended, and what was counted in it.

use crate::broken::Broken;

/// How the story of a seed ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// A digest of all that happened.
    pub digest: u64,
    /// The promise that was broken, if one was.
    pub broken: Option<Broken>,
    /// What happened, line by line, if that was wanted; bounded.
    pub story: Vec<String>,
    /// What was counted.
    pub count: Count,
}

/// Figures of one story, or of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Steps of the world.
    pub steps: u64,
    /// Accepted orders.
    pub orders: u64,
    /// Requests that were refused for want of coins.
    pub refused: u64,
    /// Starts of the process after the first.
    pub starts: u64,
    /// Signed units.
    pub units: u64,
    /// Units that pay nobody and pull another one in.
    pub pulls: u64,
    /// Slots that an earlier version won than the newest.
    pub upsets: u64,
    /// Slots that died with their anchor.
    pub deaths: u64,
    /// Orders that were given up, since their payee is an agent.
    pub parked: u64,
    /// Databases that were lost.
    pub losses: u64,
    /// Orders that were held after a loss, and found paid.
    pub rejected: u64,
    /// Answers with another unit than the answer before, which was dead.
    pub replaced: u64,
    /// Posts and questions to hubs after the trouble was over.
    pub requests: u64,
    /// Milliseconds of the world from the end of the trouble until everybody was paid.
    pub recovery: u64,
}
