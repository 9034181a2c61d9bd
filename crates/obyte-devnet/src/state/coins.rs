//! Outputs, which stand in the journal, and who owns them.

use std::collections::HashSet;
use std::io;

use obyte::compose::Coin;
use obyte::{Address, Bytes, CoinId, Output};

use super::State;
use crate::dag::Id;
use crate::record::{OUTPUT_LEN, OUTPUTS_AT, RawAddress, raw_address, read_output};

/// An unspent output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnedCoin {
    pub(crate) coin: Coin,
    /// The unit that made it.
    pub(crate) source: Id,
}

impl State {
    /// One output of a unit.
    pub(super) fn read_output(&self, id: Id, output_index: u32) -> Option<Output> {
        let node = self.dag().node(id);
        if output_index >= node.outputs {
            return None;
        }
        let at = OUTPUTS_AT + output_index as usize * OUTPUT_LEN;
        self.reader.head(node.place, at, OUTPUT_LEN).ok().and_then(|bytes| read_output(&bytes))
    }

    /// The unspent outputs of a good unit that belong to an address.
    fn unspent_in(&self, id: Id, address: &Address, raw: &RawAddress) -> io::Result<Vec<OwnedCoin>> {
        let node = self.dag().node(id);
        if !node.is_good() {
            return Ok(Vec::new());
        }
        let outputs = self.reader.head(node.place, OUTPUTS_AT, node.outputs as usize * OUTPUT_LEN)?;
        let own = (0..node.outputs)
            .zip(outputs.chunks_exact(OUTPUT_LEN))
            .filter(|(_, bytes)| bytes.starts_with(raw));
        let unspent = own.filter(|&(index, _)| self.dag().spenders(id, index).next().is_none());
        let coins = unspent.filter_map(|(output_index, bytes)| {
            let amount = read_output(bytes)?.amount;
            let coin_id = CoinId { unit: node.hash(), message_index: node.message_index, output_index };
            Some(OwnedCoin { coin: Coin { id: coin_id, amount, address: *address }, source: id })
        });
        Ok(coins.collect())
    }

    /// The addresses that some units touch: authors and receivers.
    pub(crate) fn addresses_of(&self, units: &[Id]) -> HashSet<RawAddress> {
        let mut addresses = HashSet::new();
        for &id in units {
            let node = self.dag().node(id);
            let authors = node.authors.iter().map(|&author| self.facts.people.person(author).address);
            addresses.extend(authors.map(|address| raw_address(&address)));
            let len = node.outputs as usize * OUTPUT_LEN;
            if let Ok(outputs) = self.reader.head(node.place, OUTPUTS_AT, len) {
                let receivers = outputs.chunks_exact(OUTPUT_LEN).filter_map(|bytes| bytes.first_chunk());
                addresses.extend(receivers.copied());
            }
        }
        addresses
    }

    /// All unspent outputs of an address, oldest first.
    pub(crate) fn unspent(&self, address: &Address) -> io::Result<Vec<OwnedCoin>> {
        let raw = raw_address(address);
        let mut coins = Vec::new();
        for id in self.units_of(address)? {
            coins.extend(self.unspent_in(id, address, &raw)?);
        }
        Ok(coins)
    }

    /// The largest coin of an address that has at least so much: from its newest unit if there is one,
    /// which is quick, else from all.
    pub(crate) fn anchor(&self, address: &Address, least: Bytes) -> io::Result<Option<Coin>> {
        let largest = |coins: Vec<OwnedCoin>| {
            let enough = coins.into_iter().map(|owned| owned.coin).filter(|coin| coin.amount >= least);
            enough.max_by_key(|coin| coin.amount)
        };
        let newest = self.facts.people.get(address).and_then(|person| person.units.last());
        if let Some(&newest) = newest
            && let Some(coin) = largest(self.unspent_in(newest, address, &raw_address(address))?)
        {
            return Ok(Some(coin));
        }
        Ok(largest(self.unspent(address)?))
    }
}
