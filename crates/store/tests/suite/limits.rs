//! Limits, and the totals from which they are checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use obyte::Address;
use payout::{Change, Timestamp};
use program::{Day, Limit, LimitRules, LimitSetting, Retry, Stop, Turnover};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use store::{
    Acceptance, Endpoint, HoldReason, MerchantRefusal, MerchantScope, PayoutState, Scope, Shop, StoreError,
    Thing, Totals, Verdict,
};

use super::Backend;
use super::units::{settled, slot};
use super::world::{World, bytes, coin};

const DAY: u64 = 24 * 60 * 60 * 1000;
/// Some day after the partner of the world was added, at noon.
const NOON: u64 = 100 * DAY + DAY / 2;

fn rules(settings: &[(&str, &str)]) -> Arc<LimitRules> {
    let mut rules = LimitRules::none();
    for (name, value) in settings {
        rules.set(&LimitSetting::read(name, value).expect("a setting"));
    }
    Arc::new(rules)
}

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A purchase of 10 USD for everybody's recipient.
fn purchase(world: &World, order: &str, base: u64, rules: &Arc<LimitRules>) -> Acceptance {
    let mut purchase = world.purchase(order, base);
    purchase.terms.recipient = Address::of_source("everybody").into();
    purchase.sold = Turnover::of_cents(1000);
    purchase.limits = Some(Arc::clone(rules));
    purchase.at = at(NOON);
    purchase
}

const fn stopped(limit: Limit, retry: Retry) -> Verdict {
    Verdict::Stopped(Stop { limit, retry })
}

async fn totals(world: &World, scope: Scope, day: u64) -> Totals {
    let day = Day::of_millis(day * DAY);
    world.store.totals(Endpoint::Test, &scope, day).await.expect("the store works")
}

fn shop(world: &World) -> Shop {
    Shop { partner: world.partner, merchant: None }
}

fn spent(totals: Totals) -> (u64, u64, u64) {
    (totals.today.get(), totals.ever.get(), totals.held.get())
}

pub(crate) async fn a_limit_stops_what_would_pass_it_and_leaves_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("recipient_day", "1000")]);
    assert!(matches!(world.accept(purchase(&world, "1", 600, &rules)).await, Verdict::Accepted(_)));
    let before = world.store.balances(Endpoint::Test).await.expect("a book");
    let refused = world.accept(purchase(&world, "2", 401, &rules)).await;
    assert_eq!(refused, stopped(Limit::RecipientDay, Retry::NextDay));
    assert_eq!(world.store.balances(Endpoint::Test).await.expect("a book"), before);
    assert_eq!(spent(totals(&world, Scope::Fund, 100).await), (600, 600, 0));

    let mut other = purchase(&world, "2", 400, &rules);
    other.terms.price.amount = "13".parse().expect("an amount");
    assert!(matches!(world.accept(other).await, Verdict::Accepted(_)), "the order id was free");
    let again = world.accept(purchase(&world, "1", 600, &rules)).await;
    assert!(matches!(again, Verdict::Replay(_)), "what was accepted passes every limit");
    let tomorrow = Acceptance { at: at(NOON + DAY), ..purchase(&world, "3", 401, &rules) };
    assert!(matches!(world.accept(tomorrow).await, Verdict::Accepted(_)));
    world.check_book().await;
}

pub(crate) async fn each_scope_has_a_limit_of_its_own<B: Backend>(_: &B) {
    for name in ["recipient_day", "customer_day", "merchant_day", "partner_day", "fund_day", "customer_total"]
    {
        let world = World::rich(&B::fresh()).await;
        let rules = rules(&[(name, "1000")]);
        let bought = |order: &str| {
            let mut purchase = purchase(&world, order, 1000, &rules);
            purchase.key.merchant = Some(merchant("stall 1"));
            purchase
        };
        assert!(matches!(world.accept(bought("1")).await, Verdict::Accepted(_)), "{name}");
        let refused = world.accept(bought("2")).await;
        let by_it = matches!(&refused, Verdict::Stopped(Stop { limit, .. }) if limit.code() == name);
        assert!(by_it, "{name}: {refused:?}");
        let mut other = bought("3");
        other.terms.recipient = Address::of_source("somebody else").into();
        other.details.customer = "somebody else".to_owned();
        other.key.merchant = Some(merchant("stall 2"));
        let is_free = matches!(world.accept(other).await, Verdict::Accepted(_));
        assert_eq!(is_free, !matches!(name, "partner_day" | "fund_day"), "{name}");
    }
}

