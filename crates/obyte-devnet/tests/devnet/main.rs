//! The devnet seen from outside: over WebSocket on loopback, and through its data directory.

mod common;
mod control;
mod conversation;
mod crowd;
mod definitions;
mod devices;
mod fees;
mod outside;
mod process;
mod proofs;
mod pushes;
mod queries;
mod recordings;
mod refusals;
mod restart;
