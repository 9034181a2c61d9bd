//! Several sources on a board, behind the guard, under a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytesback::clock::Clock;
use bytesback::rates::{Board, Prices, Rates, RatesSettings, SourceHealth, Verdict, Web, follow, web_source};
use payout::Timestamp;
use program::{Currency, Guard, Pair, RateSource, RateTable, Unusable};
use store::{Endpoint, KeptRate};
use tokio_util::sync::CancellationToken;

use crate::common::until;
use crate::service::{Doing, Service, raw};
use crate::words::{cbr, coingecko, coinpaprika, coinpaprika_with_bitcoin, day, ecb, now, russian_day};

/// A clock that is set by hand, in seconds.
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed) * 1000)
    }
}

/// Services, and the prices that are made of them.
struct Stage {
    clock: Arc<Hands>,
    board: Arc<Board>,
    rates: Rates,
    stop: CancellationToken,
    _services: Vec<(RateSource, Arc<Service>)>,
}

impl Stage {
    fn set(services: &[(RateSource, Arc<Service>)], fixed: RateTable) -> Self {
        let clock = Arc::new(Hands(AtomicU64::new(now())));
        let sources: Vec<_> = services.iter().map(|(source, service)| service.settings(*source)).collect();
        let settings = RatesSettings { sources, ..RatesSettings::from(fixed) };
        let web = Web::with_due(Duration::from_secs(5)).expect("TLS is there");
        let (board, stop) = (Arc::new(Board::default()), CancellationToken::new());
        for one in settings.web() {
            let source = web_source(&one, &web).expect("it is one of the web");
            let ticking: Arc<dyn Clock> = clock.clone();
            tokio::spawn(follow(source, Arc::clone(&board), one.every, ticking, stop.clone()));
        }
        let rates =
            Rates::new(Endpoint::Test, settings, vec![Arc::clone(&board)], Guard::new(), clock.clone());
        Self { clock, board, rates, stop, _services: services.to_vec() }
    }

    fn health(&self, source: RateSource) -> Option<SourceHealth> {
        self.rates.sources().into_iter().find(|health| health.source == source)
    }

