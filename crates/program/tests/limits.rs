//! Limits: a table for people, and what holds in any order of requests.

use std::collections::BTreeMap;

use obyte::Bytes;
use program::{
    Asked, History, Judgement, Limit, LimitRules, LimitSetting, Retry, Spent, Standing, Stop, Turnover,
};
use proptest::prelude::*;

fn bytes(number: u64) -> Bytes {
    Bytes::new(number).expect("a small amount")
}

fn rules(settings: &[(&str, &str)]) -> LimitRules {
    let mut rules = LimitRules::none();
    for (name, value) in settings {
        rules.set(&LimitSetting::read(name, value).expect("a setting"));
    }
    rules
}

fn asked(from_fund: u64) -> Asked {
    Asked { from_fund: bytes(from_fund), sold: Turnover::of_cents(from_fund), fund_left: Bytes::MAX }
}

const fn spent(today: u64, ever: u64) -> Spent {
    Spent { today: Bytes::literal(today), ever: Bytes::literal(ever) }
}

const fn refused(limit: Limit, retry: Retry) -> Judgement {
    Judgement::Refused(Stop { limit, retry })
}

/// What was given before: 70 of 100 on this day, 700 of 1000 in all, to everybody alike.
fn standing() -> Standing {
    let spent = spent(70, 700);
    Standing {
        recipient: spent,
        customer: Some(spent),
        merchant: Some(spent),
        partner: spent,
        partner_held: bytes(70),
        fund: spent,
        ..Standing::default()
    }
}

#[test]
fn each_limit_stops_what_would_pass_it_and_nothing_less() {
    #[rustfmt::skip]
    let table = [
        // limit            amount   fits   stopped  helped by
        ("purchase",         "100",   100,    101,   Retry::Never),
        ("recipient_day",    "100",    30,     31,   Retry::NextDay),
        ("recipient_day",    "100",    30,    101,   Retry::Never),
        ("recipient_total", "1000",   300,    301,   Retry::Never),
        ("customer_day",     "100",    30,     31,   Retry::NextDay),
        ("customer_total",  "1000",   300,    301,   Retry::Never),
        ("merchant_day",     "100",    30,     31,   Retry::NextDay),
        ("merchant_total",  "1000",   300,    301,   Retry::Never),
        ("partner_day",      "100",    30,     31,   Retry::NextDay),
        ("partner_total",   "1000",   300,    301,   Retry::Never),
        ("fund_day",         "100",    30,     31,   Retry::NextDay),
    ];
    for (name, amount, fits, stopped, retry) in table {
        let rules = rules(&[(name, amount)]);
        let limit = name.parse().expect("a limit");
        assert_eq!(rules.judge(&asked(fits), &standing()), Judgement::Allowed, "{name}");
        assert_eq!(rules.judge(&asked(stopped), &standing()), refused(limit, retry), "{name}");
    }
}

#[test]
fn the_reserve_stays_in_the_fund() {
    let rules = rules(&[("fund_reserve", "50")]);
    let leaves = |fund_left| Asked { fund_left: bytes(fund_left), ..asked(10) };
    assert_eq!(rules.judge(&leaves(50), &standing()), Judgement::Allowed);
    assert_eq!(rules.judge(&leaves(49), &standing()), refused(Limit::FundReserve, Retry::Later));
    let nothing = Asked { from_fund: Bytes::ZERO, ..leaves(0) };
    assert_eq!(rules.judge(&nothing, &standing()), Judgement::Allowed, "it takes nothing");
}

#[test]
fn a_customer_without_a_name_has_no_limit() {
    let rules = rules(&[("customer_day", "1"), ("customer_total", "1")]);
    let nobody = Standing { customer: None, ..standing() };
    assert_eq!(rules.judge(&asked(1000), &nobody), Judgement::Allowed);
}

