//! The cashback API on a real socket, with a cashier of the tests' own behind it.
//!
//! Requests are written as bytes and answers are read as bytes, since clients depend on them. Every
//! answer is held against what is promised for all of them (`support::Reply::check`).

mod clients;
mod library;
mod limits;
mod metrics;
mod quote;
mod refunds;
mod support;
mod textcoins;
mod transport;
