//! What the policy achieves under the fee law, and that the documents say the same.

use obyte::Bytes;
use payout::{FeeLimits, Pacing, Settings};
use simulation::Random;
use simulation::fees::{
    Arrival, DEVNET, LIVENET, Model, RATES, Tally, pay, pay_clients, purchases, tables, usual,
};

const NETWORKS: [Model; 2] = [LIVENET, DEVNET];

fn minute(model: Model, arrival: Arrival, rate: u64) -> Tally {
    pay(model, &usual(), &purchases(arrival, rate, 60))
}

/// What a payout costs, in tenths of bytes.
fn cost(tally: &Tally) -> u128 {
    tally.tenths_per_payout()
}

fn longest(tally: &Tally) -> u64 {
    tally.waits.last().copied().unwrap_or_default()
}

#[test]
fn the_document_holds_the_table_that_is_printed() {
    let document = include_str!("../../../docs/fees.md");
    let begin = "<!-- cargo run --release -p simulation -- fees -->\n\n";
    let (_, rest) = document.split_once(begin).expect("docs/fees.md marks where the tables begin");
    let (tables_there, _) = rest.split_once("<!-- end -->").expect("and where they end");
    let hint = "put what `cargo run --release -p simulation -- fees` prints into docs/fees.md";
    assert!(tables_there == tables(), "{hint}");
}

#[test]
fn one_purchase_a_second_is_paid_at_once() {
    for model in NETWORKS {
        let tally = minute(model, Arrival::Evenly, 1);
        assert_eq!((tally.units, longest(&tally)), (60, model.answer / 2));
    }
}

#[test]
fn a_hundred_a_second_cost_80_bytes_and_wait_half_a_second() {
    for arrival in [Arrival::AtRandom, Arrival::Evenly] {
        let tally = minute(DEVNET, arrival, 100);
        assert!(cost(&tally) <= 800 && tally.wait(990) < 500, "{} {}", cost(&tally), tally.wait(990));
    }
}

#[test]
fn a_thousand_a_second_cost_80_bytes_and_are_kept_up_with() {
    for arrival in [Arrival::AtRandom, Arrival::Evenly] {
        let tally = minute(DEVNET, arrival, 1_000);
        assert!(cost(&tally) <= 800, "{}", cost(&tally));
        assert!(longest(&tally) < 1_500, "the queue grew: {} ms", longest(&tally));
    }
}

#[test]
fn nobody_waits_long_as_far_as_there_are_slots() {
    for rate in RATES {
        let tally = minute(DEVNET, Arrival::AtRandom, rate);
        assert!(longest(&tally) < 1_500, "devnet, {rate}: {}", longest(&tally));
        // 200 slots in 80 seconds carry 300 payouts per second.
        if rate <= 200 {
            let tally = minute(LIVENET, Arrival::AtRandom, rate);
            assert!(longest(&tally) < 1_500, "livenet, {rate}: {}", longest(&tally));
        }
    }
}

#[test]
fn with_more_purchases_a_payout_hardly_ever_costs_more() {
    for model in NETWORKS {
        let costs = RATES.map(|rate| cost(&minute(model, Arrival::AtRandom, rate)));
        // Where batches are full already, more units per second cost some bytes of TPS fee.
        assert!(costs.is_sorted_by(|few, many| *many <= few + 100), "{}: {costs:?}", model.name);
        assert!(costs[0] < 8_000, "not even a lone one costs much more than its unit: {costs:?}");
    }
}

#[test]
fn a_full_crowd_is_paid_without_a_stop() {
    for clients in [128, 512] {
        let tally = pay_clients(DEVNET, &usual(), clients, 60);
        let per_second = tally.payouts * 1_000 / tally.length;
        assert!(per_second > 850 && tally.wait(990) < 1_300, "{per_second} {}", tally.wait(990));
        assert!(cost(&tally) < 1_000, "{}", cost(&tally));
    }
}

/// Whatever the network is like, and whatever the operator set.
#[test]
fn no_ceiling_is_ever_exceeded_and_everybody_is_paid() {
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut model = if random.chance(500) { LIVENET } else { DEVNET };
        model.every = random.between(200, 20_000);
        model.stable_after = model.every * random.between(1, 12);
        model.others_every = random.between(500, 20_000);
        model.answer = random.between(10, 1_000);
        let limits = FeeLimits {
            per_payout: Bytes::literal(random.between(500, 3_000)),
            per_unit: Bytes::literal(random.between(3_000, 60_000)),
            ..FeeLimits::default()
        };
        let pacing =
            Pacing { price_per_second: Bytes::literal(random.between(0, 2_000)), ..Pacing::default() };
        let settings = Settings { limits, pacing, ..usual() };
        let rate = random.between(1, 400);
        let tally = pay(model, &settings, &purchases(Arrival::AtRandom, rate, 20));
        assert_eq!((tally.payouts, tally.waits.len() as u64), (rate * 20, rate * 20), "seed {seed}");
        assert!(tally.dearest_payout <= limits.per_payout.get(), "seed {seed}: {tally:?}");
        assert!(tally.dearest_unit <= limits.per_unit.get(), "seed {seed}: {tally:?}");
    }
}

#[test]
fn a_day_costs_no_more_than_its_budget() {
    // A payout every minute for three days, of which a day may cost two kilobytes of TPS fees. The network is
    // busy: each unit has some 20 bytes to pay in advance.
    const MINUTE: u64 = 60_000;
    let per_day = Bytes::literal(2_000);
    let limits = FeeLimits { per_day, ..FeeLimits::default() };
    let settings = Settings { limits, ..usual() };
    let busy = Model { others_every: 1_000, ..LIVENET };
    let times: Vec<u64> = (0..3 * 24 * 60).map(|minute| 600_000 + minute * MINUTE).collect();
    let tally = pay(busy, &settings, &times);
    assert!(tally.in_vain > 0, "the budget was used up");
    assert!(tally.prepaid <= 4 * u128::from(per_day.get()), "{}", tally.prepaid);
    assert_eq!(tally.waits.len(), times.len());
}
