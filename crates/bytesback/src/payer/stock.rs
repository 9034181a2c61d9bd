//! The payer's coins, found without a history (6.4): where balances are more than is known, coins are picked,
//! and the units that made them are proven. What a hub picks is a hint of where to look, no more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use obyte::{Address, Bytes, UnitHash};
use obyte_hub::{CoinsRequest, HistoryRequest, Hub, HubError, HubId, Hubs, Question};
use payout::{AskStock, Flooded, SeenUnit, Stock};

use super::history::{Historian, NoHistory, Telling, limit};

/// How many addresses a question for balances may name, and one for coins.
const BALANCES_MAX: usize = 100;
const OWNERS_MAX: usize = 16;
/// How many units are proven at once.
const UNITS_MAX: usize = 500;
/// Coins that are together worth no more than this at one address are not looked for.
const LITTLE: u64 = 4_000;
/// As much can be missing of all coins although every one is picked: a hub adds what spending them costs, of
/// which it picks at most 126.
const ALL_BUT: u64 = 16_000;

/// An address where more lies than is known.
#[derive(Clone, Copy, Debug)]
struct Rich {
    address: Address,
    stable: u64,
    coins: u64,
}

/// What a hub told, before it is proven.
#[derive(Debug)]
struct Count {
    main_chain_index: u64,
    units: Vec<UnitHash>,
    flooded: Vec<Flooded>,
}

impl Historian {
    /// Takes stock, and says who was asked.
    pub(super) async fn take_stock(
        self: &Arc<Self>,
        hubs: &Hubs,
        question: AskStock,
    ) -> (HubId, Result<Stock, NoHistory>) {
        let (witnesses, asked) = (self.order_providers.addresses(), &question);
        let asking = hubs.ask(Question::Coins, limit(hubs), |hub| async move {
            let Count { main_chain_index, units, flooded } = count(&hub, asked).await?;
            let mut answers = Vec::new();
            for units in units.chunks(UNITS_MAX).map(<[UnitHash]>::to_vec) {
                let witnesses = witnesses.to_vec();
                let requested_joints = units.clone();
                let request = HistoryRequest { witnesses, requested_joints, ..HistoryRequest::default() };
                answers.push((hub.history(&request).await?, units));
            }
            Ok((main_chain_index, flooded, answers))
        });
        let (hub, (main_chain_index, flooded, answers)) = match asking.await {
            (hub, Ok(found)) => (hub, found),
            (hub, Err(error)) => return (hub, Err(error.into())),
        };
        let mut seen: Vec<SeenUnit> = Vec::new();
        for (response, units) in answers {
            let telling = Telling { also: question.also.clone(), moves: true };
            match self.proven(response, Vec::new(), units, telling).await {
                Ok(units) => seen.extend(units),
                Err(why) => return (hub, Err(why)),
            }
        }
        (hub, Ok(Stock { main_chain_index, units: seen, flooded }))
    }
}

/// Where coins are that are not known, and which units must have made them.
async fn count(hub: &Hub, question: &AskStock) -> Result<Count, HubError> {
    // First: what is stable up to here is in the balances.
    let main_chain_index = hub.last_stable_unit_props().await?.main_chain_index;
    let known: BTreeSet<_> = question.known.iter().map(|coin| coin.id).collect();
    let mut units: BTreeSet<UnitHash> = question.units.iter().copied().collect();
    let mut flooded = Vec::new();
    for owners in rich(hub, question).await?.chunks(OWNERS_MAX) {
        let (coins, left_out) = largest(hub, owners, main_chain_index).await?;
        units.extend(coins.iter().filter(|coin| !known.contains(coin)).map(|coin| coin.unit));
        let crowded = owners.iter().max_by_key(|owner| owner.coins);
        flooded.extend(left_out.zip(crowded).map(|(below, owner)| Flooded { address: owner.address, below }));
    }
    Ok(Count { main_chain_index, units: units.into_iter().collect(), flooded })
}

/// The addresses where more lies than is known.
async fn rich(hub: &Hub, question: &AskStock) -> Result<Vec<Rich>, HubError> {
    let mut known: HashMap<Address, u64> = HashMap::new();
    for coin in &question.known {
        *known.entry(coin.address).or_default() += coin.amount.get();
    }
    let mut rich = Vec::new();
    for addresses in question.addresses.chunks(BALANCES_MAX) {
        let balances: BTreeMap<_, _> = hub.balances(addresses).await?;
        rich.extend(addresses.iter().filter_map(|address| {
            let base = balances.get(address)?.base();
            let known = known.get(address).copied().unwrap_or_default();
            let is_rich = base.stable.saturating_sub(known) > LITTLE;
            is_rich.then_some(Rich {
                address: *address,
                stable: base.stable,
                coins: base.stable_outputs_count,
            })
        }));
    }
    Ok(rich)
}

/// The largest stable coins of some addresses, and below which amount some may have been left out.
///
/// A hub picks the largest coins until they hold an amount. So the more of all that there is is asked for,
/// the smaller coins are told; a little less than everything is asked for first, and then less and less.
async fn largest(
    hub: &Hub,
    owners: &[Rich],
    last_ball_mci: u64,
) -> Result<(Vec<obyte::CoinId>, Option<Bytes>), HubError> {
    let addresses: Vec<Address> = owners.iter().map(|owner| owner.address).collect();
    let total = owners.iter().fold(0u64, |total, owner| total.saturating_add(owner.stable));
    let mut missing = LITTLE;
    loop {
        // A hub whose figures are impossible picks nothing.
        let amount = Bytes::new(total.saturating_sub(missing).max(1)).unwrap_or(Bytes::MAX);
        let spend_own_unconfirmed = false;
        let request =
            CoinsRequest { addresses: addresses.clone(), last_ball_mci, amount, spend_own_unconfirmed };
        let picked = hub.pick_divisible_coins(&request).await?;
        if !picked.coins.is_empty() || missing >= total {
            let below = Bytes::new(missing).unwrap_or(Bytes::MAX);
            return Ok((picked.coins, (missing > ALL_BUT).then_some(below)));
        }
        missing = missing.saturating_mul(2);
    }
}
