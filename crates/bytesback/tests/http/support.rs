//! The server under test, its cashier, and a client that knows nothing but bytes.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytesback::endpoint::Endpoint;
use bytesback::http::{
    Answer, Cashier, Check, Correction, ErrorText, Health, Inquiry, Limits, Paid, Partner, PartnerKind,
    Purchase, Refund, RefundAnswer, Refunded, TextcoinStanding, Unavailable, WhichPurchase, serve_within,
};
use ledger::PartnerId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub(crate) const ADDRESS: &str = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";
pub(crate) const UNIT: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";
pub(crate) const PAID: &str =
    r#"{"result":"ok","cashback_amount":62500000,"unit":"oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E="}"#;
pub(crate) const UNAUTHENTICATED: &str = r#"{"result":"error","error":"authentication failed"}"#;
/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Pays everything, but for some order ids that ask for something else.
#[derive(Default)]
pub(crate) struct TestCashier {
    pub(crate) purchases: Mutex<Vec<(Endpoint, String, Purchase)>>,
    pub(crate) inquiries: Mutex<Vec<(Endpoint, String, Inquiry)>>,
    paid: Mutex<HashSet<(Endpoint, String)>>,
    refunded: Mutex<HashSet<(Endpoint, String)>>,
    pub(crate) finished: Notify,
    pub(crate) arrived: Notify,
    pub(crate) release: Notify,
    /// How the hub is, and what to do about it.
    pub(crate) hub: Mutex<Option<(Health, &'static str)>>,
}

#[async_trait]
impl Cashier for TestCashier {
    async fn authenticate(&self, name: &str, key: &str) -> Result<Option<Partner>, Unavailable> {
        if name == "unavailable" {
            return Err(Unavailable);
        }
        assert_ne!(name, "panic", "asked to panic");
        let kind = match (name, key) {
            ("demo-shop", "demo-shop-key") => PartnerKind::Merchant,
            ("demo-processor", "demo-processor-key") => PartnerKind::Processor,
            // What a careless store might hold must not let anybody in.
            ("", "") => PartnerKind::Merchant,
            _ => return Ok(None),
        };
        Ok(Some(Partner {
            id: PartnerId::new(1),
            name: name.into(),
            kind,
            terms: program::PartnerTerms::default(),
        }))
    }

    async fn purchase(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        purchase: Purchase,
        _received: Instant,
    ) -> Answer {
        let order = purchase.order.to_string();
        self.purchases.lock().expect("no panic").push((endpoint, partner.name.to_string(), purchase));
        match order.as_str() {
            "pending" => return Answer::Pending,
            "refuse" => return Answer::error("the fund is empty"),
            "panic" => panic!("asked to panic"),
            "wait" => {
                self.arrived.notify_one();
                self.release.notified().await;
                self.finished.notify_one();
            }
            _ => {}
        }
        let replayed = !self.paid.lock().expect("no panic").insert((endpoint, order));
        Answer::Ok(Paid {
            cashback_amount: obyte::Bytes::literal(62_500_000),
            unit: UNIT.parse().expect("a unit"),
            replayed,
            replaced: false,
        })
    }

    async fn quote(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        inquiry: Inquiry,
    ) -> Result<program::Quote, ErrorText> {
        assert_ne!(inquiry.amount.to_string(), "13 BTC", "asked to panic");
        let sale = program::Sale {
            price: inquiry.amount,
            partner_percentage: inquiry.partner_percentage,
            base_share: program::BaseShare::Ordinary,
            day: program::Day::of_millis(0),
            turnover: program::Turnover::ZERO,
        };
        self.inquiries.lock().expect("no panic").push((endpoint, partner.name.to_string(), inquiry));
        let price = "20".parse().expect("a rate");
        let rates = program::RateTable::new().with(program::Pair::GbyteUsd, price);
        let quote = program::quote(&program::Rules::default(), &sale, &rates);
        quote.map_err(|error| ErrorText::from(error.to_string()))
    }

    async fn refund(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        refund: Refund,
        _received: Instant,
    ) -> RefundAnswer {
        match refund.order.as_str() {
            "refuse" => return RefundAnswer::Error("order_id is unknown".into()),
            "panic" => panic!("asked to panic"),
            _ => {}
        }
        let replayed = !self.refunded.lock().expect("no panic").insert((endpoint, partner.name.to_string()));
        let part = obyte::Bytes::literal(refund.returned.map_or(60, |_| 20));
        RefundAnswer::Ok(Refunded { refund_amount: part, from_deposit: part, receivable: part, replayed })
    }

    async fn textcoin(
        &self,
        _endpoint: Endpoint,
        partner: &Partner,
        which: WhichPurchase,
    ) -> Result<TextcoinStanding, ErrorText> {
        assert_ne!(which.order.as_str(), "panic", "asked to panic");
        Err(format!("{} has no textcoin", partner.name).into())
    }

    async fn resend(
        &self,
        _endpoint: Endpoint,
        _partner: &Partner,
        which: WhichPurchase,
    ) -> Result<(), ErrorText> {
        match which.order.as_str() {
            "refuse" => Err("it was sent too often".into()),
            _ => Ok(()),
        }
    }

