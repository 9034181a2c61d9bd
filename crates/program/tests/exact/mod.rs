//! What a purchase is worth, computed once more with the numbers of a library.

use num_bigint::BigUint;
use obyte::Bytes;
use program::{Currency, CurrencyAmount, Pair, Percentage, RateTable};

/// An exact number of bytes.
pub(crate) struct Worth {
    numerator: BigUint,
    denominator: BigUint,
}

/// Numerator and denominator of a decimal without an exponent.
fn parts(decimal: impl ToString) -> (BigUint, BigUint) {
    let text = decimal.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = format!("{whole}{fraction}").parse().expect("digits");
    (digits, ten_to(fraction.len()))
}

fn ten_to(power: usize) -> BigUint {
    BigUint::from(10u8).pow(u32::try_from(power).expect("a few"))
}

/// What a purchase is worth; the prices that it takes are in the table.
pub(crate) fn worth(purchase: CurrencyAmount, rates: &RateTable) -> Worth {
    let price = |pair| parts(rates.get(pair).expect("the price is known"));
    let one = || parts(1);
    let (factor, divisor) = match purchase.currency {
        Currency::Gbyte => (one(), one()),
        Currency::Usd => (one(), price(Pair::GbyteUsd)),
        Currency::Eur => (price(Pair::EurUsd), price(Pair::GbyteUsd)),
        Currency::Rur => (price(Pair::RubUsd), price(Pair::GbyteUsd)),
        Currency::Btc => (price(Pair::BtcUsd), price(Pair::GbyteUsd)),
    };
    let amount = parts(purchase.amount);
    Worth {
        numerator: amount.0 * factor.0 * divisor.1 * ten_to(9),
        denominator: amount.1 * factor.1 * divisor.0,
    }
}

impl Worth {
    /// A percentage of it, rounded down; nothing where that is more than can be.
    pub(crate) fn share(&self, percentage: Percentage) -> Option<Bytes> {
        let (percent, scale) = parts(percentage);
        let bytes = &self.numerator * percent / (&self.denominator * scale * ten_to(2));
        Bytes::new(u64::try_from(bytes).ok()?).ok()
    }
}
