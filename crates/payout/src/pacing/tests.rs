//! The rules of pacing, each by itself.

use obyte::Network;

use super::*;

const LAWS: [TpsLaw; 2] = [TpsLaw::DEFAULT, TpsLaw::DEVNET];
const NOW: u64 = 1_000_000;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn settings() -> Settings {
    Settings::new(Network::Devnet)
}

fn pacer(law: &TpsLaw) -> Pacer {
    Pacer::new(&settings(), law)
}

/// So many payouts that came evenly within so many milliseconds before `NOW`.
fn waiting(count: usize, within: u64) -> Waiting {
    Waiting { count, oldest: at(NOW - within), newest: at(NOW) }
}

/// So many units, evenly within so many milliseconds before `NOW`, the last so long ago.
fn lately(open: usize, within: u64, last: u64) -> Lately {
    Lately { open, since: Some(at(NOW - within)), last: Some(at(NOW - last)), proof_took: None }
}

/// In how many milliseconds from `NOW` the next unit leaves.
fn delay(pacer: &Pacer, waiting: &Waiting, lately: &Lately) -> u64 {
    millis(pacer.send_at(waiting, lately, at(NOW)).since(at(NOW)))
}

#[test]
fn a_lone_payout_after_a_quiet_second_leaves_at_once() {
    for law in LAWS {
        let pacer = pacer(&law);
        assert_eq!(delay(&pacer, &waiting(1, 0), &lately(1, 1_000, 1_000)), 0);
        assert_eq!(delay(&pacer, &waiting(1, 0), &lately(60, 60_000, 1_000)), 0);
        assert_eq!(delay(&pacer, &waiting(1, 0), &Lately::default()), 0);
    }
}

#[test]
fn a_lone_payout_waits_as_long_as_a_step_saves_more_than_it_is_worth() {
    let gaps = LAWS.map(|law| millis(Pacing::default().gap(&law)));
    let [livenet, devnet] = gaps;
    assert!(livenet > devnet && livenet < 1_000, "{gaps:?}");
    for (law, gap) in LAWS.into_iter().zip(gaps) {
        assert_eq!(delay(&pacer(&law), &waiting(1, 0), &lately(1, 3_000, 100)), gap - 100);
    }
}

#[test]
fn the_more_wait_the_sooner_the_unit_leaves() {
    for law in LAWS {
        let delays: Vec<u64> = [1, 20, 40, 80, 127, 500]
            .map(|count| delay(&pacer(&law), &waiting(count, 100), &lately(12, 3_000, 100)))
            .into();
        assert!(delays.is_sorted_by(|sooner, later| sooner >= later), "{delays:?}");
        assert!(delays[0] > 2 * delays[4], "{delays:?}");
    }
}

#[test]
fn a_full_batch_waits_while_a_unit_is_dearer_than_its_waiting() {
    let pacer = pacer(&TpsLaw::DEFAULT);
    let full = waiting(127, 127);
    assert_eq!(delay(&pacer, &full, &lately(3, 3_000, 127)), 0, "at 1 unit per second it is cheap");
    let busy = delay(&pacer, &full, &lately(10, 2_000, 127));
    // 127 payouts wait 64 ms on average and cost 200 bytes a second; a unit at 5.5 per second costs
    // 663 bytes, 2437 of fee, and five times as much for the others.
    assert!(
        (100..=Pacing::default().gap(&TpsLaw::DEFAULT).as_millis().try_into().expect("short"))
            .contains(&busy)
    );
    let long = Waiting { count: 5_000, oldest: at(NOW - 10_000), newest: at(NOW) };
    assert_eq!(delay(&pacer, &long, &lately(10, 2_000, 127)), 0, "a long queue is worth it");
}

#[test]
fn nothing_leaves_while_the_fee_would_be_above_the_ceiling() {
    let pacer = pacer(&TpsLaw::DEFAULT);
    let long = Waiting { count: 50_000, oldest: at(NOW - 60_000), newest: at(NOW) };
    // At 6 1/8 units per second 45,600 bytes are asked, at 6 1/4 51,800.
    assert_eq!(delay(&pacer, &long, &lately(60, 10_000, 50)), 0);
    // 62 units come down to 6 1/8 per second in 10,122 ms.
    assert_eq!(delay(&pacer, &long, &lately(61, 10_000, 50)), 123);
    // A lone payout may pay a fiftieth, which is asked at 2 3/8.
    assert_eq!(delay(&pacer, &waiting(1, 0), &lately(23, 10_000, 1_000)), 106);
}

