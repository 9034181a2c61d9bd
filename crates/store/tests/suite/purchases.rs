//! Accepting purchases.

use ledger::{Account, PartnerId};
use obyte::{Address, UnitHash};
use program::{Currency, Pair, Percentage, RateSource};
use store::{
    Acceptance, DepositOrder, DepositVerdict, Details, Endpoint, KeptRate, MerchantScope, OrderId,
    PayoutState, Shares, StoreError, Term, Thing, Verdict,
};

use super::Backend;
use super::world::{FUND, RESERVE, World, bytes};

/// A purchase with all that it can have.
fn full(world: &World) -> Acceptance {
    let mut purchase = world.purchase("order 1 \u{437}", 1_000);
    purchase.key.merchant = Some(MerchantScope::new("corner shop").expect("a good identity"));
    purchase.terms.purchase_unit = Some(UnitHash::of("a payment"));
    purchase.shares = Shares { base: bytes(1_000), partner: bytes(200), matched: bytes(30) };
    purchase.rates.push(KeptRate {
        pair: Pair::EurUsd,
        rate: "1.1012".parse().expect("a rate"),
        sources: vec![RateSource::CoinGecko, RateSource::Ecb],
        at: Some(world.now()),
    });
    purchase
}

async fn deposit(world: &World, amount: u64) {
    let order = DepositOrder {
        command: "deposit-1".parse().expect("a good id"),
        partner: world.partner,
        amount: bytes(amount),
        note: "cash".to_owned(),
        at: world.now(),
    };
    let verdict = world.store.book_deposit(Endpoint::Test, order).await.expect("the store works");
    assert_eq!(verdict, DepositVerdict::Booked);
}

pub(crate) async fn an_accepted_purchase_is_remembered_whole(backend: &impl Backend) {
    let world = World::rich(backend).await;
    deposit(&world, 10_000).await;
    let purchase = full(&world);
    let Verdict::Accepted(accepted) = world.accept(purchase.clone()).await else {
        panic!("nothing stands against it");
    };
    let found = world.store.purchase(Endpoint::Test, &purchase.key).await.expect("the store works");
    let found = found.expect("it was accepted");
    assert_eq!(found, *accepted);
    assert_eq!(
        (&found.key, &found.terms, &found.details),
        (&purchase.key, &purchase.terms, &purchase.details)
    );
    assert_eq!(
        (found.shares, &found.rates, found.fee_reserve),
        (purchase.shares, &purchase.rates, bytes(RESERVE))
    );
    assert_eq!(
        (found.payout.amount, found.payout.payee.address().as_ref()),
        (bytes(1_230), purchase.terms.recipient.address())
    );
    assert_eq!(
        (found.payout.queued_at, found.state, found.answered),
        (purchase.at, PayoutState::Queued, None)
    );
    assert_eq!(world.snapshot().await.queue, [found.payout]);

    assert_eq!(world.balance(Account::Owed).await, 1_230);
    assert_eq!(world.balance(Account::FeeReserve).await, 700);
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, 9_800);
    assert_eq!(world.balance(Account::Fund).await, i64::try_from(FUND).expect("small") - 10_000 - 1_730);
    world.check_book().await;
}

pub(crate) async fn the_same_purchase_again_is_a_replay(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = world.accept(world.purchase("1", 1_000)).await;
    let again = world.accept(world.purchase("1", 1_000)).await;
    let (Verdict::Accepted(first), Verdict::Replay(again)) = (first, again) else {
        panic!("accepted, then replayed");
    };
    assert_eq!(first, again);
    assert_eq!(world.snapshot().await.queue.len(), 1);
    assert_eq!(world.balance(Account::Owed).await, 1_000);
}

pub(crate) async fn equal_purchases_at_once_pay_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let calls: Vec<_> = (0..40)
        .map(|call| {
            let (store, purchase) = (world.store.clone(), world.purchase(&format!("{}", call % 4), 1_000));
            tokio::spawn(async move { store.accept(Endpoint::Test, purchase).await })
        })
        .collect();
    let mut accepted = 0;
    for call in calls {
        match call.await.expect("no panic").expect("the store works") {
            Verdict::Accepted(_) => accepted += 1,
            Verdict::Replay(_) => {}
            other => panic!("the terms are the same: {other:?}"),
        }
    }
    assert_eq!(accepted, 4);
    assert_eq!(world.snapshot().await.queue.len(), 4);
    assert_eq!(world.balance(Account::Owed).await, 4_000);
    world.check_book().await;
}

