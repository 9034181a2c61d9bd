//! Composing: whatever is asked for, a unit that comes out is valid, balances, and pays what was asked.

use std::collections::BTreeSet;

use obyte::compose::{
    Coin, ComposeError, MAX_INPUTS, Note, Parents, Payer, Payment, SignedUnit, Spend, UnsignedUnit, compose,
    payment_size, size_fee,
};
use obyte::definition::Definition;
use obyte::fee::ThresholdSize;
use obyte::unit::{CoinId, Joint, Output};
use obyte::validate::{self, Rules, structure};
use obyte::{Address, BallHash, Bytes, Network, SecretKey, Unit, UnitHash};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("far below the order of the curve")
}

fn address(number: u8) -> Address {
    Definition::single_sig(key(number).public_key()).chash()
}

fn bytes(amount: u64) -> Bytes {
    Bytes::new(amount).expect("below the cap")
}

fn hash(number: u32) -> UnitHash {
    UnitHash::of(&number.to_string())
}

fn coin(number: u32, owner: u8, amount: u64) -> Coin {
    let id = CoinId { unit: hash(number), message_index: 0, output_index: number % 3 };
    Coin { id, amount: bytes(amount), address: address(owner) }
}

fn parents(tps_fee: u64) -> Parents {
    let mut parent_units = vec![hash(1), hash(2)];
    parent_units.sort_unstable();
    Parents {
        timestamp: 1_750_000_000,
        parent_units,
        last_ball: BallHash::of("ball"),
        last_ball_unit: hash(3),
        last_ball_mci: 10,
        tps_fee: bytes(tps_fee),
    }
}

/// Everything that a payment refers to.
#[derive(Clone, Debug)]
struct Wish {
    network: Network,
    parents: Parents,
    threshold: u64,
    payers: Vec<(u8, bool)>,
    mandatory: Vec<Coin>,
    candidates: Vec<Coin>,
    outputs: Vec<Output>,
    spend: Spend,
    notes: Vec<Note>,
}

impl Wish {
    fn simple(coins: &[u64], outputs: &[u64]) -> Self {
        Self {
            network: Network::Livenet,
            parents: parents(10),
            threshold: 10_000,
            payers: vec![(1, false)],
            mandatory: Vec::new(),
            candidates: coins.iter().zip(100..).map(|(&amount, number)| coin(number, 1, amount)).collect(),
            outputs: outputs
                .iter()
                .map(|&amount| Output { address: address(9), amount: bytes(amount) })
                .collect(),
            spend: Spend::AsNeeded { change: address(1), least_change: Bytes::ZERO },
            notes: Vec::new(),
        }
    }

    fn compose(&self) -> Result<UnsignedUnit, ComposeError> {
        let payers: Vec<_> = self
            .payers
            .iter()
            .map(|&(number, reveals)| Payer::new(key(number).public_key(), reveals))
            .collect();
        compose(&Payment {
            network: self.network,
            parents: &self.parents,
            threshold: ThresholdSize::new(self.threshold).expect("positive"),
            payers: &payers,
            mandatory: &self.mandatory,
            candidates: &self.candidates,
            outputs: &self.outputs,
            spend: self.spend,
            notes: &self.notes,
        })
    }

    fn sign(&self, unsigned: &UnsignedUnit) -> SignedUnit {
        let keys: Vec<_> = self.payers.iter().map(|&(number, _)| key(number)).collect();
        unsigned.sign(&keys).expect("all keys are there")
    }

    fn rules(&self) -> Rules {
        Rules { network: self.network, genesis: None, now: Some(self.parents.timestamp) }
    }

    fn check(&self, signed: &SignedUnit) -> Result<Joint, validate::Invalid> {
        let threshold = ThresholdSize::new(self.threshold).expect("positive");
        structure(&Joint::posting(signed.unit.clone()).to_json(), &self.rules(), threshold)
    }
}

