//! Mailboxes whose owners have published a wallet: no secret need travel to them.

use std::time::Duration;

use program::Recipient;
use store::{AttestedPayee, Endpoint};
use tokio::time::Instant;

use super::Desk;

/// Looking for a wallet leaves time for the payment; without one there is a textcoin.
const ATTESTED: Duration = Duration::from_millis(1500);

impl Desk {
    /// The wallet that is paid in place of a mailbox, if one is attested.
    pub(super) async fn attested(
        &self,
        endpoint: Endpoint,
        recipient: &Recipient,
        due: Instant,
    ) -> Option<AttestedPayee> {
        let until = due.min(Instant::now() + ATTESTED);
        let wallet = self.side(endpoint).attestors.wallet_of(recipient.email()?, until).await?;
        if self.check_foreign(&wallet.address).is_err() {
            tracing::warn!(%endpoint, attestor = %wallet.attestor, "an attestation names an address of this server; a textcoin is given");
            return None;
        }
        Some(wallet)
    }
}
