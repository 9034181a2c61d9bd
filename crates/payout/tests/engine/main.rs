//! The payout engine under test: rule by rule, and under seeded disasters.
//!
//! Units are real: composed and signed. The network is a small model that enforces what matters here:
//! a coin is spent once, nothing exists without its sources, definitions are shown when they must be.

mod disasters;
mod rules;
mod world;