pub(crate) async fn guests_have_no_limit_together(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("customer_total", "1000")]);
    for order in ["1", "2"] {
        let mut guest = purchase(&world, order, 1000, &rules);
        guest.details.customer = "0".to_owned();
        assert!(matches!(world.accept(guest).await, Verdict::Accepted(_)));
    }
}

pub(crate) async fn what_a_limit_holds_counts_once_it_is_released(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("recipient_day", "1000"), ("partner_held", "900"), ("hold", "recipient_day")]);
    assert!(matches!(world.accept(purchase(&world, "1", 600, &rules)).await, Verdict::Accepted(_)));
    for order in ["2", "3"] {
        let held = world.accept(purchase(&world, order, 450, &rules)).await;
        let reason = HoldReason::Limit(Limit::RecipientDay);
        let state = PayoutState::Held { reason, since: at(NOON) };
        assert!(matches!(&held, Verdict::Held(record) if record.state == state), "{held:?}");
    }
    let refused = world.accept(purchase(&world, "4", 401, &rules)).await;
    assert_eq!(refused, stopped(Limit::PartnerHeld, Retry::Never));
    let partner = || Scope::Shop(shop(&world));
    assert_eq!(spent(totals(&world, partner(), 100).await), (600, 600, 900));
    assert_eq!(totals(&world, partner(), 100).await.purchases, 1);

    world.store.release(Endpoint::Test, &world.key("2"), at(NOON + DAY)).await.expect("it is held");
    assert_eq!(spent(totals(&world, partner(), 101).await), (450, 1050, 450));
    world.store.reject(Endpoint::Test, &world.key("3"), at(NOON + DAY)).await.expect("it is held");
    assert_eq!(spent(totals(&world, partner(), 101).await), (450, 1050, 0));
    assert_eq!(totals(&world, partner(), 101).await.sold, Turnover::of_cents(2000));
    assert_eq!(spent(totals(&world, Scope::Fund, 102).await), (0, 1050, 0));
}

pub(crate) async fn what_is_never_paid_counts_no_more(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("recipient_total", "1000")]);
    let Verdict::Accepted(record) = world.accept(purchase(&world, "1", 600, &rules)).await else {
        panic!("nothing was given before");
    };
    assert!(matches!(world.accept(purchase(&world, "2", 500, &rules)).await, Verdict::Stopped(_)));
    world.apply([Change::Parked { payout: record.payout.id, at: at(NOON) }]).await.expect("it waits");
    let recipient = Scope::Recipient(Address::of_source("everybody").into());
    assert_eq!(totals(&world, recipient, 100).await, Totals::default());
    let sold = world.store.turnover(Endpoint::Test, &shop(&world), Day::of_millis(0)).await;
    assert_eq!(sold.expect("the store works"), Turnover::ZERO);
    assert!(matches!(world.accept(purchase(&world, "2", 500, &rules)).await, Verdict::Accepted(_)));
}

pub(crate) async fn a_partner_and_its_merchants_have_limits_of_their_own(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let defaults = rules(&[("purchase", "1000")]);
    let of_merchant = Shop { merchant: Some(merchant("stall")), ..shop(&world) };
    let set = async |shop: &Shop, name: &str, value: &str| {
        let setting = LimitSetting::read(name, value).expect("a setting");
        world.store.set_limit(shop, &setting).await.expect("there is such a partner");
    };
    let mut number = 0;
    let mut most = async |merchant: Option<MerchantScope>| {
        let mut most = 0;
        for base in [500, 1000, 2000, 3000] {
            number += 1;
            let mut purchase = purchase(&world, &number.to_string(), base, &defaults);
            purchase.key.merchant.clone_from(&merchant);
            if matches!(world.accept(purchase).await, Verdict::Accepted(_)) {
                most = base;
            }
        }
        most
    };
    assert_eq!((most(None).await, most(of_merchant.merchant.clone()).await), (1000, 1000));
    set(&shop(&world), "purchase", "2000").await;
    assert_eq!((most(None).await, most(of_merchant.merchant.clone()).await), (2000, 2000));
    set(&of_merchant, "purchase", "500").await;
    assert_eq!((most(None).await, most(of_merchant.merchant.clone()).await), (2000, 500));
    assert_eq!(most(Some(merchant("other"))).await, 2000);
    set(&of_merchant, "purchase", "none").await;
    assert_eq!(most(of_merchant.merchant.clone()).await, 3000);
    let listed = world.store.limit_settings(&of_merchant).await.expect("the store works");
    assert_eq!(listed, [LimitSetting::Cap(Limit::Purchase, None)]);
    world.store.unset_limit(&of_merchant, "purchase").await.expect("the store works");
    assert_eq!(most(of_merchant.merchant.clone()).await, 2000);

    let nobody = Shop { partner: ledger::PartnerId::new(99), merchant: None };
    let refused = world.store.set_limit(&nobody, &LimitSetting::Proportion(None)).await;
    assert!(matches!(refused, Err(StoreError::Unknown(Thing::Partner))), "{refused:?}");
}

