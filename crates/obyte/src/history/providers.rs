//! The order providers that a wallet pins.

use crate::Address;

/// A list of order providers, sorted and without duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderProviders(Vec<Address>);

/// The list is empty or names one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list of order providers must name at least one, and none twice")]
pub struct OrderProvidersError;

impl OrderProviders {
    /// A list in any order.
    pub fn new(mut addresses: Vec<Address>) -> Result<Self, OrderProvidersError> {
        addresses.sort_unstable();
        if addresses.is_empty() || addresses.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(OrderProvidersError);
        }
        Ok(Self(addresses))
    }

    /// The addresses, ascending.
    pub fn addresses(&self) -> &[Address] {
        &self.0
    }

    /// Whether an address is among them.
    pub fn contains(&self, address: &Address) -> bool {
        self.0.binary_search(address).is_ok()
    }

    /// How many of them decide: more than half (section 1).
    pub const fn majority(&self) -> usize {
        self.0.len() / 2 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(count: usize) -> Vec<Address> {
        let addresses = (0..count).map(|n| Address::of_source(&format!("s\0{n}")));
        addresses.collect()
    }

    #[test]
    fn more_than_half_decide() {
        let majority = |count| OrderProviders::new(addresses(count)).map(|list| list.majority());
        assert_eq!(majority(12), Ok(7));
        assert_eq!(majority(1), Ok(1));
        assert_eq!(majority(3), Ok(2));
        assert_eq!(majority(2), Ok(2));
    }

    #[test]
    fn a_list_names_at_least_one_and_none_twice() {
        assert_eq!(OrderProviders::new(Vec::new()), Err(OrderProvidersError));
        let twice = addresses(1).repeat(2);
        assert_eq!(OrderProviders::new(twice), Err(OrderProvidersError));
    }
}
