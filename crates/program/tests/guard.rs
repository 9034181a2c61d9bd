//! What the guard lets through, as stories. `guard_properties.rs` has the laws.

use std::time::Duration;

use program::{Guard, GuardSettings, GuardedRate, Moment, Pair, Rate, RateSource, Reading, Unusable};

const NOW: Moment = Moment::from_millis(1_800_000_000_000);
const MINUTE: u64 = 60_000;

fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

fn earlier(millis: u64) -> Moment {
    Moment::from_millis(NOW.as_millis() - millis)
}

fn later(millis: u64) -> Moment {
    NOW.plus(Duration::from_millis(millis))
}

fn told(source: RateSource, text: &str, at: Moment) -> Reading {
    Reading { at, source, rate: rate(text) }
}

/// Fresh prices of hub, CoinGecko and CoinPaprika, as many as are given.
fn live(texts: &[&str], at: Moment) -> Vec<Reading> {
    let sources = [RateSource::Hub, RateSource::CoinGecko, RateSource::CoinPaprika];
    sources.into_iter().zip(texts).map(|(source, text)| told(source, text, at)).collect()
}

fn judge(readings: &[Reading]) -> Result<GuardedRate, Unusable> {
    Guard::new().judge(&GuardSettings::default(), Pair::GbyteUsd, readings, NOW)
}

#[test]
fn the_median_of_fresh_prices_is_used() {
    for (prices, expected) in [
        (&["7.5", "7.4", "7.7"][..], "7.5"),
        (&["7.5", "7.4"], "7.45"),
        (&["0.000000000000000000000001", "0.000000000000000000000001"], "0.000000000000000000000001"),
        (&["9.99999999999999999", "10"], "9.99999999999999999"),
    ] {
        assert_eq!(judge(&live(prices, NOW)).map(|good| good.rate), Ok(rate(expected)), "{prices:?}");
    }
}

#[test]
fn it_is_told_who_agrees_who_does_not_and_since_when() {
    let mut readings = live(&["7.5", "70", "7.4"], NOW);
    readings[2].at = earlier(MINUTE);
    let good = judge(&readings).expect("two of three agree");
    assert_eq!(good.sources, [RateSource::Hub, RateSource::CoinPaprika]);
    assert_eq!(good.dissenters, [RateSource::CoinGecko]);
    assert_eq!((good.rate, good.at), (rate("7.5"), earlier(MINUTE)));
}

#[test]
fn why_there_is_no_price_is_said() {
    assert_eq!(judge(&[]), Err(Unusable::Silent));
    let stale = live(&["7", "7", "7"], earlier(70 * MINUTE));
    assert_eq!(judge(&stale), Err(Unusable::Stale { over: Duration::from_secs(600) }));
    assert_eq!(judge(&live(&["7"], NOW)), Err(Unusable::TooFew { fresh: 1, needed: 2 }));
    let apart = Unusable::Disagree { low: rate("7"), high: rate("7.8") };
    assert_eq!(judge(&live(&["7", "7.8"], NOW)), Err(apart));
    let all_apart = Unusable::Disagree { low: rate("5"), high: rate("9") };
    assert_eq!(judge(&live(&["5", "7", "9"], NOW)), Err(all_apart));
    let ahead = live(&["7", "7", "7"], later(6 * MINUTE));
    assert_eq!(judge(&ahead), Err(Unusable::Ahead { by: Duration::from_secs(360) }));
    assert!(judge(&live(&["7", "7", "7"], later(4 * MINUTE))).is_ok());
}

#[test]
fn a_hub_is_not_believed_alone_but_a_bank_is() {
    let settings = GuardSettings::default();
    let alone = |pair, source| {
        Guard::new().judge(&settings, pair, &[told(source, "1.1", NOW)], NOW).map(|good| good.rate)
    };
    assert!(alone(Pair::BtcUsd, RateSource::Hub).is_err());
    assert_eq!(alone(Pair::EurUsd, RateSource::Ecb), Ok(rate("1.1")));
    assert_eq!(alone(Pair::RubUsd, RateSource::Cbr), Ok(rate("1.1")));
}

