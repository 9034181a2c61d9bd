//! Verdicts over a small graph that is told what to answer.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{DagView, KnownOutput, KnownUnit, Obstacle, Sequence, Verdict, validate};
use crate::compose::{self, Coin, Parents, Payer, Payment, Spend};
use crate::fee::ThresholdSize;
use crate::keys::PaymentKey;
use crate::validate::{Class, Invalid, Rules};
use crate::{Address, BallHash, Bytes, CoinId, Network, Output, SecretKey, Unit, UnitHash};

const NOW: u64 = 1_795_400_000;

fn name(number: u8) -> UnitHash {
    UnitHash::of(&number.to_string())
}

fn ball(number: u8) -> BallHash {
    BallHash::of(&number.to_string())
}

fn key(number: u8) -> PaymentKey {
    PaymentKey::new(SecretKey::from_bytes(&[number; 32]).expect("below the order of the curve"))
}

/// Units 0 to 9 on the main chain, each with its number as index; those up to 5 are stable.
struct View {
    units: HashMap<u8, KnownUnit>,
    /// Units that the new one does not include.
    outside: Vec<u8>,
    authors: HashMap<u8, Vec<Address>>,
    outputs: HashMap<CoinId, Output>,
    spenders: HashMap<CoinId, u8>,
    defined: Vec<PaymentKey>,
    balances: HashMap<Address, i64>,
    local_fee: u64,
    acceptable_fee: f64,
    child_level: u64,
    last_ball_is_stable: bool,
    bad: Option<UnitHash>,
}

impl View {
    fn new() -> Self {
        let unit = |number: u8| KnownUnit {
            hash: name(number),
            timestamp: NOW - 100,
            mci: Some(number.into()),
            latest_included_mci: number.checked_sub(1).map(u64::from),
            witnessed_level: 3,
            last_ball_mci: 2,
            is_on_main_chain: true,
            ball: (number <= 5).then(|| ball(number)),
            sequence: Sequence::Good,
        };
        let mut view = Self {
            units: (0..10).map(|number| (number, unit(number))).collect(),
            outside: Vec::new(),
            authors: HashMap::new(),
            outputs: HashMap::new(),
            spenders: HashMap::new(),
            defined: vec![key(1)],
            balances: HashMap::new(),
            local_fee: 0,
            acceptable_fee: 0.0,
            child_level: 3,
            last_ball_is_stable: true,
            bad: None,
        };
        view.outputs.insert(coin(3, 0).id, Output { address: key(1).address(), amount: Bytes::GBYTE });
        view
    }
}

impl DagView for View {
    type Id = u8;

    fn find(&self, hash: &UnitHash) -> Option<u8> {
        self.units.iter().find(|(_, unit)| unit.hash == *hash).map(|(id, _)| *id)
    }

    fn unit(&self, id: u8) -> KnownUnit {
        self.units[&id]
    }

    fn authors(&self, id: u8) -> Vec<Address> {
        self.authors.get(&id).cloned().unwrap_or_default()
    }

    fn known_bad(&self, hash: &UnitHash) -> Option<String> {
        self.bad.filter(|bad| bad == hash).map(|_| "reason".to_owned())
    }

    fn is_included(&self, id: u8, units: &[u8]) -> bool {
        units.iter().any(|&unit| id <= unit) && !self.outside.contains(&id)
    }

    fn is_stable_in(&self, _: u8, _: &[u8]) -> bool {
        self.last_ball_is_stable
    }

    fn best_parent(&self, parents: &[u8]) -> Option<(u8, u64)> {
        parents.iter().max().map(|&best| (best, self.child_level))
    }

    fn is_order_provider(&self, _: &Address) -> bool {
        false
    }

    fn threshold_size(&self, _: u64) -> ThresholdSize {
        ThresholdSize::DEFAULT
    }

    fn local_tps_fee(&self, _: u8, _: u8, _: u64) -> Bytes {
        Bytes::literal(self.local_fee)
    }

    fn acceptable_tps_fee(&self) -> f64 {
        self.acceptable_fee
    }

    fn tps_fees_balance(&self, address: &Address, _: u64) -> i64 {
        self.balances.get(address).copied().unwrap_or(0)
    }

    fn definition(&self, address: &Address, _: u64) -> Option<Value> {
        let key = self.defined.iter().find(|key| key.address() == *address)?;
        Some(key.definition().to_value())
    }

    fn units_above(&self, address: &Address, mci: Option<u64>) -> Vec<u8> {
        let above = self.units.iter().filter(|(_, unit)| !mci.is_some_and(|mci| unit.is_at_or_below(mci)));
        let own = above.filter(|(id, _)| self.authors.get(id).is_some_and(|all| all.contains(address)));
        own.map(|(id, _)| *id).collect()
    }

