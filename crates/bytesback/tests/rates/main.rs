//! Where prices come from: sources on this machine that answer as the real ones do, and what is made of
//! what they tell.

#[path = "../common/mod.rs"]
mod common;
mod hub;
mod service;
mod sources;
mod together;
mod whole;
mod words;
