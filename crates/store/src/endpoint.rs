//! The two endpoints of a server.

use std::fmt;
use std::str::FromStr;

/// One of the two sides of a server. Each has its own wallet, fund, ledger and line of units; only the
/// partners are common to both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `/new_purchase`: the real programme.
    Live,
    /// `/test/new_purchase`: for trying it out.
    Test,
}

/// The text names no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an endpoint is either live or test")]
pub struct UnknownEndpoint;

impl Endpoint {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// The stable code, `live` or `test`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(code: &str) -> Result<Self, UnknownEndpoint> {
        Self::ALL.into_iter().find(|endpoint| endpoint.code() == code).ok_or(UnknownEndpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_back_from_its_code() {
        for endpoint in Endpoint::ALL {
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        }
        assert_eq!("Live".parse::<Endpoint>(), Err(UnknownEndpoint));
    }
}
