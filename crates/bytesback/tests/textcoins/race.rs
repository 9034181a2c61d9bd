//! A customer and the server reach for the same textcoins in the same second.

use std::time::Duration;

use futures_util::future::join_all;

use crate::stage::{ENDPOINT, Stage, someone};

#[tokio::test(flavor = "multi_thread")]
async fn each_textcoin_ends_as_exactly_one_of_the_two_as_it_is_proven() {
    const COUNT: u64 = 16;
    let stage = Stage::set(Duration::from_secs(3600)).await;
    let orders = stage.buy(COUNT).await;
    stage.all_is_proven().await;
    let at = payout::Timestamp::from_millis(1);
    for order in &orders {
        let payout = stage.record(order).await.payout.id;
        stage.store.recall(ENDPOINT, payout, at).await.expect("the store works");
    }
    // The server begins with the oldest within a second, the customers come from the other end: they meet.
    let claiming = orders.iter().rev().zip(0..).map(|(order, index)| {
        let stage = &stage;
        async move {
            tokio::time::sleep(Duration::from_millis(250 * index)).await;
            stage.claim(order, someone(order)).await.is_ok()
        }
    });
    let sent = join_all(claiming).await.into_iter().filter(|sent| *sent).count() as u64;
    stage.all_have_ended(COUNT).await;
    let counts = stage.counts().await;
    assert!(counts.claimed <= sent, "{counts:?}, and {sent} claims were taken by the hub");
    for order in &orders {
        let got = stage.got(someone(order)).await > 0;
        assert_eq!(stage.is_claimed(order).await, got, "order {order} is booked as the network shows it");
    }
    assert!(counts.claimed > 0 && counts.taken_back > 0, "both have won some: {counts:?}");
    stage.audit().await;
    stage.end().await;
}
