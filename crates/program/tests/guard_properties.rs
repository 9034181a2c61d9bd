//! What the guard lets through, as laws. `guard.rs` has the stories.

use std::time::Duration;

use program::{
    Guard, GuardSettings, GuardedRate, Moment, Pair, Percentage, Rate, RateSource, Reading, Unusable,
};
use proptest::prelude::*;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);
const MINUTE: u64 = 60_000;

fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

fn earlier(millis: u64) -> Moment {
    Moment::from_millis(NOW.as_millis() - millis)
}

/// Fresh prices of hub, CoinGecko and CoinPaprika, as many as are given.
fn live(texts: &[&str], at: Moment) -> Vec<Reading> {
    let sources = [RateSource::Hub, RateSource::CoinGecko, RateSource::CoinPaprika];
    sources.into_iter().zip(texts).map(|(source, text)| Reading { at, source, rate: rate(text) }).collect()
}

fn judge(readings: &[Reading]) -> Result<GuardedRate, Unusable> {
    Guard::new().judge(&GuardSettings::default(), Pair::GbyteUsd, readings, NOW)
}

/// A price near 20 dollars, or far from it.
fn price(near: bool) -> impl Strategy<Value = Rate> {
    let range = if near { 19_500_000..20_500_000u64 } else { 1..100_000_000 };
    range.prop_map(|micros| rate(&format!("{micros}e-6")))
}

fn reading(source: RateSource) -> impl Strategy<Value = Reading> {
    let age = prop_oneof![3 => 0..20 * MINUTE, 1 => 0..120 * MINUTE];
    (price(true), price(false), prop::bool::weighted(0.8), age).prop_map(move |(near, far, honest, age)| {
        Reading { at: earlier(age), source, rate: if honest { near } else { far } }
    })
}

fn readings() -> impl Strategy<Value = Vec<Reading>> {
    let all: Vec<_> = RateSource::ALL.into_iter().map(reading).collect();
    (all, 0..=RateSource::ALL.len()).prop_map(|(mut all, count)| {
        all.truncate(count);
        all
    })
}

fn is_fresh(reading: &Reading) -> bool {
    NOW.since(reading.at) <= GuardSettings::default().age_max(reading.source)
}