    fn output(&self, coin: &CoinId) -> KnownOutput {
        match (self.find(&coin.unit), self.outputs.get(coin)) {
            (None, _) => KnownOutput::NoUnit,
            (_, None) => KnownOutput::NoOutput,
            (_, Some(output)) => KnownOutput::Output(*output),
        }
    }

    fn spenders(&self, coin: &CoinId) -> Vec<u8> {
        self.spenders.get(coin).copied().into_iter().collect()
    }
}

fn coin(unit: u8, output_index: u32) -> Coin {
    let id = CoinId { unit: name(unit), message_index: 0, output_index };
    Coin { id, amount: Bytes::GBYTE, address: key(1).address() }
}

/// A unit over unit 9 with last ball 4, paying from these coins of these keys.
fn unit(keys: &[PaymentKey], coins: &[Coin], tps_fee: u64) -> Unit {
    let parents = Parents {
        timestamp: NOW,
        parent_units: vec![name(9)],
        last_ball: ball(4),
        last_ball_unit: name(4),
        last_ball_mci: 4,
        tps_fee: Bytes::literal(tps_fee),
    };
    let payers: Vec<_> = keys.iter().map(|key| Payer::new(key.public_key(), false)).collect();
    let payment = Payment {
        network: Network::Devnet,
        parents: &parents,
        threshold: ThresholdSize::DEFAULT,
        payers: &payers,
        mandatory: coins,
        candidates: &[],
        outputs: &[Output { address: key(7).address(), amount: Bytes::literal(5) }],
        spend: Spend::AsNeeded { change: keys[0].address(), least_change: Bytes::literal(1) },
        notes: &[],
    };
    let secrets: Vec<_> = keys.iter().map(|key| key.secret_key().clone()).collect();
    compose::compose(&payment).expect("enough").sign(&secrets).expect("all keys").unit
}

fn judge(view: &View, unit: &Unit) -> Result<Verdict<u8>, Obstacle<u8>> {
    let rules = Rules { network: Network::Devnet, genesis: None, now: Some(NOW) };
    validate(view, unit, &rules)
}

fn ordinary() -> Unit {
    unit(&[key(1)], &[coin(3, 0)], 0)
}

