//! What holds for every purchase.

mod exact;

use exact::worth;
use obyte::Bytes;
use program::{
    Amount, BaseShare, Currency, CurrencyAmount, Day, Pair, Percentage, Quote, QuoteError, Rate, RateTable,
    Rules, Sale, Turnover, quote,
};
use proptest::prelude::*;

/// The text of a decimal with this mantissa and scale.
fn decimal(mantissa: u64, scale: u32) -> String {
    format!("{mantissa}e-{scale}")
}

fn read<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a decimal within its range")
}

/// An amount as mantissa and scale, from dust to fortunes.
fn amounts() -> impl Strategy<Value = (u64, u32)> {
    let short = (1..1_000_000u64, 0..12u32);
    let long = (1..1_000_000_000_000_000_000u64, 3..24u32);
    prop_oneof![short, long]
}

fn prices() -> impl Strategy<Value = (u64, u32)> {
    (1..1_000_000_000_000_000_000u64, 3..24u32)
}

fn millionths() -> impl Strategy<Value = u64> {
    prop_oneof![0..=100_000_000u64, (0..=100u64).prop_map(|percent| percent * 1_000_000)]
}

fn percentage(millionths: u64) -> Percentage {
    read(&decimal(millionths, 6))
}

fn dollars(amount: (u64, u32)) -> CurrencyAmount {
    CurrencyAmount { amount: read(&decimal(amount.0, amount.1)), currency: Currency::Usd }
}

fn table(gbyte_usd: (u64, u32)) -> RateTable {
    RateTable::new().with(Pair::GbyteUsd, read(&decimal(gbyte_usd.0, gbyte_usd.1)))
}

fn ordinary(purchase: CurrencyAmount, percent: Percentage, rates: &RateTable) -> Result<Quote, QuoteError> {
    let sale = Sale {
        price: purchase,
        partner_percentage: percent,
        base_share: BaseShare::Ordinary,
        day: Day::of_millis(0),
        turnover: Turnover::ZERO,
    };
    quote(&Rules::default(), &sale, rates)
}

/// What a quote gives, where too little is nothing.
fn total(quote: Result<Quote, QuoteError>) -> Result<Bytes, QuoteError> {
    match quote {
        Err(QuoteError::TooSmall) => Ok(Bytes::ZERO),
        other => other.map(|quote| quote.total()),
    }
}

/// The corners of what can be read: were any product too wide, this would panic.
#[test]
fn the_longest_decimals_are_quoted_without_loss() {
    let corners = ["0.000000999999999999999999", "999999999999999.999", "1e-24", "1e15"];
    let mut quotes = 0;
    for corner in 0..64 {
        let (amount, factor, divisor) = (corners[corner % 4], corners[corner / 4 % 4], corners[corner / 16]);
        let rates = RateTable::new().with(Pair::EurUsd, read(factor)).with(Pair::GbyteUsd, read(divisor));
        let purchase = CurrencyAmount { amount: read(amount), currency: Currency::Eur };
        let exact = worth(purchase, &rates);
        let almost_all: Percentage = read("99.999999");
        let shares = [Percentage::whole(10), almost_all, Percentage::whole(10)].map(|part| exact.share(part));
        match ordinary(purchase, almost_all, &rates) {
            Ok(quote) => {
                quotes += 1;
                assert_eq!([quote.base(), quote.partner(), quote.matched()].map(Some), shares);
            }
            Err(QuoteError::TooSmall) => assert_eq!(shares, [Some(Bytes::ZERO); 3]),
            Err(error) => {
                assert_eq!(error, QuoteError::TooLarge);
                assert!(
                    shares.into_iter().collect::<Option<Vec<_>>>().and_then(Bytes::checked_sum).is_none()
                );
            }
        }
    }
    assert!(quotes > 0, "some corner is worth a number of bytes that exists");
    // 1e15 EUR are 1e-9 USD, and those 0.001000000000000000001 GBYTE: 1,000,000.000000000001 bytes.
    let rates = RateTable::new()
        .with(Pair::EurUsd, read("1e-24"))
        .with(Pair::GbyteUsd, read("0.000000999999999999999999"));
    let purchase = CurrencyAmount { amount: read("1e15"), currency: Currency::Eur };
    let quote = ordinary(purchase, Percentage::HUNDRED, &rates).expect("an ordinary purchase");
    assert_eq!(quote.partner(), Bytes::literal(1_000_000));
}

