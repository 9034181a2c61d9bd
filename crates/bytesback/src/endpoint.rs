//! The two endpoints that one server serves side by side.

use std::fmt;

/// Which of the two a request came to. Each has its own wallet, fund and ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Endpoint {
    /// `/new_purchase`.
    Live,
    /// `/test/new_purchase`.
    Test,
}

impl Endpoint {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// What stands before `/new_purchase` in the path.
    pub const fn path_prefix(self) -> &'static str {
        match self {
            Self::Live => "",
            Self::Test => "/test",
        }
    }

    /// The name in files, commands and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(name: &str) -> Result<Self, UnknownEndpoint> {
        Self::ALL.into_iter().find(|endpoint| endpoint.name() == name).ok_or(UnknownEndpoint)
    }
}

/// The text names neither endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the endpoint must be live or test")]
pub struct UnknownEndpoint;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        for endpoint in Endpoint::ALL {
            assert_eq!(endpoint.name().parse(), Ok(endpoint));
        }
        assert_eq!("Live".parse::<Endpoint>(), Err(UnknownEndpoint));
    }
}
