//! Rules that an operator may set, with examples computed by hand, as tables that a bookkeeper can read.
//!
//! Prices as in `examples.rs`: 1 USD is worth 50,000,000 bytes, 1 EUR is 1.10 USD, 1 GBYTE is 20 USD.

use program::{
    BaseShare, CurrencyAmount, Day, Dollars, Pair, PartnerTerms, Percentage, PeriodTiers, Quote, QuoteError,
    RateTable, Rules, Sale, Tier, Tiers, Turnover, quote,
};

/// Of what is above 1,000 USD half counts, above 5,000 USD a fifth.
///
/// Amount, currency, partner's percentage | what counts in USD | base share, partner's share, match, total.
const TIERS: &str = "
    1000     USD   0  | 1000     |  5_000_000_000                0              0   5_000_000_000
    1000.01  USD   0  | 1000.005 |  5_000_025_000                0              0   5_000_025_000
    2500     USD   5  | 1750     |  8_750_000_000    6_250_000_000  4_375_000_000  19_375_000_000
    5000     USD   0  | 3000     | 15_000_000_000                0              0  15_000_000_000
    10000    USD   20 | 4000     | 20_000_000_000  100_000_000_000 20_000_000_000 140_000_000_000
    2000     EUR   0  | 1600     |  8_000_000_000                0              0   8_000_000_000
    100      GBYTE 0  | 1500     |  7_500_000_000                0              0   7_500_000_000
";

/// Half counts of what a shop sells above 10,000 USD within 30 days.
///
/// Sold before, in cents | amount, partner's percentage | base share, partner's share, match, total.
const PERIOD: &str = "
            0 | 300  10 | 1_500_000_000 1_500_000_000 1_500_000_000 4_500_000_000
    9_900_00  | 300  10 | 1_000_000_000 1_500_000_000 1_000_000_000 3_500_000_000
    9_900_00  | 100  0  |   500_000_000             0             0   500_000_000
    9_999_99  | 0.03 0  |       100_000             0             0       100_000
    10_000_00 | 300  0  |   750_000_000             0             0   750_000_000
    99_999_99 | 300  0  |   750_000_000             0             0   750_000_000
";

/// From 0.10 USD on there is cashback, at least 0.05 USD (2,500,000 bytes) and at most 50 USD
/// (2,500,000,000 bytes).
///
/// Amount, currency, partner's percentage | base share, partner's share, match, total.
const LEAST_AND_MOST: &str = "
    0.10  USD 0  |     2_500_000             0           0     2_500_000
    0.10  USD 10 |     1_500_000       500_000     500_000     2_500_000
    0.10  USD 40 |       500_000     2_000_000     500_000     3_000_000
    0.5   USD 0  |     2_500_000             0           0     2_500_000
    0.51  USD 0  |     2_550_000             0           0     2_550_000
    100   USD 20 |   500_000_000 1_000_000_000 500_000_000 2_000_000_000
    200   USD 10 | 1_000_000_000 1_000_000_000 500_000_000 2_500_000_000
    300   USD 10 | 1_500_000_000 1_000_000_000           0 2_500_000_000
    500   USD 0  | 2_500_000_000             0           0 2_500_000_000
    500   USD 10 | 2_500_000_000             0           0 2_500_000_000
    1000  USD 0  | 2_500_000_000             0           0 2_500_000_000
    1e6   USD 100| 2_500_000_000             0           0 2_500_000_000
";

fn rates() -> RateTable {
    let prices = [(Pair::GbyteUsd, "20"), (Pair::EurUsd, "1.10")];
    prices.into_iter().fold(RateTable::new(), |table, (pair, rate)| {
        table.with(pair, rate.parse().expect("the rate is a decimal"))
    })
}

fn dollars(text: &str) -> Dollars {
    text.parse().expect("an amount of dollars")
}