proptest! {
    #[test]
    fn an_amount_is_read_back_from_its_text(amount in amounts()) {
        let amount: Amount = read(&decimal(amount.0, amount.1));
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        let text = amount.to_string();
        prop_assert!(!text.contains(['e', 'E', '+', ',']));
        prop_assert!(!text.contains('.') || !text.ends_with('0'));
    }

    #[test]
    fn a_rate_and_a_percentage_are_read_back_from_their_text(rate in prices(), millionths in millionths()) {
        let rate: Rate = read(&decimal(rate.0, rate.1));
        prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        let percentage = percentage(millionths);
        prop_assert_eq!(percentage.to_string().parse(), Ok(percentage));
    }

    #[test]
    fn any_text_is_read_or_refused_in_peace(text in "\\PC{0,40}", number in "[-+0-9.,eE ]{0,30}") {
        for text in [text, number] {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            }
            if let Ok(percentage) = text.parse::<Percentage>() {
                prop_assert!(percentage <= Percentage::HUNDRED);
            }
        }
    }

    #[test]
    fn needless_zeros_and_exponents_change_nothing(amount in (1..1_000_000_000u64, 0..9u32), zeros in 0..5usize) {
        let plain: Amount = read(&decimal(amount.0, amount.1));
        let text = plain.to_string();
        let point = if text.contains('.') { "" } else { "." };
        let padded = format!("{0}{text}{point}{0}", "0".repeat(zeros));
        prop_assert_eq!(padded.parse(), Ok(plain));
        prop_assert_eq!(format!("{text}E+0").parse(), Ok(plain));
    }

    #[test]
    fn order_is_that_of_the_values(one in 1..1_000_000_000u64, other in 1..1_000_000_000u64, scales in (0..9u32, 0..9u32)) {
        let (left, right): (Amount, Amount) = (read(&decimal(one, scales.0)), read(&decimal(other, scales.1)));
        let expected = (u128::from(one) * 10u128.pow(scales.1)).cmp(&(u128::from(other) * 10u128.pow(scales.0)));
        prop_assert_eq!(left.cmp(&right), expected);
        prop_assert_eq!(left == right, expected.is_eq());
    }

    /// Beside a second computation, for amounts on which 128 bits suffice.
    #[test]
    fn each_share_is_the_exact_one_rounded_down(
        cents in 1..1_000_000_000_000u64,
        gbyte_cents in 1..100_000_000u64,
        percent in 0..=100u8,
    ) {
        let got = ordinary(dollars((cents, 2)), Percentage::whole(percent), &table((gbyte_cents, 2)));
        let exact = |percent: u128| u128::from(cents) * 1_000_000_000 * percent / (u128::from(gbyte_cents) * 100);
        let (base, partner) = (exact(10), exact(percent.into()));
        let matched = exact(u128::from(percent.min(10)));
        match got {
            Ok(quote) => {
                let shares = [quote.base(), quote.partner(), quote.matched()].map(|share| u128::from(share.get()));
                prop_assert_eq!(shares, [base, partner, matched]);
            }
            Err(QuoteError::TooSmall) => prop_assert_eq!(base + partner + matched, 0),
            Err(QuoteError::TooLarge) => {
                let most = u128::from(Bytes::MAX.get());
                prop_assert!(exact(100) > most || base + partner + matched > most);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    /// Any amount, any price, any percentage that can be read: no product is ever too wide.
    #[test]
    fn no_rounding_creates_a_byte(amount in amounts(), prices in (prices(), prices()), millionths in millionths()) {
        let asked = percentage(millionths);
        let rates = table(prices.0).with(Pair::EurUsd, read(&decimal(prices.1.0, prices.1.1)));
        for currency in [Currency::Usd, Currency::Eur, Currency::Gbyte] {
            let purchase = CurrencyAmount { currency, ..dollars(amount) };
            let Ok(quote) = ordinary(purchase, asked, &rates) else { continue };
            let worth = worth(purchase, &rates);
            let sum = [quote.base(), quote.partner(), quote.matched()].into_iter().sum::<Bytes>();
            prop_assert_eq!(quote.total(), sum);
            let shares = [
                worth.share(Percentage::whole(10)),
                worth.share(asked),
                worth.share(asked.min(Percentage::whole(10))),
            ];
            prop_assert_eq!([quote.base(), quote.partner(), quote.matched()].map(Some), shares);
            // All these points at once, rounded only once, are never less than the shares apart.
            let points = 10_000_000 + millionths + millionths.min(10_000_000);
            if points <= 100_000_000 {
                prop_assert!(Some(sum) <= worth.share(percentage(points)));
            }
        }
    }

    #[test]
    fn the_match_is_at_most_10_points_and_at_most_the_partners_share(
        amount in amounts(), price in prices(), millionths in millionths(),
    ) {
        let rates = table(price);
        let Ok(quote) = ordinary(dollars(amount), percentage(millionths), &rates) else { return Ok(()) };
        let worth = worth(dollars(amount), &rates);
        prop_assert!(quote.matched() <= quote.partner());
        prop_assert!(Some(quote.matched()) <= worth.share(Percentage::whole(10)));
        prop_assert_eq!(quote.matched() == quote.partner() || millionths > 10_000_000, true);
    }

    #[test]
    fn more_purchase_never_gives_less(
        amount in amounts(), more in 1..1_000_000_000u64, price in prices(), millionths in millionths(),
    ) {
        let larger = (amount.0.saturating_add(more).min(999_999_999_999_999_999), amount.1);
        let rates = table(price);
        let at = |amount| total(ordinary(dollars(amount), percentage(millionths), &rates));
        match (at(amount), at(larger)) {
            (Ok(less), Ok(more)) => prop_assert!(less <= more),
            (less, more) => prop_assert!(more == Err(QuoteError::TooLarge), "{less:?} and then {more:?}"),
        }
    }

    #[test]
    fn a_higher_percentage_never_gives_less(
        amount in amounts(), price in prices(), millionths in (millionths(), millionths()),
    ) {
        let rates = table(price);
        let at = |millionths| total(ordinary(dollars(amount), percentage(millionths), &rates));
        let (low, high) = (millionths.0.min(millionths.1), millionths.0.max(millionths.1));
        match (at(low), at(high)) {
            (Ok(less), Ok(more)) => prop_assert!(less <= more),
            (less, more) => prop_assert!(more == Err(QuoteError::TooLarge), "{less:?} and then {more:?}"),
        }
    }
}
