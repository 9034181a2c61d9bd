//! Purchases that were returned.

use ledger::Account;
use payout::{Change, PayoutId};
use program::{Currency, Limit, Percentage};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use store::{
    Acceptance, DepositVerdict, Endpoint, HoldReason, MerchantScope, NewPartner, PartnerKind, RefundOrder,
    RefundRecord, RefundVerdict, Shares, Verdict,
};

use super::Backend;
use super::world::{RESERVE, World, bytes};

/// A purchase of 12.50 USD for which fund and deposit give these shares.
fn purchase(world: &World, order: &str, fund: u64, partner: u64) -> Acceptance {
    let shares = Shares { base: bytes(fund - fund / 4), partner: bytes(partner), matched: bytes(fund / 4) };
    Acceptance { shares, ..world.purchase(order, 1) }
}

async fn bought(world: &World, order: &str, fund: u64, partner: u64) -> PayoutId {
    match world.accept(purchase(world, order, fund, partner)).await {
        Verdict::Accepted(record) => record.payout.id,
        other => panic!("the purchase is accepted: {other:?}"),
    }
}

fn order(world: &World, order: &str, returned: Option<&str>) -> RefundOrder {
    RefundOrder {
        key: world.key(order),
        returned: returned.map(|amount| amount.parse().expect("an amount")),
        currency: None,
        share: "100".parse().expect("a percentage"),
        at: world.now(),
    }
}

async fn refund(world: &World, order: RefundOrder) -> RefundVerdict {
    world.store.refund(Endpoint::Test, order).await.expect("the store works")
}

async fn booked(world: &World, id: &str, returned: Option<&str>) -> RefundRecord {
    match refund(world, order(world, id, returned)).await {
        RefundVerdict::Booked(record) => record,
        other => panic!("the refund is booked: {other:?}"),
    }
}

async fn refunded(world: &World, id: &str) -> Option<RefundRecord> {
    world.store.refunded(Endpoint::Test, &world.key(id)).await.expect("the store works")
}

/// Deposit, receivable, and what of refunds has come to the fund since `fund` was its balance.
async fn stands(world: &World, fund: i64) -> [i64; 3] {
    let [deposit, receivable] = [
        world.balance(Account::Deposit(world.partner)).await,
        world.balance(Account::Receivable(world.partner)).await,
    ];
    assert_eq!(world.balance(Account::RefundClaims).await, -receivable);
    world.check_book().await;
    [deposit, receivable, world.balance(Account::Fund).await - fund]
}

pub(crate) async fn what_the_fund_gave_is_charged_and_the_partners_own_share_stays_given(
    backend: &impl Backend,
) {
    let world = World::rich(backend).await;
    world.deposit("d1", 10_000).await;
    bought(&world, "1", 4_000, 500).await;
    let fund = world.balance(Account::Fund).await;
    let owed = world.balance(Account::Owed).await;
    let record = booked(&world, "1", None).await;
    assert_eq!((record.claim, record.from_deposit), (bytes(4_000), bytes(4_000)));
    assert_eq!(stands(&world, fund).await, [10_000 - 500 - 4_000, 0, 4_000]);
    assert_eq!(world.balance(Account::Owed).await, owed, "the customer keeps the cashback");
}

pub(crate) async fn what_a_deposit_lacks_is_owed_and_the_next_deposits_settle_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d1", 1_000).await;
    bought(&world, "1", 4_000, 0).await;
    let fund = world.balance(Account::Fund).await;
    let record = booked(&world, "1", None).await;
    assert_eq!((record.from_deposit, record.receivable()), (bytes(1_000), bytes(3_000)));
    assert_eq!(stands(&world, fund).await, [0, 3_000, 1_000]);
    assert_eq!(world.deposit("d2", 2_500).await, DepositVerdict::Booked);
    assert_eq!(stands(&world, fund).await, [0, 500, 1_000], "it was the fund's and stays there");
    assert_eq!(world.deposit("d3", 700).await, DepositVerdict::Booked);
    assert_eq!(stands(&world, fund).await, [200, 0, 800]);
    assert_eq!(world.deposit("d3", 700).await, DepositVerdict::Replay);
    assert_eq!(world.deposit("d2", 700).await, DepositVerdict::Conflict);
    assert_eq!(world.deposit("d2", 2_500).await, DepositVerdict::Replay);
    assert_eq!(stands(&world, fund).await, [200, 0, 800]);
}