pub(crate) async fn another_value_is_a_conflict_that_names_the_field(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.owe("1", 1_000).await;
    let conflict = async |alter: &dyn Fn(&mut Acceptance)| {
        let mut purchase = world.purchase("1", 1_000);
        alter(&mut purchase);
        match world.accept(purchase).await {
            Verdict::Conflict(term) => term,
            other => panic!("a term differs: {other:?}"),
        }
    };
    let other = Address::of_source("somebody else");
    assert_eq!(conflict(&|purchase| purchase.terms.recipient = other.into()).await, Term::Address);
    assert_eq!(conflict(&|purchase| purchase.terms.price.currency = Currency::Eur).await, Term::Currency);
    let more = "12.500001".parse().expect("an amount");
    assert_eq!(conflict(&|purchase| purchase.terms.price.amount = more).await, Term::CurrencyAmount);
    assert_eq!(conflict(&|purchase| purchase.terms.percentage = Percentage::ZERO).await, Term::Percentage);
    let unit = Some(UnitHash::of("a payment"));
    assert_eq!(conflict(&|purchase| purchase.terms.purchase_unit = unit).await, Term::PurchaseUnit);
    assert_eq!(world.balance(Account::Owed).await, 1_000);
}

pub(crate) async fn what_is_not_a_term_may_differ(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.owe("1", 1_000).await;
    let mut again = world.purchase("1", 5_000);
    again.terms.price.amount = "1.25E1".parse().expect("the same amount");
    again.details = Details::default();
    again.rates.clear();
    let Verdict::Replay(record) = world.accept(again).await else { panic!("the terms are the same") };
    assert_eq!(record.payout.amount, bytes(1_000), "a cashback never changes");
    assert_eq!(record.details.description, "coffee");
}

pub(crate) async fn an_order_id_is_unique_per_partner_merchant_and_endpoint(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.owe("1", 1_000).await;
    for shop in ["north", "south"] {
        let mut purchase = world.purchase("1", 1_000);
        purchase.key.merchant = Some(MerchantScope::new(shop).expect("a good identity"));
        assert!(matches!(world.accept(purchase).await, Verdict::Accepted(_)));
    }
    let elsewhere = world.store.accept(Endpoint::Live, world.purchase("1", 1_000)).await;
    let verdict = elsewhere.expect("the store works");
    assert!(matches!(verdict, Verdict::FundTooLow { .. }), "the other endpoint has a fund of its own");
}

pub(crate) async fn identities_are_compared_by_their_bytes(backend: &impl Backend) {
    let world = World::rich(backend).await;
    // Case, white space, leading zeros, composed and decomposed accents, and a wildcard.
    for order in ["a", "A", " a", "a ", "1", "01", "1.0", "\u{e9}", "e\u{301}", "%", "\u{df}", "ss"] {
        world.owe(order, 100).await;
    }
    assert_eq!(world.record("01").await.key.order_id, OrderId::new("01").expect("a good order id"));
}

pub(crate) async fn a_fund_too_low_refuses_and_leaves_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let all = FUND - RESERVE;
    let verdict = world.accept(world.purchase("1", all + 1)).await;
    assert_eq!(verdict, Verdict::FundTooLow { missing: bytes(1) });
    assert_eq!(world.store.purchase(Endpoint::Test, &world.key("1")).await.expect("the store works"), None);
    assert!(world.snapshot().await.queue.is_empty());
    assert_eq!(world.balance(Account::Owed).await, 0);
    world.owe("1", all).await;
    assert_eq!(world.balance(Account::Fund).await, 0);
    world.check_book().await;
}

