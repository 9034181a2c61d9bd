//! What hubs do wrong, and how they are called.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Patience;
use crate::HubConfig;

/// Names one of several hubs; only for the [`crate::Hubs`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HubId(pub(super) usize);

/// A hub as logs and metrics name it: its host, with the port where the address has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HubName(Arc<str>);

impl HubName {
    pub(super) fn of(config: &HubConfig) -> Self {
        let host = config.url.host_str().unwrap_or_default();
        Self(config.url.port().map_or_else(|| host.into(), |port| format!("{host}:{port}").into()))
    }

    /// The names of several hubs; those of one host are told apart by their number.
    pub(super) fn of_all<'a>(configs: impl Iterator<Item = &'a HubConfig>) -> Vec<Self> {
        let mut names: Vec<Self> = Vec::new();
        for name in configs.map(Self::of) {
            let same = names.contains(&name);
            let number = names.len() + 1;
            names.push(if same { Self(format!("{name}#{number}").into()) } else { name });
        }
        names
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a hub did wrong; the reasons are for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// It told what cannot be true.
    #[error("it lied: {0}")]
    Lied(String),
    /// It does not go on, or does not answer.
    #[error("it stalled: {0}")]
    Stalled(String),
    /// It does not serve our internet address.
    #[error("it blocks our internet address")]
    Blocked,
}

/// A misbehaviour without its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offence {
    Lied,
    Stalled,
    Blocked,
}

impl Misbehaviour {
    pub(super) const fn offence(&self) -> Offence {
        match self {
            Self::Lied(_) => Offence::Lied,
            Self::Stalled(_) => Offence::Stalled,
            Self::Blocked => Offence::Blocked,
        }
    }
}

impl Offence {
    pub(super) const fn penalty(self, patience: &Patience) -> Duration {
        match self {
            Self::Lied => patience.lied,
            Self::Stalled => patience.stalled,
            Self::Blocked => patience.blocked,
        }
    }
}

/// Why another hub is asked from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchReason {
    /// There is no connection to the one before.
    #[error("no connection to it")]
    Disconnected,
    /// The one before lied.
    #[error("it lied")]
    Lied,
    /// The one before stalled.
    #[error("it stalled")]
    Stalled,
    /// The one before blocks us.
    #[error("it blocks us")]
    Blocked,
    /// A hub that goes before it is back.
    #[error("a hub that goes before it is back")]
    BetterIsBack,
}

impl From<Offence> for SwitchReason {
    fn from(offence: Offence) -> Self {
        match offence {
            Offence::Lied => Self::Lied,
            Offence::Stalled => Self::Stalled,
            Offence::Blocked => Self::Blocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use obyte::Network;

    use super::*;

    #[test]
    fn two_hubs_of_one_host_have_two_names() {
        let hubs =
            ["wss://obyte.org/bb", "wss://obyte.org/two", "wss://other.example/bb", "wss://obyte.org/three"]
                .map(|url| HubConfig::new(url, Network::Devnet).expect("an address"));
        let names = HubName::of_all(hubs.iter());
        let names: Vec<_> = names.iter().map(HubName::as_str).collect();
        assert_eq!(names, ["obyte.org", "obyte.org#2", "other.example", "obyte.org#4"]);
    }

    #[test]
    fn a_hub_is_named_by_its_host() {
        let name = |url| HubName::of(&HubConfig::new(url, Network::Devnet).expect("an address")).to_string();
        assert_eq!(name("wss://obyte.org/bb?secret"), "obyte.org");
        assert_eq!(name("ws://127.0.0.1:6611"), "127.0.0.1:6611");
    }
}
