//! Examples computed by hand, as a table that a bookkeeper can read.
//!
//! Prices: 1 GBYTE = 20 USD, 1 BTC = 100000 USD, 1 EUR = 1.10 USD, 1 RUB = 0.0125 USD.
//! So 1 USD is worth 50,000,000 bytes, 1 EUR 55,000,000, 1 RUB 625,000 and 1 BTC 5,000 GBYTE.

use program::{
    BaseShare, CurrencyAmount, Day, Pair, Percentage, Quote, QuoteError, RateTable, Rules, Sale, Turnover,
    quote,
};

/// Amount, currency, partner's percentage | base, partner's share, match, total in bytes.
const ORDINARY: &str = "
    12.50       USD    0      |  62_500_000                0            0     62_500_000
    12.5        USD    5      |  62_500_000       31_250_000   31_250_000    125_000_000
    100         USD    10     | 500_000_000      500_000_000  500_000_000  1_500_000_000
    100         USD    25     | 500_000_000    1_250_000_000  500_000_000  2_250_000_000
    100         USD    100    | 500_000_000    5_000_000_000  500_000_000  6_000_000_000
    100         USD    2.5    | 500_000_000      125_000_000  125_000_000    750_000_000
    0.01        USD    0      |      50_000                0            0         50_000
    19.99       EUR    0      | 109_945_000                0            0    109_945_000
    19.99       EUR    3      | 109_945_000       32_983_500   32_983_500    175_912_000
    1500.00     RUB    0      |  93_750_000                0            0     93_750_000
    1500        RUR    7.5    |  93_750_000       70_312_500   70_312_500    234_375_000
    0.00000001  BTC    0      |       5_000                0            0          5_000
    1.0E-5      BTC    10     |   5_000_000        5_000_000    5_000_000     15_000_000
    1           GBYTE  0      | 100_000_000                0            0    100_000_000
    0.06        GBYTE  10     |   6_000_000        6_000_000    6_000_000     18_000_000
    6.0E-5      GBYTE  0      |       6_000                0            0          6_000
    0.000000019 GBYTE  10     |           1                1            1              3
    0.000000019 GBYTE  20     |           1                3            1              5
    0.00000001  GBYTE  9.99   |           1                0            0              1
";

/// The same, paid with a verified purchase unit.
const WITH_PURCHASE_UNIT: &str = "
    1           GBYTE  0      | 200_000_000                0            0    200_000_000
    0.06        GBYTE  40     |  12_000_000       24_000_000    6_000_000     42_000_000
    0.000000019 GBYTE  0      |           3                0            0              3
";

fn rates() -> RateTable {
    let prices =
        [(Pair::GbyteUsd, "20"), (Pair::BtcUsd, "100000"), (Pair::EurUsd, "1.10"), (Pair::RubUsd, "0.0125")];
    prices.into_iter().fold(RateTable::new(), |table, (pair, rate)| {
        table.with(pair, rate.parse().expect("the rate is a decimal"))
    })
}

fn purchase(amount: &str, currency: &str) -> CurrencyAmount {
    CurrencyAmount {
        amount: amount.parse().expect("the amount is a decimal"),
        currency: currency.parse().expect("the currency is supported"),
    }
}

fn percentage(text: &str) -> Percentage {
    text.parse().expect("the percentage is a decimal")
}

fn sale(amount: &str, currency: &str, percent: &str) -> Sale {
    Sale {
        price: purchase(amount, currency),
        partner_percentage: percentage(percent),
        base_share: BaseShare::Ordinary,
        day: day("2026-11-23"),
        turnover: Turnover::ZERO,
    }
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn ordinary(amount: &str, currency: &str, percent: &str) -> Result<Quote, QuoteError> {
    quote(&Rules::default(), &sale(amount, currency, percent), &rates())
}

fn check(table: &str, base_share: BaseShare) {
    let rows: Vec<_> = table.lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let (asked, given) = row.split_once('|').expect("the row has two halves");
        let asked: Vec<_> = asked.split_whitespace().collect();
        let given: Vec<u64> = given
            .split_whitespace()
            .map(|bytes| bytes.replace('_', "").parse().expect("whole bytes"))
            .collect();
        let sale = Sale { base_share, ..sale(asked[0], asked[1], asked[2]) };
        let quote =
            quote(&Rules::default(), &sale, &rates()).unwrap_or_else(|error| panic!("{row}: {error}"));
        let shares = [quote.base(), quote.partner(), quote.matched(), quote.total()];
        assert_eq!(shares.map(obyte::Bytes::get).to_vec(), given, "{row}");
    }
}

#[test]
fn ordinary_purchases_get_what_the_table_says() {
    check(ORDINARY, BaseShare::Ordinary);
}

