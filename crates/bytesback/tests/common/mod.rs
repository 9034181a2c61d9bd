//! A `bytesback dev` as a process of its own, and what a shop and a customer can do with it.

#![allow(dead_code, reason = "each test target uses a part of it")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytesback::clock::{Clock, SystemClock};
use bytesback_client::{Client, Endpoint, PurchaseAnswer, PurchaseRequest};
use ledger::PartnerId;
use obyte::{Address, Network, UnitHash};
use obyte_hub::{Hub, HubConfig};
use store::{KeyHash, NewPartner, PartnerKind, Store};

/// How long a condition may take to become true before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a purchase of one dollar gets back, in bytes.
pub(crate) const CASHBACK: u64 = 5_000_000;

/// A running `bytesback dev`.
pub(crate) struct Dev {
    child: Child,
    pub(crate) url: String,
    pub(crate) hub: String,
    pub(crate) lines: Vec<String>,
}

impl Dev {
    /// Starts it, and returns when it says `ready`.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    pub(crate) fn start_with(data_dir: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bytesback"))
            .args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary was built for this test");
        let out = BufReader::new(child.stdout.take().expect("the output is piped"));
        let mut lines = Vec::new();
        for line in out.lines() {
            let line = line.expect("the output is text");
            let ready = line.starts_with("ready");
            lines.push(line);
            if ready {
                break;
            }
        }
        let value = |prefix: &str| {
            let line = lines.iter().find_map(|line| line.strip_prefix(prefix));
            line.unwrap_or_else(|| panic!("no line {prefix:?} in {lines:?}")).to_owned()
        };
        let (url, hub) = (value("listening at "), value("hub "));
        Self { child, url, hub, lines }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started here");
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill exists");
        assert!(sent.success());
        let status = self.child.wait().expect("it was started here");
        assert!(status.success(), "{status}");
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).expect("it printed a URL")
    }

    /// A client of its hub, as any wallet would be.
    pub(crate) async fn hub(&self) -> Hub {
        let (hub, mut events) =
            Hub::start(HubConfig::new(&self.hub, Network::Devnet).expect("it printed a hub"));
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the hub is there");
        hub
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Ended already, where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A valid address that belongs to nobody.
pub(crate) fn address(name: &str) -> Address {
    Address::of_source(name)
}

/// A purchase of the sample shop.
pub(crate) fn purchase(order_id: &str, to: Address, amount: &str) -> PurchaseRequest {
    PurchaseRequest {
        partner: "demo-shop".into(),
        partner_key: "demo-shop-key".into(),
        customer: "c1".into(),
        order_id: order_id.into(),
        description: "coffee".into(),
        address: to.to_string(),
        currency: "USD".into(),
        currency_amount: amount.into(),
        partner_cashback_percentage: "0".into(),
        ..PurchaseRequest::default()
    }
}

/// An `ok`, or a failed test.
pub(crate) fn ok(answer: PurchaseAnswer) -> (u64, UnitHash, bool) {
    match answer {
        PurchaseAnswer::Ok { cashback_amount, unit, replayed, .. } => (cashback_amount.get(), unit, replayed),
        other => panic!("not paid: {other:?}"),
    }
}

/// Repeats a request until its answer is no longer pending.
pub(crate) async fn settle(client: &Client, endpoint: Endpoint, request: &PurchaseRequest) -> PurchaseAnswer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.new_purchase(endpoint, request).await.expect("the server is there");
        if !matches!(answer, PurchaseAnswer::Pending { .. }) || Instant::now() > deadline {
            return answer;
        }
    }
}

/// Waits until a condition holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The output of `bytesback` with these arguments, and whether it ended well.
pub(crate) fn run(arguments: &[&str]) -> (bool, String) {
    run_with(arguments, &[])
}

/// The same with these variables in its environment.
pub(crate) fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bytesback"))
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .expect("the binary was built for this test");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("text"))
}

/// A path as an argument.
pub(crate) fn argument(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

/// Where a test keeps its data.
pub(crate) fn data_dir() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data");
    (folder, path)
}

/// Adds the sample shop.
pub(crate) async fn add_shop(store: &dyn Store) -> PartnerId {
    let at = SystemClock.now();
    let name = "demo-shop".parse().expect("a name");
    let shop = NewPartner { name, kind: PartnerKind::Merchant, trusted: true, at };
    let shop = store.add_partner(shop).await.expect("added");
    store.add_key(shop.id, KeyHash::of("demo-shop-key"), "sample", at).await.expect("added");
    shop.id
}
