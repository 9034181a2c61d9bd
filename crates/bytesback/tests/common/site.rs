//! A `bytesback serve` as a process of its own, with wallets, a configuration and the sample shop, which a
//! test can start and end as often as it likes.

#![allow(dead_code, reason = "each test target uses a part of it")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};

use bytesback::wallet::{keyring, new_mnemonic};
use bytesback::wallet_file::{self, KdfCost};
use bytesback_client::Client;
use ledger::PartnerId;
use obyte::{Address, Mnemonic};
use store::Endpoint;
use store::sqlite::SqliteStore;

use crate::common::{add_shop, argument, until};

const PASSPHRASE: &str = "correct horse";

/// What a server needs to start.
pub(crate) struct Site {
    /// The data directory.
    pub(crate) folder: PathBuf,
    /// The file in it.
    config: &'static str,
    pub(crate) url: String,
    /// Where the fund of the test endpoint is filled.
    pub(crate) fund: Address,
    pub(crate) shop: PartnerId,
}

/// A hub as it stands in the configuration.
pub(crate) struct HubEntry<'a> {
    pub(crate) url: &'a str,
    pub(crate) order_provider: Address,
    /// A file beside the configuration.
    pub(crate) root: Option<&'a str>,
}

impl Site {
    /// Makes wallets, a database with the sample shop, and a configuration.
    pub(crate) async fn make(folder: &Path, hub: HubEntry<'_>) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let [_, fund] = Endpoint::ALL.map(|endpoint| {
            let mnemonic = new_mnemonic().expect("random numbers");
            let file = folder.join(format!("{endpoint}.wallet"));
            wallet_file::create(&file, &mnemonic, PASSPHRASE, KdfCost::DEVNET).expect("a wallet");
            keyring(&mnemonic, endpoint).fund_address()
        });
        let listen = free_port();
        let config = config(listen, &hub);
        std::fs::write(folder.join("bytesback.toml"), config).expect("written");
        let url = format!("http://127.0.0.1:{listen}");
        let (folder, shop) = (folder.to_owned(), PartnerId::new(0));
        let site = Self { folder, config: "bytesback.toml", url, fund, shop };
        let shop = add_shop(&site.store()).await;
        Self { shop, ..site }
    }

    /// Adds to the configuration of a server that is not started.
    pub(crate) fn append(&self, text: &str) {
        let file = self.folder.join(self.config);
        let before = std::fs::read_to_string(&file).expect("it was made");
        std::fs::write(file, before + text).expect("written");
    }

    /// Another server over the same data, at an address of its own.
    pub(crate) fn beside(&self) -> Self {
        self.copy(&self.folder, "beside.toml")
    }

    /// A server with the same wallets over data of its own.
    pub(crate) async fn elsewhere(&self, folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        for endpoint in Endpoint::ALL {
            let file = format!("{endpoint}.wallet");
            std::fs::copy(self.folder.join(&file), folder.join(&file)).expect("copied");
        }
        let site = self.copy(folder, "bytesback.toml");
        let shop = add_shop(&site.store()).await;
        Self { shop, ..site }
    }

    fn copy(&self, folder: &Path, config: &'static str) -> Self {
        let text = std::fs::read_to_string(self.folder.join(self.config)).expect("it was made");
        let url = format!("http://127.0.0.1:{}", free_port());
        let address = |url: &str| url.trim_start_matches("http://").to_owned();
        let text = text.replace(&address(&self.url), &address(&url));
        std::fs::write(folder.join(config), text).expect("written");
        Self { folder: folder.to_owned(), config, url, fund: self.fund, shop: self.shop }
    }

    /// Starts the server, which does not come to say `ready`; what it logs instead.
    pub(crate) fn fails_to_start(&self) -> Vec<String> {
        let serve = self.launch();
        while !serve.log.has_ended() {
            assert!(!serve.log.holds(" ready "), "it runs");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        serve.log.lines()
    }

    fn launch(&self) -> Serve {
        let log = Log::default();
        let mut child = self.command();
        let lines = BufReader::new(child.stderr.take().expect("the log is piped"));
        log.follow(lines);
        Serve { child, log }
    }

    /// Starts the server, and returns when it says `ready`.
    pub(crate) fn start(&self) -> Serve {
        let serve = self.launch();
        while !serve.log.holds(" ready ") {
            assert!(!serve.log.has_ended(), "it ended at once: {:?}", serve.log.lines());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        serve
    }

    fn command(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_bytesback"))
            .args(["serve", "--config", argument(&self.folder.join(self.config))])
            .env("BYTESBACK_PASSPHRASE", PASSPHRASE)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built for this test")
    }

    /// The words of an endpoint's wallet.
    pub(crate) fn mnemonic(&self, endpoint: Endpoint) -> Mnemonic {
        let file = self.folder.join(format!("{endpoint}.wallet"));
        wallet_file::open(&file, PASSPHRASE).expect("a wallet")
    }

    /// Where the database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("bytesback.sqlite")
    }

    /// The database, beside a server that may run.
    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open(self.database()).expect("a database")
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).expect("a URL")
    }

    /// What `/readyz` says, and whether all is well.
    pub(crate) async fn readiness(&self) -> (bool, String) {
        // Making a client chooses who does cryptography in this process.
        drop(self.client());
        let answer = reqwest::get(format!("{}/readyz", self.url)).await.expect("the server is there");
        (answer.status().is_success(), answer.text().await.expect("text"))
    }

    /// Waits until all is well.
    pub(crate) async fn is_well(&self) {
        until("all is well", async || self.readiness().await.0).await;
    }

    /// Waits until `/readyz` says this, and that not all is well.
    pub(crate) async fn complains(&self, of: &str) {
        until(of, async || {
            let (well, text) = self.readiness().await;
            !well && text.contains(of)
        })
        .await;
    }
}

