//! What a database belongs to, so that it is never used with another wallet or network.

use std::fmt;

use obyte::{Address, Network};

/// What an endpoint stands on. Bound once, compared at every start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The network.
    pub network: Network,
    /// The first address of the wallet; two wallets never share it.
    pub wallet: Address,
    /// The order providers that are pinned by configuration, in any order. Empty where those that the
    /// network votes for are followed. They tell one devnet from another.
    pub order_providers: Vec<Address>,
}

/// A part of an [`Identity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityPart {
    /// [`Identity::network`].
    Network,
    /// [`Identity::wallet`].
    Wallet,
    /// [`Identity::order_providers`].
    OrderProviders,
}

impl fmt::Display for IdentityPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Network => "network",
            Self::Wallet => "wallet",
            Self::OrderProviders => "list of order providers",
        })
    }
}

impl Identity {
    /// The first part that is not the same in `other`.
    pub fn differs_in(&self, other: &Self) -> Option<IdentityPart> {
        if self.network != other.network {
            Some(IdentityPart::Network)
        } else if self.wallet != other.wallet {
            Some(IdentityPart::Wallet)
        } else if self.sorted_providers() != other.sorted_providers() {
            Some(IdentityPart::OrderProviders)
        } else {
            None
        }
    }

    /// The order providers in the order of their text, each once.
    pub(crate) fn sorted_providers(&self) -> Vec<Address> {
        let mut sorted = self.order_providers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    }
}
