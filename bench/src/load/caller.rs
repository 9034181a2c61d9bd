//! Reporting single purchases, over connections that are kept.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::http::{Connection, Response};
use crate::shop::{Answer, Shop};

/// How long an answer is waited for, from when the purchase was due.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at a time, just below what the server takes. Purchases beyond wait for one, which counts
/// into their latency.
const MAX_CONNECTIONS: usize = 4000;

/// Reports purchases to one server.
#[derive(Debug)]
pub struct Caller {
    shop: Shop,
    numbers: AtomicU64,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Caller {
    /// A caller without connections yet.
    pub fn new(shop: Shop) -> Self {
        let permits = Semaphore::new(MAX_CONNECTIONS);
        Self { shop, numbers: AtomicU64::new(0), permits, idle: Mutex::default() }
    }

    /// The number of a new purchase.
    pub fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// How many purchases there were so far.
    pub fn numbers(&self) -> u64 {
        self.numbers.load(Ordering::Relaxed)
    }

    /// Reports a purchase, anew or again, that was due at `due`.
    pub async fn report(&self, number: u64, due: Instant) -> Answer {
        match timeout_at(due + PATIENCE, self.exchange(number)).await {
            Ok(Ok(response)) => Answer::of(&response),
            Ok(Err(error)) => Answer::failed(&format!("the connection: {error}")),
            Err(_) => Answer::failed(&format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn exchange(&self, number: u64) -> io::Result<Response> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let request = self.shop.request(number);
        let kept = self.lock().pop();
        if let Some(connection) = kept {
            // The server may have closed it meanwhile; repeating a purchase is always safe.
            if let Ok(response) = self.exchange_on(connection, &request).await {
                return Ok(response);
            }
        }
        self.exchange_on(Connection::open(self.shop.target().address).await?, &request).await
    }

    async fn exchange_on(&self, mut connection: Connection, request: &[u8]) -> io::Result<Response> {
        let response = connection.exchange(request).await?;
        if response.keeps_alive {
            self.lock().push(connection);
        }
        Ok(response)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
