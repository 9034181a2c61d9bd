//! Where the network of an endpoint is, and whom to believe there.

use std::fs;
use std::path::{Path, PathBuf};

use obyte::history::{OrderProviders, OrderProvidersError};
use obyte::{Network, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{HubConfig, HubError};
use serde::{Deserialize, Serialize};
use store::Identity;

use crate::config::{Config, EndpointConfig};
use crate::endpoint::Endpoint;

/// The file in which `dev` says where its network is.
const FILE: &str = "network.json";
/// The file in a devnet's directory that it keeps locked while it runs.
const LOCK: &str = "lock";

/// A network, and how to reach it.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which one.
    pub network: Network,
    /// Its hubs, in the order in which they are tried.
    pub hubs: Vec<HubConfig>,
    /// Whose word proves, as the database remembers it.
    pub order_providers: OrderProviders,
    /// The genesis unit of a devnet, where it is known.
    pub genesis: Option<UnitHash>,
}

/// Why there is no place to ask.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// No hub is named, and a devnet has no usual one.
    #[error("it is not known where the hub of this devnet is; name it with --hub")]
    NoHub,
    /// An address that is no hub's.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The database names none that can be believed.
    #[error("the database names no order providers to believe: {0}")]
    OrderProviders(#[from] OrderProvidersError),
    /// The configuration.
    #[error("the configuration names no usable hub: {0}")]
    Config(String),
    /// A file.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
}

/// What `dev` writes down of the network that it stands on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DevPlace {
    /// The address of its hub.
    pub hub: String,
    /// Its genesis unit, where it is known.
    pub genesis: Option<UnitHash>,
}

impl DevPlace {
    /// Writes it into the data directory.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, data_dir: &Path) -> std::io::Result<()> {
        fs::write(data_dir.join(FILE), serde_json::to_string(self)?)
    }

    fn read(data_dir: &Path) -> Result<Option<Self>, PlaceError> {
        let path = data_dir.join(FILE);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map(Some)
                .map_err(|source| PlaceError::File { path, source: source.into() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(PlaceError::File { path, source }),
        }
    }
}

impl Place {
    /// The place of an endpoint: the hub named on the command line, those of the configuration, the one that
    /// `dev` wrote down, the usual one of the network, whichever comes first.
    ///
    /// # Errors
    /// [`PlaceError`] where none of them is there.
    pub fn find(
        data_dir: &Path,
        endpoint: Endpoint,
        identity: &Identity,
        hub: Option<&str>,
        config: Option<&Config>,
    ) -> Result<Self, PlaceError> {
        let network = identity.network;
        let dev = DevPlace::read(data_dir)?;
        let hubs = match (hub, config, &dev) {
            (Some(url), _, _) => vec![HubConfig::new(url, network)?],
            (None, Some(config), _) => configured(config, endpoint)?,
            (None, None, Some(dev)) => vec![HubConfig::new(&dev.hub, network)?],
            (None, None, None) if network == Network::Devnet => return Err(PlaceError::NoHub),
            (None, None, None) => vec![HubConfig::of_network(network)],
        };
        let order_providers = OrderProviders::new(identity.order_providers.clone())?;
        Ok(Self { network, hubs, order_providers, genesis: dev.and_then(|dev| dev.genesis) })
    }
}

fn configured(config: &Config, endpoint: Endpoint) -> Result<Vec<HubConfig>, PlaceError> {
    let part: &EndpointConfig = match endpoint {
        Endpoint::Live => &config.live,
        Endpoint::Test => &config.test,
    };
    let hubs = part.hubs().map_err(|error| PlaceError::Config(format!("{error:#}")))?;
    Ok(hubs.hubs().to_vec())
}

/// The devnet of a `dev` that does not run, brought to life beside it: a copy, so that nothing of it changes.
#[derive(Debug)]
pub struct SleepingDevnet {
    devnet: Devnet,
    copy: PathBuf,
}

impl SleepingDevnet {
    /// Wakes the devnet in a data directory; nothing where there is none, or where it is awake.
    ///
    /// # Errors
    /// Where the copy cannot be made or does not start.
    pub async fn wake(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let original = data_dir.join("devnet");
        let Ok(lock) = fs::File::open(original.join(LOCK)) else { return Ok(None) };
        // Held while the copy is made, so that nobody begins to write.
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let copy = data_dir.join(format!("devnet.audit-{}", std::process::id()));
        let copied = copy_all(&original, &copy);
        drop(lock);
        let started = match copied {
            Ok(()) => Devnet::start(DevnetConfig::new(&copy)).await.map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        match started {
            Ok(devnet) => Ok(Some(Self { devnet, copy })),
            Err(error) => {
                let _ = fs::remove_dir_all(&copy);
                Err(error)
            }
        }
    }

    /// Where its hub is.
    pub fn hub(&self) -> String {
        self.devnet.url()
    }

    /// Ends it, and removes the copy.
    pub async fn end(self) {
        self.devnet.shutdown().await;
        let _ = fs::remove_dir_all(&self.copy);
    }
}

fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
