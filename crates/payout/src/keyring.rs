//! The payer's keys: one for each address of its line, and one for each deposit address.
//!
//! Place 0 of the line is the first receiving address of the account: it is published, as the fund's, and the line
//! begins there. From then on the line moves along the change addresses, which nobody is given (2.3). Partners
//! get the further receiving addresses, counted from 1.

use std::collections::HashMap;

use obyte::keys::{AccountKey, Chain};
use obyte::{Address, PaymentKey, Seed};

use crate::TextcoinKeys;

/// The place of an address in the line's order.
pub(crate) type Place = u32;
/// The number of a deposit address, from 1.
pub(crate) type DepositNo = u32;

/// The keys of one wallet, derived as they are needed.
#[derive(Clone)]
pub struct Keyring {
    account: AccountKey,
    keys: Vec<PaymentKey>,
    places: HashMap<Address, Place>,
    /// The keys of deposit addresses, that with number 1 first.
    deposits: Vec<PaymentKey>,
    numbers: HashMap<Address, DepositNo>,
    textcoins: TextcoinKeys,
}

impl Keyring {
    /// The keys of the first account of a wallet, and of the textcoins that it gives at an endpoint, which is named by
    /// its stable code.
    pub fn new(seed: &Seed, endpoint: &str) -> Self {
        let mut keyring = Self {
            account: AccountKey::new(seed, 0),
            keys: Vec::new(),
            places: HashMap::new(),
            deposits: Vec::new(),
            numbers: HashMap::new(),
            textcoins: TextcoinKeys::new(seed, endpoint),
        };
        keyring.reach(0);
        keyring
    }

    /// The keys of textcoins.
    pub const fn textcoins(&self) -> &TextcoinKeys {
        &self.textcoins
    }

    /// The address to which the fund is sent, which is where the line begins.
    pub fn fund_address(&self) -> Address {
        self.keys[0].address()
    }

    /// The first `count` addresses of the line.
    pub fn addresses(&mut self, count: u32) -> Vec<Address> {
        self.reach(count);
        self.keys.iter().take(count as usize).map(PaymentKey::address).collect()
    }

    /// Derives the keys up to this place.
    pub(crate) fn reach(&mut self, place: Place) {
        for next in self.len()..=place {
            let key = match next.checked_sub(1) {
                None => self.account.payment_key(Chain::Receive, 0),
                Some(index) => self.account.payment_key(Chain::Change, index),
            };
            self.places.insert(key.address(), next);
            self.keys.push(key);
        }
    }

    /// The place of an address, looked for up to a place.
    pub(crate) fn find(&mut self, address: &Address, up_to: Place) -> Option<Place> {
        while !self.places.contains_key(address) && self.len() <= up_to {
            self.reach(self.len());
        }
        self.place(address)
    }

    /// The place of an address, if its key is derived.
    pub(crate) fn place(&self, address: &Address) -> Option<Place> {
        self.places.get(address).copied()
    }

    /// The address at a place that was reached.
    pub(crate) fn address(&self, place: Place) -> Address {
        self.keys[place as usize].address()
    }

    /// The key of an address, if it is derived.
    pub(crate) fn key(&self, address: &Address) -> Option<&PaymentKey> {
        match self.number(address) {
            Some(number) => self.deposits.get(number as usize - 1),
            None => self.keys.get(self.place(address)? as usize),
        }
    }

    /// The addresses whose keys are derived: all that the wallet ever used, and some more.
    pub(crate) fn derived(&self) -> impl Iterator<Item = Address> + '_ {
        self.keys.iter().chain(&self.deposits).map(PaymentKey::address)
    }

    /// The deposit address with this number, counted from 1.
    pub fn deposit_address(&mut self, number: u32) -> Address {
        self.reach_deposits(number);
        self.deposits[number.max(1) as usize - 1].address()
    }

    /// Derives the keys of deposit addresses up to this number.
    pub(crate) fn reach_deposits(&mut self, number: DepositNo) {
        for next in self.deposits.len() as DepositNo + 1..=number.max(1) {
            let key = self.account.payment_key(Chain::Receive, next);
            self.numbers.insert(key.address(), next);
            self.deposits.push(key);
        }
    }

    /// The number of a deposit address whose key is derived.
    pub(crate) fn number(&self, address: &Address) -> Option<DepositNo> {
        self.numbers.get(address).copied()
    }

    /// The first deposit addresses; their keys are derived.
    pub(crate) fn deposits(&self, count: DepositNo) -> impl Iterator<Item = Address> + '_ {
        self.deposits.iter().take(count as usize).map(PaymentKey::address)
    }

    fn len(&self) -> Place {
        u32::try_from(self.keys.len()).expect("keys are derived one by one")
    }
}

/// The keys stay out of every log.
impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("fund", &self.fund_address()).field("keys", &self.keys.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use obyte::Mnemonic;
    use obyte::keys::PaymentPath;

    use super::*;

    fn seed() -> obyte::Seed {
        let words =
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        words.parse::<Mnemonic>().expect("a mnemonic of the standard's tests").to_seed("")
    }

    #[test]
    fn the_line_begins_at_the_first_address_and_goes_on_along_the_change_addresses() {
        let mut keyring = Keyring::new(&seed(), "test");
        let first = PaymentKey::derive(&seed(), PaymentPath::FIRST).address();
        let change = |index| PaymentPath { account: 0, chain: Chain::Change, index };
        let third = PaymentKey::derive(&seed(), change(1)).address();
        assert_eq!(keyring.fund_address(), first);
        assert_eq!(keyring.addresses(3)[2], third);
        assert_eq!(keyring.find(&third, 0), Some(2), "it is derived already");
        assert!(keyring.key(&third).is_some());
    }

    #[test]
    fn an_address_is_looked_for_up_to_a_place_only() {
        let mut keyring = Keyring::new(&seed(), "test");
        let stranger = Address::of_source("a stranger");
        assert_eq!((keyring.find(&stranger, 5), keyring.derived().count()), (None, 6));
    }

    #[test]
    fn deposits_come_to_the_further_receiving_addresses() {
        let mut keyring = Keyring::new(&seed(), "test");
        let receive = |index| PaymentPath { account: 0, chain: Chain::Receive, index };
        let second = PaymentKey::derive(&seed(), receive(2)).address();
        assert_eq!(keyring.deposit_address(2), second);
        assert_eq!((keyring.number(&second), keyring.place(&second)), (Some(2), None));
        assert_eq!(keyring.key(&second).map(PaymentKey::address), Some(second));
        assert_eq!(keyring.deposits(1).count(), 1);
    }

    #[test]
    fn no_key_is_shown() {
        let keyring = Keyring::new(&seed(), "test");
        let secret = keyring.keys[0].secret_key().as_bytes().iter().map(|byte| format!("{byte:02x}"));
        assert!(!format!("{keyring:?}").contains(&secret.collect::<String>()));
    }
}
