//! Seeded disasters around the pure payout engine, with an auditor that keeps its own books.
//!
//! A seed makes a world: purchases, coins, hubs that lie, stall, hide, lose and release, a process that
//! dies between any two of its actions, clocks that jump. The engine, the units and the ledger in it are the
//! real ones; network, store and customers are small models that know the truth. After every step an
//! auditor compares what the engine does with what may be done ([`Promise`]). When the trouble is over,
//! everybody must be paid, exactly once and in time.
//!
//! The same seed tells the same story, and a digest of it shows that.

mod audit;
mod books;
mod broken;
mod chain;
mod counter;
pub mod fees;
mod fleet;
mod hub;
mod journal;
mod keys;
mod outcome;
mod random;
mod replay;
mod sabotage;
mod story;
mod tale;
mod world;

pub use audit::Auditor;
pub use books::Books;
pub use broken::{Broken, Promise};
pub use chain::{Chain, Eye, Fate, HUBS};
pub use fleet::{Report, play_all};
pub use journal::{Answered, Journal, State};
pub use keys::{PARTNERS, deposit_address, keyring, own_addresses};
pub use outcome::{Count, Outcome};
pub use random::Random;
pub use replay::{Purchase, Record, Replay};
pub use sabotage::Defect;
pub use world::{BEGINNING, play};