fn percentage(text: &str) -> Percentage {
    text.parse().expect("a percentage")
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn sale(amount: &str, currency: &str, percent: &str) -> Sale {
    Sale {
        price: CurrencyAmount {
            amount: amount.parse().expect("an amount"),
            currency: currency.parse().expect("a currency"),
        },
        partner_percentage: percentage(percent),
        base_share: BaseShare::Ordinary,
        day: day("2026-11-23"),
        turnover: Turnover::ZERO,
    }
}

fn tiers(list: &[(&str, &str)]) -> Tiers {
    let tier = |(above, counts): &(&str, &str)| Tier { above: dollars(above), counts: percentage(counts) };
    Tiers::new(list.iter().map(tier).collect()).expect("tiers fall")
}

fn by_purchase() -> Rules {
    Rules { tiers: tiers(&[("1000", "50"), ("5000", "20")]), ..Rules::default() }
}

fn by_period() -> Rules {
    Rules { period: Some(PeriodTiers { days: 30, tiers: tiers(&[("10000", "50")]) }), ..Rules::default() }
}

fn bounded() -> Rules {
    Rules {
        smallest_purchase: Some(dollars("0.10")),
        least_cashback: Some(dollars("0.05")),
        most_cashback: Some(dollars("50")),
        ..Rules::default()
    }
}

/// The cells of each row of a table.
fn rows(table: &str) -> Vec<Vec<Vec<&str>>> {
    let rows = table.lines().filter(|line| !line.trim().is_empty());
    rows.map(|row| row.split('|').map(|cell| cell.split_whitespace().collect()).collect()).collect()
}

fn number(text: &str) -> u64 {
    text.replace('_', "").parse().expect("a whole number")
}

fn check(rules: &Rules, sale: &Sale, given: &[&str]) -> Quote {
    let quote = quote(rules, sale, &rates()).unwrap_or_else(|error| panic!("{sale:?}: {error}"));
    let shares = [quote.base(), quote.partner(), quote.matched(), quote.total()].map(obyte::Bytes::get);
    assert_eq!(shares.to_vec(), given.iter().map(|text| number(text)).collect::<Vec<_>>(), "{sale:?}");
    quote
}

fn error(rules: &Rules, sale: &Sale) -> Option<QuoteError> {
    quote(rules, sale, &rates()).err()
}

#[test]
fn of_a_large_purchase_less_counts_by_slices() {
    for row in rows(TIERS) {
        let sale = sale(row[0][0], row[0][1], row[0][2]);
        let quote = check(&by_purchase(), &sale, &row[2]);
        let counts = format!(" of {} USD from the fund", row[1][0]);
        let all = row[1][0] == row[0][0];
        assert_eq!(quote.explanation().iter().any(|line| line.contains(&counts)), !all, "{row:?}");
    }
}

#[test]
fn the_share_for_a_purchase_unit_falls_by_the_same_slices() {
    let paid = Sale { base_share: BaseShare::WithPurchaseUnit, ..sale("100", "GBYTE", "0") };
    check(&by_purchase(), &paid, &["15_000_000_000", "0", "0", "15_000_000_000"]);
}

#[test]
fn what_a_shop_sold_within_the_period_moves_the_slices() {
    for row in rows(PERIOD) {
        let turnover = Turnover::of_cents(number(row[0][0]));
        check(&by_period(), &Sale { turnover, ..sale(row[1][0], "USD", row[1][1]) }, &row[2]);
    }
}

#[test]
fn without_a_period_the_turnover_is_of_no_account() {
    let busy = Sale { turnover: Turnover::MAX, ..sale("2500", "USD", "5") };
    for rules in [Rules::default(), by_purchase()] {
        assert_eq!(quote(&rules, &busy, &rates()), quote(&rules, &sale("2500", "USD", "5"), &rates()));
    }
}

#[test]
fn where_both_tiers_say_something_the_lower_percentage_holds() {
    let both = Rules { period: by_period().period, ..by_purchase() };
    // 9,500 USD sold before: the first 500 in full, all else at a half, since the own tier says the same
    // above 1,000; above 5,000 a fifth. Counts: 500 + 2,250 + 200 = 2,950 USD.
    let sale = Sale { turnover: Turnover::of_cents(950_000), ..sale("6000", "USD", "0") };
    check(&both, &sale, &["14_750_000_000", "0", "0", "14_750_000_000"]);
}

#[test]
fn cashback_has_a_least_and_a_most() {
    for row in rows(LEAST_AND_MOST) {
        check(&bounded(), &sale(row[0][0], row[0][1], row[0][2]), &row[1]);
    }
}

#[test]
fn a_purchase_below_the_smallest_gets_nothing() {
    let below = Some(QuoteError::BelowSmallest { smallest: dollars("0.10") });
    assert_eq!(error(&bounded(), &sale("0.09999", "USD", "100")), below);
    assert_eq!(error(&bounded(), &sale("0.09", "EUR", "0")), below, "0.099 USD");
    assert_eq!(error(&bounded(), &sale("0.091", "EUR", "0")), None, "0.1001 USD");
}

#[test]
fn the_least_cashback_is_never_more_than_the_purchase() {
    let rules = Rules { smallest_purchase: None, ..bounded() };
    // 0.03 USD is worth 1,500,000 bytes, and the least cashback would be 2,500,000.
    check(&rules, &sale("0.03", "USD", "0"), &["1_500_000", "0", "0", "1_500_000"]);
    check(&rules, &sale("0.03", "USD", "100"), &["150_000", "1_500_000", "150_000", "1_800_000"]);
    assert_eq!(error(&rules, &sale("1e-9", "USD", "0")), Some(QuoteError::TooSmall));
}

#[test]
fn there_is_no_cashback_before_the_first_day_and_behind_the_last() {
    let (first_day, last_day) = (day("2026-12-01"), day("2027-11-30"));
    let rules = Rules { first_day: Some(first_day), last_day: Some(last_day), ..Rules::default() };
    let on = |day| error(&rules, &Sale { day, ..sale("1", "USD", "0") });
    assert_eq!(on(day("2026-11-30")), Some(QuoteError::NotBegun { first_day }));
    assert_eq!((on(first_day), on(last_day)), (None, None));
    assert_eq!(on(day("2027-12-01")), Some(QuoteError::Ended { last_day }));
}

#[test]
fn rules_that_speak_of_dollars_need_their_price_for_bytes_too() {
    let unpriced = |rules: &Rules| quote(rules, &sale("1", "GBYTE", "0"), &RateTable::new());
    for rules in [by_purchase(), by_period(), bounded()] {
        let error = unpriced(&rules).expect_err("the price is missing").to_string();
        assert_eq!(error, "no rate for GBYTE right now, please repeat later");
    }
    let quote = unpriced(&Rules::default()).expect("no price is needed");
    assert_eq!((quote.total().get(), quote.turnover()), (100_000_000, Turnover::ZERO));
}

#[test]
fn a_purchase_adds_its_whole_cents_to_the_turnover() {
    for (amount, currency, cents) in [("12.509", "USD", 1250), ("19.99", "EUR", 2198), ("0.06", "GBYTE", 120)]
    {
        let quote =
            quote(&by_period(), &sale(amount, currency, "0"), &rates()).expect("an ordinary purchase");
        assert_eq!(quote.turnover(), Turnover::of_cents(cents));
    }
}

#[test]
fn tiers_explain_themselves_line_by_line() {
    let both = Rules { period: by_period().period, most_cashback: Some(dollars("300")), ..by_purchase() };
    let sale = Sale { turnover: Turnover::of_cents(950_000), ..sale("6000", "EUR", "2.5") };
    let quote = quote(&both, &sale, &rates()).expect("an ordinary purchase");
    assert_eq!(
        quote.explanation(),
        [
            "6000 EUR at EUR_USD 1.1, GBYTE_USD 20 is worth 6600 USD, 330000000000 bytes",
            "the shop sold for 9500.00 USD before, within 30 days",
            "the first 500 USD count in full",
            "the next 4500 USD count at 50 %: 2250 USD",
            "the next 1600 USD count at 20 %: 320 USD",
            "base share 10 % of 3070 USD from the fund: 15350000000 bytes",
            "partner's share 2.5 % from the deposit: 8250000000 bytes",
            "match 2.5 % of 3070 USD from the fund: 3837500000 bytes",
            "the most cashback is 300 USD: 15000000000 bytes",
            "match cut from 3837500000 to 0 bytes",
            "partner's share cut from 8250000000 to 0 bytes",
            "base share cut from 15350000000 to 15000000000 bytes",
            "cashback: 15000000000 bytes",
        ]
    );
}

#[test]
fn bytes_name_their_price_where_rules_name_dollars() {
    let first = |rules| {
        let quote = quote(&rules, &sale("100", "GBYTE", "0"), &rates()).expect("an ordinary purchase");
        quote.explanation()[0].clone()
    };
    assert_eq!(first(Rules::default()), "100 GBYTE is worth 100000000000 bytes");
    assert_eq!(first(by_purchase()), "100 GBYTE at GBYTE_USD 20 is worth 2000 USD, 100000000000 bytes");
}

#[test]
fn a_share_that_is_raised_says_why() {
    let lines = |amount| {
        let rules = Rules { smallest_purchase: None, ..bounded() };
        quote(&rules, &sale(amount, "USD", "0"), &rates()).expect("worth a byte").explanation().to_vec()
    };
    assert_eq!(lines("0.10")[4], "the least cashback is 0.05 USD: base share raised to 2500000 bytes");
    assert_eq!(
        lines("0.03")[4],
        "the least cashback is 0.05 USD, but no more than the purchase is worth: base share raised to 1500000 bytes"
    );
}

#[test]
fn a_partners_terms_bind_its_purchases_alone() {
    let terms = PartnerTerms {
        max_partner_percentage: Some(percentage("5")),
        smallest_purchase: Some(dollars("10")),
        most_cashback: Some(dollars("2")),
    };
    let rules = bounded().on(terms);
    let maximum = percentage("5");
    assert_eq!(error(&rules, &sale("20", "USD", "5.1")), Some(QuoteError::PercentageTooHigh { maximum }));
    let smallest = dollars("10");
    assert_eq!(error(&rules, &sale("9.99", "USD", "0")), Some(QuoteError::BelowSmallest { smallest }));
    check(&rules, &sale("100", "USD", "5"), &["100_000_000", "0", "0", "100_000_000"]);
}
