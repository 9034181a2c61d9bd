//! Each source by itself: what it understands, and what it does not.

use std::sync::Arc;
use std::time::Duration;

use bytesback::rates::{Quote, SourceError, SourceSettings, Web, web_source};
use program::{Moment, Pair, RateSource};
use reqwest::Url;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::common::PATIENCE;
use crate::service::{Doing, Service, raw};
use crate::words::{cbr, coingecko, coinpaprika, coinpaprika_with_bitcoin, ecb};

const AT: u64 = 1_795_430_868;

/// What is made of an answer.
async fn told(source: RateSource, doing: Doing) -> Result<Vec<Quote>, SourceError> {
    told_by(source, &Service::start(doing).await).await
}

async fn told_by(source: RateSource, service: &Service) -> Result<Vec<Quote>, SourceError> {
    told_within(PATIENCE, source, service).await
}

async fn told_within(
    due: Duration,
    source: RateSource,
    service: &Service,
) -> Result<Vec<Quote>, SourceError> {
    let web = Web::with_due(due).expect("TLS is there");
    let source = web_source(&service.settings(source), &web).expect("it is one of the web");
    source.read(Moment::from_millis(0)).await
}

fn quote(pair: Pair, rate: &str, at: u64) -> Quote {
    Quote { pair, rate: rate.parse().expect("a rate"), at: Moment::from_millis(at * 1000) }
}

/// Midnight before [`AT`].
const DAY: u64 = AT - AT % 86_400;

#[tokio::test]
async fn every_service_is_understood_exactly() {
    let body = coingecko("7.53", AT);
    let quotes = told(RateSource::CoinGecko, Doing::Body(body)).await.expect("understood");
    assert_eq!(
        quotes,
        [
            quote(Pair::GbyteUsd, "7.53", AT),
            quote(Pair::BtcUsd, "110000", AT),
            quote(Pair::EurUsd, "1.1", AT),
            quote(Pair::RubUsd, "0.0125", AT),
        ]
    );
    let body = coinpaprika("7.123456789012345", AT);
    let quotes = told(RateSource::CoinPaprika, Doing::Body(body)).await.expect("understood");
    assert_eq!(quotes, [quote(Pair::GbyteUsd, "7.123456789012345", AT)]);
    // A GBYTE costs 7.7 dollars or 0.00007 bitcoins, so a bitcoin costs 110000 dollars.
    let body = coinpaprika_with_bitcoin("7.7", "0.00007", AT);
    let quotes = told(RateSource::CoinPaprika, Doing::Body(body)).await.expect("understood");
    assert_eq!(quotes, [quote(Pair::GbyteUsd, "7.7", AT), quote(Pair::BtcUsd, "110000", AT)]);
    let quotes = told(RateSource::Ecb, Doing::Body(ecb("1.1012", "2026-11-23"))).await.expect("understood");
    assert_eq!(quotes, [quote(Pair::EurUsd, "1.1012", DAY)]);
    let quotes = told(RateSource::Cbr, Doing::Body(cbr("1", "80,0000", "23.11.2026"))).await;
    assert_eq!(quotes.expect("understood"), [quote(Pair::RubUsd, "0.0125", DAY)]);
    let quotes = told(RateSource::Cbr, Doing::Body(cbr("10", "800", "23.11.2026"))).await;
    assert_eq!(quotes.expect("understood"), [quote(Pair::RubUsd, "0.0125", DAY)]);
}

#[tokio::test]
async fn a_price_that_coingecko_does_not_know_is_missing_and_the_others_are_told() {
    let body = format!(
        r#"{{"byteball":{{"usd":null,"last_updated_at":{AT}}},"bitcoin":{{"usd":9e4,"eur":null,"last_updated_at":{AT}}}}}"#
    );
    let quotes = told(RateSource::CoinGecko, Doing::Body(body.into_bytes())).await.expect("understood");
    assert_eq!(quotes, [quote(Pair::BtcUsd, "90000", AT)]);
}

