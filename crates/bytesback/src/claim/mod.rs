//! The claim page: where a mail leads instead of to the words themselves, if the operator wants that.
//!
//! Programs that look at mail open the links in it. A link that holds the words gives them to whoever operates such a
//! program; the link to this page gives nothing to who only opens it: the words are the answer to a button, a form that is
//! posted. What the link holds is a number that nobody can guess ([`payout::TextcoinKeys::token`]), so nothing is stored
//! for it, and nothing here changes anything.
//!
//! Neither links nor words are logged. A page loads nothing, needs no script, and is kept by no cache.

mod address;
mod http;
mod limiter;
mod pages;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use obyte::{Network, Textcoin};
use payout::{TextcoinKeys, TextcoinNo};
use store::{ClaimRecord, Endpoint, Store, StoreError, TextcoinEnd};
use zeroize::Zeroizing;

pub use self::address::{ClaimAddress, ClaimAddressError};
pub(crate) use self::http::{Peer, routes};
use self::limiter::Limiter;
use self::pages::{Pages, State};
use crate::clock::Clock;

/// Where the customer gets the coins of a textcoin: the claim page where there is one, and otherwise the link that holds
/// the words. A secret. Nothing for a number that is skipped.
pub fn link(
    page: Option<&ClaimAddress>,
    endpoint: Endpoint,
    keys: &TextcoinKeys,
    no: TextcoinNo,
) -> Option<Zeroizing<String>> {
    keys.textcoin(no).map(|textcoin| link_of(page, endpoint, keys, no, &textcoin))
}

/// The same for a textcoin that is derived already.
pub(crate) fn link_of(
    page: Option<&ClaimAddress>,
    endpoint: Endpoint,
    keys: &TextcoinKeys,
    no: TextcoinNo,
    textcoin: &Textcoin,
) -> Zeroizing<String> {
    match page {
        Some(page) => page.link(endpoint, &keys.token(no)),
        None => textcoin.link(),
    }
}

/// What an endpoint's pages need.
pub(crate) struct ClaimSide {
    /// From numbers to words.
    pub(crate) keys: TextcoinKeys,
    /// Whose wallets claim them.
    pub(crate) network: Network,
}

/// The claim pages of a server.
pub struct ClaimPages {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    live: ClaimSide,
    test: ClaimSide,
    limiter: Limiter,
    pages: Pages,
}

/// What a link leads to.
struct Claim {
    record: ClaimRecord,
    textcoin: Textcoin,
    network: Network,
    state: State,
}

impl ClaimPages {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        live: ClaimSide,
        test: ClaimSide,
    ) -> Self {
        Self { store, clock, live, test, limiter: Limiter::default(), pages: Pages::new() }
    }

    /// What a token leads to; nothing where it was never made by this server.
    async fn find(&self, endpoint: Endpoint, token: &str) -> Result<Option<Claim>, StoreError> {
        let side = match endpoint {
            Endpoint::Live => &self.live,
            Endpoint::Test => &self.test,
        };
        let Some(no) = side.keys.number(token) else { return Ok(None) };
        // Some milliseconds of work, whenever somebody asks, must not keep others waiting.
        let keys = side.keys.clone();
        let textcoin = tokio::task::spawn_blocking(move || keys.textcoin(no)).await.ok().flatten();
        let Some(textcoin) = textcoin else { return Ok(None) };
        let Some(record) = self.store.claim(endpoint, no).await? else { return Ok(None) };
        // The database of another wallet.
        if record.address != textcoin.address() {
            return Ok(None);
        }
        let state = match record.ended {
            Some(TextcoinEnd::Claimed) => State::Claimed,
            Some(TextcoinEnd::TakenBack) => State::TakenBack,
            None if record.expires_at <= self.clock.now() => State::Expired,
            None => State::Ready,
        };
        Ok(Some(Claim { record, textcoin, network: side.network, state }))
    }

    /// Whether the words may be shown once more.
    fn may_reveal(&self, token: &str, peer: Option<IpAddr>) -> bool {
        self.limiter.allows(token, peer, Instant::now())
    }
}
