//! The three networks and what tells them apart (section 1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of the Obyte networks a unit, hub or wallet belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Where bytes are money.
    Livenet,
    /// The public test network.
    Testnet,
    /// A private network for development.
    Devnet,
}

/// The text names none of the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network must be livenet, testnet or devnet")]
pub struct UnknownNetwork;

impl Network {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Livenet, Self::Testnet, Self::Devnet];

    /// The `version` of units written today.
    pub const fn version(self) -> &'static str {
        match self {
            Self::Livenet => "4.0",
            Self::Testnet => "4.0t",
            Self::Devnet => "4.0dev",
        }
    }

    /// What stands behind the number in every `version` of this network.
    pub const fn version_suffix(self) -> &'static str {
        match self {
            Self::Livenet => "",
            Self::Testnet => "t",
            Self::Devnet => "dev",
        }
    }

    /// Whether this network ever knew units of that `version`.
    pub fn accepts_version(self, version: &str) -> bool {
        version
            .strip_suffix(self.version_suffix())
            .is_some_and(|number| matches!(number, "1.0" | "2.0" | "3.0" | "4.0"))
    }

    /// The `alt` of units.
    pub const fn alt(self) -> &'static str {
        match self {
            Self::Livenet => "1",
            Self::Testnet => "2",
            Self::Devnet => "3",
        }
    }

    /// The scheme of payment URIs that this network's wallets emit (section 11).
    pub const fn uri_scheme(self) -> &'static str {
        match self {
            Self::Livenet => "obyte",
            Self::Testnet => "obyte-tn",
            Self::Devnet => "obyte-dn",
        }
    }

    /// The hub that the network's wallets use by default.
    pub const fn default_hub(self) -> &'static str {
        match self {
            Self::Livenet => "wss://obyte.org/bb",
            Self::Testnet => "wss://obyte.org/bb-test",
            Self::Devnet => "ws://localhost:6611",
        }
    }

    /// How many order providers the network has.
    pub const fn order_provider_count(self) -> usize {
        match self {
            Self::Livenet | Self::Testnet => 12,
            Self::Devnet => 1,
        }
    }

    /// What a textcoin carries on top for the size of the unit that claims it
    /// (`TEXTCOIN_CLAIM_FEE`, section 9).
    pub const fn textcoin_claim_fee(self) -> u64 {
        772 + self.version_suffix().len() as u64
    }

    /// The name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Livenet => "livenet",
            Self::Testnet => "testnet",
            Self::Devnet => "devnet",
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|network| network.name() == name).ok_or(UnknownNetwork)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_belong_to_one_network_only() {
        assert!(Network::Livenet.accepts_version("4.0"));
        assert!(!Network::Livenet.accepts_version("4.0t"));
        assert!(Network::Devnet.accepts_version("1.0dev"));
        assert!(!Network::Devnet.accepts_version("4.0"));
        assert!(!Network::Testnet.accepts_version("5.0t"));
    }

    #[test]
    fn the_claim_fee_grows_with_the_version() {
        assert_eq!(Network::Livenet.textcoin_claim_fee(), 772);
        assert_eq!(Network::Testnet.textcoin_claim_fee(), 773);
        assert_eq!(Network::Devnet.textcoin_claim_fee(), 775);
    }
}