#[test]
fn a_forecast_holds_up_nothing_for_more_than_two_seconds() {
    for law in LAWS {
        let pacer = pacer(&law);
        assert_eq!(delay(&pacer, &waiting(1, 0), &lately(99, 1_000, 0)), 2_000);
        assert_eq!(delay(&pacer, &waiting(1, 0), &lately(200, 3_000, 2_000)), 0);
    }
    let limits = FeeLimits { per_payout: Bytes::ZERO, ..FeeLimits::default() };
    let stingy = Pacer::new(&Settings { limits, ..settings() }, &TpsLaw::DEFAULT);
    assert_eq!(delay(&stingy, &waiting(1, 0), &lately(9, 3_000, 10)), 1_990);
}

#[test]
fn when_slots_run_short_units_leave_as_fast_as_proofs_come() {
    let pacer = pacer(&TpsLaw::DEFAULT);
    let long = Waiting { count: 5_000, oldest: at(NOW - 10_000), newest: at(NOW) };
    let proven_after =
        |open, seconds| Lately { proof_took: Some(Duration::from_secs(seconds)), ..lately(open, 40_000, 0) };
    assert_eq!(delay(&pacer, &long, &proven_after(99, 100)), 0);
    assert_eq!(delay(&pacer, &long, &proven_after(100, 100)), 500, "200 slots in 100 seconds");
    // The oldest unit has waited for 40 seconds, and goes on.
    assert_eq!(delay(&pacer, &long, &proven_after(100, 10)), 201);
    assert_eq!(delay(&pacer, &long, &lately(120, 40_000, 0)), 500, "before the first proof");
    assert_eq!(delay(&pacer, &long, &proven_after(199, 86_400)), 2_000);
}

#[test]
fn what_is_said_to_be_due_is_due_then() {
    for law in LAWS {
        for (count, within, open, window) in
            [(1, 0, 1, 50), (40, 90, 7, 1_900), (127, 127, 9, 1_000), (900, 2_000, 60, 10_000)]
        {
            let (waiting, lately) = (waiting(count, within), lately(open, window, 50.min(window)));
            let due = pacer(&law).send_at(&waiting, &lately, at(NOW));
            assert_eq!(pacer(&law).send_at(&waiting, &lately, due), due);
            if due > at(NOW) {
                let before = at(due.as_millis() - 1);
                assert_eq!(pacer(&law).send_at(&waiting, &lately, before), due);
            }
        }
    }
}

#[test]
fn without_fees_nobody_waits() {
    let free = TpsLaw { base_fee: 0.0, ..TpsLaw::DEFAULT };
    assert_eq!(Pacing::default().gap(&free), Duration::ZERO);
    assert_eq!(delay(&pacer(&free), &waiting(1, 0), &lately(99, 1_000, 0)), 0);
}

#[test]
fn waiting_that_is_worth_nothing_ends_all_the_same() {
    let pacing = Pacing { price_per_second: Bytes::ZERO, ..Pacing::default() };
    let pacer = Pacer::new(&Settings { pacing, ..settings() }, &TpsLaw::DEFAULT);
    let queue = Waiting { count: 127, oldest: at(NOW - 500), newest: at(NOW) };
    let delay = delay(&pacer, &queue, &lately(3, 3_000, 100));
    assert!((800..=900).contains(&delay), "{delay}");
}

#[test]
fn a_clock_that_was_set_back_lets_nothing_wait_long() {
    let pacer = pacer(&TpsLaw::DEFAULT);
    let ahead = Lately { since: Some(at(NOW + 9_000)), ..lately(5, 0, 0) };
    assert!(delay(&pacer, &waiting(1, 0), &ahead) <= 2_000);
}

#[test]
fn a_fee_above_the_ceiling_is_asked_for_again_when_the_load_has_fallen() {
    let pacer = pacer(&TpsLaw::DEFAULT);
    let again = |asked, ceiling, lately| {
        let (asked, ceiling) = (Bytes::literal(asked), Bytes::literal(ceiling));
        pacer.retry_at(asked, ceiling, &lately, at(NOW)).map(|time| millis(time.since(at(NOW))))
    };
    // 298,000 bytes are asked at 8 units per second, 50,000 at 6 1/8 and a little.
    assert_eq!(again(298_000, 50_000, lately(80, 10_000, 100)), Some(10_000 * (64 - 49) / 49));
    assert_eq!(again(298_000, 50_000, lately(8, 1_000, 100)), Some(1_000 * (64 - 49) / 49));
    assert_eq!(again(50_001, 50_000, lately(80, 10_000, 100)), Some(200), "the hub is not flooded");
    assert_eq!(again(298_000, 0, lately(80, 10_000, 100)), Some(10_000), "nor forgotten");
    assert_eq!(again(298_000, 50_000, Lately::default()), None, "the load of others");
}