pub(crate) async fn a_second_refund_changes_nothing_and_says_the_same(backend: &impl Backend) {
    let world = World::rich(backend).await;
    bought(&world, "1", 4_000, 0).await;
    let fund = world.balance(Account::Fund).await;
    let first = booked(&world, "1", None).await;
    world.deposit("d1", 9_000).await;
    let before = stands(&world, fund).await;
    for returned in [None, Some("12.50"), Some("1.25E1")] {
        let again = refund(&world, order(&world, "1", returned)).await;
        assert_eq!(again, RefundVerdict::Replay(first), "{returned:?}");
    }
    assert_eq!(refund(&world, order(&world, "1", Some("5"))).await, RefundVerdict::Conflict);
    assert_eq!(stands(&world, fund).await, before);
}

pub(crate) async fn a_part_that_was_returned_is_charged_in_proportion(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d1", 10_000).await;
    for (id, returned, share, claim) in
        [("1", "5", "100", 1_600), ("2", "12.5", "50", 2_000), ("3", "0.01", "100", 3), ("4", "5", "0", 0)]
    {
        bought(&world, id, 4_000, 100).await;
        let share: Percentage = share.parse().expect("a percentage");
        let order = RefundOrder { share, ..order(&world, id, Some(returned)) };
        let RefundVerdict::Booked(record) = refund(&world, order.clone()).await else { panic!("{id}") };
        assert_eq!((record.claim, record.share), (bytes(claim), share), "{returned}");
        assert_eq!(refunded(&world, id).await, Some(record));
        assert_eq!(refund(&world, order).await, RefundVerdict::Replay(record));
    }
    world.check_book().await;
}

pub(crate) async fn what_was_not_bought_so_cannot_be_returned(backend: &impl Backend) {
    let world = World::rich(backend).await;
    bought(&world, "1", 4_000, 0).await;
    let before = world.store.entries(Endpoint::Test, None, 100).await.expect("a sound book");
    assert_eq!(refund(&world, order(&world, "2", None)).await, RefundVerdict::UnknownOrder);
    assert_eq!((refunded(&world, "1").await, refunded(&world, "2").await), (None, None));
    assert_eq!(refund(&world, order(&world, "1", Some("12.51"))).await, RefundVerdict::MoreThanPaid);
    let euro = RefundOrder { currency: Some(Currency::Eur), ..order(&world, "1", None) };
    assert_eq!(refund(&world, euro).await, RefundVerdict::OtherCurrency(Currency::Eur));
    let live = world.store.refund(Endpoint::Live, order(&world, "1", None)).await.expect("the store works");
    assert_eq!(live, RefundVerdict::UnknownOrder, "each endpoint has purchases of its own");
    assert_eq!(world.store.entries(Endpoint::Test, None, 100).await.expect("a sound book"), before);
    let dollars = RefundOrder { currency: Some(Currency::Usd), ..order(&world, "1", None) };
    assert!(matches!(refund(&world, dollars).await, RefundVerdict::Booked(_)));
}

/// The customer turns out to be an agent after the purchase was returned: nothing was given, nothing is charged.
pub(crate) async fn a_payout_given_up_takes_its_refund_back(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d1", 1_000).await;
    let fund = world.balance(Account::Fund).await;
    let payout = bought(&world, "1", 4_000, 300).await;
    booked(&world, "1", None).await;
    assert_eq!(world.balance(Account::Receivable(world.partner)).await, 3_300);
    world.deposit("d2", 300).await;
    world.apply([Change::Parked { payout, at: world.now() }]).await.expect("it waits in the queue");
    assert_eq!(stands(&world, fund).await, [1_300, 0, -300], "as if only the deposits had been booked");
    assert_eq!(refund(&world, order(&world, "1", None)).await, RefundVerdict::NeverPaid);
    assert_eq!(refunded(&world, "1").await, None);
    let other = bought(&world, "2", 4_000, 0).await;
    world.apply([Change::Parked { payout: other, at: world.now() }]).await.expect("it waits in the queue");
    assert_eq!(refund(&world, order(&world, "2", None)).await, RefundVerdict::NeverPaid);
    assert_eq!(stands(&world, fund).await, [1_300, 0, -300]);
}

