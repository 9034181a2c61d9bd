//! About how much a cashback is in the currency of its purchase, for people to read.

use obyte::Bytes;

use crate::decimal::Decimal;
use crate::wide::Wide;
use crate::{Amount, Currency, CurrencyAmount, Rate, RateTable};

/// Beyond this many of the smallest part of a currency nobody reads on.
const MOST: u64 = 10u64.pow(17);

/// The value of a cashback at these prices, rounded to the cent (bitcoins to eight decimals). Nothing for bytes
/// themselves, for less than half a cent, and where a price is missing.
pub fn about(cashback: Bytes, currency: Currency, rates: &RateTable) -> Option<CurrencyAmount> {
    let decimals = match currency {
        Currency::Gbyte => return None,
        Currency::Btc => 8,
        Currency::Usd | Currency::Eur | Currency::Rur => 2,
    };
    const ONE: Decimal = Decimal::literal(1, 0);
    let (factor, divisor) = currency.prices();
    let price = |pair: Option<_>| pair.map_or(Some(ONE), |pair| rates.get(pair).map(Rate::decimal));
    let (factor, divisor) = (price(factor)?, price(divisor)?);
    // A purchase is worth amount * factor dollars, and divisor of them are a GBYTE. At most 16 + 18 + 24 + 8 digits.
    let value =
        Wide::of(cashback.get()).times(divisor.mantissa()).times_power_of_ten(factor.scale() + decimals);
    let unit = Wide::of(Bytes::GBYTE.get()).times(factor.mantissa()).times_power_of_ten(divisor.scale());
    let parts = value.times(2).plus(unit).divided_by(unit.times(2), MOST)?;
    let amount = amount(parts, decimals)?;
    Some(CurrencyAmount { amount, currency })
}

/// So many of the smallest part of a currency.
fn amount(parts: u64, decimals: u32) -> Option<Amount> {
    let width = usize::try_from(decimals).ok()?;
    let digits = format!("{parts:0>width$}", width = width + 1);
    let (whole, fraction) = digits.split_at(digits.len() - width);
    format!("{whole}.{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Pair;

    fn table(prices: &[(Pair, &str)]) -> RateTable {
        prices
            .iter()
            .fold(RateTable::new(), |table, (pair, rate)| table.with(*pair, rate.parse().expect("a rate")))
    }

    fn value(bytes: u64, currency: Currency, prices: &[(Pair, &str)]) -> Option<String> {
        about(Bytes::literal(bytes), currency, &table(prices)).map(|about| about.to_string())
    }

    #[test]
    fn a_customer_with_a_calculator_finds_the_same() {
        let usd = (Pair::GbyteUsd, "20");
        for (bytes, currency, prices, expected) in [
            (62_500_000, Currency::Usd, &[usd][..], "1.25 USD"),
            (62_500_000, Currency::Usd, &[(Pair::GbyteUsd, "19.99")], "1.25 USD"),
            (62_499_000, Currency::Usd, &[(Pair::GbyteUsd, "19.9")], "1.24 USD"),
            (62_500_000, Currency::Eur, &[usd, (Pair::EurUsd, "1.25")], "1 EUR"),
            (62_500_000, Currency::Rur, &[usd, (Pair::RubUsd, "0.0125")], "100 RUR"),
            (62_500_000, Currency::Btc, &[usd, (Pair::BtcUsd, "100000")], "0.0000125 BTC"),
            (250_000, Currency::Usd, &[usd], "0.01 USD"),
        ] {
            assert_eq!(value(bytes, currency, prices).as_deref(), Some(expected), "{bytes} {currency}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        let usd = (Pair::GbyteUsd, "20");
        assert_eq!(value(62_500_000, Currency::Gbyte, &[usd]), None, "the mail says it anyway");
        assert_eq!(value(62_500_000, Currency::Eur, &[usd]), None, "no price");
        assert_eq!(value(249_999, Currency::Usd, &[usd]), None, "less than half a cent");
        assert_eq!(value(u64::from(u32::MAX), Currency::Usd, &[(Pair::GbyteUsd, "1e15")]), None, "absurd");
    }

    proptest! {
        #[test]
        fn it_is_never_off_by_more_than_half_a_cent(bytes in 0..1_000_000_000_000u64, cents in 1..1_000_000u64) {
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let table = table(&[(Pair::GbyteUsd, &price)]);
            let found = about(Bytes::literal(bytes), Currency::Usd, &table);
            let twice = u128::from(bytes) * u128::from(cents) * 2;
            let rounded = (twice + 1_000_000_000) / 2_000_000_000;
            let expected: Option<Amount> = format!("{}.{:02}", rounded / 100, rounded % 100).parse().ok();
            prop_assert_eq!(found.map(|about| about.amount), expected);
        }

        #[test]
        fn any_prices_give_an_amount_or_nothing(
            bytes in 0..=9_000_000_000_000_000u64, gbyte in "[1-9][0-9]{0,17}(E-?[0-9]{1,2})?",
            other in "[1-9][0-9]{0,17}(E-?[0-9]{1,2})?",
        ) {
            let (Ok(gbyte), Ok(other)) = (gbyte.parse(), other.parse()) else { return Ok(()) };
            let table = RateTable::new().with(Pair::GbyteUsd, gbyte).with(Pair::BtcUsd, other);
            let _ = about(Bytes::literal(bytes), Currency::Btc, &table);
        }
    }
}
