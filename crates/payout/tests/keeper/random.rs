//! Random lives: whatever happens in between, each textcoin ends once, as the network has decided.

use std::time::Duration;

use payout::KeeperEvent;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::world::{End, World, no};

const COUNT: u32 = 4;

#[derive(Clone, Debug)]
enum Step {
    Answer,
    Silent(bool),
    Refuse(usize),
    Pass(u16),
    Claim(u32, bool),
    Decide(u32, usize),
    Crash,
    Disconnect,
    Connect,
    Fee(u64),
    Updates,
    Recall(u32),
    MaySweep(bool),
    ClockBack(u16),
}

const REFUSALS: [&str; 5] = [
    "tps_fee 10 + tps fees balance 0 less than required 90 for address A4E5LY6MBKKEGBL5OWFFK7CQCTKWIBWJ",
    "last ball unit is not stable",
    "catching up",
    "definition is missing",
    "nobody knows these words",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Answer),
        2 => any::<bool>().prop_map(Step::Silent),
        3 => (0..REFUSALS.len()).prop_map(Step::Refuse),
        8 => (0..60_000u16).prop_map(Step::Pass),
        2 => (0..COUNT, any::<bool>()).prop_map(|(which, hidden)| Step::Claim(which, hidden)),
        2 => (0..COUNT, 0..3usize).prop_map(|(which, winner)| Step::Decide(which, winner)),
        2 => Just(Step::Crash),
        1 => Just(Step::Disconnect),
        1 => Just(Step::Connect),
        1 => prop_oneof![Just(10), Just(700), Just(2_000)].prop_map(Step::Fee),
        2 => Just(Step::Updates),
        1 => (0..COUNT).prop_map(Step::Recall),
        1 => any::<bool>().prop_map(Step::MaySweep),
        1 => (0..60_000u16).prop_map(Step::ClockBack),
    ]
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Answer => world.answer(),
        Step::Silent(takes) => world.keep_silent(takes),
        Step::Refuse(which) => world.refuse(REFUSALS[which]),
        Step::Pass(millis) => {
            world.now += u64::from(millis);
            world.tell(KeeperEvent::Tick);
        }
        Step::Claim(which, hidden) => {
            let is_open = world.spenders.iter().all(|spender| spender.no != no(which) || spender.is_sweep);
            if is_open && !world.ended.contains_key(&no(which)) {
                world.claim(which, hidden);
                world.decide_late(which);
            }
        }
        Step::Decide(which, winner) => world.decide(which, winner),
        Step::Crash => world.start(),
        Step::Disconnect => world.disconnect(),
        Step::Connect => world.connect(),
        Step::Fee(fee) => world.fee = fee,
        Step::Updates => world.tell(KeeperEvent::HaveUpdates),
        Step::Recall(which) => {
            if let Some(open) = world.open.get_mut(&no(which)) {
                open.recalled = true;
                world.tell(KeeperEvent::Recalled(vec![no(which)]));
            }
        }
        Step::MaySweep(may) => {
            world.line.may_sweep = may;
            world.tell(KeeperEvent::Line(world.line));
        }
        Step::ClockBack(millis) => {
            world.now -= u64::from(millis);
            world.tell(KeeperEvent::Tick);
        }
    }
}

/// The trouble is over: the hub shows everything, fees are low, and what is posted gets decided.
fn calm_down(world: &mut World) {
    world.fee = 10;
    world.line.may_sweep = true;
    world.spenders.iter_mut().for_each(|spender| spender.hidden = false);
    world.connect();
    world.tell(KeeperEvent::Line(world.line));
    // A refusal that should not be possible is got over in an hour.
    for _ in 0..40 {
        world.pass(Duration::from_secs(240));
        for which in 0..COUNT {
            world.decide(which, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn each_textcoin_ends_once_as_the_network_has_decided(steps in vec(step(), 0..150)) {
        let mut world = World::new(COUNT);
        for step in steps {
            take(&mut world, step);
        }
        calm_down(&mut world);
        prop_assert_eq!(world.keeper.open(), 0);
        for which in 0..COUNT {
            let good = world.spenders.iter().find(|spender| {
                spender.no == no(which) && spender.decided == Some(true)
            });
            let good = good.expect("everything is decided");
            let end = if good.is_sweep { End::TakenBack(good.unit) } else { End::Claimed(good.unit) };
            prop_assert_eq!(world.ended.get(&no(which)), Some(&end));
        }
    }
}