/// A share that returns is a credit like any other: whoever owes does not get it back.
pub(crate) async fn a_share_that_returns_settles_first_what_its_partner_owes(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d1", 1_000).await;
    let first = bought(&world, "1", 4_000, 700).await;
    bought(&world, "2", 4_000, 200).await;
    let held = Acceptance { hold: Some(HoldReason::Limit(Limit::Purchase)), ..purchase(&world, "3", 0, 100) };
    assert!(matches!(world.accept(held).await, Verdict::Held(_)));
    let fund = world.balance(Account::Fund).await;
    let before = booked(&world, "2", None).await;
    assert_eq!((before.from_deposit, before.receivable()), (bytes(0), bytes(4_000)));
    world.apply([Change::Parked { payout: first, at: world.now() }]).await.expect("it waits in the queue");
    let reserve = i64::try_from(RESERVE).expect("small");
    assert_eq!(stands(&world, fund).await, [0, 3_300, 4_000 + reserve + 700]);
    world.store.reject(Endpoint::Test, &world.key("3"), world.now()).await.expect("it is held");
    assert_eq!(stands(&world, fund).await, [0, 3_200, 4_000 + reserve + 700 + reserve + 100]);
}

/// What is held is owed; once it is rejected its customer got nothing.
pub(crate) async fn a_held_order_can_be_returned_and_a_rejection_takes_that_back(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d1", 9_000).await;
    let fund = world.balance(Account::Fund).await;
    let reason = HoldReason::Limit(Limit::Purchase);
    for id in ["released", "rejected"] {
        let held = Acceptance { hold: Some(reason), ..purchase(&world, id, 4_000, 100) };
        assert!(matches!(world.accept(held).await, Verdict::Held(_)));
        booked(&world, id, None).await;
    }
    let of = |id: &str| world.key(id);
    world.store.release(Endpoint::Test, &of("released"), world.now()).await.expect("it is held");
    world.store.reject(Endpoint::Test, &of("rejected"), world.now()).await.expect("it is held");
    let released = refund(&world, order(&world, "released", None)).await;
    assert!(matches!(released, RefundVerdict::Replay(_)), "{released:?}");
    assert_eq!(refund(&world, order(&world, "rejected", None)).await, RefundVerdict::NeverPaid);
    let reserve = i64::try_from(RESERVE).expect("small");
    assert_eq!(stands(&world, fund).await, [9_000 - 100 - 4_000, 0, -reserve]);
}

/// The same order id of another partner is another order.
pub(crate) async fn nobody_returns_the_order_of_another(backend: &impl Backend) {
    let world = World::rich(backend).await;
    bought(&world, "1", 4_000, 0).await;
    let other = NewPartner {
        name: "other-shop".parse().expect("a good name"),
        kind: PartnerKind::Merchant,
        trusted: true,
        at: world.now(),
    };
    let other = world.store.add_partner(other).await.expect("the name is free").id;
    let mut of_other = order(&world, "1", None);
    of_other.key.partner = other;
    assert_eq!(refund(&world, of_other).await, RefundVerdict::UnknownOrder);
    let mut of_merchant = order(&world, "1", None);
    of_merchant.key.merchant = Some(MerchantScope::new("stall").expect("a name"));
    assert_eq!(refund(&world, of_merchant).await, RefundVerdict::UnknownOrder);
    booked(&world, "1", None).await;
    assert_eq!(world.balance(Account::Receivable(other)).await, 0);
    world.check_book().await;
}

/// Something that happens to money. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Deposit(u64),
    Buy { base: u64, partner: u64 },
    Refund { order: usize, cents: u32, share: u8 },
    Park(usize),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1u64..1_500).prop_map(Step::Deposit),
        4 => (1u64..3_000, 0u64..60).prop_map(|(base, partner)| Step::Buy { base, partner }),
        5 => (any::<usize>(), prop_oneof![Just(0), 0u32..1_300], prop_oneof![Just(100), 0u8..=100])
            .prop_map(|(order, cents, share)| Step::Refund { order, cents, share }),
        1 => any::<usize>().prop_map(Step::Park),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 10..60)
}

