//! What the keeper of textcoins does, on a small network that keeps its rules and a hub that need not.

mod random;
mod rules;
mod world;