#[test]
fn purchases_with_a_purchase_unit_get_what_the_table_says() {
    check(WITH_PURCHASE_UNIT, BaseShare::WithPurchaseUnit);
}

#[test]
fn a_quote_explains_itself_line_by_line() {
    let quote = ordinary("19.990", "EUR", "12.50").expect("the purchase is ordinary");
    assert_eq!(
        quote.explanation(),
        [
            "19.99 EUR at EUR_USD 1.1, GBYTE_USD 20 is worth 1099450000 bytes",
            "base share 10 % from the fund: 109945000 bytes",
            "partner's share 12.5 % from the deposit: 137431250 bytes",
            "match 10 % from the fund: 109945000 bytes",
            "cashback: 357321250 bytes",
        ]
    );
    let in_bytes = ordinary("1", "GBYTE", "0").expect("the purchase is ordinary");
    assert_eq!(in_bytes.explanation()[0], "1 GBYTE is worth 1000000000 bytes");
}

#[test]
fn a_third_of_a_byte_is_never_given() {
    // 1 USD at 30 USD per GBYTE is worth 33,333,333.33 bytes; a tenth of it is 3,333,333.33.
    let rates = RateTable::new().with(Pair::GbyteUsd, "30".parse().expect("a decimal"));
    let quote = quote(&Rules::default(), &sale("1", "USD", "10"), &rates).expect("the purchase is ordinary");
    assert_eq!(quote.base().get(), 3_333_333);
    assert_eq!(quote.total().get(), 9_999_999, "three rounded shares, not three tenths rounded");
}

#[test]
fn a_purchase_too_small_for_a_byte_is_refused() {
    assert_eq!(ordinary("0.000000009", "GBYTE", "0"), Err(QuoteError::TooSmall));
    assert_eq!(ordinary("1e-24", "RUB", "100"), Err(QuoteError::TooSmall));
    assert!(ordinary("0.000000009", "GBYTE", "100").is_ok(), "the partner gives nine bytes");
}

#[test]
fn a_purchase_worth_more_than_can_exist_is_refused() {
    // 9,000,000 GBYTE, and one byte more.
    assert!(ordinary("1800", "BTC", "0").is_ok());
    assert_eq!(ordinary("1800.0000000000002", "BTC", "0"), Err(QuoteError::TooLarge));
    assert_eq!(ordinary("1e15", "BTC", "0"), Err(QuoteError::TooLarge));
    let generous = Rules { base: Percentage::HUNDRED, ..Rules::default() };
    let all = quote(&generous, &sale("1800", "BTC", "1"), &rates());
    assert_eq!(all, Err(QuoteError::TooLarge), "each share may exist, their sum may not");
}

#[test]
fn bytes_that_are_sent_as_gbyte_are_refused_and_not_corrected() {
    assert!(ordinary("9999.999999999", "GBYTE", "0").is_ok());
    for bytes in ["10000", "60000", "1250000000", "1e15"] {
        assert_eq!(ordinary(bytes, "GBYTE", "0"), Err(QuoteError::LooksLikeBytes), "{bytes}");
    }
    assert!(ordinary("60000", "USD", "0").is_ok(), "no other currency is meant");
}

#[test]
fn a_percentage_above_the_maximum_is_refused() {
    let rules = Rules { max_partner_percentage: percentage("40"), ..Rules::default() };
    let at = |percent| quote(&rules, &sale("1", "USD", percent), &rates()).err();
    assert_eq!(at("40"), None);
    assert_eq!(at("40.000001"), Some(QuoteError::PercentageTooHigh { maximum: percentage("40") }));
}

#[test]
fn a_missing_price_names_the_currency_of_the_purchase() {
    let rates = |known: &[Pair]| {
        known.iter().fold(RateTable::new(), |table, pair| table.with(*pair, "2".parse().expect("a decimal")))
    };
    let error =
        |currency, known: &[Pair]| match quote(&Rules::default(), &sale("1", currency, "0"), &rates(known)) {
            Err(QuoteError::NoRate(error)) => Some((error.missing, error.to_string())),
            _ => None,
        };
    let text = |currency: &str| format!("no rate for {currency} right now, please repeat later");
    assert_eq!(error("USD", &[Pair::EurUsd]), Some((Pair::GbyteUsd, text("USD"))));
    assert_eq!(error("EUR", &[Pair::GbyteUsd]), Some((Pair::EurUsd, text("EUR"))));
    assert_eq!(error("EUR", &[Pair::EurUsd]), Some((Pair::GbyteUsd, text("EUR"))));
    assert_eq!(error("RUB", &[Pair::GbyteUsd]), Some((Pair::RubUsd, text("RUR"))));
    assert_eq!(error("BTC", &[Pair::GbyteUsd]), Some((Pair::BtcUsd, text("BTC"))));
    assert_eq!(error("GBYTE", &[]), None, "bytes have no price in bytes");
}
