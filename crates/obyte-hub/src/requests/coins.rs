//! What a hub believes that addresses own. Unproven: for display and for a first guess.

use std::collections::BTreeMap;

use obyte::{Address, Bytes, CoinId};
use serde::{Deserialize, Serialize};

use crate::{Hub, HubError};

const BALANCES: &str = "light/get_balances";
const PICK: &str = "light/pick_divisible_coins_for_amount";
/// How many addresses one request for balances may name.
const MAX_ADDRESSES: usize = 100;

/// What an address owns, by asset; bytes are `base`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AddressBalance(BTreeMap<String, AssetBalance>);

/// What an address owns of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct AssetBalance {
    /// In stable outputs, in the asset's smallest unit.
    pub stable: u64,
    /// In outputs that are not stable yet.
    pub pending: u64,
    /// How many stable outputs.
    pub stable_outputs_count: u64,
    /// How many outputs that are not stable yet.
    pub pending_outputs_count: u64,
}

impl AddressBalance {
    /// Of bytes.
    pub fn base(&self) -> AssetBalance {
        self.0.get("base").copied().unwrap_or_default()
    }

    /// Of everything.
    pub fn assets(&self) -> impl Iterator<Item = (&str, AssetBalance)> {
        self.0.iter().map(|(asset, balance)| (asset.as_str(), *balance))
    }
}

/// Which coins are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinsRequest {
    /// Whose, 1 to 16.
    pub addresses: Vec<Address>,
    /// The last ball on which they will be spent.
    pub last_ball_mci: u64,
    /// How much is needed.
    pub amount: Bytes,
    /// Whether unstable coins made by the addresses themselves will do.
    pub spend_own_unconfirmed: bool,
}

/// Coins that a hub picked; none where there are not enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PickedCoins {
    /// The coins.
    pub coins: Vec<CoinId>,
    /// What they hold together, as the hub says.
    pub total: Bytes,
}

impl Hub {
    /// What 1 to 100 addresses own; those without coins are absent.
    ///
    /// # Errors
    /// As every request.
    pub async fn balances(
        &self,
        addresses: &[Address],
    ) -> Result<BTreeMap<Address, AddressBalance>, HubError> {
        if !(1..=MAX_ADDRESSES).contains(&addresses.len()) {
            return Err(HubError::BadRequest("balances are of 1 to 100 addresses; ask in parts"));
        }
        self.ask_for(BALANCES, Some(addresses)).await
    }

    /// Coins of bytes that hold an amount. Inputs that are no coins, such as commissions, are left out.
    ///
    /// # Errors
    /// As every request.
    pub async fn pick_divisible_coins(&self, request: &CoinsRequest) -> Result<PickedCoins, HubError> {
        #[derive(Serialize)]
        struct Params<'a> {
            addresses: &'a [Address],
            last_ball_mci: u64,
            amount: Bytes,
            spend_unconfirmed: &'a str,
        }
        #[derive(Deserialize)]
        struct Answer {
            inputs_with_proofs: Vec<Picked>,
            total_amount: Bytes,
        }
        #[derive(Deserialize)]
        struct Picked {
            input: Input,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Input {
            Earned {
                #[serde(rename = "type")]
                _kind: String,
            },
            Coin(CoinId),
        }
        let answer: Answer = self
            .ask_for(
                PICK,
                Some(&Params {
                    addresses: &request.addresses,
                    last_ball_mci: request.last_ball_mci,
                    amount: request.amount,
                    spend_unconfirmed: if request.spend_own_unconfirmed { "own" } else { "none" },
                }),
            )
            .await?;
        let coin = |picked| match picked {
            Picked { input: Input::Coin(coin) } => Some(coin),
            Picked { input: Input::Earned { .. } } => None,
        };
        let coins = answer.inputs_with_proofs.into_iter().filter_map(coin).collect();
        Ok(PickedCoins { coins, total: answer.total_amount })
    }
}
