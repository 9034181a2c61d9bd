//! Questions about coins (6.4).

use std::collections::BTreeMap;

use obyte::validate::context::DagView as _;
use obyte::{Address, Bytes, UnitHash};
use serde_json::{Value, json};

use super::queries::{MAX_AUTHORS, Result, address_list, addresses, fail, is_false};
use crate::state::{OwnedCoin, State};

/// The most inputs that are picked.
const MAX_PICKED: usize = 126;
/// What an input costs.
const INPUT_SIZE: u64 = 89;
/// What is assumed for the size of a unit when coins are picked.
const ASSUMED_SIZE: u64 = 2000;

/// The balances of some addresses; those without coins are absent.
pub(super) fn balances(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_balances") };
    let list = address_list(params)?;
    let mut balances = BTreeMap::new();
    for address in list {
        let coins = state.unspent(&address).map_err(|error| error.to_string())?;
        if !coins.is_empty() {
            balances.insert(address.to_string(), json!({"base": balance(state, &coins)}));
        }
    }
    Ok(json!(balances))
}

fn balance(state: &State, coins: &[OwnedCoin]) -> Value {
    let (stable, pending): (Vec<_>, Vec<_>) =
        coins.iter().partition(|owned| state.dag().node(owned.source).is_stable);
    let sum = |coins: &[&OwnedCoin]| coins.iter().map(|owned| owned.coin.amount.get()).sum::<u64>();
    json!({
        "stable": sum(&stable),
        "pending": sum(&pending),
        "stable_outputs_count": stable.len(),
        "pending_outputs_count": pending.len(),
        "total": sum(&stable) + sum(&pending),
    })
}

/// Coins of some addresses that are enough for an amount.
pub(super) fn pick_coins(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/pick_divisible_coins_for_amount") };
    let field = |name: &str| params.get(name).filter(|value| !is_false(value));
    let (Some(list), Some(last_ball_mci), Some(amount)) =
        (field("addresses"), field("last_ball_mci"), field("amount"))
    else {
        return fail("missing params in light/pick_divisible_coins_for_amount");
    };
    if let Some(asset) = field("asset") {
        let valid: Option<UnitHash> = asset.as_str().and_then(|asset| asset.parse().ok());
        return match valid {
            Some(asset) => fail(&format!("asset {asset} not found")),
            None => fail("asset is not valid"),
        };
    }
    let Some(elements) = list.as_array().filter(|list| !list.is_empty()) else {
        return fail("addresses must be non-empty array");
    };
    if elements.len() > MAX_AUTHORS {
        return fail("too many addresses");
    }
    let Some(owners) = addresses(list) else { return fail("some addresses are not valid") };
    let Some(last_ball_mci) = last_ball_mci.as_u64() else { return fail("last_ball_mci is not valid") };
    let Some(amount) = amount.as_u64() else { return fail("amount is not valid") };
    let Ok(amount) = Bytes::new(amount) else { return fail("amount is too large") };
    let unconfirmed = match field("spend_unconfirmed").map(Value::as_str) {
        None | Some(Some("own")) => Unconfirmed::Own,
        Some(Some("none")) => Unconfirmed::None,
        Some(Some("all")) => Unconfirmed::All,
        _ => return fail("spend_unconfirmed is not valid"),
    };
    let mut coins = Vec::new();
    for owner in &owners {
        coins.extend(state.unspent(owner).map_err(|error| error.to_string())?);
    }
    coins.retain(|owned| is_spendable(state, owned, last_ball_mci, unconfirmed, &owners));
    let picked = pick(state, coins, amount.get() + ASSUMED_SIZE);
    let total: u64 = picked.iter().map(|owned| owned.coin.amount.get()).sum();
    let inputs: Vec<_> = picked.iter().map(|owned| json!({"input": owned.coin.id})).collect();
    Ok(json!({"inputs_with_proofs": inputs, "total_amount": total}))
}

/// Which coins of unstable units may be spent.
#[derive(Clone, Copy, PartialEq)]
enum Unconfirmed {
    None,
    Own,
    All,
}

fn is_spendable(
    state: &State,
    owned: &OwnedCoin,
    last_ball_mci: u64,
    unconfirmed: Unconfirmed,
    owners: &[Address],
) -> bool {
    let node = state.dag().node(owned.source);
    let is_confirmed = node.mci.is_some_and(|mci| u64::from(mci) <= last_ball_mci);
    match unconfirmed {
        _ if is_confirmed => true,
        Unconfirmed::None => false,
        Unconfirmed::All => true,
        Unconfirmed::Own => state.authors(owned.source).iter().any(|author| owners.contains(author)),
    }
}

/// The smallest coin that is enough, or else the largest until they are enough; none if they never are.
fn pick(state: &State, mut coins: Vec<OwnedCoin>, required: u64) -> Vec<OwnedCoin> {
    let amount = |owned: &OwnedCoin| owned.coin.amount.get();
    let enough = coins.iter().filter(|owned| amount(owned) > required + INPUT_SIZE);
    let smallest = enough.min_by_key(|owned| (!state.dag().node(owned.source).is_stable, owned.coin.amount));
    if let Some(&coin) = smallest {
        return vec![coin];
    }
    coins.sort_by_key(|owned| std::cmp::Reverse(owned.coin.amount));
    coins.truncate(MAX_PICKED);
    let (mut total, mut required) = (0, required);
    for (index, owned) in coins.iter().enumerate() {
        total += amount(owned);
        required += INPUT_SIZE;
        if total > required {
            coins.truncate(index + 1);
            return coins;
        }
    }
    Vec::new()
}
