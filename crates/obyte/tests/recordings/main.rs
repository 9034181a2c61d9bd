//! Our wallet on a hub of the reference: what it said and what it was answered, recorded on a devnet.
//!
//! `data/*.jsonl` hold one frame a line, in both directions, with milliseconds since the start of the
//! connection, in the format of `vectors/ws`. The first line of each says what happens in it, when it
//! began, and what the wallet trusted.

mod histories;
mod recording;
mod units;

#[path = "../tampering/mod.rs"]
mod one_change;
