//! `init` and `serve`, as an operator uses them, on a devnet.

mod common;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytesback_client::{Client, Endpoint, PurchaseAnswer};
use common::{address, argument, data_dir, ok, purchase, run_with, until};
use obyte::{Address, Bytes};
use obyte_devnet::{Devnet, DevnetConfig};

/// A `bytesback serve`, ended with the test.
struct Serve(Child);

impl Serve {
    fn start(config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bytesback"))
            .args(["serve", "--config", argument(config)])
            .env("BYTESBACK_PASSPHRASE", "correct horse")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built for this test");
        let log = BufReader::new(child.stderr.take().expect("the log is piped"));
        let mut lines = log.lines().map(|line| line.expect("the log is text"));
        let seen: Vec<_> = lines.by_ref().take_while(|line| !line.contains("ready")).collect();
        assert!(seen.iter().all(|line| !line.contains("error:")), "{seen:?}");
        // Whatever comes later is read, so that the server never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it is bound").port()
}

fn bytesback(arguments: &[&str]) -> (bool, String) {
    run_with(arguments, &[("BYTESBACK_PASSPHRASE", "correct horse")])
}

/// The address behind `filled at` in what `init` printed, of the test endpoint.
fn fund_address(printed: &str) -> Address {
    let line =
        printed.lines().find(|line| line.contains("test endpoint")).expect("a line of the test endpoint");
    line.rsplit(' ').next().expect("a word").parse().expect("an address")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_makes_wallets_fills_the_fund_adds_a_partner_and_pays() {
    let (folder, data) = data_dir();
    let devnet = Devnet::start(DevnetConfig::new(folder.path().join("devnet"))).await.expect("a devnet");
    let data_arg = argument(&data);
    let (good, printed) =
        bytesback(&["init", "--data-dir", data_arg, "--live", "devnet", "--test", "devnet"]);
    assert!(good, "{printed}");
    let (good, again) = bytesback(&["init", "--data-dir", data_arg]);
    assert!(!good && again.contains("exists already"), "{again}");

    let config = data.join("bytesback.toml");
    let port = free_port();
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    let text = text
        .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
        .replace("network = \"devnet\"", &format!("network = \"devnet\"\nhub = \"{}\"", devnet.url()));
    std::fs::write(&config, text + "GBYTE_USD = \"20\"\nsources = []\n").expect("written");

    let serve = Serve::start(&config);
    devnet.pay(fund_address(&printed), Bytes::literal(100_000_000_000)).await.expect("the faucet pays");
    until("the fund is credited", || async {
        bytesback(&["fund", "status", "--data-dir", data_arg]).1.contains("100 000 000 000")
    })
    .await;

    let (good, partner) = bytesback(&["partner", "add", "corner-shop", "--data-dir", data_arg]);
    assert!(good, "{partner}");
    let key =
        partner.lines().find_map(|line| line.strip_prefix("partner_key: ")).expect("the key").to_owned();
    assert_eq!(key.len(), 32, "128 bits in hexadecimal");
    let (good, booked) = bytesback(&[
        "partner",
        "deposit",
        "corner-shop",
        "10000000000",
        "--id",
        "d1",
        "--endpoint",
        "test",
        "--data-dir",
        data_arg,
    ]);
    assert!(good, "{booked}");

    let client = Client::new(&format!("http://127.0.0.1:{port}")).expect("a URL");
    let mut request = purchase("1", address("customer"), "20");
    (request.partner, request.partner_key) = ("corner-shop".into(), key.clone());
    request.partner_cashback_percentage = "2.5".into();
    let (amount, ..) = ok(client.new_purchase(Endpoint::Test, &request).await.expect("answered"));
    assert_eq!(amount, 150_000_000, "10 % and 2.5 % and 2.5 % of one GBYTE");

    let live = client.new_purchase(Endpoint::Live, &request).await.expect("answered");
    assert!(
        matches!(live, PurchaseAnswer::Error { text } if text.contains("deposit") || text.contains("fund"))
    );

    let (good, said) =
        bytesback(&["partner", "key", "corner-shop", "--disable", "1", "--data-dir", data_arg]);
    assert!(good, "{said}");
    let refused = client.new_purchase(Endpoint::Test, &request).await.expect("answered");
    assert!(matches!(refused, PurchaseAnswer::Error { text } if text == "authentication failed"));
    drop(serve);
    devnet.shutdown().await;
}

#[test]
fn a_wallet_opens_only_with_its_passphrase() {
    let (_folder, data) = data_dir();
    let (good, printed) =
        bytesback(&["init", "--data-dir", argument(&data), "--live", "devnet", "--test", "devnet"]);
    assert!(good, "{printed}");
    let config = data.join("bytesback.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(&config, text.replace(":8080", &format!(":{}", free_port()))).expect("written");
    let arguments = ["serve", "--config", argument(&config)];
    let (good, said) = run_with(&arguments, &[("BYTESBACK_PASSPHRASE", "wrong")]);
    assert!(!good && said.contains("passphrase") && !said.contains("wrong horse"), "{said}");
}
