//! What existing clients send, byte for byte, and what they must be answered.

use bytesback::http::Purchase;
use program::Recipient;

use super::support::*;

macro_rules! request {
    ($name:literal) => {
        include_bytes!(concat!("../clients/", $name, ".http")).as_slice()
    };
}

/// Sends a request that must be paid, and gives what the server understood.
async fn paid(request: &[u8]) -> Purchase {
    let server = Server::start().await;
    let reply = server.send(request).await;
    assert_eq!((reply.status(), reply.body.as_str()), (200, PAID));
    server.last().2
}

/// Sends a request that must be refused, and gives the error.
async fn refused(request: &[u8]) -> String {
    let server = Server::start().await;
    let reply = server.send(request).await;
    assert_eq!(reply.status(), 200, "{}", reply.body);
    assert_eq!(server.purchases(), 0, "it reached the cashier");
    reply.error()
}

fn email(purchase: &Purchase) -> &str {
    match &purchase.recipient {
        Recipient::Email(email) => email.as_str(),
        Recipient::Address(_) => panic!("the cashback would go to a wallet"),
    }
}

#[tokio::test]
async fn c33_bytes_sent_as_gbyte_reach_the_cashier_as_they_are() {
    let purchase = paid(request!("w1-bytes-as-gbyte")).await;
    assert_eq!(purchase.amount.to_string(), "1250000000 GBYTE");
}

#[tokio::test]
async fn c2_multipart_of_phps_curl_is_read() {
    let purchase = paid(request!("w1-multipart")).await;
    assert_eq!(purchase.order.as_str(), "1002");
    assert_eq!(purchase.amount.to_string(), "25 EUR");
    assert_eq!(purchase.partner_percentage.to_string(), "5");
}

#[tokio::test]
async fn c17_c34_c38_a_guest_with_an_exponent_and_no_unit_is_paid() {
    let purchase = paid(request!("w2-guest-exponent")).await;
    assert!(purchase.customer.is_guest());
    assert_eq!(purchase.amount.to_string(), "0.00006 GBYTE");
    assert_eq!(purchase.purchase_unit, None);
    assert_eq!(purchase.merchant.expect("sent").as_str(), "demo-shop");
}

#[tokio::test]
async fn c31_rub_is_rur_and_an_email_address_is_an_address() {
    let purchase = paid(request!("w2-rub")).await;
    assert_eq!(purchase.amount.to_string(), "1490 RUR");
    assert_eq!(email(&purchase), "Buyer.Name+shop@example.org");
}

#[tokio::test]
async fn c31_c32_other_currencies_are_refused_with_the_list_of_those_that_work() {
    for request in [request!("w2-gb"), request!("w3-cxp"), request!("o-jpy")] {
        let text = refused(request).await;
        assert_eq!(text, "currency is not supported, use one of USD, EUR, RUR (RUB), GBYTE, BTC");
    }
}

#[tokio::test]
async fn c35_an_empty_amount_is_refused_by_name() {
    assert_eq!(refused(request!("w2-empty-amount")).await, "currency_amount is missing");
}

#[tokio::test]
async fn c36_an_empty_percentage_is_none() {
    assert!(paid(request!("w2-empty-percentage")).await.partner_percentage.is_zero());
}

#[tokio::test]
async fn c26_what_shops_take_for_an_address_is_checked() {
    assert!(refused(request!("w2-no-sending-address")).await.starts_with("address says that there is no"));
    assert!(refused(request!("w2-wrong-checksum")).await.starts_with("address has a wrong checksum"));
}

#[tokio::test]
async fn c42_an_email_address_that_was_cut_is_refused() {
    assert_eq!(
        refused(request!("w2-cut-email")).await,
        "address: the domain of the e-mail address is not valid"
    );
}

#[tokio::test]
async fn c19_c21_c24_c25_cyrillic_with_spaces_and_line_breaks_arrives_whole() {
    let purchase = paid(request!("t-cyrillic")).await;
    assert_eq!(purchase.customer.as_str(), "Иван Петров None");
    assert_eq!(purchase.order.as_str(), "17-05-2018 12:30 123");
    assert_eq!(purchase.description, "ООО \"Ромашка\"\r\nКАССОВЫЙ ЧЕК\r\nИТОГ = 1490.00");
    assert_eq!(purchase.merchant.expect("sent").as_str(), "7707083893 99");
}

#[tokio::test]
async fn c41_an_application_that_nobody_configured_is_not_authenticated() {
    for request in [request!("t-unconfigured"), request!("o-null-partner-jpy")] {
        assert_eq!(refused(request).await, "authentication failed");
    }
}