#[tokio::test]
async fn what_is_not_of_the_services_form_is_refused_whole() {
    let json = |text: &str| text.as_bytes().to_vec();
    let gecko = |from: &str, to: &str| {
        let body = String::from_utf8(coingecko("7.53", AT)).expect("text");
        assert!(body.contains(from), "{from}");
        body.replace(from, to).into_bytes()
    };
    let xml = |body: Vec<u8>, from: &str, to: &str| {
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains(from), "{from}");
        body.replace(from, to).into_bytes()
    };
    let euro = |from: &str, to: &str| xml(ecb("1.1012", "2026-11-23"), from, to);
    let rouble = |from: &str, to: &str| xml(cbr("1", "80,1234", "23.11.2026"), from, to);
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><gesmes:Envelope";
    for (source, body) in [
        (RateSource::CoinGecko, json("")),
        (RateSource::CoinGecko, json("{}")),
        (RateSource::CoinGecko, json("<html>busy</html>")),
        (RateSource::CoinGecko, gecko("\"usd\":7.53", "\"usd\":\"7.53\"")),
        (RateSource::CoinGecko, gecko("\"usd\":7.53", "\"usd\":-7.53")),
        (RateSource::CoinGecko, gecko("\"usd\":7.53", "\"usd\":0")),
        (RateSource::CoinGecko, gecko("\"usd\":7.53", "\"usd\":NaN")),
        (RateSource::CoinGecko, gecko("\"usd\":7.53", "\"usd\":7.53,\"usd\":75.3")),
        (RateSource::CoinGecko, gecko("\"usd\":7.53", "\"usd\":1e400")),
        (RateSource::CoinGecko, gecko("{\"bitcoin\"", "{\"byteball\":null,\"bitcoin\"")),
        (RateSource::CoinGecko, gecko("\"eur\":100000.0", "\"eur\":[]")),
        (RateSource::CoinGecko, gecko(&format!(",\"last_updated_at\":{AT}"), "")),
        (RateSource::CoinGecko, gecko(&format!("{AT}"), "-1")),
        (RateSource::CoinPaprika, json("{\"error\":\"id not found\"}")),
        (RateSource::CoinPaprika, xml(coinpaprika("7.53", AT), "gbyte-obyte", "btc-bitcoin")),
        (RateSource::CoinPaprika, xml(coinpaprika("7.53", AT), "\"USD\"", "\"BTC\"")),
        (RateSource::CoinPaprika, coinpaprika("null", AT)),
        (RateSource::CoinPaprika, coinpaprika("NaN", AT)),
        (RateSource::CoinPaprika, coinpaprika("1e400", AT)),
        (RateSource::CoinPaprika, coinpaprika("7.5,\"price\":8", AT)),
        (RateSource::CoinPaprika, coinpaprika_with_bitcoin("7.5", "0", AT)),
        (RateSource::CoinPaprika, coinpaprika_with_bitcoin("7.5", "-0.00007", AT)),
        (RateSource::CoinPaprika, coinpaprika_with_bitcoin("7.5", "null", AT)),
        (RateSource::CoinPaprika, coinpaprika_with_bitcoin("7.5", "1},\"BTC\":{\"price\":1", AT)),
        (RateSource::CoinPaprika, xml(coinpaprika("7.53", AT), "T10", " at 10")),
        (RateSource::Ecb, json("")),
        (RateSource::Ecb, b"\xff\xfe".to_vec()),
        (RateSource::Ecb, euro("gesmes:Envelope", "gesmes:Letter")),
        (RateSource::Ecb, euro("time='2026-11-23'", "")),
        (RateSource::Ecb, euro("2026-11-23", "2026-11-31")),
        (RateSource::Ecb, euro("currency='JPY'", "currency='USD'")),
        (RateSource::Ecb, euro("currency='USD'", "currency='CHF'")),
        (RateSource::Ecb, euro("1.1012", "0")),
        (RateSource::Ecb, euro("1.1012", "1,1012")),
        (RateSource::Ecb, euro("</Cube>\n\t</Cube>", "</Cube><Cube time='2026-11-20'/></Cube>")),
        (RateSource::Ecb, euro("<gesmes:Envelope", bomb)),
        (RateSource::Cbr, json("Error in parameters")),
        (RateSource::Cbr, rouble("ValCurs", "Rates")),
        (RateSource::Cbr, rouble("23.11.2026", "23/11/2026")),
        (RateSource::Cbr, rouble("<CharCode>USD", "<CharCode>XXX")),
        (RateSource::Cbr, rouble("<CharCode>AZN", "<CharCode>USD")),
        (RateSource::Cbr, rouble("<Value>80,1234", "<Value>80.1234")),
        (RateSource::Cbr, rouble("<Value>80,1234", "<Value>8,0,1234")),
        (RateSource::Cbr, rouble("<Value>80,1234", "<Value>0,0000")),
        (RateSource::Cbr, rouble("<Nominal>1</Nominal><Name>\u{fffd}", "<Name>\u{fffd}")),
    ] {
        let text = String::from_utf8_lossy(&body).into_owned();
        let told = told(source, Doing::Body(body)).await;
        assert!(matches!(told, Err(SourceError::Malformed(_))), "{source} {text}: {told:?}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_is_not_waited_for() {
    for doing in [Doing::Silence, Doing::Drip] {
        let service = Service::start(doing.clone()).await;
        let asking = told_within(Duration::from_millis(200), RateSource::Ecb, &service);
        let told = tokio::time::timeout(PATIENCE, asking).await.expect("it is given up");
        assert!(matches!(told, Err(SourceError::TimedOut(_))), "{doing:?}: {told:?}");
    }
}

#[tokio::test]
async fn a_huge_or_endless_answer_is_not_read_to_its_end() {
    let service = Service::start(Doing::Endless).await;
    let told = told_by(RateSource::CoinGecko, &service).await;
    assert!(matches!(told, Err(SourceError::TooLarge { .. })), "{told:?}");
    // What the system's buffers take is not read by us.
    assert!(service.written() < 16 * 1024 * 1024, "{}", service.written());
    let mut huge = ecb("1.1012", "2026-11-23");
    huge.resize(1024 * 1024, b' ');
    service.now(Doing::Body(huge));
    assert!(matches!(told_by(RateSource::Ecb, &service).await, Err(SourceError::TooLarge { .. })));
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_not_read_as_a_short_one() {
    let body = String::from_utf8(coingecko("7.53", AT)).expect("text");
    // As much as it says it has, less the last bytes, which do not change the prices.
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 2);
    let cut = told(RateSource::CoinGecko, Doing::Raw(cut.into_bytes())).await;
    assert!(matches!(cut, Err(SourceError::Unreachable(_))), "{cut:?}");
    let nothing = told(RateSource::CoinGecko, Doing::Raw(Vec::new())).await;
    assert!(matches!(nothing, Err(SourceError::Unreachable(_))), "{nothing:?}");
}

#[tokio::test]
async fn a_service_that_refuses_is_told_apart_from_one_that_has_moved() {
    let body = String::from_utf8(ecb("1.1012", "2026-11-23")).expect("text");
    let told = |status: &'static str, headers: &'static str| {
        let body = body.clone();
        async move { told(RateSource::Ecb, raw(status, headers, &body)).await.expect_err("refused") }
    };
    let busy = told("429 Too Many Requests", "Retry-After: 60\r\n").await;
    let minute = Some(Duration::from_secs(60));
    assert!(matches!(busy, SourceError::TooOften { retry_after } if retry_after == minute), "{busy}");
    let busy = told("429 Too Many Requests", "Retry-After: tomorrow\r\n").await;
    assert!(matches!(busy, SourceError::TooOften { retry_after: None }), "{busy}");
    for status in ["500 Internal Server Error", "403 Forbidden", "404 Not Found", "204 No Content"] {
        let error = told(status, "").await;
        assert!(
            matches!(error, SourceError::Status(code) if status.starts_with(&code.to_string())),
            "{error}"
        );
    }
    let elsewhere = Service::start(Doing::Body(body.clone().into_bytes())).await;
    let location = format!("Location: {}\r\n", elsewhere.url);
    let service = Service::start(raw("302 Found", &location, "")).await;
    let moved = told_by(RateSource::Ecb, &service).await;
    assert!(matches!(moved, Err(SourceError::Moved(302))), "{moved:?}");
    assert!(elsewhere.asked().is_empty(), "nobody is followed");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named_without_a_panic() {
    let service = Service::start(Doing::Silence).await;
    let settings = service.settings(RateSource::Ecb);
    drop(service);
    let web = Web::with_due(Duration::from_secs(5)).expect("TLS is there");
    let source = web_source(&settings, &web).expect("it is one of the web");
    let told = source.read(Moment::from_millis(0)).await;
    assert!(matches!(told, Err(SourceError::Unreachable(_) | SourceError::TimedOut(_))), "{told:?}");
}

#[tokio::test]
async fn a_service_whose_certificate_nobody_signed_is_not_believed() {
    let key = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .expect("they belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are ports");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Whoever does not believe us hangs up.
            let _ = acceptor.accept(stream).await;
        }
    });
    let url = Url::parse(&format!("https://localhost:{port}/")).ok();
    let settings = SourceSettings { source: RateSource::Ecb, url, every: PATIENCE };
    let web = Web::with_due(PATIENCE).expect("TLS is there");
    let source = web_source(&settings, &web).expect("it is one of the web");
    let error = source.read(Moment::from_millis(0)).await.expect_err("not believed").to_string();
    assert!(error.contains("cannot be reached") && error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_service_is_asked_for_its_address_and_told_who_asks() {
    let service = Service::start(Doing::Body(ecb("1.1012", "2026-11-23"))).await;
    told_by(RateSource::Ecb, &service).await.expect("understood");
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].starts_with("GET /rates?of=all HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("user-agent: bytesback/"), "{}", asked[0]);
}
