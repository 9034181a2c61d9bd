//! What can go wrong between us and a hub.

use std::time::Duration;

use obyte::Network;
use obyte::answer::{MaybeAccepted, PostAnswer};

use crate::HubText;

/// Why a hub could not be reached, or did not answer as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HubError {
    /// The address of the hub cannot be used.
    #[error("the hub's address is not usable: {0}; write it as wss://host/path")]
    BadUrl(&'static str),
    /// Several hubs do not go together.
    #[error("the list of hubs is not usable: {0}; name each hub of the endpoint's network once")]
    BadHubs(&'static str),
    /// No TCP connection, or no WebSocket behind it.
    #[error("cannot connect to the hub: {0}; check its address and the way to it")]
    Connect(HubText),
    /// No trusted TLS session.
    #[error("no trusted TLS session with the hub: {0}; check its address, its certificate and our clock")]
    Tls(HubText),
    /// The hub belongs to another network.
    #[error(
        "the hub is of {found}, not of the {expected}; give the endpoint a hub of the {expected}, or another network",
        found = found.map_or("another network", Network::name)
    )]
    WrongNetwork {
        /// Ours.
        expected: Network,
        /// The hub's, where we know it.
        found: Option<Network>,
    },
    /// The hub speaks a protocol that is too new for us.
    #[error("the hub wants a newer client; upgrade Bytesback, or use another hub meanwhile")]
    UpgradeRequired,
    /// The hub does not serve our internet address.
    #[error(
        "the hub blocks our internet address, for an hour as a rule; find out why, use another hub meanwhile"
    )]
    Blocked,
    /// What came is no frame of the protocol.
    #[error("the hub sent what is no frame of its protocol: {0}; if it goes on, use another hub")]
    MalformedFrame(&'static str),
    /// A message is longer than we accept.
    #[error("the hub sent a message of more than {limit} bytes; ask for less, or raise the limit")]
    MessageTooLarge {
        /// The most we accept, in bytes.
        limit: usize,
    },
    /// No answer in time. The hub may have handled the request.
    #[error("the hub did not answer within {} ms; ask again later, or another hub", .after.as_millis())]
    TimedOut {
        /// How long we waited.
        after: Duration,
    },
    /// The hub went silent, or does not read what we send.
    #[error("the hub is silent although connected; reconnecting")]
    Silent,
    /// There is no connection now; nothing was sent.
    #[error("not connected to the hub; wait for the connection, or use another hub")]
    NotConnected,
    /// The connection ended before the answer. The hub may have handled the request.
    #[error("the connection to the hub ended before its answer; ask again after the reconnection")]
    Disconnected,
    /// The handle was closed.
    #[error("the client of this hub was closed")]
    Closed,
    /// Too many requests are waiting for answers; nothing was sent.
    #[error("{limit} requests are waiting for the hub already; wait for answers before asking more")]
    Busy {
        /// How many may wait.
        limit: usize,
    },
    /// The request breaks a rule of the protocol; nothing was sent.
    #[error("the request is not one that a hub can answer: {0}")]
    BadRequest(&'static str),
    /// The hub answered with an error.
    #[error("the hub refused the request: {0}")]
    Refused(HubText),
    /// More units match than a hub sends at once (6.4).
    #[error(
        "the history is too large for the hub; ask for less: a higher min_mci, known units, single joints"
    )]
    HistoryTooLarge,
    /// The hub answered, but not what the request asks for.
    #[error("the hub's answer to {command} is not of the expected form; if it goes on, use another hub")]
    UnexpectedAnswer {
        /// The request's command.
        command: &'static str,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl HubError {
    /// Whether the hub will go on refusing us until somebody changes something.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::BadUrl(_)
                | Self::BadHubs(_)
                | Self::WrongNetwork { .. }
                | Self::UpgradeRequired
                | Self::Blocked
        )
    }

    /// Whether a request that ended so never left us: the hub cannot have seen it.
    pub const fn nothing_was_sent(&self) -> bool {
        match self {
            Self::NotConnected
            | Self::Closed
            | Self::Busy { .. }
            | Self::BadRequest(_)
            | Self::NoRandomness
            | Self::BadUrl(_)
            | Self::BadHubs(_)
            | Self::WrongNetwork { .. }
            | Self::UpgradeRequired => true,
            Self::Connect(_)
            | Self::Tls(_)
            | Self::Blocked
            | Self::MalformedFrame(_)
            | Self::MessageTooLarge { .. }
            | Self::TimedOut { .. }
            | Self::Silent
            | Self::Disconnected
            | Self::Refused(_)
            | Self::HistoryTooLarge
            | Self::UnexpectedAnswer { .. } => false,
        }
    }

    /// Whether the hub is there, but did not answer as a hub that works does.
    pub(crate) const fn shows_a_stall(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Refused(_) | Self::UnexpectedAnswer { .. })
    }

    /// What the error means for a unit that was to be posted; nothing where the unit was not sent.
    pub const fn as_post_answer(&self) -> Option<PostAnswer> {
        match self {
            Self::Blocked => Some(PostAnswer::Blocked),
            error if error.nothing_was_sent() => None,
            _ => Some(PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_never_left_us_counts_as_not_sent() {
        for error in [HubError::NotConnected, HubError::Closed, HubError::UpgradeRequired] {
            assert_eq!(error.as_post_answer(), None, "{error}");
        }
        let no_answer = Some(PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer));
        for error in [HubError::Disconnected, HubError::TimedOut { after: Duration::ZERO }] {
            assert_eq!(error.as_post_answer(), no_answer, "{error}");
        }
    }

    #[test]
    fn an_error_says_what_to_do() {
        let error = HubError::WrongNetwork { expected: Network::Testnet, found: Some(Network::Livenet) };
        assert_eq!(
            error.to_string(),
            "the hub is of livenet, not of the testnet; give the endpoint a hub of the testnet, or another network"
        );
        assert!(error.is_refusal());
    }
}