#[test]
fn where_more_sources_are_needed_as_many_must_agree() {
    let mut settings = GuardSettings::default();
    settings.pair_mut(Pair::GbyteUsd).sources_min = 3;
    let judge = |texts: &[&str]| {
        Guard::new().judge(&settings, Pair::GbyteUsd, &live(texts, NOW), NOW).map(|good| good.rate)
    };
    assert_eq!(judge(&["7", "7", "7"]), Ok(rate("7")));
    assert!(matches!(judge(&["7", "7", "9"]), Err(Unusable::Disagree { .. })));
}

#[test]
fn daily_prices_hold_over_weekends_and_holidays() {
    const DAY: u64 = 24 * 60 * MINUTE;
    let settings = GuardSettings::default();
    let usable = |pair, source, age| {
        Guard::new().judge(&settings, pair, &[told(source, "1.1", earlier(age))], NOW).is_ok()
    };
    // From the Thursday before Easter to the Tuesday after, half past four in Frankfurt.
    assert!(usable(Pair::EurUsd, RateSource::Ecb, 5 * DAY + 15 * 60 * MINUTE));
    assert!(!usable(Pair::EurUsd, RateSource::Ecb, 6 * DAY + 1));
    // From 30 December to 11 January.
    assert!(usable(Pair::RubUsd, RateSource::Cbr, 12 * DAY));
    assert!(!usable(Pair::RubUsd, RateSource::Cbr, 14 * DAY + 1));
    let tomorrow = [told(RateSource::Cbr, "0.0125", later(DAY))];
    assert!(Guard::new().judge(&settings, Pair::RubUsd, &tomorrow, NOW).is_ok());
}

#[test]
fn a_jump_is_held_back_for_a_short_time_if_all_agree() {
    let (mut guard, settings) = (Guard::new(), GuardSettings::default());
    let mut at = |minute: u64, texts: &[&str]| {
        let now = later(minute * MINUTE);
        guard.judge(&settings, Pair::GbyteUsd, &live(texts, now), now).map(|good| good.rate)
    };
    assert_eq!(at(0, &["20", "20", "20"]), Ok(rate("20")));
    assert_eq!(at(1, &["24", "24", "24"]), Ok(rate("24")), "20 % are no jump");
    let held = |to| Err(Unusable::Jumped { from: rate("24"), to: rate(to), until: later(12 * MINUTE) });
    assert_eq!(at(2, &["40", "40", "40"]), held("40"));
    assert_eq!(at(11, &["41", "41", "41"]), held("41"));
    assert_eq!(at(12, &["42", "42", "42"]), Ok(rate("42")));
    assert_eq!(at(13, &["42", "42", "42"]), Ok(rate("42")));
}

#[test]
fn a_source_that_stays_behind_delays_a_jump_but_does_not_stop_it() {
    let (mut guard, settings) = (Guard::new(), GuardSettings::default());
    let mut at = |minute: u64, texts: &[&str]| {
        let now = later(minute * MINUTE);
        guard.judge(&settings, Pair::GbyteUsd, &live(texts, now), now).map(|good| good.rate)
    };
    assert!(at(0, &["20", "20", "20"]).is_ok());
    assert!(at(1, &["40", "40", "20"]).is_err());
    assert!(at(60, &["40", "40", "20"]).is_err());
    assert_eq!(at(61, &["40", "40", "20"]), Ok(rate("40")));
}

#[test]
fn a_peak_that_goes_away_is_never_used() {
    let (mut guard, settings) = (Guard::new(), GuardSettings::default());
    let mut at = |minute: u64, text: &str| {
        let now = later(minute * MINUTE);
        let readings = live(&[text, text], now);
        guard.judge(&settings, Pair::GbyteUsd, &readings, now).map(|good| good.rate)
    };
    assert!(at(0, "20").is_ok());
    assert!(at(1, "60").is_err());
    assert_eq!(at(5, "21"), Ok(rate("21")));
    assert!(at(11, "60").is_err(), "a second peak is not confirmed by the first one");
    assert!(at(15, "20").is_ok());
}

/// What becomes of prices that two sources tell, at these minutes.
fn over_time(told: &[(u64, &str)]) -> Vec<Option<String>> {
    let (mut guard, settings) = (Guard::new(), GuardSettings::default());
    let mut judge = |(minute, text): &(u64, &str)| {
        let now = later(minute * MINUTE);
        let both = [*text, *text];
        let readings = live(if text.is_empty() { &[] } else { &both }, now);
        guard.judge(&settings, Pair::GbyteUsd, &readings, now).ok().map(|good| good.rate.to_string())
    };
    told.iter().map(&mut judge).collect()
}