#[test]
fn a_new_partner_grows_by_age_and_by_what_is_finished_for_it() {
    let rules = rules(&[("partner_day", "200"), ("partner_day_new", "20")]);
    #[rustfmt::skip]
    let table = [
        // days old  finished  a day
        (     0,         0,      20),
        (     6,      1000,      20), // no full week
        (     7,         0,      20), // old, but nothing is finished
        (     7,        15,      35),
        (     7,      1000,      40),
        (    20,      1000,      60),
        (    21,        50,      70),
        (    63,       179,     199),
        (    63,       180,     200),
        (  5000,   100_000,     200), // no more than everybody
    ];
    for (age, finished, day) in table {
        assert_eq!(rules.partner_day(age, bytes(finished)), Some(bytes(day)), "{age} days, {finished}");
    }
    let of_standing = |age, finished| Standing {
        partner: spent(15, 15),
        partner_age_days: age,
        partner_finished: bytes(finished),
        ..Standing::default()
    };
    assert_eq!(rules.judge(&asked(6), &of_standing(0, 0)), refused(Limit::PartnerDay, Retry::NextDay));
    assert_eq!(rules.judge(&asked(6), &of_standing(7, 15)), Judgement::Allowed);
}

#[test]
fn a_purchase_far_above_the_usual_is_out_of_proportion() {
    let rules = rules(&[("proportion", "100")]);
    let sale = |cents| Asked {
        from_fund: bytes(500_000_000),
        sold: Turnover::of_cents(cents),
        fund_left: Bytes::MAX,
    };
    // The usual purchase is of 12.50 USD.
    let after = |purchases| Standing {
        history: History { purchases, sold: Turnover::of_cents(1250 * purchases) },
        ..Standing::default()
    };
    let stopped = refused(Limit::Proportion, Retry::Never);
    assert_eq!(rules.judge(&sale(125_000), &after(10)), Judgement::Allowed);
    assert_eq!(rules.judge(&sale(125_001), &after(10)), stopped);
    assert_eq!(rules.judge(&sale(125_001), &after(9)), Judgement::Allowed, "too few say what is usual");
    let small = Asked { from_fund: bytes(499_999_999), ..sale(125_001) };
    assert_eq!(rules.judge(&small, &after(10)), Judgement::Allowed, "it is small all the same");
    let free = History { purchases: 10, sold: Turnover::ZERO };
    assert_eq!(rules.judge(&sale(1), &Standing { history: free, ..Standing::default() }), stopped);
}

#[test]
fn what_holds_gives_way_to_what_refuses_and_to_how_much_may_be_held() {
    let holding = [("purchase", "10"), ("recipient_day", "100"), ("hold", "purchase,recipient_day")];
    assert_eq!(rules(&holding).judge(&asked(11), &standing()), Judgement::Held(Limit::Purchase));
    let refusing = [&holding[..], &[("fund_day", "80")]].concat();
    let stopped = refused(Limit::FundDay, Retry::NextDay);
    assert_eq!(rules(&refusing).judge(&asked(11), &standing()), stopped);
    let few = [&holding[..], &[("partner_held", "80")]].concat();
    assert_eq!(rules(&few).judge(&asked(11), &standing()), refused(Limit::PartnerHeld, Retry::Never));
    let enough = [&holding[..], &[("partner_held", "81")]].concat();
    assert_eq!(rules(&enough).judge(&asked(11), &standing()), Judgement::Held(Limit::Purchase));
}

#[test]
fn every_stop_fits_into_an_answer_and_names_its_limit() {
    for limit in Limit::ALL {
        for retry in [Retry::NextDay, Retry::Later, Retry::Never] {
            let text = Stop { limit, retry }.to_string();
            assert!(text.len() <= 100 && text.is_ascii() && text.contains(limit.code()), "{text}");
        }
    }
    for limit in [Limit::Proportion, Limit::Purchase] {
        assert!(Stop { limit, retry: Retry::Never }.to_string().contains("currency_amount"));
    }
}

#[test]
fn the_defaults_let_an_ordinary_purchase_pass() {
    let rules = LimitRules::default();
    assert_eq!(rules.judge(&asked(62_500_000), &Standing::default()), Judgement::Allowed);
    assert_eq!(rules.partner_day(0, Bytes::ZERO), Some(bytes(50_000_000_000)));
}

