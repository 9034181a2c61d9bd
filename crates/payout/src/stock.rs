//! Taking stock: counting the payer's coins without a history.

use obyte::compose::Coin;
use obyte::{Address, Bytes, UnitHash};

use crate::{AskId, SeenUnit};

/// A question for all coins that lie at the payer's addresses, however long their histories are, and from
/// whatever time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskStock {
    /// Names the question.
    pub ask: AskId,
    /// The payer's addresses.
    pub addresses: Vec<Address>,
    /// Units of open slots, of which proofs are wanted too.
    pub units: Vec<UnitHash>,
    /// Coins at these addresses that are known and not spent.
    pub known: Vec<Coin>,
    /// All of the payer's addresses: their units and coins are told as such, with what they move.
    pub also: Vec<Address>,
}

/// What a hub told of the payer's coins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    /// The main chain index of the unit that was the last stable one before the hub counted, as it says.
    pub main_chain_index: u64,
    /// The units that made coins which were not known, and those of open slots, each with what is proven of
    /// it.
    pub units: Vec<SeenUnit>,
    /// Addresses with so many coins that small ones could not be told.
    pub flooded: Vec<Flooded>,
}

/// An address at which small coins are not seen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flooded {
    /// The address.
    pub address: Address,
    /// No coin of this amount or more was left out.
    pub below: Bytes,
}