fn invalid(view: &View, unit: &Unit) -> Invalid {
    match judge(view, unit) {
        Err(Obstacle::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

fn sequence(view: &View) -> Sequence {
    judge(view, &ordinary()).expect("valid").sequence
}

#[test]
fn an_ordinary_unit_is_good() {
    let verdict = judge(&View::new(), &ordinary()).expect("valid");
    let expected =
        Verdict { sequence: Sequence::Good, parents: vec![9], last_ball_unit: 4, conflicts: Vec::new() };
    assert_eq!(verdict, expected);
}

#[test]
fn a_unit_of_the_author_that_is_not_included_makes_it_bad_for_now() {
    let mut view = View::new();
    view.authors.insert(9, vec![key(1).address()]);
    assert_eq!(sequence(&view), Sequence::Good, "the unit includes it");
    view.outside.push(9);
    let verdict = judge(&view, &ordinary()).expect("valid");
    assert_eq!((verdict.sequence, verdict.conflicts), (Sequence::TempBad, vec![9]));
}

#[test]
fn a_stable_competitor_makes_it_bad_for_ever() {
    let mut view = View::new();
    view.authors.insert(9, vec![key(1).address()]);
    view.outside.push(9);
    view.units.get_mut(&9).expect("known").ball = Some(ball(9));
    assert_eq!(sequence(&view), Sequence::FinalBad);
}

#[test]
fn a_unit_is_as_bad_as_the_unstable_source_of_its_coin() {
    let mut view = View::new();
    for (sequence_of_source, expected) in
        [(Sequence::TempBad, Sequence::TempBad), (Sequence::FinalBad, Sequence::FinalBad)]
    {
        let source = view.units.get_mut(&3).expect("known");
        (source.sequence, source.mci) = (sequence_of_source, Some(6));
        assert_eq!(sequence(&view), expected);
    }
    view.units.get_mut(&3).expect("known").mci = Some(3);
    let refusal = invalid(&view, &ordinary());
    assert_eq!(refusal.text, format!("spending a stable final-bad output {}", name(3)));
}

#[test]
fn a_coin_spent_in_the_own_past_is_refused_and_elsewhere_it_is_a_conflict() {
    let mut view = View::new();
    view.spenders.insert(coin(3, 0).id, 8);
    let unit = ordinary();
    let text = format!("{}: conflicting divisible input in inner unit {}", unit.hash(), name(8));
    assert_eq!(invalid(&view, &unit), Invalid::unit(text));
    view.outside.push(8);
    view.authors.insert(8, vec![key(1).address()]);
    view.units.get_mut(&8).expect("known").mci = None;
    assert_eq!(sequence(&view), Sequence::TempBad);
}

#[test]
fn several_authors_share_the_fee_by_their_shares() {
    let mut view = View::new();
    view.defined.push(key(2));
    let keys = if key(1).address() < key(2).address() { [key(1), key(2)] } else { [key(2), key(1)] };
    // The composer names the change address, which is the first author's, as the only recipient.
    let unit = unit(&keys, &[coin(3, 0)], 100);
    assert_eq!(super::tps_fee_shares(&unit), vec![(keys[0].address(), 100)]);
    view.local_fee = 150;
    let refusal = invalid(&view, &unit);
    let text = format!(
        "tps_fee 100 + tps fees balance 0 less than required 150 for address {} whose share is 1",
        keys[0].address()
    );
    assert_eq!(refusal, Invalid::unit(text));
    view.balances.insert(keys[0].address(), 50);
    assert!(judge(&view, &unit).is_ok(), "the balance makes up for it");
    view.acceptable_fee = 150.5;
    let refusal = invalid(&view, &unit);
    assert_eq!(refusal.class, Class::Transient);
    let text = format!("tps fee on address {} must be at least 150.5, found 150", keys[0].address());
    assert_eq!(refusal.text, text);
}

#[test]
fn a_debt_of_fees_must_be_paid_with_the_next_unit() {
    let mut view = View::new();
    view.balances.insert(key(1).address(), -30);
    let pays = |fee| judge(&view, &unit(&[key(1)], &[coin(3, 0)], fee)).is_ok();
    assert!(!pays(29));
    assert!(pays(30));
}

#[test]
fn a_last_ball_that_is_not_known_as_stable_yet_is_told_apart() {
    let mut view = View::new();
    view.units.get_mut(&4).expect("known").ball = None;
    assert_eq!(judge(&view, &ordinary()), Err(Obstacle::LastBallAdvanced(4)));
    view.last_ball_is_stable = false;
    let refusal = invalid(&view, &ordinary());
    assert_eq!(refusal.class, Class::Transient);
    assert!(refusal.text.contains("is not stable in view of your parents"), "{refusal}");
}

#[test]
fn the_last_ball_is_on_the_main_chain_included_and_not_older_than_the_parents() {
    let text = |change: &dyn Fn(&mut View)| {
        let mut view = View::new();
        change(&mut view);
        invalid(&view, &ordinary()).text
    };
    let off_chain = text(&|view| view.units.get_mut(&4).expect("known").is_on_main_chain = false);
    assert_eq!(off_chain, format!("last ball {} is not on MC", ball(4)));
    let other = text(&|view| view.units.get_mut(&4).expect("known").ball = Some(ball(9)));
    assert_eq!(other, format!("last_ball {} and last_ball_unit {} do not match", ball(4), name(4)));
    let not_included = text(&|view| view.units.get_mut(&9).expect("known").latest_included_mci = Some(3));
    assert!(not_included.starts_with(&format!("last ball unit {} is not included in parents", name(4))));
    let retreating = text(&|view| view.units.get_mut(&9).expect("known").last_ball_mci = 5);
    assert_eq!(retreating, format!("last ball mci must not retreat, parents: {}", name(9)));
    let level = text(&|view| view.child_level = 2);
    assert_eq!(level, "witnessed level retreats from parent's 3 to 2");
    let unknown = text(&|view| {
        view.units.remove(&9);
    });
    assert_eq!(unknown, "unknown parents");
    let bad = text(&|view| {
        view.units.remove(&9);
        view.bad = Some(name(9));
    });
    assert_eq!(bad, "some of the unit's parents are known bad: reason");
}

#[test]
fn a_unit_that_is_in_the_graph_already_is_told_apart() {
    let mut view = View::new();
    let unit = ordinary();
    view.units.get_mut(&0).expect("known").hash = unit.hash();
    assert_eq!(invalid(&view, &unit), Invalid::transient(format!("unit {} already exists", unit.hash())));
}

#[test]
fn what_such_a_network_does_not_have_is_refused_by_name() {
    let message = |app: &str| crate::unit::Message {
        app: app.to_owned(),
        payload_hash: crate::PayloadHash::of("x"),
        payload: crate::unit::Payload::Inline(json!({"a": 1})),
    };
    let refusal = |app: &str| super::supported(&message(app)).map_err(|invalid| invalid.text);
    assert_eq!(refusal("text"), Ok(()));
    assert_eq!(refusal("payment"), Err("assets are not supported by this network".to_owned()));
    let text = "the application definition is not supported by this network".to_owned();
    assert_eq!(refusal("definition"), Err(text));
}
