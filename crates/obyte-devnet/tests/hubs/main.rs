//! Several hubs with views of their own, units in conflict, and hubs that misbehave.

#[allow(dead_code, reason = "not every helper of the other tests is needed here")]
#[path = "../devnet/common.rs"]
mod common;
mod conflicts;
mod stage;
mod tricks;