pub(crate) async fn what_is_finished_lets_a_new_partner_grow(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("partner_day", "2000"), ("partner_day_new", "1000")]);
    let on = |order: &str, day: u64, base| Acceptance {
        at: at(day * DAY),
        ..purchase(&world, order, base, &rules)
    };
    let Verdict::Accepted(record) = world.accept(on("1", 30, 700)).await else { panic!("it is the first") };
    assert_eq!(world.accept(on("2", 31, 1001)).await, stopped(Limit::PartnerDay, Retry::Never));
    let first = slot(0, &[coin("funding", super::world::FUND)], &[record.payout]);
    world
        .apply([Change::SlotOpened(first.clone()), settled(&first, first.head())])
        .await
        .expect("a good unit");
    assert_eq!(totals(&world, Scope::Shop(shop(&world)), 31).await.finished, bytes(700));
    assert_eq!(world.accept(on("2", 31, 1701)).await, stopped(Limit::PartnerDay, Retry::Never));
    assert!(matches!(world.accept(on("2", 31, 1700)).await, Verdict::Accepted(_)));
}

pub(crate) async fn the_reserve_of_the_fund_is_never_given(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("fund_reserve", "900000")]);
    let most = super::world::FUND - 900_000 - super::world::RESERVE;
    let refused = world.accept(purchase(&world, "1", most + 1, &rules)).await;
    assert_eq!(refused, stopped(Limit::FundReserve, Retry::Later));
    assert!(matches!(world.accept(purchase(&world, "1", most, &rules)).await, Verdict::Accepted(_)));
    assert_eq!(world.balance(ledger::Account::Fund).await, 900_000);
}

pub(crate) async fn a_sale_out_of_all_proportion_is_refused(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.apply([super::world::credited(coin("more", 2_000_000_000))]).await.expect("a new coin");
    let rules = rules(&[("proportion", "100")]);
    let sale = |order: &str, cents| {
        let sold = Turnover::of_cents(cents);
        Acceptance { sold, ..purchase(&world, order, 500_000_000, &rules) }
    };
    for order in 0..10 {
        let small = Acceptance { at: at(NOON), ..purchase(&world, &order.to_string(), 100, &rules) };
        assert!(matches!(world.accept(small).await, Verdict::Accepted(_)));
    }
    assert_eq!(world.accept(sale("x", 100_001)).await, stopped(Limit::Proportion, Retry::Never));
    assert!(matches!(world.accept(sale("x", 100_000)).await, Verdict::Accepted(_)));
}

pub(crate) async fn a_clock_that_goes_back_over_midnight_begins_no_day_anew(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[("fund_day", "1000")]);
    let midnight = 200 * DAY;
    let when = |order: &str, at| Acceptance { at, ..purchase(&world, order, 600, &rules) };
    assert!(matches!(world.accept(when("1", at(midnight + 1))).await, Verdict::Accepted(_)));
    for moment in [midnight - 1, midnight + 2, midnight - DAY] {
        let refused = world.accept(when("2", at(moment))).await;
        assert_eq!(refused, stopped(Limit::FundDay, Retry::NextDay), "{moment}");
    }
    // A clock that was far ahead does not stop everybody until then.
    assert!(matches!(world.accept(when("2", at(midnight - 3 * DAY))).await, Verdict::Accepted(_)));
}