    async fn correct(
        &self,
        _endpoint: Endpoint,
        _partner: &Partner,
        correction: Correction,
    ) -> Result<bool, ErrorText> {
        match correction.which.order.as_str() {
            "refuse" => Err("it was corrected too often".into()),
            "panic" => panic!("asked to panic"),
            order => Ok(order == "again"),
        }
    }

    async fn readiness(&self) -> Vec<Check> {
        let (health, what_to_do) = self.hub.lock().expect("no panic").unwrap_or((Health::Works, ""));
        vec![
            Check { name: "database".into(), health: Health::Works, what_to_do: String::new() },
            Check { name: "hub".into(), health, what_to_do: what_to_do.into() },
        ]
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) cashier: Arc<TestCashier>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::within(Limits::default()).await
    }

    pub(crate) async fn within(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let cashier = Arc::new(TestCashier::default());
        let (stop, stopped) = oneshot::channel();
        let behind = Arc::clone(&cashier) as Arc<dyn Cashier>;
        let served = tokio::spawn(serve_within(limits, listener, behind, Arc::default(), async {
            let _ = stopped.await;
        }));
        Self { address, cashier, stop: Some(stop), served }
    }

    pub(crate) fn tell_to_stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn has_stopped(&mut self) {
        within_patience(&mut self.served).await.expect("the server does not panic");
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection {
            stream: TcpStream::connect(self.address).await.expect("the server listens"),
            read: Vec::new(),
        }
    }

    /// Sends the bytes of one request and reads one answer.
    pub(crate) async fn send(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut connection = self.connect().await;
        connection.write(request).await;
        connection.reply().await
    }

    pub(crate) async fn post(&self, path: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
        self.send(post(path, headers, body)).await
    }

    /// A form that is valid but for what comes `more`.
    pub(crate) async fn purchase(&self, more: &str) -> Reply {
        self.post("/new_purchase", FORM, form(more)).await
    }

    /// The purchase that came last, with its endpoint and partner.
    pub(crate) fn last(&self) -> (Endpoint, String, Purchase) {
        self.cashier.purchases.lock().expect("no panic").last().expect("a purchase came").clone()
    }

    pub(crate) fn purchases(&self) -> usize {
        self.cashier.purchases.lock().expect("no panic").len()
    }
}

pub(crate) const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

pub(crate) fn form(more: &str) -> String {
    format!(
        "partner=demo-shop&partner_key=demo-shop-key&customer=c1&order_id=1001&description=coffee&merchant=\
         &address={ADDRESS}&currency=USD&currency_amount=12.50&partner_cashback_percentage=0&purchase_unit=&{more}"
    )
}

pub(crate) fn post(path: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) async fn within_patience<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes no longer")
}

pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the server takes it");
    }

    pub(crate) async fn finish_writing(&mut self) {
        self.stream.shutdown().await.expect("half closed");
    }

    /// The next answer.
    pub(crate) async fn reply(&mut self) -> Reply {
        let head = self.head().await;
        let mut lines = head.split("\r\n");
        let status_line = lines.next().expect("a status line").to_owned();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, length)| length.parse().expect("a length"));
        while self.read.len() < length {
            assert!(self.read_more().await, "the body is cut off");
        }
        let body = self.read.drain(..length).collect();
        let reply = Reply { status_line, headers, body: String::from_utf8(body).expect("UTF-8") };
        reply.check();
        reply
    }

    /// What comes up to the next empty line.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = self.read.drain(..end + 4).take(end).collect();
                return String::from_utf8(head).expect("ASCII");
            }
            assert!(self.read_more().await, "no answer came");
        }
    }

    /// Whether the server closes without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        !self.read_more().await && self.read.is_empty()
    }

    async fn read_more(&mut self) -> bool {
        within_patience(self.stream.read_buf(&mut self.read)).await.is_ok_and(|length| length > 0)
    }
}

pub(crate) struct Reply {
    pub(crate) status_line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.status_line.split(' ').nth(1).expect("a status").parse().expect("a number")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} came twice");
        value
    }

    /// The text of the error in the body.
    pub(crate) fn error(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(body["result"], "error", "{}", self.body);
        body["error"].as_str().expect("a text").to_owned()
    }

    /// What is promised for every answer.
    fn check(&self) {
        if self.header("content-type") == Some("text/plain; version=0.0.4") {
            // Figures for the operator, closed to scripts of other origins.
            assert_eq!(self.header("access-control-allow-origin"), None);
            return;
        }
        assert_eq!(self.header("access-control-allow-origin"), Some("*"));
        assert_eq!(self.header("location"), None);
        if self.status() == 204 || self.header("content-type") == Some("text/html; charset=utf-8") {
            return;
        }
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        assert!(self.header("content-length").is_some() && self.header("transfer-encoding").is_none());
        // A HEAD is answered without its body.
        if self.body.is_empty() {
            return;
        }
        assert!(self.body.len() < 4096 && self.body.is_ascii() && !self.body.contains('\n'), "{}", self.body);
        assert!(self.body.starts_with(r#"{"result":""#), "{}", self.body);
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        if body["result"] == "ok" {
            assert_eq!(self.status(), 200);
        } else {
            let text = self.error();
            assert!(!text.is_empty() && text.len() <= 100, "{text}");
            assert!(!text.contains(['<', '>', '&', '"', '\\']), "{text}");
        }
    }
}
