//! The fee law in numbers: what payouts cost and how long they wait, from 1 to 1,000 purchases per second.
//!
//! The network is the law itself (4.10) and little else: main chain units at an even pace, each stable
//! after a fixed time. The policy is the engine's own ([`payout::Pacer`]), the payer around it a queue. There is
//! no clock and no chance but a seed, so the table is always the same; `docs/fees.md` holds it.

mod network;
mod payer;
mod purchases;
mod table;
mod tally;

pub use network::{DEVNET, LIVENET, Model};
pub use payer::{pay, pay_clients, usual};
pub use purchases::{Arrival, purchases};
pub use table::{MINUTES, RATES, tables};
pub use tally::Tally;