proptest! {
    #[test]
    fn a_price_is_between_the_prices_that_made_it(readings in readings()) {
        let Ok(good) = judge(&readings) else { return Ok(()) };
        let of = |sources: &[RateSource]| {
            let told = readings.iter().filter(|reading| sources.contains(&reading.source));
            told.map(|reading| reading.rate).collect::<Vec<_>>()
        };
        let agree = of(&good.sources);
        prop_assert!(agree.iter().min() <= Some(&good.rate) && Some(&good.rate) <= agree.iter().max());
        prop_assert!(agree.len() > of(&good.dissenters).len());
        let ten = Percentage::whole(10);
        prop_assert!(agree.iter().all(|one| one.is_near(good.rate, ten)));
        prop_assert!(of(&good.dissenters).iter().all(|one| !one.is_near(good.rate, ten)));
    }

    #[test]
    fn a_single_liar_among_three_never_moves_a_price_out_of_the_honest_ones(
        one in price(true),
        other in price(true),
        lie in price(false),
        place in 0..3usize,
    ) {
        let mut readings = live(&["1", "1", "1"], NOW);
        let honest = [one, other];
        let mut rates = honest.to_vec();
        rates.insert(place, lie);
        for (reading, rate) in readings.iter_mut().zip(rates) {
            reading.rate = rate;
        }
        let good = judge(&readings).expect("two of three agree");
        prop_assert!(*honest.iter().min().expect("two") <= good.rate);
        prop_assert!(good.rate <= *honest.iter().max().expect("two"));
    }

    #[test]
    fn stale_prices_never_count(readings in readings()) {
        let fresh: Vec<_> = readings.iter().copied().filter(is_fresh).collect();
        match judge(&readings) {
            Err(Unusable::Stale { .. }) => prop_assert!(fresh.is_empty()),
            verdict => prop_assert_eq!(verdict, judge(&fresh)),
        }
    }

    #[test]
    fn the_order_in_which_prices_came_does_not_matter(
        (readings, shuffled) in readings()
            .prop_flat_map(|readings| (Just(readings.clone()), Just(readings).prop_shuffle())),
    ) {
        prop_assert_eq!(judge(&readings), judge(&shuffled));
    }

    #[test]
    fn of_several_prices_of_one_source_the_newest_counts(old in readings(), new in readings()) {
        let older = |reading: &Reading| Reading { at: earlier(3 * 60 * MINUTE), ..*reading };
        let told_again = |reading: &&Reading| new.iter().any(|again| again.source == reading.source);
        let before = old.iter().filter(told_again).map(older);
        let both: Vec<_> = before.chain(new.iter().copied()).collect();
        prop_assert_eq!(judge(&both), judge(&new));
    }

    #[test]
    fn a_jump_never_stops_a_price_for_longer_than_it_takes_to_confirm_it(
        level in price(false),
        steps in prop::collection::vec((1..4 * MINUTE, -5..=5i64), 20),
    ) {
        let (mut guard, settings) = (Guard::new(), GuardSettings::default());
        let start = guard.judge(&settings, Pair::GbyteUsd, &live(&["20", "20"], NOW), NOW);
        prop_assert!(start.is_ok());
        let mut now = NOW;
        let mut stopped_since = None;
        for (pause, percent) in steps {
            now = now.plus(Duration::from_millis(pause));
            // The new level moves by a few percent; both sources tell the same.
            let factor = rate(&format!("{}e-2", 100 + percent));
            let told = level.over(factor).expect("a rate");
            let both = [RateSource::Hub, RateSource::CoinGecko]
                .map(|source| Reading { at: now, source, rate: told });
            match guard.judge(&settings, Pair::GbyteUsd, &both, now) {
                Ok(good) => {
                    prop_assert_eq!(good.rate, told);
                    stopped_since = None;
                }
                Err(Unusable::Jumped { until, .. }) => {
                    let since = *stopped_since.get_or_insert(now);
                    prop_assert!(now.since(since) < settings.confirm, "stopped for {:?}", now.since(since));
                    prop_assert!(until <= since.plus(settings.confirm));
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn half_way_is_between_and_does_not_depend_on_the_order(
        one in (1..10u64.pow(18), 0..=24u32),
        other in (1..10u64.pow(18), 0..=24u32),
    ) {
        let read = |(digits, decimals): (u64, u32)| format!("{digits}e-{decimals}").parse::<Rate>();
        let (Ok(one), Ok(other)) = (read(one), read(other)) else { return Ok(()) };
        let middle = one.between(other);
        prop_assert!(one.min(other) <= middle && middle <= one.max(other));
        prop_assert_eq!(middle, other.between(one));
    }

    #[test]
    fn near_means_at_most_so_many_percent_above(low in 1..1_000_000u64, more in 0..1_000_000u64, percent in 0..=100u8) {
        let near = rate(&low.to_string()).is_near(rate(&(low + more).to_string()), Percentage::whole(percent));
        prop_assert_eq!(near, (low + more) * 100 <= low * (100 + u64::from(percent)));
    }

    /// Sources come, go and say one of a few levels, each for itself.
    #[test]
    fn a_jump_is_used_only_after_a_majority_was_heard_for_as_long_as_it_takes(
        steps in prop::collection::vec((1..20 * MINUTE, prop_oneof![
            1 => Just([Some("20"), Some("20"), Some("20")]),
            6 => Just([Some("40"), Some("40"), Some("20")]),
            3 => Just([Some("40"), Some("40"), None]),
            8 => Just([Some("40"), None, Some("20")]),
            2 => Just([None, None, Some("40")]),
        ]), 30..100),
    ) {
        let (mut guard, settings) = (Guard::new(), GuardSettings::default());
        let (mut now, mut used, mut heard) = (NOW, None::<Rate>, Duration::ZERO);
        let mut is_jump_heard = false;
        for (pause, told) in steps {
            let pause = Duration::from_millis(pause);
            now = now.plus(pause);
            if is_jump_heard {
                heard += pause;
            }
            let sources = [RateSource::Hub, RateSource::CoinGecko, RateSource::CoinPaprika];
            let readings: Vec<_> = sources
                .into_iter()
                .zip(told)
                .filter_map(|(source, text)| Some(Reading { at: now, source, rate: rate(text?) }))
                .collect();
            let verdict = guard.judge(&settings, Pair::GbyteUsd, &readings, now);
            is_jump_heard = matches!(verdict, Err(Unusable::Jumped { .. }));
            let Ok(good) = verdict else { continue };
            if used.is_some_and(|used| !used.is_near(good.rate, settings.pair(Pair::GbyteUsd).jump_max)) {
                prop_assert!(heard >= settings.confirm, "heard for {:?}", heard);
                let disputed = !good.dissenters.is_empty();
                prop_assert!(!disputed || heard >= settings.confirm_disputed, "heard for {:?}", heard);
            }
            (used, heard) = (Some(good.rate), Duration::ZERO);
        }
    }
}
