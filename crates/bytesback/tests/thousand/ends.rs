//! What became of each textcoin, by the proven units of the network alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use obyte::history::{Asked, OrderProviders, State, Trust, verify};
use obyte::{Address, Bytes, Network, Unit, UnitHash};
use obyte_hub::{HistoryRequest, Hub};
use store::TextcoinEnd;

use crate::customers::{mailbox, wallet};
use crate::letter::Mail;
use crate::stage::{AT_ONCE, Stage};

/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How a textcoin ended.
#[derive(Debug)]
struct End {
    mailbox: String,
    /// What it held.
    held: Bytes,
    /// The unit that spends it, and whether that pays the customer; otherwise it pays the wallet.
    by: UnitHash,
    claimed: bool,
}

/// The ends of all textcoins.
pub(crate) struct Ends {
    ends: BTreeMap<Address, End>,
    /// Every good unit of the wallet and of the textcoins.
    units: BTreeMap<UnitHash, Unit>,
}

/// Looks up the history of every textcoin and of the wallet, with its proofs.
pub(crate) async fn look(stage: &Stage, mails: &BTreeMap<Address, Vec<Mail>>, deadline: Instant) -> Ends {
    let hub = stage.hub(0).await;
    let own = stage.own();
    let textcoins: Vec<Address> = mails.keys().copied().collect();
    let mut found = good_units(stage, &hub, &own, deadline).await;
    for chunk in textcoins.chunks(AT_ONCE) {
        found.append(&mut good_units(stage, &hub, chunk, deadline).await);
    }
    let ends = mails.iter().map(|(address, mails)| (*address, end(*address, &mails[0].to, &found, &own)));
    let ends: BTreeMap<_, _> = ends.collect();
    let spenders: BTreeSet<_> = ends.values().map(|end| end.by).collect();
    assert_eq!(spenders.len(), ends.len(), "a unit spends one textcoin");
    let is_ours = |unit: &Unit| own.iter().chain(&textcoins).any(|address| unit.is_authored_by(address));
    found.retain(|_, unit| is_ours(unit));
    Ends { ends, units: found }
}

/// The units of these addresses that are proven good, once the others are proven bad: who has lost a race is known a
/// little later than who has won it.
async fn good_units(
    stage: &Stage,
    hub: &Hub,
    addresses: &[Address],
    deadline: Instant,
) -> BTreeMap<UnitHash, Unit> {
    loop {
        match proven(stage, hub, addresses).await {
            Ok(good) => return good,
            Err(open) => assert!(Instant::now() < deadline, "unit {open} is not proven"),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The good ones; or one that is not proven.
async fn proven(
    stage: &Stage,
    hub: &Hub,
    addresses: &[Address],
) -> Result<BTreeMap<UnitHash, Unit>, UnitHash> {
    let order_provider = stage.devnet.order_provider();
    let request = HistoryRequest {
        witnesses: vec![order_provider],
        addresses: addresses.to_vec(),
        ..HistoryRequest::default()
    };
    let response = hub.history(&request).await.expect("answered");
    let order_providers = OrderProviders::new(vec![order_provider]).expect("one");
    let genesis = Some(stage.devnet.genesis_unit());
    let trust = Trust { network: Network::Devnet, order_providers: &order_providers, genesis, now: None };
    let history = verify(&response, &Asked { addresses, joints: &[] }, &trust).expect("an honest hub");
    let good = history.units.into_iter().filter_map(|proven| match proven.state {
        State::FinalGood => Some(Ok((proven.unit.hash(), proven.unit))),
        State::FinalBad => None,
        State::Unstable => Some(Err(proven.unit.hash())),
    });
    good.collect()
}

fn end(address: Address, to: &str, units: &BTreeMap<UnitHash, Unit>, own: &[Address]) -> End {
    let outputs = units.values().flat_map(Unit::outputs).filter(|(_, output)| output.address == address);
    let coins: Vec<_> = outputs.collect();
    let [(coin, output)] = coins.as_slice() else { panic!("{address} holds {} coins", coins.len()) };
    let spends = |unit: &&Unit| unit.spent_coins().any(|spent| spent == *coin);
    let spenders: Vec<&Unit> = units.values().filter(spends).collect();
    let [spender] = spenders.as_slice() else { panic!("{} units spend {address}", spenders.len()) };
    let paid: Vec<_> = spender.outputs().map(|(_, output)| output.address).collect();
    let [paid] = paid.as_slice() else { panic!("one output is paid: {paid:?}") };
    let claimed = !own.contains(paid);
    assert!(!claimed || *paid == wallet(to), "who claims it got the mail");
    End { mailbox: to.to_owned(), held: output.amount, by: spender.hash(), claimed }
}

impl Ends {
    /// How many were claimed.
    pub(crate) fn claimed(&self) -> usize {
        self.ends.values().filter(|end| end.claimed).count()
    }

    /// The book says of each what the network says.
    pub(crate) async fn agree_with_the_book(&self, stage: &Stage) {
        let records = stage.records().await;
        assert_eq!(records.len(), self.ends.len(), "each order has one textcoin");
        for record in &records {
            let issue = record.payout.payee.issue().expect("it was given");
            let end = &self.ends[&issue.address];
            assert_eq!(record.recipient.as_str(), end.mailbox);
            assert_eq!(mailbox(record.key.order_id.as_str()), end.mailbox);
            assert_eq!(record.payout.output().map(|output| output.amount), Some(end.held));
            let (how, unit, _) = record.ended.expect("it has ended");
            assert_eq!((how == TextcoinEnd::Claimed, unit), (end.claimed, end.by), "{end:?}");
        }
    }

    /// What the customers' wallets hold by the network, each once and nobody else anything.
    pub(crate) async fn got(&self, stage: &Stage) -> u64 {
        let hub = stage.hub(1).await;
        let ends: Vec<&End> = self.ends.values().collect();
        let mut sum = 0;
        for ends in ends.chunks(AT_ONCE) {
            let wallets: Vec<_> = ends.iter().map(|end| wallet(&end.mailbox)).collect();
            let balances = hub.balances(&wallets).await.expect("answered");
            for end in ends {
                let held = balances.get(&wallet(&end.mailbox)).map(|held| held.base()).unwrap_or_default();
                let unit = &self.units[&end.by];
                let paid = unit.outputs().map(|(_, output)| output.amount.get()).sum::<u64>();
                let wanted = if end.claimed { paid } else { 0 };
                assert_eq!((held.stable, held.pending), (wanted, 0), "{end:?}");
                sum += held.stable;
            }
        }
        sum
    }

    /// What the network has taken for all these units.
    pub(crate) fn fees(&self) -> u64 {
        let fees = self.units.values().map(|unit| {
            let for_size = [unit.headers_commission(), unit.payload_commission(), unit.oversize_fee()];
            for_size.into_iter().chain(unit.tps_fee()).map(Bytes::get).sum::<u64>()
        });
        fees.sum()
    }
}
