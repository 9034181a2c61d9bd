//! Hostile bytes: one target for every parser of outside bytes, and a driver that needs nothing but
//! stable Rust.
//!
//! A target is a function from bytes to nothing: it hands them to a parser and asserts what must hold
//! whatever they are. Nothing panics; what is read, printed and read again is the same; error texts are
//! short and hold no control characters; what is proven by nothing is never believed.
//!
//! * `targets`: the functions, in [`TARGETS`];
//! * `mutate`: new inputs from old ones, knowing bytes and JSON;
//! * `run`: seeds, budgets, and what is kept of a failure;
//! * `cost`: how much processor time and memory something took;
//! * `monsters`: inputs that are hostile by their size or depth.
//!
//! `cargo run -p fuzz -- --help` runs targets for longer; `cargo test -p fuzz` gives each some thousands of
//! inputs. `fuzz/cargo-fuzz` holds the same targets for libFuzzer.

pub mod cost;
pub mod monsters;
pub mod mutate;
mod random;
pub mod run;
mod targets;

pub use random::Random;
pub use targets::{TARGETS, Target, target};