#[test]
fn a_price_that_jumps_again_has_to_be_confirmed_anew() {
    let used = over_time(&[(0, "20"), (1, "40"), (6, "80"), (11, "80"), (15, "80"), (16, "80")]);
    let expected = [Some("20"), None, None, None, None, Some("80")];
    assert_eq!(used.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}

#[test]
fn agreement_has_to_go_on_without_a_gap() {
    let used = over_time(&[(0, "20"), (1, "40"), (6, ""), (11, "40"), (20, "40"), (21, "40")]);
    let expected = [Some("20"), None, None, None, None, Some("40")];
    assert_eq!(used.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}

/// What is used at each minute, of what three sources tell; nothing where they tell nothing.
fn of_three_over_time(told: &[(u64, &[&str])]) -> Vec<Option<String>> {
    let (mut guard, settings) = (Guard::new(), GuardSettings::default());
    let judge = |(minute, texts): &(u64, &[&str])| {
        let now = later(minute * MINUTE);
        let good = guard.judge(&settings, Pair::GbyteUsd, &live(texts, now), now);
        good.ok().map(|good| good.rate.to_string())
    };
    told.iter().map(judge).collect()
}

#[test]
fn a_time_without_a_majority_confirms_nothing() {
    let (all, most, apart): ([_; 3], [_; 3], [_; 3]) =
        (["20", "20", "20"], ["40", "40", "20"], ["10", "40", "20"]);
    let used = of_three_over_time(&[
        (0, &all),
        // Told for a moment, and for an hour no more.
        (1, &most),
        (2, &apart),
        (50, &[]),
        (61, &most),
        // One minute before and 59 since: an hour.
        (119, &most),
        (120, &most),
    ]);
    let expected = [Some("20"), None, None, None, None, None, Some("40")];
    assert_eq!(used.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}

#[test]
fn a_guard_that_goes_on_judges_the_first_price_by_what_was_used_last() {
    let settings = GuardSettings::default();
    let mut guard = Guard::resumed([(Pair::GbyteUsd, rate("20"))]);
    let mut at = |minute: u64, pair, text: &str| {
        let now = later(minute * MINUTE);
        guard.judge(&settings, pair, &live(&[text, text], now), now).map(|good| good.rate)
    };
    let until = later(10 * MINUTE);
    let held = Unusable::Jumped { from: rate("20"), to: rate("40"), until };
    assert_eq!(at(0, Pair::GbyteUsd, "40"), Err(held));
    assert_eq!(at(0, Pair::BtcUsd, "90000"), Ok(rate("90000")), "nothing is known of it");
    assert_eq!(at(10, Pair::GbyteUsd, "40"), Ok(rate("40")));
}

#[test]
fn a_clock_that_is_set_back_does_not_make_a_jump_last() {
    let used = over_time(&[(500, "20"), (501, "40"), (1, "40"), (10, "40"), (11, "40")]);
    let expected = [Some("20"), None, None, None, Some("40")];
    assert_eq!(used.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}

#[test]
fn a_pair_is_guarded_for_itself() {
    let (mut guard, settings) = (Guard::new(), GuardSettings::default());
    let mut judge = |pair, text| guard.judge(&settings, pair, &live(&[text, text], NOW), NOW).is_ok();
    assert!(judge(Pair::GbyteUsd, "20"));
    assert!(judge(Pair::BtcUsd, "90000"));
    assert!(!judge(Pair::GbyteUsd, "90000"));
}

#[test]
fn prices_of_one_thing_in_two_currencies_tell_a_third() {
    // A bitcoin costs 110000 dollars, or 100000 euros, or 8800000 roubles.
    assert_eq!(rate("110000").over(rate("100000")), Some(rate("1.1")));
    assert_eq!(rate("110000").over(rate("8800000")), Some(rate("0.0125")));
    assert_eq!(rate("1").over(rate("3")), Some(rate("0.333333333333333333")));
    assert_eq!(rate("1e15").over(rate("0.1")), None);
    assert_eq!(rate("1e-24").over(rate("1e15")), None);
}
