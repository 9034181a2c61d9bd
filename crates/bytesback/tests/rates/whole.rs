//! `dev --rates FILE`: from services to bytes, and to what is kept of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytesback_client::{Endpoint, PurchaseAnswer, PurchaseRequest};
use obyte_devnet::{Devnet, DevnetConfig};
use payout::Timestamp;
use program::{Pair, RateSource};
use store::sqlite::SqliteStore;
use store::{KeptRate, OrderId, PurchaseKey, PurchaseRecord, Store};

use crate::common::{Dev, address, argument, data_dir, ok, purchase, run, until};
use crate::service::{Doing, Service, raw};
use crate::words::{coingecko, coinpaprika, day, ecb, now, rfc3339};

/// The rates of a `dev` that asks these.
fn rates_file(folder: &Path, gecko: &Service, paprika: &Service, bank: &Service) -> String {
    let source = |name: &str, service: &Service| {
        format!("[rates.{name}]\nurl = \"{}\"\nevery_seconds = 1\n", service.url)
    };
    let text = [
        "[rates]\nsources = [\"coingecko\", \"coinpaprika\", \"ecb\"]\n".to_owned(),
        source("coingecko", gecko),
        source("coinpaprika", paprika),
        source("ecb", bank),
    ]
    .concat();
    let file = folder.join("rates.toml");
    std::fs::write(&file, text).expect("written");
    argument(&file).to_owned()
}

fn euros(order: &str, amount: &str) -> PurchaseRequest {
    PurchaseRequest { currency: "EUR".into(), ..purchase(order, address("customer"), amount) }
}

async fn record(data: &Path, order: &str) -> PurchaseRecord {
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(data.join("bytesback.sqlite")).expect("it is there"));
    let shop = store.partner(&"demo-shop".parse().expect("a name")).await.expect("read").expect("added");
    let key =
        PurchaseKey { partner: shop.id, merchant: None, order_id: OrderId::new(order).expect("an order id") };
    store.purchase(store::Endpoint::Test, &key).await.expect("read").expect("it was accepted")
}

async fn page(dev: &Dev, path: &str) -> String {
    let answer = reqwest::get(format!("{}{path}", dev.url)).await.expect("answered");
    answer.text().await.expect("text")
}

/// `bytesback rates` of these services: whether all prices can be used, and what is printed.
async fn verdict(file: &str) -> (bool, String) {
    let file = file.to_owned();
    tokio::task::spawn_blocking(move || run(&["rates", "--rates", &file])).await.expect("no panic")
}

#[tokio::test]
async fn an_operator_can_ask_what_could_be_used_now() {
    let at = now();
    let gecko = Service::start(Doing::Body(coingecko("7.4", at))).await;
    let paprika = Service::start(Doing::Body(coinpaprika("7.6", at))).await;
    let bank = Service::start(Doing::Silence).await;
    bank.now(raw("404 Not Found", "", "gone"));
    let (folder, _) = data_dir();
    let file = rates_file(folder.path(), &gecko, &paprika, &bank);
    let (all, printed) = verdict(&file).await;
    assert!(!all, "a bitcoin takes two sources\n{printed}");
    let since = rfc3339(at);
    for line in [
        &format!("GBYTE_USD  7.5, by coingecko, coinpaprika, since {since}"),
        "BTC_USD    cannot be used: 1 of its sources is not enough, 2 are needed",
        &format!("EUR_USD    1.1, by coingecko, since {since}"),
        &format!("coinpaprika  GBYTE_USD 7.6 since {since}"),
        "ecb          it answered with status 404",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} is not in\n{printed}");
    }
    let text = std::fs::read_to_string(&file).expect("written");
    std::fs::write(&file, text.replace("[rates]\n", "[rates]\nBTC_USD = \"90000\"\n")).expect("written");
    let (all, printed) = verdict(&file).await;
    assert!(all && printed.contains("BTC_USD    90000, fixed"), "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_configuration_of_a_server_its_hub_is_asked_too() {
    let (folder, _) = data_dir();
    let devnet = Devnet::start(DevnetConfig::new(folder.path().join("devnet"))).await.expect("a devnet");
    let gecko = Service::start(Doing::Body(coingecko("20.4", now()))).await;
    let endpoint = |name: &str| {
        format!("[{name}]\nnetwork = \"devnet\"\nhub = \"{}\"\nwallet = \"{name}.wallet\"\n", devnet.url())
    };
    let (live, test, url) = (endpoint("live"), endpoint("test"), &gecko.url);
    let text = format!(
        "listen = \"127.0.0.1:8080\"\n{live}{test}[rates]\nRUB_USD = \"0.0125\"\n\
         sources = [\"hub\", \"coingecko\"]\ncoingecko.url = \"{url}\"\n"
    );
    let file = folder.path().join("bytesback.toml");
    std::fs::write(&file, text).expect("written");
    let (all, printed) = run(&["rates", "--config", argument(&file)]);
    // The devnet's hub says 20 for a GBYTE, and 100000 for a bitcoin where CoinGecko says 110000.
    assert!(!all, "{printed}");
    for line in ["GBYTE_USD  20.2, by hub, coingecko, ", "BTC_USD    cannot be used: its sources disagree"] {
        assert!(printed.lines().any(|printed| printed.starts_with(line)), "{line} is not in\n{printed}");
    }
    devnet.shutdown().await;
}