pub(crate) async fn the_turnover_of_a_shop_is_told_from_a_day_on(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = rules(&[]);
    for (order, day, of) in [("1", 10, None), ("2", 10, None), ("3", 12, None), ("4", 12, Some("stall"))] {
        let mut sale = purchase(&world, order, 100, &rules);
        sale.key.merchant = of.map(merchant);
        sale.at = at(day * DAY);
        assert!(matches!(world.accept(sale).await, Verdict::Accepted(_)));
    }
    let world = world.restart(backend).await;
    let stall = Shop { merchant: Some(merchant("stall")), ..shop(&world) };
    for (shop, since, cents) in
        [(&shop(&world), 10, 3000), (&shop(&world), 11, 1000), (&shop(&world), 13, 0), (&stall, 10, 1000)]
    {
        let sold = world.store.turnover(Endpoint::Test, shop, Day::of_millis(since * DAY)).await;
        assert_eq!(sold.expect("the store works"), Turnover::of_cents(cents), "since {since}");
    }
    let other = world.store.turnover(Endpoint::Live, &shop(&world), Day::of_millis(0)).await;
    assert_eq!(other.expect("the store works"), Turnover::ZERO);
}

fn merchant(name: &str) -> MerchantScope {
    MerchantScope::new(name).expect("a name")
}

pub(crate) async fn a_merchant_is_listed_with_its_first_purchase(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let of = |order: &str, name| {
        let mut purchase = world.purchase(order, 100);
        purchase.key.merchant = Some(merchant(name));
        purchase
    };
    let names = async || {
        let merchants = world.store.merchants(world.partner).await.expect("there is such a partner");
        merchants.listed.into_iter().map(|one| one.name.to_string()).collect::<Vec<_>>()
    };
    assert!(matches!(world.accept(of("1", "stall")).await, Verdict::Accepted(_)));
    world.store.set_only_listed(world.partner, true).await.expect("there is such a partner");
    assert_eq!(world.accept(of("1", "other")).await, Verdict::MerchantRefused(MerchantRefusal::NotListed));
    assert_eq!(names().await, ["stall"], "a refused purchase lists nobody");
    world
        .store
        .add_merchant(world.partner, &merchant("other"), at(5))
        .await
        .expect("there is such a partner");
    assert!(
        matches!(world.accept(of("1", "other")).await, Verdict::Accepted(_)),
        "order ids are each one's own"
    );
    assert_eq!(names().await, ["other", "stall"]);
}

pub(crate) async fn nothing_is_accepted_for_a_blocked_merchant(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let of = |order: &str| {
        let mut purchase = world.purchase(order, 100);
        purchase.key.merchant = Some(merchant("stall"));
        purchase
    };
    assert!(matches!(world.accept(of("1")).await, Verdict::Accepted(_)));
    let block = async |from| world.store.block_merchant(world.partner, &merchant("stall"), from).await;
    block(Some(at(7))).await.expect("it is listed");
    assert_eq!(world.accept(of("2")).await, Verdict::MerchantRefused(MerchantRefusal::Blocked));
    assert!(matches!(world.accept(of("1")).await, Verdict::Replay(_)), "what was accepted is paid");
    block(None).await.expect("it is listed");
    assert!(matches!(world.accept(of("2")).await, Verdict::Accepted(_)));
    let unknown = world.store.block_merchant(world.partner, &merchant("nobody"), None).await;
    assert!(matches!(unknown, Err(StoreError::Unknown(Thing::Merchant))), "{unknown:?}");
}

/// A purchase among many: to whom, by which customer and merchant, how much, on which day.
type Random = (u8, u8, u8, u64, u64);

/// Always the same purchases; proptest makes them. All of a day are sent at once.
pub(crate) async fn in_any_order_of_requests_no_limit_is_passed<B: Backend>(_: &B) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let purchases = prop::collection::vec((0..4u8, 0..3u8, 0..3u8, 1..400u64, 0..2u64), 40..80);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..12 {
        let life = purchases.new_tree(&mut runner).expect("the strategy never refuses").current();
        let all = life.len();
        let kept = live(&B::fresh(), life).await;
        accepted += kept;
        refused += all - kept;
    }
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
}

/// Always the same purchases. Where none touches a limit, it is all the same which comes first.
pub(crate) async fn the_order_of_requests_changes_no_total<B: Backend>(_: &B) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let purchase = (0..4u8, 0..3u8, 0..3u8, 1..400u64, Just(0u64));
    let purchases = prop::collection::vec(purchase, 20..30).prop_flat_map(|purchases| {
        let numbered: Vec<_> = purchases.into_iter().enumerate().collect();
        (Just(numbered.clone()), Just(numbered).prop_shuffle())
    });
    for _ in 0..6 {
        let (one, other) = purchases.new_tree(&mut runner).expect("the strategy never refuses").current();
        assert_ne!(one, other);
        assert_eq!(totals_after(&B::fresh(), &one).await, totals_after(&B::fresh(), &other).await);
    }
}

