//! The wallets of people who give an e-mail address, as far as attestors publish them (6.4).
//!
//! Every connected hub is asked for an attestation of the mailbox, by each attestor of the configuration. What a hub
//! names is believed only as a proven history shows it: a final unit, signed by that attestor alone, that says in
//! public whose mailbox it is. So a hub can hide an attestation, or name an older one, but it cannot make one up;
//! where it hides it, a textcoin is sent, as to anybody else. Of several that are proven, that of the first attestor
//! counts, and of one attestor's the newest, by the time that it has signed.
//!
//! Nothing here is logged with the address, with what a hub says of it, or with the unit, in which anybody can read it.

mod cache;
mod judge;

use std::cmp::Reverse;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use obyte::definition::is_autonomous_agent;
use obyte::{Address, UnitHash};
use obyte_hub::{AttestationRequest, Hub, HubError, HubName, Hubs};
use program::EmailAddress;
use store::AttestedPayee;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use self::cache::Cache;
use self::judge::{FIELD, judge};
use crate::proof::{Prover, Untold};

/// So many mailboxes are looked up at once at an endpoint; others wait.
const AT_ONCE: usize = 32;
/// A longer address is in no hub's index.
const VALUE_MAX: usize = 100;

/// Looks up the wallets of mailboxes, for one endpoint.
pub struct Attestors {
    hubs: Hubs,
    prover: Prover,
    addresses: Vec<Address>,
    permits: Semaphore,
    cache: Cache,
}

/// What a hub proves of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    /// The place of the attestor in the configuration.
    order: usize,
    /// When the attestor has signed, in seconds since 1970.
    signed_at: u64,
    payee: AttestedPayee,
}

/// What a hub says of a mailbox.
struct View {
    found: Option<Found>,
    /// Whether it may say something else in a minute.
    is_open: bool,
}

impl Attestors {
    /// Believes these attestors, of whom earlier ones come first, as these hubs show them.
    pub(crate) fn new(hubs: Hubs, prover: Prover, addresses: Vec<Address>) -> Self {
        Self { hubs, prover, addresses, permits: Semaphore::new(AT_ONCE), cache: Cache::default() }
    }

    /// The wallet of who has a mailbox, as far as that is proven until then.
    pub async fn wallet_of(&self, mailbox: &EmailAddress, until: Instant) -> Option<AttestedPayee> {
        // As attestors write it.
        let email = mailbox.as_str().to_ascii_lowercase();
        if self.addresses.is_empty() || email.len() > VALUE_MAX {
            return None;
        }
        if let Some(known) = self.cache.get(&email, Instant::now()) {
            return known;
        }
        let (mut best, mut is_open) = (None, self.hubs.connected().is_empty());
        let asking = async {
            // Never closed.
            let _permit = self.permits.acquire().await;
            let mut views: FuturesUnordered<_> = self
                .hubs
                .connected()
                .into_iter()
                .map(|(name, hub)| {
                    let email = &email;
                    async move {
                        let view = self.view(&name, &hub, email).await;
                        (name, view)
                    }
                })
                .collect();
            while let Some((hub, view)) = views.next().await {
                match view {
                    Ok(view) => {
                        best = better(best, view.found);
                        is_open |= view.is_open;
                    }
                    Err(error) => {
                        is_open = true;
                        let why = reason(&error);
                        tracing::warn!(%hub, why, "a hub does not tell whether a mailbox has a wallet");
                    }
                }
            }
        };
        if timeout_at(until, asking).await.is_err() {
            is_open = true;
            let found = best.is_some();
            tracing::warn!(
                found,
                "hubs took too long to tell whether a mailbox has a wallet; without one it gets a textcoin"
            );
        }
        let payee = best.map(|found| found.payee);
        if !is_open {
            self.cache.put(email, payee, Instant::now());
        }
        payee
    }

    /// What this hub proves, of the first attestor that it proves something of.
    async fn view(&self, name: &HubName, hub: &Hub, email: &str) -> Result<View, Untold> {
        let mut is_open = false;
        for (order, attestor) in self.addresses.iter().enumerate() {
            let request = AttestationRequest {
                attestor_address: *attestor,
                field: FIELD.to_owned(),
                value: email.to_owned(),
            };
            let Some(unit) = hub.attestation(&request).await? else { continue };
            match self.proven(hub, unit, attestor, email).await? {
                Ok((address, signed_at)) => {
                    let payee = AttestedPayee { address, unit, attestor: *attestor };
                    return Ok(View { found: Some(Found { order, signed_at, payee }), is_open });
                }
                Err(why) => {
                    is_open = true;
                    tracing::info!(hub = %name, %attestor, why, "an attestation of a mailbox does not count");
                }
            }
        }
        Ok(View { found: None, is_open })
    }

    /// The wallet that a unit names, and when it was signed; or in a few words why it does not count.
    async fn proven(
        &self,
        hub: &Hub,
        unit: UnitHash,
        attestor: &Address,
        email: &str,
    ) -> Result<Result<(Address, u64), &'static str>, Untold> {
        let shown = self.prover.history(hub, Vec::new(), vec![unit], None).await?;
        // The proof lets nothing pass that was not asked for.
        let Some(proven) = shown.first() else { return Ok(Err("the hub does not show it")) };
        let (address, signed_at) = match judge(proven, attestor, email) {
            Ok(judged) => judged,
            Err(why) => return Ok(Err(why)),
        };
        // An agent would be parked; who has the mailbox can do more with a textcoin.
        let is_agent = hub.definition(address).await?.as_ref().is_some_and(is_autonomous_agent);
        Ok(if is_agent { Err("it names an autonomous agent") } else { Ok((address, signed_at)) })
    }
}

/// Which of both counts.
fn better(one: Option<Found>, other: Option<Found>) -> Option<Found> {
    let rank = |found: &Found| (found.order, Reverse(found.signed_at), found.payee.unit);
    one.into_iter().chain(other).min_by_key(rank)
}

/// Without what a hub says in words of its own, which may hold the address.
fn reason(error: &Untold) -> String {
    match error {
        Untold::Hub(HubError::Refused(_)) => "it refuses".to_owned(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use obyte_hub::HubText;

    use super::*;

    fn found(order: usize, signed_at: u64, unit: &str) -> Option<Found> {
        let address = Address::of_source(unit);
        let payee = AttestedPayee { address, unit: UnitHash::of(unit), attestor: address };
        Some(Found { order, signed_at, payee })
    }

    #[test]
    fn the_first_attestor_counts_and_then_the_newest_attestation() {
        for (worse, wanted) in [
            (None, found(1, 5, "a")),
            (found(1, 9, "b"), found(0, 5, "a")),
            (found(0, 4, "b"), found(0, 5, "a")),
        ] {
            assert_eq!(better(worse, wanted), wanted);
            assert_eq!(better(wanted, worse), wanted, "whoever is heard first");
        }
        let (one, other) = (found(0, 5, "a"), found(0, 5, "b"));
        assert_eq!(better(one, other), better(other, one));
        assert_eq!(better(None, None), None);
    }

    #[test]
    fn what_a_hub_says_in_its_own_words_is_not_passed_on() {
        let error = Untold::Hub(HubError::Refused(HubText::new("someone@example.org is unknown")));
        assert_eq!(reason(&error), "it refuses");
        assert_eq!(reason(&Untold::Hub(HubError::NotConnected)), HubError::NotConnected.to_string());
    }
}
