//! What a devnet is started with.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use obyte::{Address, Bytes};

/// Whether units pay for congestion (4.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fees {
    /// The law of the network: `base_tps_fee` 10.
    #[default]
    Real,
    /// `base_tps_fee` 0, for benchmarks: the TPS fee is always 0, everything else is as always.
    Off,
}

/// Tells the time, since the Unix epoch. Tests put their own here.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Clock {
    /// A clock of one's own.
    pub fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The clock of the machine.
    pub fn system() -> Self {
        Self::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// The time since the Unix epoch.
    pub fn now(&self) -> Duration {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How to start a devnet; see [`DevnetConfig::new`] for what is usual.
#[derive(Clone, Debug)]
pub struct DevnetConfig {
    /// Where to listen. Port 0 picks a free one; who wants the same port again passes it next time.
    pub listen: SocketAddr,
    /// Where further hubs listen, each with a view of its own. They are numbered from 1; the order
    /// provider lives at hub 0.
    pub more_hubs: Vec<SocketAddr>,
    /// Where keys and units are kept. The network is created there once and continued afterwards.
    pub data_dir: PathBuf,
    /// Whether the TPS law holds.
    pub fees: Fees,
    /// Who gets how much in the genesis unit (read when the network is created, ignored later).
    /// Together at most 1e15 bytes less about 11,000 GBYTE: what is left belongs to the faucet.
    pub allocations: Vec<(Address, Bytes)>,
    /// What `hub/get_exchange_rates` answers and `exchange_rates` pushes (section 10).
    pub exchange_rates: BTreeMap<String, f64>,
    /// How often exchange rates are pushed to everybody.
    pub exchange_rates_interval: Duration,
    /// How often the order provider posts while there is something to make stable.
    pub post_interval_busy: Duration,
    /// How soon the first witness unit follows after a quiet time.
    pub post_delay_first: Duration,
    /// A history asked for when the newest witness unit is older than this gets a fresh one first,
    /// since clients judge the freshness of a proof by it (7.4 iv).
    pub freshness: Duration,
    /// Silence after which a client gets a `heartbeat` request (6.1).
    pub heartbeat_after: Duration,
    /// How long the answer to a heartbeat may take before the connection is closed.
    pub heartbeat_timeout: Duration,
    /// The clock of the network.
    pub clock: Clock,
}

impl DevnetConfig {
    /// A devnet with real fees on any free port of the loopback interface, with the usual timings and
    /// the exchange rates of a devnet.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let rates = [("GBYTE_USD", 20.0), ("BTC_USD", 100_000.0), ("EUR_USD", 1.10), ("RUB_USD", 0.0125)];
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            more_hubs: Vec::new(),
            data_dir: data_dir.into(),
            fees: Fees::Real,
            allocations: Vec::new(),
            exchange_rates: rates.map(|(name, rate)| (name.to_owned(), rate)).into(),
            exchange_rates_interval: Duration::from_secs(300),
            post_interval_busy: Duration::from_millis(500),
            post_delay_first: Duration::from_millis(20),
            freshness: Duration::from_secs(120),
            heartbeat_after: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(60),
            clock: Clock::system(),
        }
    }
}
