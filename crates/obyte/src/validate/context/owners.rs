//! Authors with their definitions and conflicts, and the coins that they spend.

use super::ancestry::Ancestry;
use super::{DagView, KnownOutput, Sequence};
use crate::definition::DefinitionError;
use crate::unit::{Author, Input};
use crate::validate::{Invalid, authentifiers, balance};
use crate::{Address, Bytes, CoinId, Definition};

/// What became known about the authors of a unit.
pub(super) struct Owners<'a, 'v, V: DagView> {
    ancestry: &'a Ancestry<'v, V>,
    pub(super) sequence: Sequence,
    pub(super) conflicts: Vec<V::Id>,
}

impl<'a, 'v, V: DagView> Owners<'a, 'v, V> {
    pub(super) fn new(ancestry: &'a Ancestry<'v, V>) -> Self {
        Self { ancestry, sequence: Sequence::Good, conflicts: Vec::new() }
    }

    /// Every author signed with the definition of its address, which is there exactly if it must be.
    pub(super) fn check_authors(&mut self) -> Result<(), Invalid> {
        self.ancestry.unit.authors().iter().try_for_each(|author| self.check_author(author))
    }

    fn check_author(&mut self, author: &Author) -> Result<(), Invalid> {
        let Ancestry { view, unit, last_ball_mci, .. } = self.ancestry;
        let address = author.address;
        let known = view.definition(&address, *last_ball_mci);
        let Some(definition) = author.definition.as_ref().or(known.as_ref()) else {
            let text = format!("definition {address} bound to address {address} not found before last ball");
            return Err(Invalid::unit(text));
        };
        let definition = Definition::parse(definition).map_err(|error| match error {
            DefinitionError::Unsupported(operator) => {
                Invalid::unit(format!("the operator {operator} is not supported by this network"))
            }
            other => Invalid::unit(other.to_string()),
        })?;
        authentifiers(unit, author, &definition)?;
        let is_nonserial = self.find_conflicts(&address);
        match author.definition {
            Some(_) if known.is_some() => {
                let text = format!("duplicate definition of address {address}, bNonserial={is_nonserial}");
                Err(Invalid::unit(text))
            }
            Some(_) if definition.chash() != address => {
                Err(Invalid::unit(format!("wrong definition: {}!=={address}", definition.chash())))
            }
            _ => Ok(()),
        }
    }

    /// Whether there are units of an address that the parents do not include. They conflict, even if
    /// they spend other coins (7.7).
    fn find_conflicts(&mut self, address: &Address) -> bool {
        let Ancestry { view, parents, included_mci, .. } = self.ancestry;
        let candidates = view.units_above(address, *included_mci).into_iter();
        let conflicts: Vec<_> = candidates.filter(|&id| !view.is_included(id, parents)).collect();
        if conflicts.is_empty() {
            return false;
        }
        let is_decided = conflicts.iter().any(|&id| view.unit(id).ball.is_some());
        self.inherit(if is_decided { Sequence::FinalBad } else { Sequence::TempBad });
        self.conflicts.extend(conflicts);
        true
    }

    /// A unit is at best as good as what it depends on.
    fn inherit(&mut self, sequence: Sequence) {
        if self.sequence != Sequence::FinalBad && sequence != Sequence::Good {
            self.sequence = sequence;
        }
    }

    /// Every coin is an author's and unspent, and together they are what the unit pays.
    pub(super) fn check_coins(&mut self) -> Result<(), Invalid> {
        let unit = self.ancestry.unit;
        let Some((_, payment)) = unit.base_payment() else {
            return Err(Invalid::unit("no base payment message"));
        };
        let amounts = payment.inputs.iter().map(|input| match input {
            Input::Transfer(coin) => self.check_coin(coin),
            Input::Issue { .. } => Err(Invalid::unit("only genesis can issue base asset")),
            // The view knows of no earnings, and wallets cannot see theirs either (4.3).
            Input::HeadersCommission(_) => Err(Invalid::unit("zero headers_commission commission")),
            Input::Witnessing(_) => Err(Invalid::unit("zero witnessing commission")),
        });
        let amounts: Vec<_> = amounts.collect::<Result<_, _>>()?;
        balance(unit, amounts)
    }

    /// What a coin holds.
    fn check_coin(&mut self, coin: &CoinId) -> Result<Bytes, Invalid> {
        let Ancestry { view, unit, parents, last_ball_mci, .. } = self.ancestry;
        let source = coin.unit;
        let output = view.output(coin);
        let (Some(id), false) = (view.find(&source), output == KnownOutput::NoUnit) else {
            return Err(Invalid::unit(format!("input unit {source} not found")));
        };
        let known = view.unit(id);
        let is_below = known.is_at_or_below(*last_ball_mci);
        match known.sequence {
            Sequence::FinalBad if is_below => {
                return Err(Invalid::unit(format!("spending a stable final-bad output {source}")));
            }
            sequence => self.inherit(sequence),
        }
        let KnownOutput::Output(output) = output else {
            return Err(Invalid::unit(format!("output being spent {source} not found")));
        };
        if !unit.is_authored_by(&output.address) {
            return Err(Invalid::unit("output owner is not among authors"));
        }
        if !is_below && !view.is_included(id, parents) {
            return Err(Invalid::unit(format!("input {source} is not in your genes")));
        }
        let mut inner = view.spenders(coin).into_iter().filter(|&id| view.is_included(id, parents));
        match inner.next() {
            Some(inner) => Err(Invalid::unit(format!(
                "{}: conflicting divisible input in inner unit {}",
                unit.hash(),
                view.unit(inner).hash
            ))),
            None => Ok(output.amount),
        }
    }
}
