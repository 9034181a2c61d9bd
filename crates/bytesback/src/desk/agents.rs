//! Which addresses are autonomous agents: paying one would run its code (8.8).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use obyte::Address;
use obyte_hub::{HubError, Hubs};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How long it is remembered that an address was no agent; one can become an agent later.
const REMEMBER: Duration = Duration::from_secs(10 * 60);
/// How many addresses are remembered.
const MEMORY: usize = 10_000;
/// How long to wait for the hub's word.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How many questions may be on their way: the rest of the connection belongs to the payer.
const AT_ONCE: usize = 64;

/// Asks the hub, and remembers for a while.
pub(super) struct Agents {
    hubs: Hubs,
    asking: Semaphore,
    wallets: Mutex<HashMap<Address, Instant>>,
}

impl Agents {
    pub(super) fn new(hubs: Hubs) -> Self {
        Self { hubs, asking: Semaphore::new(AT_ONCE), wallets: Mutex::default() }
    }

    /// Whether the hub shows a definition of an agent that hashes to the address. A hub that does not
    /// answer in time does not stop a purchase; it could hide an agent in any case.
    pub(super) async fn is_agent(&self, address: Address, due: Instant) -> bool {
        let now = Instant::now();
        if self.is_remembered(address, now) {
            return false;
        }
        let until = due.min(now + PATIENCE);
        match timeout_at(until, self.definition(address)).await {
            Ok(Ok(Some(definition))) if is_agent(&definition) => true,
            Ok(Ok(_)) => {
                self.remember(address, now);
                false
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "it is not known whether an address is an agent");
                false
            }
            Err(_) => false,
        }
    }

    async fn definition(&self, address: Address) -> Result<Option<Value>, HubError> {
        let _permit = self.asking.acquire().await.expect("the semaphore is never closed");
        self.hubs.preferred().definition(address).await
    }

    fn is_remembered(&self, address: Address, now: Instant) -> bool {
        let wallets = self.wallets.lock().expect("nobody panics while holding the lock");
        wallets.get(&address).is_some_and(|seen| now.duration_since(*seen) < REMEMBER)
    }

    fn remember(&self, address: Address, now: Instant) {
        let mut wallets = self.wallets.lock().expect("nobody panics while holding the lock");
        if wallets.len() >= MEMORY {
            wallets.clear();
        }
        wallets.insert(address, now);
    }
}

/// A definition that the hub client has checked against the address.
fn is_agent(definition: &Value) -> bool {
    definition.get(0).and_then(Value::as_str) == Some("autonomous agent")
}