pub(crate) async fn a_deposit_too_low_refuses_and_leaves_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    deposit(&world, 100).await;
    let fund = world.balance(Account::Fund).await;
    let mut purchase = world.purchase("1", 1_000);
    purchase.shares.partner = bytes(101);
    assert_eq!(world.accept(purchase).await, Verdict::DepositTooLow { missing: bytes(1) });
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, 100);
    assert_eq!(world.balance(Account::Fund).await, fund);
    assert!(world.snapshot().await.queue.is_empty());
}

pub(crate) async fn a_refused_order_id_stays_free(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let refused = world.accept(world.purchase("1", FUND)).await;
    assert!(matches!(refused, Verdict::FundTooLow { .. }));
    let mut other = world.purchase("1", 1_000);
    other.terms.recipient = Address::of_source("somebody else").into();
    assert!(matches!(world.accept(other).await, Verdict::Accepted(_)));
}

pub(crate) async fn the_fund_is_never_promised_twice(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let calls: Vec<_> = (0..50)
        .map(|order| {
            let (store, purchase) = (world.store.clone(), world.purchase(&order.to_string(), 99_300));
            tokio::spawn(async move { store.accept(Endpoint::Test, purchase).await })
        })
        .collect();
    let mut accepted = 0;
    for call in calls {
        match call.await.expect("no panic").expect("the store works") {
            Verdict::Accepted(_) => accepted += 1,
            Verdict::FundTooLow { missing } => assert_eq!(missing, bytes(100_000)),
            other => panic!("accepted or refused: {other:?}"),
        }
    }
    assert_eq!((accepted, world.balance(Account::Fund).await), (10, 0));
    world.check_book().await;
}

pub(crate) async fn a_purchase_without_cashback_is_not_accepted(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let result = world.store.accept(Endpoint::Test, world.purchase("1", 0)).await;
    assert!(matches!(result, Err(StoreError::Unbookable(_))), "{result:?}");
    assert_eq!(world.balance(Account::FeeReserve).await, 0);
}

pub(crate) async fn an_unknown_partner_accepts_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut purchase = world.purchase("1", 1_000);
    purchase.key.partner = PartnerId::new(99);
    let result = world.store.accept(Endpoint::Test, purchase).await;
    assert!(matches!(result, Err(StoreError::Unknown(Thing::Partner))), "{result:?}");
    assert_eq!(world.balance(Account::Owed).await, 0);
}

pub(crate) async fn a_text_with_nul_is_refused(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut purchase = world.purchase("1", 1_000);
    purchase.details.customer = "a\0b".to_owned();
    let result = world.store.accept(Endpoint::Test, purchase).await;
    assert!(matches!(result, Err(StoreError::NulInText)), "{result:?}");
}

pub(crate) async fn the_prices_used_last_are_those_that_sources_told(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let begin = world.now();
    let told = |pair, rate: &str, source| KeptRate {
        pair,
        rate: rate.parse().expect("a rate"),
        sources: vec![source],
        at: Some(begin),
    };
    let gbyte = |rate| told(Pair::GbyteUsd, rate, RateSource::Hub);
    let euro = told(Pair::EurUsd, "1.1", RateSource::Ecb);
    let fixed = KeptRate::fixed(Pair::GbyteUsd, "99".parse().expect("a rate"));
    let mut times = Vec::new();
    for (order, rates) in
        [("1", vec![euro.clone(), gbyte("20")]), ("2", vec![gbyte("21")]), ("3", vec![fixed]), ("4", vec![])]
    {
        let purchase = Acceptance { rates, ..world.purchase(order, 100) };
        times.push(purchase.at);
        assert!(matches!(world.accept(purchase).await, Verdict::Accepted(_)));
    }
    let used = async |endpoint, since| {
        let mut used = world.store.rates_used(endpoint, since).await.expect("the store works");
        used.sort_by_key(|kept| kept.pair);
        used
    };
    assert_eq!(used(Endpoint::Test, begin).await, [gbyte("21"), euro]);
    assert_eq!(used(Endpoint::Test, times[1]).await, [gbyte("21")], "the euro is too old");
    assert_eq!(used(Endpoint::Test, times[2]).await, [], "what the operator fixed is no word of a source");
    assert_eq!(used(Endpoint::Live, begin).await, [], "each endpoint has prices of its own");
}
