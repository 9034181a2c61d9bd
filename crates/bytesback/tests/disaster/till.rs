//! A till, and the mistakes that tills make.

use std::time::{Duration, Instant};

use bytesback_client::{Client, Endpoint};
use obyte::Address;
use simulation::Random;
use tokio_util::sync::CancellationToken;

use crate::common::address;
use crate::orders::{Offer, Orders};

/// Reports purchases until it is closed.
pub(crate) struct Till {
    pub(crate) name: u64,
    pub(crate) client: Client,
    pub(crate) random: Random,
    pub(crate) orders: Orders,
    /// An address of the server itself, which it pays nothing.
    pub(crate) fund: Address,
    pub(crate) count: u64,
    /// The longest that an answer took.
    pub(crate) slowest: Duration,
}

impl Till {
    pub(crate) async fn work(mut self, closing: CancellationToken) -> Self {
        while !closing.is_cancelled() {
            self.step().await;
            tokio::time::sleep(Duration::from_millis(self.random.between(0, 50))).await;
        }
        self
    }

    async fn step(&mut self) {
        match self.random.between(0, 99) {
            0..=39 => {
                let (order, offer) = (self.new_order(), self.offer());
                self.send(&order, offer).await;
            }
            // The button was pressed twice.
            40..=49 => {
                let (order, offer) = (self.new_order(), self.offer());
                self.send_both(&order, [offer, offer]).await;
            }
            // Two tills use the same number.
            50..=59 => {
                let (order, offers) = (self.new_order(), [self.offer(), self.offer()]);
                self.send_both(&order, offers).await;
            }
            60..=69 => {
                let (order, offer) = (self.new_order(), self.hopeless());
                self.send(&order, offer).await;
            }
            // Refused, and then corrected: a refused order id stays free.
            70..=74 => {
                let (order, wrong, right) = (self.new_order(), self.hopeless(), self.offer());
                self.send(&order, wrong).await;
                self.send(&order, right).await;
            }
            75..=89 => {
                let order = self.old_order();
                self.repeat(&order).await;
            }
            _ => {
                let (order, offer) = (self.old_order(), self.offer());
                self.send(&order, offer).await;
            }
        }
    }

    fn new_order(&mut self) -> String {
        self.count += 1;
        format!("{}-{}", self.name, self.count)
    }

    /// One of its own orders, rather a late one.
    fn old_order(&mut self) -> String {
        let first = if self.random.chance(800) { self.count.saturating_sub(10) } else { 0 };
        format!("{}-{}", self.name, self.random.between(first.max(1), self.count.max(1)))
    }

    fn offer(&mut self) -> Offer {
        let dollars = self.random.between(1, 9);
        let percent = *self.random.pick(&[0, 0, 5, 10]).expect("there are choices");
        let to = address(&format!("customer {}", self.random.between(1, 1_000_000)));
        Offer { dollars, percent, to, hopeless: false }
    }

    fn hopeless(&mut self) -> Offer {
        let to = address(&format!("never {}", self.random.between(1, 1_000_000)));
        let offer = Offer { dollars: 1, percent: 0, to, hopeless: true };
        match self.random.between(0, 2) {
            // More than the partner has deposited.
            0 => Offer { dollars: 100_000, percent: 100, ..offer },
            // More than there is in the fund.
            1 => Offer { dollars: 10_000_000, ..offer },
            _ => Offer { to: self.fund, ..offer },
        }
    }

    async fn send(&mut self, order: &str, offer: Offer) {
        let number = self.orders.offer(order, offer);
        let (_, took) = send(&self.client, &self.orders, order, number, offer).await;
        self.slowest = self.slowest.max(took);
    }

    async fn send_both(&mut self, order: &str, offers: [Offer; 2]) {
        let [one, other] = offers.map(|offer| {
            let number = self.orders.offer(order, offer);
            send(&self.client, &self.orders, order, number, offer)
        });
        let ((_, one), (_, other)) = tokio::join!(one, other);
        self.slowest = self.slowest.max(one).max(other);
    }

    async fn repeat(&mut self, order: &str) {
        if let Some((_, took)) = repeat(&self.client, &self.orders, order).await {
            self.slowest = self.slowest.max(took);
        }
    }
}

/// Repeats the request of an order that can be paid; tells whether it is.
pub(crate) async fn repeat(client: &Client, orders: &Orders, order: &str) -> Option<(bool, Duration)> {
    let (number, offer) = {
        let orders = orders.lock();
        let known = orders.get(order)?;
        let number = known.to_repeat()?;
        (number, known.offers[number])
    };
    Some(send(client, orders, order, number, offer).await)
}

async fn send(
    client: &Client,
    orders: &Orders,
    order: &str,
    number: usize,
    offer: Offer,
) -> (bool, Duration) {
    let begin = Instant::now();
    let answer = client.new_purchase(Endpoint::Test, &offer.request(order)).await;
    let took = begin.elapsed();
    (orders.answered(order, number, answer), took)
}