/// What was given to and for everybody, and the balances.
async fn totals_after(backend: &impl Backend, life: &[(usize, Random)]) -> (Vec<Totals>, Vec<i64>) {
    let world = World::rich(backend).await;
    world.deposit("d1", 10_000).await;
    let most = "900000";
    let rules = rules(&[("recipient_day", most), ("customer_day", most), ("fund_day", most)]);
    for (number, one) in life {
        let mut purchase = random(&world, &format!("order {number}"), one, &rules);
        purchase.shares.partner = bytes(one.3 / 2);
        assert!(matches!(world.accept(purchase).await, Verdict::Accepted(_)));
    }
    let stalls = (0..3u8).map(|stall| Shop { merchant: Some(merchant(&stall.to_string())), ..shop(&world) });
    let mut scopes = vec![Scope::Fund, Scope::Shop(shop(&world))];
    scopes.extend(
        (0..4u8).map(|recipient| Scope::Recipient(Address::of_source(&recipient.to_string()).into())),
    );
    for stall in stalls {
        scopes.extend((1..3u8).map(|customer| Scope::Customer(stall.clone(), customer.to_string())));
        scopes.push(Scope::Shop(stall));
    }
    let mut all = Vec::new();
    for scope in scopes {
        all.push(totals(&world, scope, 100).await);
    }
    world.check_book().await;
    let book = world.store.balances(Endpoint::Test).await.expect("a book");
    (all, book.balances().map(|(_, balance)| balance.get()).collect())
}

fn random(world: &World, order: &str, one: &Random, rules: &Arc<LimitRules>) -> Acceptance {
    let (recipient, customer, stall, amount, day) = one;
    let mut purchase = purchase(world, order, *amount, rules);
    purchase.terms.recipient = Address::of_source(&recipient.to_string()).into();
    purchase.details.customer = customer.to_string();
    purchase.key.merchant = Some(merchant(&stall.to_string()));
    purchase.at = at(NOON + day * DAY);
    purchase
}

async fn live(backend: &impl Backend, life: Vec<Random>) -> usize {
    let caps = [
        ("recipient_day", "900"),
        ("recipient_total", "1500"),
        ("customer_day", "800"),
        ("merchant_day", "1200"),
        ("partner_day", "2500"),
        ("fund_day", "2600"),
        ("purchase", "350"),
    ];
    let world = World::rich(backend).await;
    let rules = rules(&caps);
    let mut accepted: Vec<Random> = Vec::new();
    for today in 0..2 {
        let mut sent = Vec::new();
        for (purchase, order) in life.iter().filter(|(.., day)| *day == today).zip(0..) {
            let acceptance = random(&world, &format!("order {today} {order}"), purchase, &rules);
            let store = Arc::clone(&world.store);
            let accepting = async move { store.accept(Endpoint::Test, acceptance).await };
            sent.push((*purchase, tokio::spawn(accepting)));
        }
        for (purchase, verdict) in sent {
            match verdict.await.expect("no panic").expect("the store works") {
                Verdict::Accepted(_) => accepted.push(purchase),
                Verdict::Stopped(_) => {}
                other => panic!("neither fund nor names are in the way: {other:?}"),
            }
        }
    }
    let mut sums: BTreeMap<(&str, u8, u64), u64> = BTreeMap::new();
    for (recipient, customer, stall, amount, day) in &accepted {
        let mut add = |limit, who, day| *sums.entry((limit, who, day)).or_default() += amount;
        add("recipient_day", *recipient, *day);
        add("recipient_total", *recipient, 9);
        add("merchant_day", *stall, *day);
        add("partner_day", 0, *day);
        add("fund_day", 0, *day);
        if *customer > 0 {
            // The customer of one stall is another one at the next.
            add("customer_day", customer * 10 + stall, *day);
        }
        assert!(*amount <= 350);
    }
    for ((limit, who, day), sum) in sums {
        let cap = rules.cap(limit.parse().expect("a limit")).expect("it is set");
        assert!(sum <= cap.get(), "{limit} of {who} on day {day}: {sum}");
    }
    accepted.len()
}