/// The services answer on another thread, while this one waits for `dev` to be ready.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_paid_by_the_prices_of_its_day_which_are_kept_with_it() {
    let at = now();
    let gecko = Service::start(Doing::Body(coingecko("7.4", at))).await;
    let paprika = Service::start(Doing::Body(coinpaprika("7.6", at))).await;
    // Slower than all else that `dev` has to do at its start.
    let bank = Service::start(Doing::Late(Duration::from_millis(1500), ecb("1.1", &day(at)))).await;
    let (folder, data) = data_dir();
    let file = rates_file(folder.path(), &gecko, &paprika, &bank);
    let dev = Dev::start_with(&data, &["--rates", &file]);
    let client = dev.client();
    let ask = async |request: &PurchaseRequest| {
        client.new_purchase(Endpoint::Test, request).await.expect("answered")
    };

    // The first purchase of all: every source was asked before the server was ready.
    let first = euros("1", "15");
    // 15 EUR at 1.1 dollars are 16.50 dollars, at 7.50 dollars 2.2 GBYTE; 10 percent of that.
    let (amount, unit, _) = ok(ask(&first).await);
    assert_eq!(amount, 220_000_000);

    let midnight = Timestamp::from_millis((at - at % 86_400) * 1000);
    let told = Timestamp::from_millis(at * 1000);
    let rates = record(&data, "1").await.rates;
    let rate = |text: &str| text.parse().expect("a rate");
    let euro = KeptRate {
        pair: Pair::EurUsd,
        rate: rate("1.1"),
        sources: vec![RateSource::CoinGecko, RateSource::Ecb],
        at: Some(midnight.min(told)),
    };
    let gbyte = KeptRate {
        pair: Pair::GbyteUsd,
        rate: rate("7.5"),
        sources: vec![RateSource::CoinGecko, RateSource::CoinPaprika],
        at: Some(told),
    };
    assert_eq!(rates, [euro, gbyte]);
    let shown = run(&[
        "purchase",
        "show",
        "1",
        "--partner",
        "demo-shop",
        "--endpoint",
        "test",
        "--data-dir",
        argument(&data),
    ]);
    assert!(shown.0, "{}", shown.1);
    let line = format!("rate      GBYTE_USD 7.5 (coingecko, coinpaprika, since {})", rfc3339(at));
    assert!(shown.1.lines().any(|shown| shown == line), "{line} is not in\n{}", shown.1);
    assert!(shown.1.contains("purchase  15 EUR, partner's share 0 %"), "{}", shown.1);
    assert!(shown.1.contains("220 000 000 bytes: base 220 000 000, partner 0, match 0"), "{}", shown.1);

    paprika.now(Doing::Body(coinpaprika("0.75", at)));
    let refused = "no rate for EUR now (GBYTE_USD: its sources disagree), please repeat later";
    let mut orders = 2..;
    until("the sources disagree", || {
        let another = euros(&orders.next().expect("there are numbers").to_string(), "15");
        let (client, refused) = (&client, &refused);
        async move {
            let answer = client.new_purchase(Endpoint::Test, &another).await.expect("answered");
            matches!(answer, PurchaseAnswer::Error { text } if text == *refused)
        }
    })
    .await;
    let figures = page(&dev, "/metrics").await;
    for figure in [
        "bytesback_rate_usable{endpoint=\"test\",pair=\"GBYTE_USD\"} 0",
        "bytesback_rate_usable{endpoint=\"test\",pair=\"EUR_USD\"} 1",
        "bytesback_rate_source_failures_total{endpoint=\"test\",source=\"ecb\"} 0",
    ] {
        assert!(figures.lines().any(|line| line == figure), "{figure} is not in\n{figures}");
    }
    let ready = page(&dev, "/readyz").await;
    assert!(
        ready.contains("\"degraded\":true") && ready.contains("GBYTE_USD: its sources disagree"),
        "{ready}"
    );
    let again = ok(ask(&first).await);
    assert_eq!(again, (amount, unit, true), "what was accepted is not computed anew");
    let bytes = PurchaseRequest { currency: "GBYTE".into(), ..purchase("b", address("customer"), "1") };
    assert_eq!(ok(ask(&bytes).await).0, 100_000_000, "GBYTE needs no price");
    assert!(record(&data, "b").await.rates.is_empty());
    dev.interrupt();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_the_first_prices_are_judged_by_those_used_last() {
    let at = now();
    let gecko = Service::start(Doing::Body(coingecko("7.4", at))).await;
    let paprika = Service::start(Doing::Body(coinpaprika("7.6", at))).await;
    let bank = Service::start(Doing::Body(ecb("1.1", &day(at)))).await;
    let (folder, data) = data_dir();
    let file = rates_file(folder.path(), &gecko, &paprika, &bank);
    let dev = Dev::start_with(&data, &["--rates", &file]);
    let bought = |order: &'static str, dev: &Dev| {
        let client = dev.client();
        async move { client.new_purchase(Endpoint::Test, &euros(order, "15")).await.expect("answered") }
    };
    assert_eq!(ok(bought("1", &dev).await).0, 220_000_000);
    dev.interrupt();

    gecko.now(Doing::Body(coingecko("15", at)));
    paprika.now(Doing::Body(coinpaprika("15", at)));
    let dev = Dev::start_with(&data, &["--rates", &file]);
    let answer = bought("2", &dev).await;
    let refused = "no rate for EUR now (GBYTE_USD: it moved far and is being confirmed), please repeat later";
    assert!(matches!(&answer, PurchaseAnswer::Error { text } if text == refused), "{answer:?}");
    gecko.now(Doing::Body(coingecko("7.5", at)));
    paprika.now(Doing::Body(coinpaprika("7.5", at)));
    until("the price is what it was", || {
        let bought = bought("2", &dev);
        async move { matches!(bought.await, PurchaseAnswer::Ok { cashback_amount, .. } if cashback_amount.get() == 220_000_000) }
    })
    .await;
    dev.interrupt();
}