fn wishes() -> impl Strategy<Value = Wish> {
    let amounts = prop_oneof![1u64..200, 1_000u64..100_000, 1_000_000u64..1_000_000_000];
    let coins = |most: usize| vec((0u8..4, amounts.clone()), 0..most);
    let outputs = prop_oneof![vec((5u8..9, 1u64..50), 0..12), vec((5u8..9, 1u64..50_000), 100..128)];
    let basics = (
        prop::sample::select(Network::ALL.to_vec()),
        prop_oneof![Just(0u64), 1u64..20_000],
        prop_oneof![Just(10_000u64), 500u64..3_000],
        vec(any::<bool>(), 1..4),
        any::<bool>(),
        prop_oneof![Just(0u64), 1u64..20_000],
        vec("[a-zé😀\"\n]{1,40}", 0..3),
    );
    (basics, coins(4), coins(130), outputs).prop_map(|(basics, mandatory, candidates, outputs)| {
        let (network, tps_fee, threshold, reveals, sweeps, least_change, notes) = basics;
        let payers: Vec<_> =
            reveals.into_iter().zip(1..).map(|(reveals, number)| (number, reveals)).collect();
        let mut number = 10;
        let mut coins = |list: Vec<(u8, u64)>| -> Vec<Coin> {
            let of = |(owner, amount): (u8, u64)| {
                number += 1;
                coin(number, payers[usize::from(owner) % payers.len()].0, amount)
            };
            list.into_iter().map(of).collect()
        };
        Wish {
            network,
            parents: parents(tps_fee),
            threshold,
            mandatory: coins(mandatory),
            candidates: coins(candidates),
            outputs: outputs
                .into_iter()
                .map(|(to, amount)| Output { address: address(to), amount: bytes(amount) })
                .collect(),
            spend: match sweeps {
                true => Spend::All { to: address(7) },
                false => Spend::AsNeeded { change: address(payers[0].0), least_change: bytes(least_change) },
            },
            notes: notes.into_iter().map(|text| Note { app: "text".into(), payload: text.into() }).collect(),
            payers,
        }
    })
}

/// The size of a value as the network counts it, written down a second time (3.5).
fn counted(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 8,
        Value::String(text) => text.encode_utf16().count(),
        Value::Array(elements) => elements.iter().map(counted).sum(),
        Value::Object(fields) => fields.iter().map(|(key, field)| key.len() + counted(field)).sum(),
    }
}

