//! The same auditor over a real server. What a network holds and what the server's database holds are
//! played again, in the order in which it happened, and judged as a world of the simulation is.

use std::collections::BTreeSet;

use ledger::Book;
use obyte::{Address, Bytes, Unit, UnitHash};
use payout::{Change, FeeLimits, Payee, PayoutId, Timestamp};

use crate::books::Books;
use crate::broken::{Broken, Promise, hold};
use crate::counter::{Counter, Order, Reserves, Ruling, Terms};

/// A purchase as the server accepted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Its payout. Payouts are numbered from 1, in the order of acceptance.
    pub payout: PayoutId,
    /// Who reported it.
    pub partner: i64,
    /// Who receives the cashback.
    pub recipient: Address,
    /// The fund's share.
    pub base: Bytes,
    /// The partner's share, which the fund matches.
    pub share: Bytes,
    /// When.
    pub at: Timestamp,
}

/// One thing that a database tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A part of the fund became a partner's deposit.
    Deposit {
        /// Whose.
        partner: i64,
        /// How much.
        amount: Bytes,
    },
    /// A purchase was accepted.
    Accepted(Purchase),
    /// The payer wanted this kept.
    Changed(Box<Change>),
}

/// A server's past, judged.
#[derive(Debug)]
pub struct Replay {
    books: Books,
    counter: Counter,
    own: BTreeSet<UnitHash>,
}

impl Replay {
    /// Nothing has happened yet to the payer with these addresses. `reserve` is what is set aside for the
    /// fees of each payout.
    pub fn new(own: Vec<Address>, limits: FeeLimits, reserve: Bytes) -> Self {
        let reserves = Reserves { payout: reserve, claim: Bytes::ZERO };
        Self { books: Books::new(own, limits), counter: Counter::new(reserves), own: BTreeSet::new() }
    }

    /// A unit that the network holds, in the order in which units came there; all of them before the first
    /// record.
    ///
    /// # Errors
    /// Where it cannot be on a network.
    pub fn observe(&mut self, unit: &Unit) -> Result<(), Broken> {
        self.books.chain.observe(unit)?;
        let hash = unit.hash();
        if self.books.chain.is_own(&hash) {
            self.own.insert(hash);
            // A hub has it, so a hub has accepted it.
            self.books.auditor.vouch(hash);
        }
        Ok(())
    }

    /// The next thing in the database.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn play(&mut self, record: Record) -> Result<(), Broken> {
        match record {
            Record::Deposit { partner, amount } => {
                let is_booked = self.counter.book_deposit(partner, amount);
                hold!(Books, is_booked, "a deposit of {amount} is booked, and the fund was too low");
                Ok(())
            }
            Record::Accepted(purchase) => self.accept(purchase),
            Record::Changed(change) => {
                let changes = [*change];
                self.books.commit(&changes)?;
                self.counter.commit(&changes, &self.books.journal)
            }
        }
    }

    fn accept(&mut self, purchase: Purchase) -> Result<(), Broken> {
        let Purchase { payout, partner, recipient, base, share, at } = purchase;
        // Whether an order id is claimed twice is for the caller to see, who knows them.
        let id = u64::try_from(payout.get()).map_err(|_| Broken::new(Promise::Sound, "a negative payout"))?;
        let terms = Terms { recipient: Payee::Address(recipient), base, share };
        match self.counter.accept(Order { partner, id }, terms, at, &mut self.books.journal)? {
            Ruling::Accepted(accepted) => {
                hold!(Sound, accepted.id == payout, "payout {payout} comes out of turn");
                Ok(())
            }
            _ => Err(Broken::new(Promise::Books, format!("payout {payout} was accepted beyond the fund"))),
        }
    }

    /// Every unit of the payer on the network is in the journal, and pays nobody but its payouts, none of
    /// them for the second time. Asked once, after the last record.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn check_network(&mut self) -> Result<(), Broken> {
        for unit in &self.own {
            self.books.auditor.check_good(unit, &self.books.chain)?;
        }
        Ok(())
    }

    /// Somebody was answered that this unit pays this payout.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn check_told(&self, payout: PayoutId, unit: &UnitHash) -> Result<(), Broken> {
        self.books.check_told(&[payout], unit)
    }

    /// Nothing is going on any more: everybody is paid, and the coins on the network are those in the
    /// database and in the book.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn check_rest(&self) -> Result<(), Broken> {
        self.books.check_rest()?;
        let coins = self.books.chain.purse().iter().map(|coin| coin.amount.get()).sum();
        self.counter.check_rest(coins)
    }

    /// The book as it must be.
    pub const fn book(&self) -> &Book {
        self.counter.book()
    }
}