/// A server that runs; it ends with this value.
pub(crate) struct Serve {
    child: Child,
    pub(crate) log: Log,
}

impl Serve {
    pub(crate) fn id(&self) -> i32 {
        self.child.id().try_into().expect("a process id")
    }

    /// Ends it as a service manager does.
    pub(crate) fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill exists");
        assert!(sent.success());
        let status = self.child.wait().expect("it was started here");
        assert!(status.success(), "{status}");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started here");
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process has logged so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<(Vec<String>, bool)>>);

impl Log {
    /// Reads on in a thread, so that the process never waits for us.
    fn follow(&self, lines: BufReader<ChildStderr>) {
        let log = self.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                log.0.lock().expect("nobody panics with it").0.push(line);
            }
            log.0.lock().expect("nobody panics with it").1 = true;
        });
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics with it").0.clone()
    }

    pub(crate) fn holds(&self, text: &str) -> bool {
        self.0.lock().expect("nobody panics with it").0.iter().any(|line| line.contains(text))
    }

    fn has_ended(&self) -> bool {
        self.0.lock().expect("nobody panics with it").1
    }
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    listener.local_addr().expect("it is bound").port()
}

fn config(port: u16, hub: &HubEntry<'_>) -> String {
    let HubEntry { url, order_provider, root } = hub;
    let root = root.map(|file| format!("hub_root = \"{file}\"\n")).unwrap_or_default();
    let endpoint = |name: &str| {
        format!(
            "[{name}]\nnetwork = \"devnet\"\nhub = \"{url}\"\n{root}wallet = \"{name}.wallet\"\n\
             order_providers = [\"{order_provider}\"]\n"
        )
    };
    let (live, test) = (endpoint("live"), endpoint("test"));
    format!("listen = \"127.0.0.1:{port}\"\n{live}{test}[rates]\nGBYTE_USD = \"20\"\nsources = []\n")
}