/// Headers and payload of a unit without temporary data, from its posted JSON (4.5).
fn counted_sizes(unit: &Value) -> (usize, usize) {
    let payload = counted(&json!({"messages": unit["messages"]}));
    let mut headers = unit.clone();
    let fields = headers.as_object_mut().expect("a unit");
    for field in
        ["unit", "headers_commission", "payload_commission", "oversize_fee", "messages", "parent_units"]
    {
        fields.remove(field);
    }
    (counted(&headers) + 88 + 12, payload)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_composed_unit_is_valid_and_balances(wish in wishes()) {
        let Ok(unsigned) = wish.compose() else { return Ok(()) };
        let signed = wish.sign(&unsigned);
        let joint = wish.check(&signed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&joint.unit, &signed.unit);

        let spent: Vec<_> = signed.unit.spent_coins().collect();
        prop_assert_eq!(&spent, &unsigned.inputs.iter().map(|coin| coin.id).collect::<Vec<_>>());
        prop_assert!(spent.len() <= MAX_INPUTS);
        prop_assert!(wish.mandatory.iter().all(|coin| spent.contains(&coin.id)), "mandatory coins are spent");
        let held = unsigned.inputs.iter().map(|coin| coin.amount);
        prop_assert!(validate::balance(&signed.unit, held.clone()).is_ok());
        let paid: u64 = signed.unit.outputs().map(|(_, output)| output.amount.get()).sum();
        prop_assert_eq!(held.map(Bytes::get).sum::<u64>(), paid + unsigned.fees.total().get());
    }

    #[test]
    fn every_author_signed_what_the_definition_asks(wish in wishes()) {
        let Ok(unsigned) = wish.compose() else { return Ok(()) };
        let signed = wish.sign(&unsigned);
        prop_assert_eq!(signed.unit.authors().len(), wish.payers.len());
        for &(number, reveals) in &wish.payers {
            let definition = Definition::single_sig(key(number).public_key());
            let author = signed.unit.authors().iter().find(|author| author.address == address(number));
            let author = author.expect("each payer is an author");
            prop_assert_eq!(author.definition.is_some(), reveals);
            prop_assert!(validate::authentifiers(&signed.unit, author, &definition).is_ok());
        }
    }

    #[test]
    fn sizes_and_fees_equal_the_serialized_truth(wish in wishes()) {
        let Ok(unsigned) = wish.compose() else { return Ok(()) };
        let unit: Value = serde_json::from_str(&wish.sign(&unsigned).json).expect("JSON");
        let (headers, payload) = counted_sizes(&unit);
        prop_assert_eq!(&unit["headers_commission"], headers);
        prop_assert_eq!(&unit["payload_commission"], payload);
        let size = (headers + payload) as u64;
        let is_large = size > wish.threshold;
        prop_assert_eq!(unit.get("oversize_fee").is_some(), is_large, "absent where it is zero");
        let threshold = ThresholdSize::new(wish.threshold).expect("positive");
        prop_assert_eq!(size_fee(size, threshold), Some(unsigned.fees.for_size()));
        if wish.payers.len() == 1 && wish.notes.is_empty() {
            let outputs = wish.outputs.len() as u64 + 1;
            let inputs = unsigned.inputs.len() as u64;
            prop_assert_eq!(payment_size(wish.network, wish.payers[0].1, inputs, outputs), size);
        }
    }

    #[test]
    fn the_layout_says_where_each_output_stands(wish in wishes()) {
        let Ok(unsigned) = wish.compose() else { return Ok(()) };
        let signed = wish.sign(&unsigned);
        let layout = &unsigned.layout;
        let (message_index, payment) = signed.unit.base_payment().expect("a payment");
        prop_assert_eq!(message_index, layout.message_index);
        let at = |index: u32| payment.outputs[usize::try_from(index).expect("small")];
        for (asked, &index) in wish.outputs.iter().zip(&layout.output_indexes) {
            prop_assert_eq!(*asked, at(index));
        }
        prop_assert_eq!(layout.change.output, at(layout.change.output_index));
        let places: BTreeSet<_> =
            layout.output_indexes.iter().copied().chain([layout.change.output_index]).collect();
        prop_assert_eq!(places.len(), payment.outputs.len(), "each has a place of its own");
    }

    #[test]
    fn reading_what_was_printed_gives_the_same_unit(wish in wishes()) {
        let Ok(unsigned) = wish.compose() else { return Ok(()) };
        let signed = wish.sign(&unsigned);
        let again = Unit::from_json(serde_json::from_str(&signed.json).expect("JSON")).expect("a unit");
        prop_assert_eq!(&again, &signed.unit);
        prop_assert_eq!(again.hash(), signed.hash);
        prop_assert_eq!(again.to_json().to_string(), signed.json.clone());
        prop_assert_eq!(wish.sign(&unsigned).json, signed.json, "signing again gives the same unit");
    }

    #[test]
    fn exactly_what_is_said_to_be_missing_is_missing(mut wish in wishes(), held in 1u64..500) {
        wish.candidates.clear();
        wish.mandatory = vec![coin(1, wish.payers[0].0, held)];
        let Err(ComposeError::NotEnough { missing, .. }) = wish.compose() else {
            return Err(TestCaseError::fail("500 bytes pay no unit"));
        };
        let mut with = |more: u64| {
            wish.mandatory[0].amount = bytes(held + more);
            wish.compose()
        };
        prop_assert!(with(missing.get()).is_ok());
        prop_assert!(with(missing.get() - 1).is_err());
    }
}

