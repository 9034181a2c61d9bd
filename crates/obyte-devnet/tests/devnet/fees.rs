//! The TPS law (4.10), with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use obyte::fee::{Load, TpsLaw};
use obyte::{Bytes, Unit};
use obyte_devnet::{Clock, Fees};
use serde_json::json;

use crate::common::{Scene, to};

/// A clock in milliseconds.
#[derive(Clone)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_795_400_000_000)))
    }

    fn pass(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).expect("short");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let time = Arc::clone(&self.0);
        Clock::new(move || Duration::from_millis(time.load(Ordering::SeqCst)))
    }
}

/// A network whose time stands still, and whose order provider never posts by itself.
async fn still(fees: Fees) -> (Scene, Time) {
    let time = Time::new();
    let clock = time.clock();
    let scene = Scene::with(move |config| {
        config.clock = clock;
        config.fees = fees;
        config.post_delay_first = Duration::from_secs(3600);
        config.freshness = Duration::from_secs(3600);
    })
    .await;
    (scene, time)
}

fn fee(unit: &Unit) -> u64 {
    unit.tps_fee().expect("every unit has one").get()
}

#[tokio::test]
async fn every_unit_that_is_not_stable_makes_the_next_one_dearer() {
    let (mut scene, time) = still(Fees::Real).await;
    time.pass(Duration::from_secs(10));
    let payee = scene.payee;
    // Beside the units of the wallet, the network has one of the order provider and one of the faucet.
    let mut paid = 0;
    for before in 2..6 {
        let required = TpsLaw::DEVNET.required(Load::of(before + 1, 10), 1).get();
        let unit = scene.wallet.pay(&mut scene.client, &[to(payee, 1)]).await;
        assert!(fee(&unit) >= required, "{} < {required} with {before} units", fee(&unit));
        assert!(fee(&unit) > paid);
        paid = fee(&unit);
    }
}

#[tokio::test]
async fn the_hard_minimum_and_the_floor_of_the_moment_are_told_apart() {
    let (mut scene, time) = still(Fees::Real).await;
    time.pass(Duration::from_secs(10));
    let own = scene.wallet.address();
    let old = scene.client.parents(&own).await;
    // Too little by the unit's own past, and one byte more is enough.
    let minimum = TpsLaw::DEVNET.required(Load::of(3, 10), 1);
    let mut low = old.clone();
    low.tps_fee = minimum.checked_sub(Bytes::literal(1)).expect("more than nothing");
    let (unit, _) = scene.wallet.sign(&low, true, &[to(scene.payee, 1)]);
    let refusal = scene.client.refusal("post_joint", json!({"unit": unit.to_json()})).await;
    let text = format!(
        "tps_fee {} + tps fees balance 0 less than required {minimum} for address {own} whose share is 1",
        low.tps_fee
    );
    assert_eq!(refusal, text);
    // The load grows after the parents were asked for: now the moment demands more than the past.
    for _ in 0..40 {
        let paid = scene.devnet.pay(scene.payee, Bytes::literal(1)).await;
        paid.expect("the faucet is rich");
    }
    let mut enough = old;
    enough.tps_fee = minimum;
    let (unit, _) = scene.wallet.sign(&enough, true, &[to(scene.payee, 1)]);
    let refusal = scene.client.refusal("post_joint", json!({"unit": unit.to_json()})).await;
    let prefix = format!("tps fee on address {own} must be at least ");
    assert!(refusal.starts_with(&prefix) && refusal.ends_with(&format!(", found {minimum}")), "{refusal}");
    // That is transient: when the load has passed, the same unit is taken.
    time.pass(Duration::from_secs(600));
    assert_eq!(scene.client.post(&unit).await, "accepted");
}

#[tokio::test]
async fn what_was_overpaid_is_credited_to_the_next_unit() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    scene.wait_until_proven(&unit.hash()).await;
    let answer = scene.client.request("get_joint", json!(unit.hash())).await;
    let charged = answer["joint"]["unit"]["actual_tps_fee"].as_u64().expect("charged when stable");
    assert!(charged > 0 && charged < fee(&unit), "charged {charged} of {}", fee(&unit));
    // Nobody else asks less than the wallet, which has a balance now.
    let stranger = scene.payee;
    let asked = scene.client.parents(&stranger).await.tps_fee.get();
    let own = scene.wallet.address();
    let owed = scene.client.parents(&own).await.tps_fee.get();
    assert_eq!(owed, asked.saturating_sub(fee(&unit) - charged), "asked {asked}");
}

#[tokio::test]
async fn with_fees_off_congestion_costs_nothing() {
    let (mut scene, _) = still(Fees::Off).await;
    for _ in 0..20 {
        let unit = scene.pay().await;
        assert_eq!(fee(&unit), 0);
    }
    let vars = scene.client.request("get_system_vars", json!(null)).await;
    assert_eq!(vars["base_tps_fee"][0]["value"], 0);
}

#[tokio::test]
async fn a_large_unit_pays_the_oversize_fee_to_the_byte() {
    let mut scene = Scene::new().await;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let payers = [obyte::compose::Payer::new(scene.wallet.key.public_key(), true)];
    let coins = [scene.wallet.coin.expect("funded")];
    let outputs = [to(scene.payee, 1000)];
    let note = obyte::compose::Note { app: "text".into(), payload: json!("x".repeat(20_000)) };
    let notes = [note];
    let mut payment = scene.wallet.payment(&parents, &payers, &coins, &outputs);
    payment.notes = &notes;
    let signed = obyte::compose::compose(&payment)
        .expect("enough")
        .sign(&[scene.wallet.key.secret_key().clone()])
        .expect("the key");
    let fee = signed.unit.oversize_fee();
    assert!(fee > Bytes::literal(30_000));
    let mut wrong = signed.unit.to_json();
    wrong["oversize_fee"] = json!(fee.get() - 1);
    let refusal = scene.client.refusal("post_joint", json!({"unit": wrong})).await;
    assert_eq!(refusal, format!("oversize_fee mismatch: expected {fee}, found {}", fee.get() - 1));
    assert_eq!(scene.client.post(&signed.unit).await, "accepted");
}
