//! What follows from the units that were accepted.

use std::path::Path;

use obyte::fee::TpsLaw;
use obyte::{Address, CoinId, UnitHash};

use super::OpenError;
use super::people::People;
use crate::dag::{Dag, Id, Mci, NewUnit};
use crate::index::AddressIndex;
use crate::journal::Place;
use crate::record::{Record, key, raw_address};

/// Everything that is derived from the units.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) dag: Dag,
    pub(crate) people: People,
    pub(crate) order_provider: Address,
    pub(super) index: AddressIndex,
    /// Units that no unit of the order provider proves stable yet, oldest first; its own are not
    /// among them.
    unproven: Vec<Id>,
}

impl Facts {
    /// Nothing yet.
    pub(super) fn new(dir: &Path, order_provider: Address, law: TpsLaw) -> Self {
        Self {
            dag: Dag::new(law),
            people: People::default(),
            order_provider,
            index: AddressIndex::new(dir),
            unproven: Vec::new(),
        }
    }

    /// Adds a unit that was validated. Gives the units that a light client can be shown to be stable
    /// from now on.
    pub(super) fn apply(&mut self, record: &Record, place: Place) -> Result<Vec<Id>, OpenError> {
        let unit = self.new_unit(record, place)?;
        let is_from_order_provider = unit.is_from_order_provider;
        let id = self.dag.insert(unit);
        self.people.note_unit(id, record);
        self.index_addresses(id, record)?;
        if !is_from_order_provider {
            self.unproven.push(id);
        }
        Ok(if is_from_order_provider { self.take_proven() } else { Vec::new() })
    }

    fn new_unit(&mut self, record: &Record, place: Place) -> Result<NewUnit, OpenError> {
        let find = |hash: &UnitHash| {
            self.dag.find(hash).ok_or(OpenError::Damaged("a unit that another one needs is missing"))
        };
        let spend = |coin: &CoinId| Ok::<_, OpenError>((find(&coin.unit)?, coin.output_index));
        let spends = record.spent.iter().map(spend).collect::<Result<_, _>>()?;
        let rivals = record.rivals.iter().map(find).collect::<Result<_, _>>()?;
        let parents = record.parents.iter().map(find).collect::<Result<_, _>>()?;
        let last_ball_unit = record.last_ball_unit.as_ref().map(find).transpose()?;
        let people = &mut self.people;
        Ok(NewUnit {
            hash: record.hash,
            parents,
            last_ball_unit,
            timestamp: record.timestamp,
            authors: record.authors.iter().map(|author| people.number(author.address)).collect(),
            is_from_order_provider: record.authors.iter().any(|author| author.address == self.order_provider),
            tps_fee: record.tps_fee,
            shares: record.shares.iter().map(|&(payer, share)| (people.number(payer), share)).collect(),
            place,
            message_index: record.message_index,
            outputs: u32::try_from(record.outputs.len()).expect("units are small"),
            spends,
            sequence: record.sequence,
            rivals,
        })
    }

    fn index_addresses(&mut self, id: Id, record: &Record) -> Result<(), OpenError> {
        let authors = record.authors.iter().map(|author| raw_address(&author.address));
        let mut keys: Vec<_> =
            record.outputs.iter().map(|(address, _)| *address).chain(authors).map(|raw| key(&raw)).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.index.insert(key, id)?;
        }
        Ok(())
    }

    /// The newest unit of the order provider on the main chain, from which proofs start; none right
    /// after the genesis unit.
    pub(crate) fn newest_witness(&self) -> Option<Id> {
        let mut chain = self.dag.main_chain().iter().rev().copied();
        let witness = chain.find(|&id| self.dag.node(id).is_from_order_provider);
        witness.filter(|&id| self.dag.node(id).best_parent.is_some())
    }

    /// Up to which index a light client can be shown what is stable.
    pub(crate) fn proven_mci(&self) -> Mci {
        self.newest_witness().map_or(0, |id| self.dag.last_ball_mci(id))
    }

    /// The units that cannot be proven stable yet.
    pub(crate) fn unproven(&self) -> &[Id] {
        &self.unproven
    }

    fn take_proven(&mut self) -> Vec<Id> {
        let mci = self.proven_mci();
        let (proven, unproven) =
            self.unproven.iter().copied().partition(|&id| self.dag.node(id).is_at_or_below(mci));
        self.unproven = unproven;
        proven
    }
}
