//! `GET /v1/textcoin` and `POST /v1/textcoin/resend`, and the same for the test endpoint.

use super::support::*;

const SHOP: &str = "partner=demo-shop&partner_key=demo-shop-key";
/// `demo-shop:demo-shop-key`.
const BASIC: &str = "Authorization: Basic ZGVtby1zaG9wOmRlbW8tc2hvcC1rZXk=\r\n";

async fn ask(server: &Server, method: &str, path: &str, headers: &str) -> Reply {
    server.send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")).await
}

#[tokio::test]
async fn who_is_not_known_is_told_nothing_else() {
    let server = Server::start().await;
    for query in ["", "?order_id=1", "?partner=demo-shop&partner_key=wrong", "?partner=nobody&order_id=1"] {
        let reply = ask(&server, "GET", &format!("/v1/textcoin{query}"), "").await;
        assert_eq!((reply.status(), reply.body.as_str()), (200, UNAUTHENTICATED), "{query}");
        let body = query.trim_start_matches('?');
        for path in ["/v1/textcoin/resend", "/v1/textcoin/correct"] {
            assert_eq!(server.post(path, FORM, body).await.body, UNAUTHENTICATED, "{path} {query}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    for endpoint in ["", "/test"] {
        for (more, error) in [
            ("", "order_id is missing"),
            ("&order_id=7", "demo-shop has no textcoin"),
            ("&order_id=panic", "internal error, please repeat later; repeating is safe"),
        ] {
            let path = format!("{endpoint}/v1/textcoin?{SHOP}{more}");
            let reply = ask(&server, "GET", &path, "").await;
            assert_eq!((reply.status(), reply.error().as_str()), (200, error), "{path}");
        }
        let path = format!("{endpoint}/v1/textcoin?order_id=7");
        assert_eq!(ask(&server, "GET", &path, BASIC).await.error(), "demo-shop has no textcoin");
    }
    let processor = "partner=demo-processor&partner_key=demo-processor-key&order_id=1";
    let reply = server.post("/v1/textcoin/resend", FORM, processor).await;
    assert_eq!(reply.error(), "merchant is missing; a payment processor must send it");
}

#[tokio::test]
async fn a_mail_is_asked_for_with_post_only() {
    let server = Server::start().await;
    for path in ["/v1/textcoin/resend", "/test/v1/textcoin/resend"] {
        let send = async |order: &str| server.post(path, FORM, format!("{SHOP}&order_id={order}")).await;
        assert_eq!(send("1").await.body, r#"{"result":"ok"}"#);
        assert_eq!(send("refuse").await.error(), "it was sent too often");
        assert_eq!(ask(&server, "GET", path, BASIC).await.status(), 405);
    }
    assert_eq!(server.post("/v1/textcoin", FORM, SHOP).await.status(), 405);
}

#[tokio::test]
async fn a_mailbox_is_corrected_with_post_only() {
    let server = Server::start().await;
    for path in ["/v1/textcoin/correct", "/test/v1/textcoin/correct"] {
        let send = async |more: &str| server.post(path, FORM, format!("{SHOP}{more}")).await;
        assert_eq!(send("&order_id=1&email=a@example.org").await.body, r#"{"result":"ok"}"#);
        let again = send("&order_id=again&email=a@example.org").await;
        assert_eq!(again.body, r#"{"result":"ok","replayed":true}"#);
        for (more, error) in [
            ("&email=a@example.org", "order_id is missing"),
            ("&order_id=1", "email is missing"),
            ("&order_id=1&email=a", "email must be an e-mail address"),
            (
                "&order_id=1&email=a%0D%0ABcc:b@example.org",
                "email: the part of the e-mail address before the @ is not valid",
            ),
            ("&order_id=1&email=QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD", "email must be an e-mail address"),
            ("&order_id=1&email=a%00@example.org", "email must not contain the character U+0000"),
            ("&order_id=refuse&email=a@example.org", "it was corrected too often"),
            ("&order_id=panic&email=a@example.org", "internal error, please repeat later; repeating is safe"),
        ] {
            assert_eq!(send(more).await.error(), error, "{more}");
        }
        assert_eq!(ask(&server, "GET", path, BASIC).await.status(), 405);
    }
}
