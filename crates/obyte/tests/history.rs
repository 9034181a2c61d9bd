//! Histories made up by twelve order providers: what is proven, and how a lie is noticed.

use obyte::definition::{Definition, chash};
use obyte::history::{
    Asked, HistoryError, LinkError, OrderProviders, State, Trust, VerifiedHistory, verify, verify_links,
};
use obyte::unit::{Ball, hashes};
use obyte::{Address, BallHash, Network, PublicKey, SecretKey, UnitHash, size};
use serde_json::{Map, Value, json};
use tampering::{changed, is_covered_by_nothing, leaves, removed};

mod tampering;

const NETWORK: Network = Network::Devnet;
const CUSTOMER: u8 = 50;
const SHOP: u8 = 51;

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("far below the order of the curve")
}

fn public_key(number: u8) -> PublicKey {
    key(number).public_key()
}

fn address(number: u8) -> Address {
    Definition::single_sig(public_key(number)).chash()
}

/// What varies between the units of these tests.
struct Plan<'a> {
    author: Address,
    signer: u8,
    definition: Option<Value>,
    parent: Option<UnitHash>,
    last_ball: Option<(BallHash, UnitHash)>,
    timestamp: u64,
    messages: &'a [(&'a str, Value)],
}

/// A signed unit whose sizes and hashes are right.
fn unit(plan: &Plan<'_>) -> Value {
    let mut author = json!({"address": plan.author, "authentifiers": {"r": "-".repeat(88)}});
    if let Some(definition) = &plan.definition {
        author["definition"] = definition.clone();
    }
    let messages = plan.messages.iter().map(|(app, payload)| {
        let source = obyte::canonical::json_source_string(payload).expect("canonical");
        json!({
            "app": app,
            "payload_location": "inline",
            "payload_hash": obyte::hash::sha256_base64(&source),
            "payload": payload,
        })
    });
    let mut unit = json!({
        "version": NETWORK.version(),
        "alt": NETWORK.alt(),
        "authors": [author],
        "messages": messages.collect::<Vec<_>>(),
        "timestamp": plan.timestamp,
    });
    if let (Some(parent), Some((ball, ball_unit))) = (plan.parent, plan.last_ball) {
        unit["parent_units"] = json!([parent]);
        unit["last_ball"] = json!(ball);
        unit["last_ball_unit"] = json!(ball_unit);
        unit["tps_fee"] = json!(0);
    }
    unit["headers_commission"] = json!(size::headers_size(object(&unit)));
    unit["payload_commission"] = json!(size::payload_size(object(&unit)));
    sign(&mut unit, plan.signer);
    unit
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn sign(unit: &mut Value, signer: u8) {
    let hash = hashes::hash_to_sign(object(unit)).expect("canonical");
    unit["authors"][0]["authentifiers"]["r"] = json!(key(signer).sign(&hash));
    rehash(unit);
}

fn rehash(unit: &mut Value) {
    unit["unit"] = json!(hashes::unit_hash(object(unit)).expect("canonical"));
}

fn hash(unit: &Value) -> UnitHash {
    unit["unit"].as_str().expect("a hash").parse().expect("a hash")
}

fn payment(from: UnitHash, to: &[(u8, u64)]) -> (&'static str, Value) {
    let mut outputs: Vec<_> = to.iter().map(|&(number, amount)| (address(number), amount)).collect();
    outputs.sort_unstable();
    let outputs: Vec<_> =
        outputs.iter().map(|(address, amount)| json!({"address": address, "amount": amount})).collect();
    (
        "payment",
        json!({
            "inputs": [{"unit": from, "message_index": 0, "output_index": 0}],
            "outputs": outputs,
        }),
    )
}

/// A unit without its messages, as hubs keep what is final-bad.
fn stripped(unit: &Value) -> Value {
    let mut stripped = json!({"content_hash": hashes::content_hash(object(unit)).expect("canonical")});
    for field in ["unit", "version", "alt", "timestamp", "parent_units", "last_ball", "last_ball_unit"] {
        stripped[field] = unit[field].clone();
    }
    stripped["authors"] = json!([{"address": unit["authors"][0]["address"]}]);
    stripped
}

/// A network whose stable units form one chain.
struct World {
    order_providers: OrderProviders,
    stable: Vec<(Value, Ball)>,
    unstable: Vec<Value>,
    clock: u64,
}

impl World {
    /// A genesis unit, and a unit of each order provider that reveals its definition.
    fn new(order_providers: u8) -> Self {
        let addresses = (1..=order_providers).map(address).collect();
        let mut world = Self {
            order_providers: OrderProviders::new(addresses).expect("all different"),
            stable: Vec::new(),
            unstable: Vec::new(),
            clock: 1_750_000_000,
        };
        let genesis = world.next(1, 1, true, &[("text", json!("genesis"))]);
        world.stabilise(genesis, false);
        for number in 1..=order_providers {
            let unit = world.next(number, number, true, &[("text", json!("here I am"))]);
            world.stabilise(unit, false);
        }
        world
    }

    /// A unit on top of the newest one.
    fn next(&mut self, author: u8, signer: u8, reveals: bool, messages: &[(&str, Value)]) -> Value {
        self.clock += 1;
        let last = self.stable.last().map(|(unit, ball)| (ball.hash(), hash(unit)));
        unit(&Plan {
            author: address(author),
            signer,
            definition: reveals.then(|| Definition::single_sig(public_key(signer)).to_value()),
            parent: self.unstable.last().or(self.stable.last().map(|(unit, _)| unit)).map(hash),
            last_ball: last,
            timestamp: self.clock,
            messages,
        })
    }

    fn stabilise(&mut self, unit: Value, is_nonserial: bool) {
        let parent_balls = self.stable.last().map(|(_, ball)| ball.hash()).into_iter().collect();
        let skiplist_balls = match self.stable.len() {
            number if number > 0 && number % 10 == 0 => vec![self.stable[number - 10].1.hash()],
            _ => Vec::new(),
        };
        let ball = Ball { unit: hash(&unit), parent_balls, skiplist_balls, is_nonserial };
        self.stable.push((unit, ball));
    }

    /// Each of these order providers posts once more.
    fn witness(&mut self, numbers: impl IntoIterator<Item = u8>) {
        for number in numbers {
            let unit = self.next(number, number, false, &[("text", json!("seen"))]);
            self.unstable.push(unit);
        }
    }

    fn joint(&self, index: usize) -> Value {
        let (unit, ball) = &self.stable[index];
        json!({"unit": unit, "ball": ball.hash()})
    }

    /// The answer to a request for these units; proofs lead down to the oldest of them.
    fn answer(&self, joints: &[Value], oldest: usize) -> Value {
        let definitions = 1 + self.order_providers.addresses().len();
        json!({
            "unstable_mc_joints": self.unstable.iter().rev().map(|unit| json!({"unit": unit})).collect::<Vec<_>>(),
            "witness_change_and_definition_joints": (1..definitions).map(|i| self.joint(i)).collect::<Vec<_>>(),
            "joints": joints,
            "proofchain_balls": self.stable[oldest..].iter().rev().map(|(_, ball)| ball.to_json()).collect::<Vec<_>>(),
        })
    }

    fn verify(&self, answer: &Value) -> Result<VerifiedHistory, HistoryError> {
        let trust = Trust {
            network: NETWORK,
            order_providers: &self.order_providers,
            genesis: Some(hash(&self.stable[0].0)),
            now: Some(self.clock),
        };
        verify(answer, &Asked { addresses: &[address(CUSTOMER)], joints: &[] }, &trust)
    }
}

/// A customer was paid, paid a shop twice at once, and was paid again a moment ago.
fn example() -> (World, Value) {
    let mut world = World::new(12);
    let coin = hash(&world.stable[3].0);
    let good = world.next(SHOP, SHOP, true, &[payment(coin, &[(CUSTOMER, 1000), (SHOP, 5)])]);
    let index = world.stable.len();
    world.stabilise(good.clone(), false);
    let bad = world.next(CUSTOMER, CUSTOMER, true, &[payment(hash(&good), &[(SHOP, 900)])]);
    world.stabilise(bad.clone(), true);
    world.witness(1..=3);
    let fresh = world.next(SHOP, SHOP, false, &[payment(hash(&good), &[(CUSTOMER, 70)])]);
    world.witness(4..=12);
    let mut first = world.joint(index);
    first["unit"]["main_chain_index"] = json!(13);
    first["unit"]["actual_tps_fee"] = json!(null);
    let second = json!({"unit": stripped(&bad), "ball": world.stable[index + 1].1.hash()});
    let answer = world.answer(&[json!({"unit": fresh}), second, first], index);
    (world, answer)
}

fn states(history: &VerifiedHistory) -> Vec<State> {
    history.units.iter().map(|proven| proven.state).collect()
}

#[test]
fn states_are_what_the_proof_shows() {
    let (world, answer) = example();
    let history = world.verify(&answer).expect("honest");
    assert_eq!(states(&history), [State::Unstable, State::FinalBad, State::FinalGood]);
    assert!(history.units[1].unit.is_stripped());
    assert_eq!(history.units[2].hints.main_chain_index, Some(13));
    assert_eq!(history.units[2].hints.actual_tps_fee, None);
    assert_eq!(history.newest_order_provider_timestamp, Some(world.clock));
}

#[test]
fn a_majority_of_order_providers_suffices_and_less_does_not() {
    let mut world = World::new(12);
    let paid = world.next(SHOP, SHOP, true, &[payment(hash(&world.stable[1].0), &[(CUSTOMER, 7)])]);
    let index = world.stable.len();
    world.stabilise(paid, false);
    world.witness(1..=6);
    let refused = world.verify(&world.answer(&[world.joint(index)], index));
    assert_eq!(refused, Err(HistoryError::TooFewOrderProviders { found: 6, needed: 7 }));
    world.witness([6, 5]);
    assert!(world.verify(&world.answer(&[world.joint(index)], index)).is_err(), "the same ones again");
    world.witness([7]);
    let history = world.verify(&world.answer(&[world.joint(index)], index)).expect("seven");
    assert_eq!(states(&history), [State::FinalGood]);
}

/// The last ball of a tip counts only once enough order providers stand above it in the walk.
#[test]
fn a_last_ball_counts_only_behind_a_majority() {
    let mut world = World::new(3);
    world.witness([1, 2, 3]);
    // A stranger makes up a ball for a payment that never was, and a tip that calls it the last.
    let coin = hash(&world.stable[1].0);
    let invented = world.next(SHOP, SHOP, true, &[payment(coin, &[(CUSTOMER, 1_000_000)])]);
    let ball = Ball {
        unit: hash(&invented),
        parent_balls: vec![world.stable[0].1.hash()],
        skiplist_balls: Vec::new(),
        is_nonserial: false,
    };
    let tip = unit(&Plan {
        author: address(SHOP),
        signer: SHOP,
        definition: None,
        parent: world.unstable.last().map(hash),
        last_ball: Some((ball.hash(), hash(&invented))),
        timestamp: world.clock,
        messages: &[("text", json!("tip"))],
    });
    world.unstable.push(tip);
    let mut answer = world.answer(&[json!({"unit": invented, "ball": ball.hash()})], 0);
    answer["proofchain_balls"] = json!([ball.to_json()]);
    assert_eq!(world.verify(&answer), Err(HistoryError::BallNotKnown));
}

#[test]
fn the_tip_of_a_stranger_makes_nothing_fresh() {
    let (mut world, _) = example();
    let newest = world.clock;
    world.clock += 1000;
    let tip = world.next(SHOP, SHOP, false, &[("text", json!("now"))]);
    world.unstable.push(tip);
    let answer = world.answer(&[world.joint(13)], 13);
    let history = world.verify(&answer).expect("honest");
    assert_eq!(history.newest_order_provider_timestamp, Some(newest));
    assert!(!history.is_fresh(world.clock, 600));
}

#[test]
fn a_changed_definition_counts_from_the_unit_that_changes_it() {
    let changed = Definition::single_sig(public_key(90));
    let change = ("address_definition_change", json!({"definition_chash": changed.chash()}));
    for (signer, is_right) in [(90, true), (1, false)] {
        let mut world = World::new(1);
        // The old key changes the definition, and the new key shows the new one.
        let unit = world.next(1, 1, false, std::slice::from_ref(&change));
        world.stabilise(unit, false);
        let revealing = world.next(1, 90, true, &[("text", json!("new key"))]);
        world.stabilise(revealing, false);
        let paid = world.next(SHOP, SHOP, true, &[payment(hash(&world.stable[1].0), &[(CUSTOMER, 7)])]);
        let index = world.stable.len();
        world.stabilise(paid, false);
        let witness = world.next(1, signer, false, &[("text", json!("seen"))]);
        world.unstable.push(witness);
        let mut answer = world.answer(&[world.joint(index)], index);
        let definitions = answer["witness_change_and_definition_joints"].as_array_mut().expect("a list");
        definitions.extend([world.joint(2), world.joint(3)]);
        assert_eq!(world.verify(&answer).is_ok(), is_right, "{signer}");
        answer["witness_change_and_definition_joints"].as_array_mut().expect("a list").remove(1);
        assert!(world.verify(&answer).is_err(), "without the change the new definition is nobody's");
    }
}

#[test]
fn a_definition_joint_must_show_a_definition_of_an_order_provider() {
    let (mut world, answer) = example();
    let idle = world.next(1, 1, false, &[("text", json!("nothing"))]);
    let foreign = world.next(SHOP, SHOP, true, &[("text", json!("nothing"))]);
    for (unit, expected) in
        [(idle, HistoryError::NeitherDefinitionNorChange), (foreign, HistoryError::ForeignDefinition)]
    {
        let mut with = answer.clone();
        let joint = json!({"unit": unit, "ball": BallHash::of("any")});
        with["witness_change_and_definition_joints"].as_array_mut().expect("a list").push(joint);
        assert_eq!(world.verify(&with), Err(expected));
    }
}

#[test]
fn a_unit_that_is_not_proven_bad_comes_with_its_messages() {
    let (world, answer) = example();
    let mut hidden = answer.clone();
    hidden["joints"][2]["unit"] = stripped(&world.stable[13].0);
    let unit = hash(&world.stable[13].0);
    // The unit must have been asked for by what is left of it.
    let trust = Trust {
        network: NETWORK,
        order_providers: &world.order_providers,
        genesis: Some(hash(&world.stable[0].0)),
        now: None,
    };
    let asked = Asked { addresses: &[address(CUSTOMER)], joints: &[unit] };
    assert_eq!(verify(&hidden, &asked, &trust), Err(HistoryError::Stripped(unit)));
}

#[test]
fn a_ball_says_bad_by_true_and_by_nothing_else() {
    let (world, answer) = example();
    for value in [json!(false), json!(1), json!("true"), json!(null)] {
        let mut odd = answer.clone();
        odd["proofchain_balls"][1]["is_nonserial"] = value;
        assert_eq!(world.verify(&odd), Err(HistoryError::Shape("proofchain_balls")));
    }
}

#[test]
fn a_unit_of_the_future_is_refused_where_there_is_a_clock() {
    let (world, mut answer) = example();
    let mut late = world.stable[13].0.clone();
    late["timestamp"] = json!(world.clock + 6);
    sign(&mut late, SHOP);
    answer["joints"] = json!([{"unit": late}]);
    assert!(matches!(world.verify(&answer), Err(HistoryError::Joint(_))));
}

#[test]
fn a_skiplist_leads_past_many_balls() {
    let (world, _) = example();
    // The ball with index 10 skips to the one with index 0.
    let index = world.stable.len() - 1;
    let mut answer = world.answer(&[world.joint(13)], 10);
    let balls = answer["proofchain_balls"].as_array_mut().expect("a list");
    assert_eq!(balls.len(), index - 10 + 1);
    balls.push(world.stable[0].1.to_json());
    assert!(world.verify(&answer).is_ok());
    let balls = answer["proofchain_balls"].as_array_mut().expect("a list");
    let at = balls.len() - 1;
    balls[at] = world.stable[5].1.to_json();
    assert_eq!(world.verify(&answer), Err(HistoryError::BallNotKnown));
}

/// Every value in the answer is changed, one at a time.
#[test]
fn no_single_change_proves_anything_that_is_not_so() {
    let (world, answer) = example();
    let honest = world.verify(&answer).expect("honest");
    let paths = leaves(&answer);
    assert!(paths.len() > 300, "all values are tried");
    for path in &paths {
        for change in [changed, removed] {
            let mut lie = answer.clone();
            change(&mut lie, path);
            tampering::check(path, &honest, world.verify(&lie), is_covered_by_nothing(path));
        }
    }
}

#[test]
fn order_providers_of_any_definition_are_understood() {
    let both = json!(["r of set", {"required": 2, "set": [
        ["sig", {"pubkey": public_key(1)}], ["sig", {"pubkey": public_key(2)}], ["sig", {"pubkey": public_key(3)}],
    ]}]);
    let provider = chash(&both).expect("canonical");
    let mut world = World::new(1);
    world.order_providers = OrderProviders::new(vec![provider]).expect("one");
    let mut multisig = |definition: Option<Value>, signers: &[usize]| {
        let mut unit = world.next(1, 1, false, &[("text", json!("seen"))]);
        unit["authors"][0]["address"] = json!(provider);
        unit["authors"][0]["authentifiers"] = json!({});
        if let Some(definition) = definition {
            unit["authors"][0]["definition"] = definition;
        }
        let hash = hashes::hash_to_sign(object(&unit)).expect("canonical");
        for &signer in signers {
            let number = u8::try_from(signer + 1).expect("small");
            unit["authors"][0]["authentifiers"][format!("r.{signer}")] = json!(key(number).sign(&hash));
        }
        rehash(&mut unit);
        unit
    };
    let (revealing, enough) = (multisig(Some(both.clone()), &[0, 1]), multisig(None, &[0, 2]));
    let too_few = multisig(None, &[1]);
    let paid = world.next(SHOP, SHOP, true, &[payment(hash(&world.stable[1].0), &[(CUSTOMER, 7)])]);
    let answer = |witness: &Value| {
        let mut answer = world.answer(&[json!({"unit": paid})], 1);
        answer["unstable_mc_joints"] = json!([{"unit": witness}]);
        answer["witness_change_and_definition_joints"] =
            json!([{"unit": revealing, "ball": BallHash::of("any")}]);
        answer
    };
    assert!(world.verify(&answer(&enough)).is_ok());
    assert!(matches!(world.verify(&answer(&too_few)), Err(HistoryError::Signature { .. })));
}

#[test]
fn links_prove_that_one_unit_is_in_the_past_of_another() {
    let (world, _) = example();
    let latest = world.unstable.last().expect("some");
    let mut chain: Vec<Value> = world.unstable.iter().rev().map(|unit| json!({"unit": unit})).collect();
    chain.extend(world.stable[5..].iter().rev().map(|(_, ball)| ball.to_json()));
    let old = hash(&world.stable[5].0);
    let links = |chain: &[Value], units: &[UnitHash]| verify_links(&json!(chain), units);
    assert_eq!(links(&chain, &[hash(latest), old]), Ok(()));
    let never = UnitHash::of("never");
    assert_eq!(links(&chain, &[hash(latest), never]), Err(LinkError::NotLinked(never)));
    assert_eq!(links(&chain[1..], &[hash(latest), old]), Err(LinkError::Start));
    let mut gap = chain.clone();
    gap.remove(14);
    assert_eq!(links(&gap, &[hash(latest), old]), Err(LinkError::NotKnown));
    let mut changed = chain.clone();
    changed[1]["unit"]["timestamp"] = json!(1);
    assert!(matches!(links(&changed, &[hash(latest), old]), Err(LinkError::Element(_))));
}
