//! Which units prove a purchase: every rule with units that were really composed and signed.

use std::collections::BTreeSet;

use obyte::compose::{self, Coin, Parents, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::history::{ProvenUnit, State};
use obyte::keys::PaymentKey;
use obyte::signature::SecretKey;
use obyte::unit::{CoinId, HubHints, hashes};
use obyte::{Address, BallHash, Bytes, Network, Output, Unit, UnitHash};
use program::{Amount, Payees, UnitClaim, UnitFault, UnitProof, UnitRules};
use proptest::prelude::*;
use serde_json::json;

const NOW: u64 = 1_700_000_000;
const MBYTE: u64 = 1_000_000;

fn key(seed: u8) -> PaymentKey {
    PaymentKey::new(SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve"))
}

fn customer() -> PaymentKey {
    key(1)
}

fn till() -> Address {
    Address::of_source("the till")
}

fn gateway() -> Address {
    Address::of_source("the gateway")
}

fn to(address: Address, amount: u64) -> Output {
    Output { address, amount: Bytes::literal(amount) }
}

/// A unit of a key that spends a coin, at this time; what is left goes to `rest`.
fn spending(by: &PaymentKey, coin: Coin, outputs: &[Output], rest: Address, timestamp: u64) -> Unit {
    let parents = Parents {
        timestamp,
        parent_units: vec![UnitHash::of("a parent")],
        last_ball: BallHash::of("a ball"),
        last_ball_unit: UnitHash::of("its unit"),
        last_ball_mci: 10,
        tps_fee: Bytes::ZERO,
    };
    let payment = Payment {
        network: Network::Devnet,
        parents: &parents,
        threshold: ThresholdSize::DEFAULT,
        payers: &[Payer::new(by.public_key(), true)],
        mandatory: &[coin],
        candidates: &[],
        outputs,
        spend: Spend::AsNeeded { change: rest, least_change: Bytes::literal(1) },
        notes: &[],
    };
    let unsigned = compose::compose(&payment).expect("the coin is enough");
    unsigned.sign(&[by.secret_key().clone()]).expect("the key is there").unit
}

/// A unit of a key that pays this, with change.
fn unit(by: &PaymentKey, outputs: &[Output]) -> Unit {
    unit_at(by, outputs, NOW - 60)
}

fn unit_at(by: &PaymentKey, outputs: &[Output], timestamp: u64) -> Unit {
    let id = CoinId { unit: UnitHash::of("money"), message_index: 0, output_index: 0 };
    let coin = Coin { id, amount: Bytes::literal(1_000_000 * MBYTE), address: by.address() };
    spending(by, coin, outputs, by.address(), timestamp)
}

/// A unit by which somebody sends on what a unit has paid.
fn forwarding(by: &PaymentKey, of: &Unit, outputs: &[Output], rest: Address) -> Unit {
    let found = of.outputs().find(|(_, output)| output.address == by.address());
    let (id, output) = found.expect("the unit pays it");
    let coin = Coin { id, amount: output.amount, address: output.address };
    spending(by, coin, outputs, rest, NOW - 30)
}

fn shown(unit: Unit, state: State) -> ProvenUnit {
    ProvenUnit { unit, state, hints: HubHints::default() }
}

fn good(unit: Unit) -> ProvenUnit {
    shown(unit, State::FinalGood)
}

/// A shop with a till and a gateway.
fn registered() -> Payees {
    Payees { own: BTreeSet::from([till()]), gateways: BTreeSet::from([gateway()]) }
}

/// What a unit proves for a purchase of so many GBYTE.
struct Case {
    amount: Amount,
    payees: Payees,
    is_trusted: bool,
    server: BTreeSet<Address>,
    rules: UnitRules,
}

impl Case {
    fn of(gbytes: &str) -> Self {
        Self {
            amount: gbytes.parse().expect("an amount"),
            payees: registered(),
            is_trusted: false,
            server: BTreeSet::from([key(99).address()]),
            rules: UnitRules::default(),
        }
    }

    fn claim(&self) -> UnitClaim<'_> {
        UnitClaim {
            amount: self.amount,
            payees: &self.payees,
            is_trusted: self.is_trusted,
            server: &self.server,
            now: NOW,
        }
    }

    /// Without what was paid, which has a test of its own.
    fn judge(&self, proven: &ProvenUnit, around: &[ProvenUnit]) -> Result<UnitProof, UnitFault> {
        let proof = self.claim().judge(&self.rules, proven, around);
        proof.map(|proof| UnitProof { paid: Bytes::ZERO, ..proof })
    }

    fn fault(&self, proven: &ProvenUnit) -> Option<UnitFault> {
        self.judge(proven, &[]).err()
    }
}

const PROVEN: Result<UnitProof, UnitFault> =
    Ok(UnitProof { paid: Bytes::ZERO, is_final: true, forwarded_by: None });

#[test]
fn what_is_paid_to_registered_addresses_counts_together() {
    let paid = good(unit(&customer(), &[to(till(), 60 * MBYTE), to(gateway(), 40 * MBYTE)]));
    assert_eq!(Case::of("0.1").judge(&paid, &[]), PROVEN);
    assert_eq!(Case::of("0.100000000").judge(&paid, &[]), PROVEN);
    assert_eq!(Case::of("0.100000001").fault(&paid), Some(UnitFault::TooLittle));
    assert_eq!(Case::of("0.10000000000000001").fault(&paid), Some(UnitFault::TooLittle), "part of a byte");
    let elsewhere = good(unit(&customer(), &[to(Address::of_source("somebody"), 60 * MBYTE)]));
    assert_eq!(Case::of("0.1").fault(&elsewhere), Some(UnitFault::OtherPayee));
    assert_eq!(Case::of("0.06").fault(&elsewhere), Some(UnitFault::NotForwarded), "it may be a gateway");
}

#[test]
fn what_was_found_tells_what_the_customer_paid_and_who_forwarded_it() {
    let case = Case::of("0.1");
    let found = |unit: &Unit, state, around: &[ProvenUnit]| {
        let proof = case.claim().judge(&case.rules, &shown(unit.clone(), state), around);
        proof.expect("proven").finding(unit.hash())
    };
    let direct = unit(&customer(), &[to(till(), 150 * MBYTE), to(Address::of_source("x"), MBYTE)]);
    let said = format!("purchase unit {} paid 150000000 bytes: ", direct.hash());
    assert_eq!(found(&direct, State::FinalGood, &[]), format!("{said}proven final"));
    assert_eq!(found(&direct, State::Unstable, &[]), format!("{said}shown by hubs, not final yet"));
    let once = key(5);
    let first = unit(&customer(), &[to(once.address(), 100 * MBYTE)]);
    let next = forwarding(&once, &first, &[to(till(), 99 * MBYTE)], gateway());
    let said = format!("{} paid 100000000 bytes, forwarded by {}: proven final", first.hash(), next.hash());
    assert_eq!(found(&first, State::FinalGood, &[good(next)]), format!("purchase unit {said}"));
}

#[test]
fn amounts_out_of_proportion_are_units_mistaken() {
    let paid = good(unit(&customer(), &[to(till(), 100 * MBYTE)]));
    for (gbytes, fault) in [
        ("100000000", UnitFault::FarTooLittle),
        ("999999999999999", UnitFault::FarTooLittle),
        ("10.000000001", UnitFault::FarTooLittle),
        ("10", UnitFault::TooLittle),
        ("0.000999999", UnitFault::FarTooMuch),
        ("0.000000000000000000000001", UnitFault::FarTooMuch),
    ] {
        assert_eq!(Case::of(gbytes).fault(&paid), Some(fault), "{gbytes}");
    }
    assert_eq!(Case::of("0.001").fault(&paid), None);
}

#[test]
fn what_is_void_or_old_or_not_the_customers_does_not_count() {
    let paid = |by: &PaymentKey| unit(by, &[to(till(), 100 * MBYTE)]);
    let case = Case::of("0.1");
    assert_eq!(case.fault(&shown(paid(&customer()), State::FinalBad)), Some(UnitFault::Void));
    assert_eq!(case.fault(&good(paid(&key(99)))), Some(UnitFault::FromServer));
    let own = Case {
        payees: Payees { own: BTreeSet::from([till(), customer().address()]), ..registered() },
        ..Case::of("0.1")
    };
    assert_eq!(own.fault(&good(paid(&customer()))), Some(UnitFault::FromPartner));
    let oldest = NOW - case.rules.max_age;
    let of_age = |timestamp| good(unit_at(&customer(), &[to(till(), 100 * MBYTE)], timestamp));
    assert_eq!(case.fault(&of_age(oldest)), None);
    assert_eq!(case.fault(&of_age(oldest - 1)), Some(UnitFault::TooOld));
}

fn coin(by: &PaymentKey, output_index: u32) -> Coin {
    let id = CoinId { unit: UnitHash::of("money"), message_index: 0, output_index };
    Coin { id, amount: Bytes::literal(1_000 * MBYTE), address: by.address() }
}

/// A unit that two have signed, each with a coin.
fn together(one: &PaymentKey, other: &PaymentKey, outputs: &[Output]) -> Unit {
    together_with(one, coin(one, 0), other, outputs)
}

fn together_with(one: &PaymentKey, ones: Coin, other: &PaymentKey, outputs: &[Output]) -> Unit {
    let parents = Parents {
        timestamp: NOW - 60,
        parent_units: vec![UnitHash::of("a parent")],
        last_ball: BallHash::of("a ball"),
        last_ball_unit: UnitHash::of("its unit"),
        last_ball_mci: 10,
        tps_fee: Bytes::ZERO,
    };
    let payment = Payment {
        network: Network::Devnet,
        parents: &parents,
        threshold: ThresholdSize::DEFAULT,
        payers: &[Payer::new(one.public_key(), true), Payer::new(other.public_key(), true)],
        mandatory: &[ones, coin(other, 1)],
        candidates: &[],
        outputs,
        spend: Spend::AsNeeded { change: one.address(), least_change: Bytes::literal(1) },
        notes: &[],
    };
    let unsigned = compose::compose(&payment).expect("the coins are enough");
    let keys = [one, other].map(|key| key.secret_key().clone());
    unsigned.sign(&keys).expect("the keys are there").unit
}

#[test]
fn one_of_several_authors_is_enough_to_spoil_a_unit() {
    let pays = [to(till(), 100 * MBYTE)];
    let own = Case {
        payees: Payees { own: BTreeSet::from([till(), key(7).address()]), ..registered() },
        ..Case::of("0.1")
    };
    for (with, fault) in
        [(key(99), Some(UnitFault::FromServer)), (key(7), Some(UnitFault::FromPartner)), (key(8), None)]
    {
        for unit in [together(&customer(), &with, &pays), together(&with, &customer(), &pays)] {
            assert_eq!(own.fault(&good(unit)), fault);
        }
    }
    // Where the partner's word counts, money that goes to the other author has gone nowhere.
    let friend = key(8);
    let between = together(&customer(), &friend, &[to(friend.address(), 100 * MBYTE)]);
    let trusted = Case { payees: Payees::default(), is_trusted: true, ..Case::of("0.1") };
    assert_eq!(trusted.fault(&good(between)), Some(UnitFault::OtherPayee));
}

#[test]
fn several_outputs_to_one_address_count_together() {
    let pieces: Vec<_> = (1..=10).map(|piece| to(till(), piece * MBYTE)).collect();
    let paid = good(unit(&customer(), &pieces));
    assert_eq!(Case::of("0.055").judge(&paid, &[]), PROVEN);
    assert_eq!(Case::of("0.055000001").fault(&paid), Some(UnitFault::TooLittle));
}

#[test]
fn assets_do_not_count_whatever_their_amount() {
    let paid = |asset: Option<UnitHash>| {
        let unit = unit(&customer(), &[to(Address::of_source("somebody"), 1_000)]);
        let mut payload = json!({
            "inputs": [{"unit": UnitHash::of("money"), "message_index": 1, "output_index": 0}],
            "outputs": [{"address": till(), "amount": 100 * MBYTE}],
        });
        if let Some(asset) = asset {
            payload["asset"] = json!(asset);
        }
        let hash = hashes::payload_hash(unit.format(), "payment", &payload).expect("hashed");
        let payment =
            json!({"app": "payment", "payload_location": "inline", "payload_hash": hash, "payload": payload});
        let mut json = unit.to_json();
        match asset {
            Some(_) => json["messages"].as_array_mut().expect("a list").insert(0, payment),
            None => json["messages"][0] = payment,
        }
        json["unit"] = json!(hashes::unit_hash(json.as_object().expect("an object")).expect("hashed"));
        good(Unit::from_json(json).expect("a unit"))
    };
    let fault = |asset| Case::of("0.1").fault(&paid(asset));
    assert_eq!(fault(Some(UnitHash::of("an asset"))), Some(UnitFault::OtherPayee));
    assert_eq!(fault(None), None, "in bytes the same payment counts");
}

#[test]
fn a_unit_without_its_messages_proves_nothing() {
    let whole = unit(&customer(), &[to(till(), 100 * MBYTE)]);
    let mut json = whole.to_json();
    let content = json.as_object_mut().expect("an object");
    for field in ["messages", "headers_commission", "payload_commission", "tps_fee"] {
        content.remove(field);
    }
    content.insert("content_hash".into(), json!(whole.content_hash()));
    content.insert("authors".into(), json!([{"address": customer().address()}]));
    let stripped = Unit::from_json(json).expect("a stripped unit");
    assert_eq!(stripped.hash(), whole.hash(), "the same unit");
    let case = Case::of("0.1");
    assert_eq!(case.fault(&shown(stripped.clone(), State::FinalBad)), Some(UnitFault::Void));
    assert_eq!(case.fault(&good(stripped)), Some(UnitFault::OtherPayee));
}

#[test]
fn a_registered_address_of_the_server_itself_does_not_count() {
    let case = Case { server: BTreeSet::from([till()]), ..Case::of("0.1") };
    let paid = good(unit(&customer(), &[to(till(), 100 * MBYTE)]));
    assert_eq!(case.fault(&paid), Some(UnitFault::OtherPayee));
}

#[test]
fn what_is_not_final_counts_up_to_the_ceiling() {
    let paid = |amount| shown(unit(&customer(), &[to(till(), amount)]), State::Unstable);
    let unproven = Ok(UnitProof { paid: Bytes::ZERO, is_final: false, forwarded_by: None });
    assert_eq!(Case::of("1").judge(&paid(1000 * MBYTE), &[]), unproven);
    assert_eq!(Case::of("1.000000001").fault(&paid(1000 * MBYTE + 1)), Some(UnitFault::NotFinal));
    assert_eq!(Case::of("1.000000001").fault(&paid(1000 * MBYTE)), Some(UnitFault::TooLittle), "no matter");
}

#[test]
fn a_gateway_counts_once_it_has_forwarded_all_but_its_fee() {
    let once = key(5);
    let first = unit(&customer(), &[to(once.address(), 100 * MBYTE)]);
    let case = Case::of("0.1");
    assert_eq!(case.claim().to_follow(&first), [once.address()]);
    let judged = |next: Unit, state| case.judge(&good(first.clone()), &[shown(next, state)]);
    let purse = Address::of_source("its purse");
    // 2 % and 10,000 bytes; the fees of the unit itself are less than 1,000 bytes.
    let least = forwarding(&once, &first, &[to(till(), 97_990_000)], purse);
    let hash = Some(least.hash());
    assert_eq!(
        judged(least.clone(), State::FinalGood),
        Ok(UnitProof { paid: Bytes::ZERO, is_final: true, forwarded_by: hash })
    );
    assert_eq!(
        judged(least.clone(), State::Unstable),
        Ok(UnitProof { paid: Bytes::ZERO, is_final: false, forwarded_by: hash })
    );
    assert_eq!(judged(least.clone(), State::FinalBad), Err(UnitFault::NotForwarded));
    let less = forwarding(&once, &first, &[to(till(), 97_989_999)], purse);
    assert_eq!(judged(less, State::FinalGood), Err(UnitFault::NotForwarded));
    let elsewhere = forwarding(&once, &first, &[], purse);
    assert_eq!(judged(elsewhere, State::FinalGood), Err(UnitFault::NotForwarded));
    // What the server forwards, or to itself, is no customer's payment.
    let server = Case { server: BTreeSet::from([once.address()]), ..Case::of("0.1") };
    assert_eq!(server.judge(&good(first.clone()), &[good(least.clone())]), Err(UnitFault::OtherPayee));
    let to_server = Case { server: BTreeSet::from([till()]), ..Case::of("0.1") };
    assert_eq!(to_server.judge(&good(first.clone()), &[good(least.clone())]), Err(UnitFault::NotForwarded));
    // Nor does what the shop has signed itself: it may be its own money.
    let own = Case {
        payees: Payees { own: BTreeSet::from([till(), once.address()]), ..registered() },
        ..Case::of("0.1")
    };
    let directly = own.judge(&good(first.clone()), &[good(least.clone())]);
    assert_eq!(directly, PROVEN, "it is a payment to the shop already");
    let with_till = Case {
        payees: Payees { own: BTreeSet::from([till(), key(7).address()]), ..registered() },
        ..Case::of("0.1")
    };
    let found = first.outputs().find(|(_, output)| output.address == once.address());
    let (id, output) = found.expect("the unit pays it");
    let coin = Coin { id, amount: output.amount, address: output.address };
    let mixed = together_with(&once, coin, &key(7), &[to(till(), 99 * MBYTE)]);
    assert_eq!(with_till.judge(&good(first.clone()), &[good(mixed)]), Err(UnitFault::NotForwarded));
    // Nor does money count that went on through a second stranger.
    let second = key(6);
    let on = forwarding(&once, &first, &[to(second.address(), 99 * MBYTE)], purse);
    let far = forwarding(&second, &on, &[to(till(), 98 * MBYTE)], purse);
    assert_eq!(case.judge(&good(first.clone()), &[good(on), good(far)]), Err(UnitFault::NotForwarded));
    // Other money of the same address.
    let other = unit(&once, &[to(till(), 100 * MBYTE)]);
    assert_eq!(judged(other, State::FinalGood), Err(UnitFault::NotForwarded));
    // As long as either can change, the payment can.
    let early = shown(first.clone(), State::Unstable);
    let proof = case.judge(&early, &[good(least)]);
    assert_eq!(proof, Ok(UnitProof { paid: Bytes::ZERO, is_final: false, forwarded_by: hash }));
}

#[test]
fn the_payment_is_told_from_change_that_goes_to_the_shop_later() {
    let (once, change) = (key(5), key(6));
    for order in [[&once, &change], [&change, &once]] {
        let amount = |to: &PaymentKey| if to.address() == once.address() { 100 } else { 5_000 };
        let outputs = order.map(|key| to(key.address(), amount(key) * MBYTE));
        let first = unit(&customer(), &outputs);
        let purse = Address::of_source("its purse");
        let forwarded = forwarding(&once, &first, &[to(till(), 99 * MBYTE)], purse);
        let later = forwarding(&change, &first, &[to(till(), 2_000 * MBYTE)], purse);
        let around = [&later, &forwarded].map(|unit| good(unit.clone()));
        let proof = Case::of("0.1").judge(&good(first), &around);
        assert_eq!(
            proof,
            Ok(UnitProof { paid: Bytes::ZERO, is_final: true, forwarded_by: Some(forwarded.hash()) })
        );
    }
}

#[test]
fn change_and_payments_that_suffice_are_not_followed() {
    let paid = unit(&customer(), &[to(till(), 100 * MBYTE), to(Address::of_source("x"), 500 * MBYTE)]);
    assert_eq!(Case::of("0.1").claim().to_follow(&paid), []);
    assert_eq!(Case::of("0.2").claim().to_follow(&paid), [Address::of_source("x")], "the change stays out");
}

#[test]
fn without_addresses_only_small_purchases_of_trusted_partners_count() {
    let nobody = |gbytes, is_trusted| Case { payees: Payees::default(), is_trusted, ..Case::of(gbytes) };
    let paid = good(unit(&customer(), &[to(Address::of_source("anybody"), 20_000 * MBYTE)]));
    assert_eq!(nobody("1", false).fault(&paid), Some(UnitFault::NoPayee));
    assert_eq!(nobody("10", true).judge(&paid, &[]), PROVEN);
    assert_eq!(nobody("10.000000001", true).fault(&paid), Some(UnitFault::AboveTrusted));
    assert_eq!(nobody("0.1", true).judge(&paid, &[]), PROVEN, "some of it may be change");
    let to_itself = good(unit(&customer(), &[to(customer().address(), 5 * MBYTE)]));
    assert_eq!(nobody("0.005", true).fault(&to_itself), Some(UnitFault::OtherPayee), "change is no payment");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_unit_proves_more_than_it_paid(
        to_till in 0..3_000_u64, to_other in 0..3_000_u64, wanted in 1..3_000_u64, is_final: bool,
    ) {
        let outputs: Vec<_> = [(till(), to_till), (Address::of_source("other"), to_other)]
            .into_iter()
            .filter(|(_, amount)| *amount > 0)
            .map(|(address, amount)| to(address, amount * MBYTE))
            .collect();
        let state = if is_final { State::FinalGood } else { State::Unstable };
        let case = Case::of(&format!("{}.{:03}", wanted / 1000, wanted % 1000));
        let proof = case.judge(&shown(unit(&customer(), &outputs), state), &[]);
        let counts = to_till >= wanted && to_till <= wanted * 100 && (is_final || wanted <= 1_000);
        prop_assert_eq!(proof.is_ok(), counts, "{:?}", proof);
        if proof.is_err_and(UnitFault::is_certain) && to_other < wanted {
            prop_assert!(to_till > 0 && (to_till < wanted || to_till > wanted * 100));
        }
    }
}
