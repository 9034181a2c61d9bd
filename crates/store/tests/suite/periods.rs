//! Shares that depend on what a shop has sold within a period.

use std::sync::Arc;

use payout::Timestamp;
use program::{
    BaseShare, Currency, CurrencyAmount, Day, Pair, Percentage, PeriodTiers, QuoteError, RateTable, Rules,
    Sale, Tier, Tiers, Turnover, quote,
};
use store::{Acceptance, Endpoint, MerchantScope, PeriodQuote, PurchaseKey, Shares, Shop, Verdict};

use super::Backend;
use super::world::World;

const DAY: u64 = 24 * 60 * 60 * 1000;
const NOON: u64 = 20_000 * DAY + DAY / 2;

/// Of what is above 10 USD within three days a half counts, and above 20 USD nothing.
fn rules() -> Rules {
    let tier = |above: &str, counts| Tier { above: above.parse().expect("dollars"), counts };
    let tiers = Tiers::new(vec![tier("10", Percentage::whole(50)), tier("20", Percentage::ZERO)]);
    Rules { period: Some(PeriodTiers { days: 3, tiers: tiers.expect("they fall") }), ..Rules::default() }
}

/// A purchase of so many dollars, of which each is worth 1,000 bytes, as a desk would have it accepted.
fn purchase(world: &World, order: &str, dollars: &str, at: u64) -> Acceptance {
    let price = CurrencyAmount { amount: dollars.parse().expect("an amount"), currency: Currency::Usd };
    let rates = RateTable::new().with(Pair::GbyteUsd, "1000000".parse().expect("a rate"));
    let sale = Sale {
        price,
        partner_percentage: Percentage::ZERO,
        base_share: BaseShare::Ordinary,
        day: Day::of_millis(at),
        turnover: Turnover::ZERO,
    };
    let quote = quote(&rules(), &sale, &rates).expect("an ordinary purchase");
    let mut purchase = world.purchase(order, 0);
    purchase.terms.price = price;
    purchase.shares = Shares::from(&quote);
    purchase.sold = quote.turnover();
    purchase.by_period = Some(Box::new(PeriodQuote { rules: rules(), sale, rates }));
    purchase.at = Timestamp::from_millis(at);
    purchase
}

/// The base share of an accepted purchase.
fn base(verdict: Verdict) -> u64 {
    let Verdict::Accepted(record) = verdict else { panic!("it is accepted: {verdict:?}") };
    assert_eq!(record.payout.amount, record.shares.base);
    record.shares.base.get()
}

pub(crate) async fn shares_fall_with_what_the_shop_has_sold(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut got = Vec::new();
    for order in ["1", "2", "3"] {
        got.push(base(world.accept(purchase(&world, order, "6", NOON)).await));
    }
    // 6 of 6 dollars count, then 4 + 1, then 3; 100 bytes for each dollar.
    assert_eq!(got, [600, 500, 300]);
    let record = world.record("2").await;
    assert_eq!(
        record.explanation.lines[1..5],
        [
            "the shop sold for 6.00 USD before, within 3 days",
            "the first 4 USD count in full",
            "the next 2 USD count at 50 %: 1 USD",
            "base share 10 % of 5 USD from the fund: 500 bytes",
        ]
    );
    world.check_book().await;
}

pub(crate) async fn purchases_at_once_are_quoted_one_behind_the_other(backend: &impl Backend) {
    let world = Arc::new(World::rich(backend).await);
    let accepting = (0..10).map(|order| {
        let world = Arc::clone(&world);
        tokio::spawn(
            async move { base(world.accept(purchase(&world, &order.to_string(), "1.90", NOON)).await) },
        )
    });
    let mut sum = 0;
    for accepted in accepting.collect::<Vec<_>>() {
        sum += accepted.await.expect("no panic");
    }
    // 19 dollars: 10 in full and 9 at a half.
    assert_eq!(sum, 1_450);
    world.check_book().await;
}

pub(crate) async fn what_gets_nothing_by_the_period_leaves_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    assert_eq!(base(world.accept(purchase(&world, "1", "25", NOON)).await), 1_500);
    let refused = world.accept(purchase(&world, "2", "5", NOON)).await;
    assert_eq!(refused, Verdict::NoCashback(QuoteError::TooSmall));
    assert_eq!(world.snapshot().await.queue.len(), 1);
    let again = world.accept(purchase(&world, "1", "25", NOON)).await;
    assert!(matches!(again, Verdict::Replay(_)), "{again:?}");
    let later = purchase(&world, "2", "5", NOON + 3 * DAY);
    assert_eq!(base(world.accept(later).await), 500, "the order id is free, and the period over");
    world.check_book().await;
}

pub(crate) async fn each_shop_and_each_day_counts_for_itself(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let of = |order: &str, merchant: &str, at| {
        let purchase = purchase(&world, order, "10", at);
        let merchant = Some(MerchantScope::new(merchant).expect("a good identity"));
        Acceptance { key: PurchaseKey { merchant, ..purchase.key.clone() }, ..purchase }
    };
    assert_eq!(base(world.accept(of("1", "bakery", NOON)).await), 1_000);
    assert_eq!(base(world.accept(of("2", "bakery", NOON + DAY)).await), 500);
    assert_eq!(base(world.accept(of("3", "florist", NOON + DAY)).await), 1_000);
    // Only the second lies within the three days that end now.
    assert_eq!(base(world.accept(of("4", "bakery", NOON + 3 * DAY)).await), 500);
    let shop = Shop { partner: world.partner, merchant: MerchantScope::new("bakery").ok() };
    let since = |at| world.store.turnover(Endpoint::Test, &shop, Day::of_millis(at));
    assert_eq!(since(NOON).await.expect("the store works"), Turnover::of_cents(3_000));
    assert_eq!(since(NOON + 2 * DAY).await.expect("the store works"), Turnover::of_cents(1_000));
}