#[test]
fn the_sizes_of_section_4_5_hold() {
    let size = |reveals, inputs, outputs| payment_size(Network::Livenet, reveals, inputs, outputs);
    assert_eq!(size(false, 1, 1), 663);
    assert_eq!(size(true, 1, 1), 726);
    assert_eq!(size(false, 1, 2), 716);
    assert_eq!(size(false, 1, 128), 7394);
    assert_eq!(size(false, 128, 128), 18_697);
    assert_eq!(payment_size(Network::Devnet, false, 1, 2), 719);
}

#[test]
fn a_sweep_of_many_addresses_has_the_measured_size() {
    for (count, measured) in [(1u8, 726), (2, 1133), (3, 1426), (16, 5235)] {
        let mut wish = Wish::simple(&[], &[]);
        wish.payers = (1..=count).map(|number| (number, true)).collect();
        wish.candidates = (1..=count).map(|number| coin(u32::from(number), number, 10_000)).collect();
        wish.spend = Spend::All { to: address(100) };
        let unsigned = wish.compose().expect("enough");
        assert_eq!(unsigned.fees.for_size().get(), measured, "{count}");
        let fees = measured + 10;
        assert_eq!(unsigned.layout.change.output.amount.get(), u64::from(count) * 10_000 - fees);
        wish.check(&wish.sign(&unsigned)).expect("valid");
    }
}

#[test]
fn the_worked_example_of_section_4_9_has_its_fees() {
    let mut wish = Wish::simple(&[1_000_000], &[100_000]);
    wish.payers = vec![(1, true)];
    let unsigned = wish.compose().expect("enough");
    assert_eq!(unsigned.layout.change.output.amount.get(), 899_211);
}

#[test]
fn the_smallest_coin_that_suffices_is_taken_alone() {
    let unsigned =
        Wish::simple(&[5_000, 3_000_000, 2_000_000, 900_000], &[1_000_000]).compose().expect("enough");
    assert_eq!(unsigned.inputs.iter().map(|coin| coin.amount.get()).collect::<Vec<_>>(), [2_000_000]);
}

#[test]
fn where_no_coin_suffices_the_largest_are_taken() {
    let wish = Wish::simple(&[5_000, 300_000, 600_000, 500_000], &[1_000_000]);
    let unsigned = wish.compose().expect("enough");
    assert_eq!(unsigned.inputs.iter().map(|coin| coin.amount.get()).collect::<Vec<_>>(), [600_000, 500_000]);
}

#[test]
fn the_anchor_is_spent_even_if_another_coin_would_suffice() {
    let mut wish = Wish::simple(&[5_000_000], &[1_000_000]);
    wish.mandatory = vec![coin(7, 1, 20_000)];
    let unsigned = wish.compose().expect("enough");
    assert_eq!(unsigned.inputs.first(), Some(&wish.mandatory[0]));
    assert_eq!(unsigned.inputs.len(), 2);
}

#[test]
fn a_mandatory_coin_that_suffices_stays_alone() {
    let mut wish = Wish::simple(&[5_000_000], &[1_000]);
    wish.mandatory = vec![coin(7, 1, 20_000)];
    assert_eq!(wish.compose().expect("enough").inputs, wish.mandatory);
}

#[test]
fn change_is_at_least_what_is_asked_for() {
    let mut wish = Wish::simple(&[10_000, 10_000], &[1_000]);
    wish.spend = Spend::AsNeeded { change: address(1), least_change: bytes(9_000) };
    let unsigned = wish.compose().expect("enough");
    assert_eq!(unsigned.inputs.len(), 2);
    assert!(unsigned.layout.change.output.amount >= bytes(9_000));
}