/// How often things came out so.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    charged: u32,
    owed: u32,
    undone: u32,
    settled: u32,
}

/// Whatever happens in whatever order: the books stay sound, and the partner stands by exactly what it sent less
/// what it gave and was charged.
pub(crate) async fn random_lives_keep_the_books<B: Backend>(_: &B) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut seen = Seen::default();
    for life in 0..20 {
        let steps = steps().new_tree(&mut runner).expect("the strategy never refuses").current();
        println!("life {life}: {steps:?}");
        live(&B::fresh(), &steps, &mut seen).await;
    }
    println!("{seen:?}");
    assert!(seen.charged > 50 && seen.owed > 10 && seen.undone > 5 && seen.settled > 10, "{seen:?}");
}

/// What the partner stands by, and what can change it.
#[derive(Default)]
struct Partner {
    stands: i64,
    /// By order: the payout, what the partner gave, what it was charged. Parked ones are gone.
    orders: Vec<(String, PayoutId, i64, Option<i64>)>,
}

async fn live(backend: &impl Backend, steps: &[Step], seen: &mut Seen) {
    let mut world = World::rich(backend).await;
    let mut partner = Partner::default();
    for (number, step) in steps.iter().enumerate() {
        let owed = world.balance(Account::Receivable(world.partner)).await;
        match *step {
            Step::Deposit(amount) => {
                if world.deposit(&format!("d{number}"), amount).await == DepositVerdict::Booked {
                    partner.stands += i64::try_from(amount).expect("small");
                }
            }
            Step::Buy { base, partner: share } => {
                let order = format!("order {number}");
                let verdict = world.accept(purchase(&world, &order, base, share)).await;
                if let Verdict::Accepted(record) = verdict {
                    let given = i64::try_from(share).expect("small");
                    partner.stands -= given;
                    partner.orders.push((order, record.payout.id, given, None));
                }
            }
            Step::Refund { order, cents, share } => {
                return_one(&world, &mut partner, order, cents, share, seen).await;
            }
            Step::Park(order) if !partner.orders.is_empty() => {
                let (_, payout, given, charged) = partner.orders.remove(order % partner.orders.len());
                world.apply([Change::Parked { payout, at: world.now() }]).await.expect("it waits");
                partner.stands += given + charged.unwrap_or_default();
                seen.undone += u32::from(charged.is_some_and(|claim| claim > 0));
            }
            Step::Park(_) => {}
            Step::Reopen => world = world.restart(backend).await,
        }
        let [deposit, receivable, _] = stands(&world, 0).await;
        assert_eq!(deposit - receivable, partner.stands, "after step {number}: {step:?}");
        assert!(deposit == 0 || receivable == 0, "who owes has no deposit; after step {number}: {step:?}");
        seen.owed += u32::from(receivable > owed);
        seen.settled += u32::from(receivable < owed);
    }
}

async fn return_one(
    world: &World,
    partner: &mut Partner,
    order: usize,
    cents: u32,
    share: u8,
    seen: &mut Seen,
) {
    let count = partner.orders.len().max(1);
    let Some((id, _, _, charged)) = partner.orders.get_mut(order % count) else { return };
    let returned = (cents > 0).then(|| format!("{}.{:02}", cents / 100, cents % 100));
    let order = self::order(world, id, returned.as_deref());
    let share = share.to_string().parse().expect("a percentage");
    match (refund(world, RefundOrder { share, ..order }).await, *charged) {
        (RefundVerdict::Booked(record), None) => {
            *charged = Some(i64::from(record.claim));
            partner.stands -= i64::from(record.claim);
            seen.charged += 1;
        }
        (RefundVerdict::Replay(record), Some(claim)) => assert_eq!(i64::from(record.claim), claim),
        (RefundVerdict::Conflict, Some(_)) => {}
        (RefundVerdict::MoreThanPaid, _) => assert!(cents > 1_250),
        (verdict, charged) => panic!("{verdict:?} for {charged:?}"),
    }
}
