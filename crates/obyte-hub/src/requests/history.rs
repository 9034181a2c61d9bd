//! Histories and link proofs, which are verified elsewhere.

use obyte::{Address, UnitHash};
use serde::Serialize;
use serde_json::Value;

use super::read;
use crate::{Hub, HubError};

const HISTORY: &str = "light/get_history";
const LINK_PROOFS: &str = "light/get_link_proofs";
/// How many addresses, joints and known units a request may name (6.4).
const MAX_ITEMS: usize = 2000;

/// Which history is wanted. Empty lists are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HistoryRequest {
    /// The order providers whose units prove the history: those pinned by us.
    pub witnesses: Vec<Address>,
    /// Every unit that pays to these or is authored by them, at most 2000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    /// These units, at most 2000; a bad one is simply absent from the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requested_joints: Vec<UnitHash>,
    /// Units to leave out, at most 2000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_stable_units: Vec<UnitHash>,
    /// Of the addresses' units, leave out those with a lower main chain index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_mci: Option<u64>,
}

impl HistoryRequest {
    fn check(&self) -> Result<(), HubError> {
        let lists = [self.addresses.len(), self.requested_joints.len(), self.known_stable_units.len()];
        if self.addresses.is_empty() && self.requested_joints.is_empty() {
            Err(HubError::BadRequest("a history is of addresses or of units"))
        } else if lists.into_iter().any(|len| len > MAX_ITEMS) {
            Err(HubError::BadRequest("a history request names at most 2000 of a kind; ask in parts"))
        } else {
            Ok(())
        }
    }
}

impl Hub {
    /// Asks for a history: unproven as it comes, to be verified by `obyte::history` (7). The hub watches
    /// the addresses for this connection from then on.
    ///
    /// # Errors
    /// [`HubError::HistoryTooLarge`] where more than 2000 units match.
    pub async fn history(&self, request: &HistoryRequest) -> Result<Value, HubError> {
        request.check()?;
        let answer = self.ask(HISTORY, Some(request), self.config().history_timeout).await?;
        let history: Value = read(HISTORY, answer.as_deref())?;
        if history.is_object() { Ok(history) } else { Err(HubError::UnexpectedAnswer { command: HISTORY }) }
    }

    /// Asks for proof that each of the units, at least two with the latest first, has the next in its past;
    /// to be verified (7.6).
    ///
    /// # Errors
    /// As every request.
    pub async fn link_proofs(&self, units: &[UnitHash]) -> Result<Value, HubError> {
        if units.len() < 2 {
            return Err(HubError::BadRequest("a link has two ends at least"));
        }
        let answer = self.ask(LINK_PROOFS, Some(units), self.config().history_timeout).await?;
        let chain: Value = read(LINK_PROOFS, answer.as_deref())?;
        if chain.is_array() { Ok(chain) } else { Err(HubError::UnexpectedAnswer { command: LINK_PROOFS }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_are_left_out() {
        let address: Address = "YK75NYPP4NT7GAQRUE6PHCV46THNV47B".parse().expect("valid");
        let request =
            HistoryRequest { witnesses: vec![address], addresses: vec![address], ..Default::default() };
        let json = serde_json::to_string(&request).expect("plain");
        assert_eq!(json, format!(r#"{{"witnesses":["{address}"],"addresses":["{address}"]}}"#));
    }

    #[test]
    fn a_request_for_nothing_or_too_much_is_not_sent() {
        let address: Address = "YK75NYPP4NT7GAQRUE6PHCV46THNV47B".parse().expect("valid");
        assert!(HistoryRequest::default().check().is_err());
        let mut request = HistoryRequest { addresses: vec![address; 2000], ..Default::default() };
        assert_eq!(request.check(), Ok(()));
        request.addresses.push(address);
        assert!(request.check().is_err());
    }
}
