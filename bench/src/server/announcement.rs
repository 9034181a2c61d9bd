//! What `bytesback dev` and `obyte-devnet` print when they start.

use obyte::{Address, UnitHash};

use crate::options::Endpoint;

/// What was read of it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Announcement {
    pub(super) url: String,
    pub(super) hub: String,
    pub(super) genesis: Option<UnitHash>,
    pub(super) ready: bool,
    funds: Vec<(String, Address)>,
}

impl Announcement {
    /// Reads one line; others than the known ones are for people.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(url) = line.strip_prefix("listening at ") {
            url.trim().clone_into(&mut self.url);
        } else if let Some(hub) = line.strip_prefix("hub ") {
            hub.trim().clone_into(&mut self.hub);
        } else if let Some(genesis) = line.strip_prefix("genesis ") {
            self.genesis = genesis.trim().parse().ok();
        } else if let Some(fund) = line.strip_prefix("fund of the ") {
            let endpoint = fund.split_whitespace().next().unwrap_or_default();
            let address = fund.split_whitespace().next_back().and_then(|word| word.parse().ok());
            self.funds.extend(address.map(|address| (endpoint.to_owned(), address)));
        } else if line.starts_with("ready") {
            self.ready = true;
        }
    }

    /// The address that fills the fund of an endpoint.
    pub(super) fn fund_of(&self, endpoint: Endpoint) -> Option<Address> {
        self.funds.iter().find(|(name, _)| name == endpoint.name()).map(|(_, address)| *address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_server_are_understood() {
        let mut announced = Announcement::default();
        for line in [
            "listening at http://127.0.0.1:4711",
            "hub ws://127.0.0.1:6611",
            "fund of the live endpoint: QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD",
            "fund of the test endpoint, send bytes to fill it: LBFE3LOJHOH24Y4J54RR6GDM3KVL2PWJ",
            "curl -d description=ready http://127.0.0.1:4711/test/new_purchase",
        ] {
            announced.read(line);
            assert!(!announced.ready, "{line}");
        }
        let genesis = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";
        announced.read(&format!("genesis {genesis}"));
        assert_eq!(announced.genesis, genesis.parse().ok());
        announced.read("ready; Ctrl-C ends it");
        assert!(announced.ready);
        assert_eq!(
            (announced.url.as_str(), announced.hub.as_str()),
            ("http://127.0.0.1:4711", "ws://127.0.0.1:6611")
        );
        let fund = |endpoint| announced.fund_of(endpoint).expect("named").to_string();
        assert_eq!(fund(Endpoint::Live), "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD");
        assert_eq!(fund(Endpoint::Test), "LBFE3LOJHOH24Y4J54RR6GDM3KVL2PWJ");
    }
}