#[tokio::test]
async fn c27_c29_values_that_are_glued_together_are_read_as_far_as_they_can_be() {
    let purchase = paid(request!("o-raw")).await;
    assert_eq!(purchase.customer.as_str(), "山田 太郎");
    assert_eq!(purchase.order.as_str(), "5% off");
    assert_eq!(purchase.description, "fish");
    assert_eq!(purchase.recipient.to_string(), ADDRESS);
    assert_eq!(email(&paid(request!("o-raw-mailto")).await), "a+b@x.org");
}

#[tokio::test]
async fn c18_c25_c28_a_plus_that_was_not_encoded_is_restored() {
    let purchase = paid(request!("i-plus")).await;
    assert_eq!(email(&purchase), "a+b@x.org");
    assert_eq!(purchase.order.as_str(), "table:4;18/05");
    assert_eq!(purchase.customer.as_str(), "S1x9KqbZm");
    assert_eq!(purchase.merchant, None);
    assert_eq!(purchase.partner_percentage.to_string(), "10");
}

#[tokio::test]
async fn c10_a_preflight_allows_what_the_request_needs() {
    let server = Server::start().await;
    let reply = server.send(request!("i-preflight")).await;
    assert_eq!((reply.status(), reply.body.as_str()), (204, ""));
    assert_eq!(reply.header("access-control-allow-methods"), Some("POST, OPTIONS"));
    assert!(reply.header("access-control-allow-headers").expect("there").contains("Content-Type"));
    assert_eq!(reply.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn c2_c34_json_with_numbers_and_null_is_read_exactly() {
    let purchase = paid(request!("g-json")).await;
    assert!(purchase.customer.is_guest());
    assert_eq!(purchase.order.as_str(), "4001");
    assert_eq!(purchase.merchant.as_ref().expect("sent").as_str(), "shop 7");
    assert_eq!(purchase.amount.to_string(), "0.00001 BTC");
    assert_eq!(purchase.partner_percentage.to_string(), "2.5");
    assert_eq!(purchase.recipient.to_string(), ADDRESS);
}

#[tokio::test]
async fn c20_a_payment_processor_must_name_the_merchant() {
    let text = refused(request!("g-no-merchant")).await;
    assert_eq!(text, "merchant is missing; a payment processor must send it");
}

#[tokio::test]
async fn c2_a_missing_content_type_is_no_reason_to_refuse() {
    assert_eq!(paid(request!("curl-no-content-type")).await.order.as_str(), "5001");
}

#[tokio::test]
async fn c1_c6_a_trailing_slash_is_the_same_path_and_not_a_redirect() {
    assert_eq!(paid(request!("curl-trailing-slash")).await.order.as_str(), "5003");
}

#[tokio::test]
async fn c8_http_1_0_is_answered_with_a_length_and_the_connection_closed() {
    for request in [request!("curl-http10"), request!("w2-wordpress-http10")] {
        let server = Server::start().await;
        let mut connection = server.connect().await;
        connection.write(request).await;
        let reply = connection.reply().await;
        assert_eq!(reply.status_line, "HTTP/1.0 200 OK");
        assert_eq!(reply.body, PAID);
        assert!(connection.is_closed().await);
    }
}

#[tokio::test]
async fn the_last_of_a_repeated_field_counts() {
    let purchase = paid(request!("curl-repeated-fields")).await;
    assert_eq!(purchase.order.as_str(), "5004");
    assert_eq!(purchase.amount.to_string(), "12.5 USD");
}

#[tokio::test]
async fn c8_a_client_that_waits_for_leave_to_send_gets_it() {
    let request = request!("php-expect-continue");
    let body = request.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.write(&request[..body]).await;
    assert_eq!(connection.head().await, "HTTP/1.1 100 Continue");
    connection.write(&request[body..]).await;
    assert_eq!(connection.reply().await.body, PAID);
    assert_eq!(server.last().2.description.len(), 1000);
}

#[tokio::test]
async fn c22_c23_the_same_bytes_again_are_answered_the_same_with_a_mark() {
    let server = Server::start().await;
    let (one, two) =
        tokio::join!(server.send(request!("w2-guest-exponent")), server.send(request!("w2-guest-exponent")));
    let replayed = PAID.replace('}', r#","replayed":true}"#);
    let mut bodies = [one.body, two.body];
    bodies.sort_by_key(String::len);
    assert_eq!(bodies, [PAID.to_owned(), replayed]);
}

#[tokio::test]
async fn c1_the_paths_belong_to_their_endpoints() {
    use bytesback::endpoint::Endpoint;
    let server = Server::start().await;
    for (path, endpoint) in [
        ("/new_purchase", Endpoint::Live),
        ("/new_purchase/", Endpoint::Live),
        ("/new_purchase?x=y", Endpoint::Live),
        ("/test/new_purchase", Endpoint::Test),
        ("/test/new_purchase/", Endpoint::Test),
    ] {
        assert_eq!(server.post(path, FORM, form("")).await.status(), 200);
        assert_eq!(server.last().0, endpoint, "{path}");
    }
}
