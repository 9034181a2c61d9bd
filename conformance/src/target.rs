//! Which server, as whom, and how.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail, ensure};

/// A server of the API: `http://HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    prefix: String,
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> anyhow::Result<Self> {
        let Some(rest) = url.strip_prefix("http://") else {
            bail!("only http:// is spoken here; for https put a TLS proxy in between");
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        ensure!(!path.contains(['?', '#']), "the URL must end with the path before /new_purchase");
        ensure!(!authority.contains('@'), "the URL must hold no user name");
        ensure!(url.bytes().all(|byte| byte.is_ascii_graphic()), "the URL must be printable ASCII");
        let bracket = authority.rfind(']').unwrap_or(0);
        let (host, port) = match authority[bracket..].rfind(':') {
            Some(at) => {
                let port = authority[bracket + at + 1..].parse().context("the port is not a port")?;
                (&authority[..bracket + at], port)
            }
            None => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        ensure!(!host.is_empty(), "the URL has no host");
        Ok(Self { host, port, prefix: path.trim_end_matches('/').to_owned() })
    }
}

impl Target {
    /// What a socket connects to.
    pub(crate) fn socket(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// The value of the header `Host`.
    pub(crate) fn host(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }

    /// The path of an endpoint.
    pub(crate) fn path(&self, endpoint: Endpoint) -> String {
        let endpoint = match endpoint {
            Endpoint::Live => "",
            Endpoint::Test => "/test",
        };
        format!("{}{endpoint}/new_purchase", self.prefix)
    }

    /// A path beside the API.
    pub(crate) fn beside(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.host(), self.prefix)
    }
}

/// Where purchases are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/new_purchase`
    Live,
    /// `/test/new_purchase`
    Test,
}

impl FromStr for Endpoint {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => bail!("the endpoint is `test` or `live`"),
        }
    }
}

/// A partner and its key. The key is in no debug output.
#[derive(Clone)]
pub struct Credentials {
    /// The name.
    pub name: String,
    /// The key.
    pub key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, ...)", self.name)
    }
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub target: Target,
    /// Which endpoint pays.
    pub endpoint: Endpoint,
    /// A partner that reports its own sales.
    pub partner: Credentials,
    /// A partner that is a payment processor.
    pub processor: Credentials,
    /// Who is paid, in turn; where there are none, addresses that nobody owns.
    pub addresses: Vec<String>,
    /// A mailbox that may be paid; without it the live endpoint is not asked for e-mail.
    pub email: Option<String>,
    /// Begins every order id, and must be new.
    pub run_id: String,
    /// Numbers of details; empty for all.
    pub only: Vec<String>,
    /// Whether to hold the server also to what may come in a later version.
    pub strict: bool,
}

impl Options {
    /// A run on the test endpoint as the sample partners of `bytesback dev`.
    pub fn new(target: Target, run_id: impl Into<String>) -> Self {
        let credentials = |name: &str| Credentials { name: name.to_owned(), key: format!("{name}-key") };
        Self {
            target,
            endpoint: Endpoint::Test,
            partner: credentials("demo-shop"),
            processor: credentials("demo-processor"),
            addresses: Vec::new(),
            email: None,
            run_id: run_id.into(),
            only: Vec::new(),
            strict: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let target = |url: &str| url.parse::<Target>().expect("a URL");
        assert_eq!(target("http://127.0.0.1:6611").host(), "127.0.0.1:6611");
        assert_eq!(target("http://shop.example/").path(Endpoint::Live), "/new_purchase");
        assert_eq!(target("http://shop.example/cash/").path(Endpoint::Test), "/cash/test/new_purchase");
        assert_eq!(target("http://[::1]:80").socket(), ("::1", 80));
        assert_eq!(target("http://[::1]:81/x").to_string(), "http://[::1]:81/x");
        for bad in ["https://shop.example", "http://", "http://x:99999", "http://x/?a", "http://u:p@x/"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