/// The example of `docs/limits.md`.
#[test]
fn a_day_of_a_shop_is_as_the_documentation_tells_it() {
    let gbytes = |thousandths: u64| bytes(thousandths * 1_000_000);
    let rules = LimitRules::default();
    let mut today = gbytes(168_500);
    #[rustfmt::skip]
    let table = [
        // cents    from the fund
        (  1_250,      62_500_000, Judgement::Allowed),
        (  1_250,      93_750_000, Judgement::Allowed),
        ( 30_000,   1_500_000_000, refused(Limit::PartnerDay, Retry::NextDay)),
        ( 20_000,   1_000_000_000, Judgement::Allowed),
        (240_000,  12_000_000_000, refused(Limit::Purchase, Retry::Never)),
    ];
    for (cents, from_fund, judgement) in table {
        let standing = Standing {
            partner: Spent { today, ever: gbytes(500_000) },
            partner_age_days: 21,
            partner_finished: gbytes(120_000),
            fund: Spent { today, ever: gbytes(500_000) },
            history: History { purchases: 1000, sold: Turnover::of_cents(4_000_000) },
            ..Standing::default()
        };
        let sale = Asked { sold: Turnover::of_cents(cents), ..asked(from_fund) };
        assert_eq!(rules.judge(&sale, &standing), judgement, "{cents} cents");
        if judgement == Judgement::Allowed {
            today = today.checked_add(bytes(from_fund)).expect("small");
        }
    }
    assert_eq!(today, bytes(169_656_250_000));
}

#[derive(Clone, Debug)]
struct Purchase {
    recipient: u8,
    customer: Option<u8>,
    amount: u64,
    next_day: bool,
}

fn purchases() -> impl Strategy<Value = Vec<Purchase>> {
    let one = (0..3u8, prop::option::of(0..3u8), 0..60u64, prop::bool::weighted(0.1));
    let purchase = one.prop_map(|(recipient, customer, amount, next_day)| Purchase {
        recipient,
        customer,
        amount,
        next_day,
    });
    prop::collection::vec(purchase, 0..60)
}

proptest! {
    /// Books of our own: what was allowed, by whom and on which day.
    #[test]
    fn in_any_order_no_limit_is_passed(purchases in purchases()) {
        let rules = rules(&[
            ("purchase", "50"), ("recipient_day", "80"), ("recipient_total", "150"), ("customer_day", "70"),
            ("partner_day", "120"), ("fund_day", "110"), ("fund_reserve", "1000"),
        ]);
        let mut allowed: Vec<(u32, Purchase)> = Vec::new();
        let (mut day, mut fund) = (0, 1400u64);
        for purchase in purchases {
            day += u32::from(purchase.next_day);
            let sum = |which: &dyn Fn(&Purchase) -> bool| {
                let of = |today: bool| allowed.iter()
                    .filter(|(on, before)| (!today || *on == day) && which(before))
                    .map(|(_, before)| before.amount).sum();
                spent(of(true), of(false))
            };
            let standing = Standing {
                recipient: sum(&|before| before.recipient == purchase.recipient),
                customer: purchase.customer.map(|_| sum(&|before| before.customer == purchase.customer)),
                partner: sum(&|_| true),
                fund: sum(&|_| true),
                ..Standing::default()
            };
            let fund_left = bytes(fund.saturating_sub(purchase.amount));
            let asked = Asked { fund_left, ..asked(purchase.amount) };
            if rules.judge(&asked, &standing) == Judgement::Allowed {
                fund -= purchase.amount;
                allowed.push((day, purchase));
            }
        }
        let mut sums: BTreeMap<(&str, u32, u8), u64> = BTreeMap::new();
        for (day, purchase) in &allowed {
            prop_assert!(purchase.amount <= 50);
            *sums.entry(("recipient_day", *day, purchase.recipient)).or_default() += purchase.amount;
            *sums.entry(("recipient_total", 0, purchase.recipient)).or_default() += purchase.amount;
            *sums.entry(("fund_day", *day, 0)).or_default() += purchase.amount;
            if let Some(customer) = purchase.customer {
                *sums.entry(("customer_day", *day, customer)).or_default() += purchase.amount;
            }
        }
        for ((limit, day, who), sum) in sums {
            let cap = rules.cap(limit.parse().expect("a limit")).expect("it is set");
            prop_assert!(sum <= cap.get(), "{limit} of {who} on day {day}: {sum}");
        }
        prop_assert!(fund >= 1000);
    }

    #[test]
    fn a_higher_limit_never_stops_more(amount in 0..200u64, today in 0..200u64, cap in 0..200u64, more in 0..50u64) {
        let judge = |cap: u64| {
            let standing = Standing { recipient: spent(today, today), ..Standing::default() };
            rules(&[("recipient_day", &cap.to_string())]).judge(&asked(amount), &standing)
        };
        if judge(cap) == Judgement::Allowed {
            prop_assert_eq!(judge(cap + more), Judgement::Allowed);
        }
    }
}