    /// Waits until a source was asked once more, at least, and is as it should be.
    async fn hears(&self, source: RateSource, holds: impl Fn(&SourceHealth) -> bool) {
        let before = self.health(source).map_or((0, 0), |health| (health.answers, health.failures));
        until("the source is heard", async || {
            // The second answer was surely asked for after what the test did.
            self.health(source).is_some_and(|health| {
                health.answers + health.failures >= before.0 + before.1 + 2 && holds(&health)
            })
        })
        .await;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn service(doing: Doing) -> Arc<Service> {
    Arc::new(Service::start(doing).await)
}

fn why(prices: &Prices, pair: Pair) -> Unusable {
    match prices.of(pair) {
        Verdict::Guarded(Err(why)) => why.clone(),
        other => panic!("{pair} can be used: {other:?}"),
    }
}

fn kept(pair: Pair, rate: &str, sources: &[RateSource], at: u64) -> KeptRate {
    let (rate, at) = (rate.parse().expect("a rate"), Some(Timestamp::from_millis(at * 1000)));
    KeptRate { pair, rate, sources: sources.to_vec(), at }
}

#[tokio::test]
async fn all_currencies_can_be_used_and_each_price_is_explained() {
    let at = now();
    let stage = Stage::set(
        &[
            (RateSource::CoinGecko, service(Doing::Body(coingecko("7.4", at - 60))).await),
            (RateSource::CoinPaprika, service(Doing::Body(coinpaprika("7.6", at - 120))).await),
            (RateSource::Ecb, service(Doing::Body(ecb("1.12", &day(at)))).await),
            (RateSource::Cbr, service(Doing::Body(cbr("1", "80", &russian_day(at)))).await),
        ],
        RateTable::new().with(Pair::BtcUsd, "90000".parse().expect("a rate")),
    );
    until("all prices can be used", async || {
        stage.rates.prices().iter().all(|(_, verdict)| verdict.rate().is_some())
            && stage.rates.sources().iter().all(|health| health.answers > 0)
    })
    .await;
    let prices = stage.rates.prices();
    let midnight = at - at % 86_400;
    let gbyte = kept(Pair::GbyteUsd, "7.5", &[RateSource::CoinGecko, RateSource::CoinPaprika], at - 120);
    // CoinGecko's euro is 1.1, the bank's 1.12.
    let euro = kept(Pair::EurUsd, "1.11", &[RateSource::CoinGecko, RateSource::Ecb], midnight.min(at - 60));
    let rouble =
        kept(Pair::RubUsd, "0.0125", &[RateSource::CoinGecko, RateSource::Cbr], midnight.min(at - 60));
    let bitcoin = KeptRate::fixed(Pair::BtcUsd, "90000".parse().expect("a rate"));
    let of = |currency| prices.kept(currency);
    assert_eq!(of(Currency::Usd), std::slice::from_ref(&gbyte));
    assert_eq!(of(Currency::Gbyte), std::slice::from_ref(&gbyte));
    assert_eq!(of(Currency::Eur), [euro, gbyte.clone()]);
    assert_eq!(of(Currency::Rur), [rouble, gbyte.clone()]);
    assert_eq!(of(Currency::Btc), [bitcoin, gbyte]);
}

#[tokio::test]
async fn what_a_silent_source_told_is_used_until_it_is_too_old() {
    let at = now();
    let (gecko, paprika) = (
        service(Doing::Body(coingecko("7.5", at))).await,
        service(Doing::Body(coinpaprika("7.5", at))).await,
    );
    let stage = Stage::set(
        &[(RateSource::CoinGecko, Arc::clone(&gecko)), (RateSource::CoinPaprika, Arc::clone(&paprika))],
        RateTable::new(),
    );
    let usable = || stage.rates.prices().of(Pair::GbyteUsd).rate().is_some();
    until("the price can be used", async || usable()).await;

    paprika.now(raw("503 Service Unavailable", "", "busy"));
    stage.hears(RateSource::CoinPaprika, |health| health.trouble.is_some()).await;
    assert!(usable(), "what it told is fresh");
    assert_eq!(stage.board.readings(Pair::GbyteUsd).len(), 2);

    stage.clock.0.store(at + 3601, Ordering::Relaxed);
    gecko.now(Doing::Body(coingecko("7.5", at + 3600)));
    stage.hears(RateSource::CoinGecko, |health| health.trouble.is_none()).await;
    let prices = stage.rates.prices();
    assert_eq!(why(&prices, Pair::GbyteUsd), Unusable::TooFew { fresh: 1, needed: 2 });
    assert!(prices.of(Pair::EurUsd).rate().is_some(), "the euro needs one source only");

    paprika.now(Doing::Body(coinpaprika("7.5", at)));
    stage.hears(RateSource::CoinPaprika, |health| health.trouble.is_none()).await;
    assert!(!usable(), "it answers, but with what is too old");

    paprika.now(Doing::Body(coinpaprika("7.5", at + 3600)));
    until("the price can be used again", async || usable()).await;
}

#[tokio::test]
async fn sources_that_disagree_stop_a_price_and_a_third_one_decides() {
    let at = now();
    let (gecko, paprika) =
        (service(Doing::Body(coingecko("7.5", at))).await, service(Doing::Body(coinpaprika("9", at))).await);
    let stage = Stage::set(
        &[(RateSource::CoinGecko, gecko), (RateSource::CoinPaprika, Arc::clone(&paprika))],
        RateTable::new(),
    );
    until("both are heard", async || stage.board.readings(Pair::GbyteUsd).len() == 2).await;
    let apart =
        Unusable::Disagree { low: "7.5".parse().expect("a rate"), high: "9".parse().expect("a rate") };
    assert_eq!(why(&stage.rates.prices(), Pair::GbyteUsd), apart);
    paprika.now(Doing::Body(coinpaprika("7.6", at)));
    until("they agree", async || stage.rates.prices().of(Pair::GbyteUsd).rate().is_some()).await;
}

#[tokio::test]
async fn a_jump_that_all_sources_tell_is_used_after_ten_minutes() {
    let at = now();
    let services = [
        (RateSource::CoinGecko, service(Doing::Body(coingecko("7.5", at))).await),
        (RateSource::CoinPaprika, service(Doing::Body(coinpaprika("7.5", at))).await),
    ];
    let stage = Stage::set(&services, RateTable::new());
    let rate = || stage.rates.prices().of(Pair::GbyteUsd).rate().map(|rate| rate.to_string());
    until("the price can be used", async || rate().as_deref() == Some("7.5")).await;
    services[0].1.now(Doing::Body(coingecko("15", at)));
    services[1].1.now(Doing::Body(coinpaprika("15", at)));
    until("the jump is seen", async || {
        matches!(stage.rates.prices().of(Pair::GbyteUsd), Verdict::Guarded(Err(Unusable::Jumped { .. })))
    })
    .await;
    stage.clock.0.store(at + 599, Ordering::Relaxed);
    assert_eq!(rate(), None);
    stage.clock.0.store(at + 600, Ordering::Relaxed);
    assert_eq!(rate().as_deref(), Some("15"));
}

#[tokio::test]
async fn who_tells_nothing_but_fixed_prices_is_not_asked() {
    let bank = service(Doing::Body(ecb("1.12", "2026-11-23"))).await;
    let paprika = service(Doing::Body(coinpaprika("7.5", now()))).await;
    let fixed = RateTable::new().with(Pair::EurUsd, "1.1".parse().expect("a rate"));
    let stage =
        Stage::set(&[(RateSource::Ecb, Arc::clone(&bank)), (RateSource::CoinPaprika, paprika)], fixed);
    stage.hears(RateSource::CoinPaprika, |health| health.answers > 0).await;
    assert!(bank.asked().is_empty());
    assert_eq!(stage.rates.prices().of(Pair::EurUsd), &Verdict::Fixed("1.1".parse().expect("a rate")));
}

#[tokio::test]
async fn two_of_the_three_sources_of_a_bitcoin_are_enough() {
    let at = now();
    let services = [
        (RateSource::CoinGecko, service(Doing::Body(coingecko("7.7", at))).await),
        // 7.7 dollars or 0.00007 bitcoins: 110000 dollars, as at CoinGecko.
        (RateSource::CoinPaprika, service(Doing::Body(coinpaprika_with_bitcoin("7.7", "0.00007", at))).await),
    ];
    // No hub is asked.
    let stage = Stage::set(&services, RateTable::new());
    let expected = [
        kept(Pair::BtcUsd, "110000", &[RateSource::CoinGecko, RateSource::CoinPaprika], at),
        kept(Pair::GbyteUsd, "7.7", &[RateSource::CoinGecko, RateSource::CoinPaprika], at),
    ];
    until("both are heard", async || stage.rates.prices().kept(Currency::Btc) == expected).await;
}