#[test]
fn too_little_is_refused_with_what_is_missing() {
    let fee = payment_size(Network::Livenet, false, 1, 2) + 10;
    let exactly = Wish::simple(&[1_000 + fee], &[1_000]).compose();
    assert_eq!(exactly, Err(ComposeError::NotEnough { missing: bytes(1), left_out: 0 }));
    assert!(Wish::simple(&[1_000 + fee + 1], &[1_000]).compose().is_ok());
    assert!(matches!(Wish::simple(&[], &[1]).compose(), Err(ComposeError::NotEnough { .. })));
}

#[test]
fn coins_beyond_the_most_inputs_are_left_out_and_counted() {
    let wish = Wish::simple(&[1_000; 130], &[200_000]);
    assert!(matches!(wish.compose(), Err(ComposeError::NotEnough { left_out: 30, .. })));
}

#[test]
fn a_sweep_leaves_coins_that_cost_more_than_they_hold() {
    let mut wish = Wish::simple(&[100_000, 89, 90], &[]);
    wish.spend = Spend::All { to: address(9) };
    assert_eq!(wish.compose().expect("enough").inputs.len(), 2);
}

#[test]
fn limits_and_mistakes_are_named() {
    assert_eq!(
        Wish::simple(&[1_000_000], &[1; 128]).compose(),
        Err(ComposeError::TooManyOutputs { count: 129 })
    );
    assert!(Wish::simple(&[1_000_000], &[1; 127]).compose().is_ok());
    let with = |change: fn(&mut Wish)| {
        let mut wish = Wish::simple(&[1_000_000], &[1_000]);
        change(&mut wish);
        wish.compose().map(drop)
    };
    assert_eq!(with(|wish| wish.outputs[0].amount = Bytes::ZERO), Err(ComposeError::EmptyOutput));
    assert_eq!(with(|wish| wish.payers.clear()), Err(ComposeError::Payers));
    assert_eq!(with(|wish| wish.payers.push((1, true))), Err(ComposeError::Payers));
    assert_eq!(with(|wish| wish.payers = (1..18).map(|n| (n, false)).collect()), Err(ComposeError::Payers));
    assert_eq!(with(|wish| wish.candidates[0].address = address(2)), Err(ComposeError::ForeignCoin));
    assert_eq!(with(|wish| wish.mandatory = wish.candidates.clone()), Err(ComposeError::DuplicateCoin));
    assert_eq!(
        with(|wish| wish.mandatory = (200..301).map(|n| coin(n, 1, 1)).collect()),
        Err(ComposeError::TooManyInputs { count: 101 })
    );
    assert_eq!(with(|wish| wish.outputs[0].amount = Bytes::MAX), Err(ComposeError::TooMuch));
}

#[test]
fn a_unit_is_not_signed_without_all_keys() {
    let unsigned = Wish::simple(&[1_000_000], &[1]).compose().expect("enough");
    assert!(unsigned.sign(&[key(2)]).is_err());
    assert!(unsigned.sign(&[key(2), key(1)]).is_ok());
}

#[test]
fn a_hubs_answer_about_parents_is_read_or_refused() {
    let answer = json!({
        "timestamp": 1_750_000_000,
        "parent_units": [hash(2), hash(1)],
        "last_stable_mc_ball": hash(4),
        "last_stable_mc_ball_unit": hash(5),
        "last_stable_mc_ball_mci": 688,
        "tps_fee": 172,
        "count_primary_aa_triggers": 0,
    });
    let parents = Parents::from_json(&answer).expect("an answer");
    assert_eq!((parents.last_ball_mci, parents.tps_fee.get()), (688, 172));
    assert!(parents.parent_units.is_sorted());
    for field in ["timestamp", "parent_units", "last_stable_mc_ball", "last_stable_mc_ball_mci", "tps_fee"] {
        let mut broken = answer.clone();
        broken[field] = json!("?");
        assert!(Parents::from_json(&broken).is_err(), "{field}");
    }
}
