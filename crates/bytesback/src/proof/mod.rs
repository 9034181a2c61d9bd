//! Checking the units that are said to have paid for purchases (12).
//!
//! Every connected hub is asked. What a hub proves counts at once, and so does what follows from the unit
//! itself, which its hash covers. What is not proven counts only where [`UnitRules::hubs_min`] hubs or more
//! agree, where our own code finds the signatures good and coins for it, and up to the amount of [`UnitRules::unstable_max`].
//!
//! Hubs are not reported for answers that cannot be believed: callers choose the unit, and must not be able to
//! bring a hub into disgrace with a strange one.

mod coins;
mod look;
mod opinions;
mod prover;
mod signed;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use obyte::UnitHash;
use obyte_hub::Hubs;
use program::{UnitClaim, UnitFault, UnitProof, UnitRules};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use self::opinions::Opinions;
pub use self::prover::ProofTrust;
pub(crate) use self::prover::{Prover, Untold};

/// So many units are checked at once at an endpoint; others wait.
const AT_ONCE: usize = 8;

/// Checks the units of one endpoint.
pub struct UnitChecker {
    hubs: Hubs,
    prover: Prover,
    permits: Semaphore,
}

impl UnitChecker {
    /// A checker that asks these hubs.
    pub(crate) fn new(hubs: Hubs, prover: Prover) -> Self {
        Self { hubs, prover, permits: Semaphore::new(AT_ONCE) }
    }

    /// What a unit proves, as far as that can be known until then.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub async fn check(
        &self,
        rules: &UnitRules,
        unit: UnitHash,
        claim: &UnitClaim<'_>,
        until: Instant,
    ) -> Result<UnitProof, UnitFault> {
        claim.check_payees(rules)?;
        let mut opinions = Opinions::default();
        let asking = async {
            // Never closed.
            let _permit = self.permits.acquire().await;
            let mut views: FuturesUnordered<_> = self
                .hubs
                .connected()
                .into_iter()
                .map(|(name, hub)| async move { (name, self.look(&hub, rules, unit, claim).await) })
                .collect();
            while let Some((hub, view)) = views.next().await {
                match view {
                    Ok(view) => {
                        if let Some(decided) = opinions.hear(view) {
                            return Some(decided);
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%hub, %unit, %error, "a hub tells nothing of a purchase unit")
                    }
                }
            }
            None
        };
        let decided = timeout_at(until, asking).await.ok().flatten();
        decided.unwrap_or_else(|| opinions.sum_up(rules.hubs_min))
    }
}
