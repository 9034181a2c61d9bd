//! How to reach a hub, and how patient to be.

use std::time::Duration;

use obyte::Network;
use url::Url;

use crate::HubError;

/// Where a hub is and what the client does with it.
///
/// [`HubConfig::new`] fills in defaults; every field may be changed before [`crate::Hub::start`].
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// `ws://` or `wss://`.
    pub url: Url,
    /// The network that the hub must be of.
    pub network: Network,
    /// The `program` we show to the hub; never `byteball`, for which hubs have rules of their own (6.2).
    pub program: String,
    /// The version of the program.
    pub program_version: String,
    /// For TCP, TLS and the WebSocket's opening together (5 s).
    pub connect_timeout: Duration,
    /// From the opening to the hub's `version` (10 s).
    pub handshake_timeout: Duration,
    /// From a request to its answer (60 s).
    pub request_timeout: Duration,
    /// The same for histories and link proofs, which a hub makes one after the other (300 s).
    pub history_timeout: Duration,
    /// After so long a silence we ask for a sign of life, after twice as long we hang up (30 s).
    pub silence_timeout: Duration,
    /// The longest message to accept, in bytes (64 MiB).
    pub max_message_bytes: usize,
    /// How many requests may wait for an answer (256).
    pub max_pending_requests: usize,
    /// How many joints and notices may wait to be taken from the events (256); their texts together may
    /// have [`HubConfig::max_message_bytes`].
    pub max_waiting_events: usize,
    /// Pauses between attempts to connect.
    pub backoff: Backoff,
    /// One more root certificate to trust beside the public ones, in DER: for hubs of a private network.
    pub extra_root: Option<Vec<u8>>,
}

/// Pauses between attempts to connect: doubled after each failure, with up to half of it taken off
/// by chance, so that clients of a restarted hub do not all come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure (500 ms).
    pub min: Duration,
    /// The most (12 s): who waits for a payout should not wait for us once the hub is back.
    pub max: Duration,
    /// After a refusal that somebody has to look at (600 s).
    pub refused: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            min: Duration::from_millis(500),
            max: Duration::from_secs(12),
            refused: Duration::from_secs(600),
        }
    }
}

impl HubConfig {
    /// A hub by its address, with the defaults.
    ///
    /// # Errors
    /// [`HubError::BadUrl`] for anything but `ws://host…` and `wss://host…`.
    pub fn new(url: &str, network: Network) -> Result<Self, HubError> {
        Ok(Self {
            url: parse(url)?,
            network,
            program: "bytesback".to_owned(),
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            connect_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(60),
            history_timeout: Duration::from_secs(300),
            silence_timeout: Duration::from_secs(30),
            max_message_bytes: 64 * 1024 * 1024,
            max_pending_requests: 256,
            max_waiting_events: 256,
            backoff: Backoff::default(),
            extra_root: None,
        })
    }

    /// The hub that wallets of the network use by default.
    pub fn of_network(network: Network) -> Self {
        Self::new(network.default_hub(), network).expect("the default hubs have good addresses")
    }
}

fn parse(text: &str) -> Result<Url, HubError> {
    let url = Url::parse(text).map_err(|_| HubError::BadUrl("it is no URL"))?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(HubError::BadUrl("it begins neither with wss:// nor with ws://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(HubError::BadUrl("it names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HubError::BadUrl("it holds a user name, which hubs do not know"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_websocket_addresses_are_hubs() {
        for good in ["wss://obyte.org/bb", "ws://localhost:6611", "ws://[::1]:6611/x"] {
            assert!(HubConfig::new(good, Network::Devnet).is_ok(), "{good}");
        }
        for bad in ["", "obyte.org/bb", "https://obyte.org/bb", "ws://", "wss://me:secret@obyte.org/bb"] {
            let error = HubConfig::new(bad, Network::Devnet).expect_err(bad);
            assert!(matches!(error, HubError::BadUrl(_)));
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn every_network_has_a_usable_default_hub() {
        for network in Network::ALL {
            assert_eq!(HubConfig::of_network(network).network, network);
        }
    }
}
