//! What a purchase is worth, in a form in which parts of it can be taken exactly.

use obyte::Bytes;

use crate::decimal::Decimal;
use crate::wide::Wide;
use crate::{Currency, CurrencyAmount, NoRate, Pair, Percentage, Rate, RateTable, Turnover};

/// How many decimals a [`Part`] has: those of an amount and of a price, which it is the product of.
const SCALE: u32 = 48;

/// A number of dollars, exactly, with [`SCALE`] decimals.
///
/// An amount is at most 1e15 and has 24 decimals, and so has a price: their product is at most 1e30, and
/// has 48 decimals, so it stays below 10^79.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part(Wide);

impl Part {
    pub(crate) const ZERO: Self = Self(Wide::ZERO);
    const ONE: Decimal = Decimal::literal(1, 0);

    pub(crate) fn of(dollars: Decimal) -> Self {
        Self::product(dollars, Self::ONE)
    }

    pub(crate) fn of_turnover(turnover: Turnover) -> Self {
        Self(Wide::of(turnover.cents()).times_power_of_ten(SCALE - 2))
    }

    fn product(amount: Decimal, price: Decimal) -> Self {
        let digits = Wide::of(amount.mantissa()).times(price.mantissa());
        Self(digits.times_power_of_ten(SCALE - amount.scale() - price.scale()))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0))
    }

    /// What is left of it; nothing where `other` is more.
    pub(crate) fn minus(self, other: Self) -> Self {
        Self(self.0.minus(other.0))
    }

    /// So many percent of it, exactly.
    pub(crate) fn counted(self, percentage: Percentage) -> Counted {
        Counted(self.0.times(percentage.millionths().into()))
    }

    /// In whole cents, rounded down.
    pub(crate) fn turnover(self) -> Turnover {
        let cent = Wide::of(1).times_power_of_ten(SCALE - 2);
        let most = Turnover::MAX.cents();
        self.0.divided_by(cent, most).map_or(Turnover::MAX, Turnover::of_cents)
    }
}

impl std::fmt::Display for Part {
    /// The exact number, without needless zeros.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&text(self.0, SCALE))
    }
}

/// What counts of an amount of dollars: [`Part`] times a percentage, so with 8 decimals more, below 10^87.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted(Wide);

impl Counted {
    pub(crate) const ZERO: Self = Self(Wide::ZERO);

    pub(crate) fn plus(self, other: Self) -> Self {
        Self(self.0.plus(other.0))
    }
}

impl std::fmt::Display for Counted {
    /// The exact number of dollars, without needless zeros.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&text(self.0, SCALE + 8))
    }
}

fn text(number: Wide, scale: u32) -> String {
    let width = usize::try_from(scale).expect("the scale is small");
    let digits = format!("{:0>width$}", number.digits(), width = width + 1);
    let (whole, fraction) = digits.split_at(digits.len() - width);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// A purchase in dollars, and the price of a GBYTE in them.
///
/// Where the price is not known, and need not be, the unit is the GBYTE itself, at a price of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    whole: Part,
    price: Decimal,
    is_in_dollars: bool,
}

impl Value {
    /// What a purchase is worth at these prices; `needs_dollars` where the rules speak of dollars.
    pub(crate) fn of(
        purchase: CurrencyAmount,
        rates: &RateTable,
        needs_dollars: bool,
    ) -> Result<Self, NoRate> {
        let currency = purchase.currency;
        let price = |missing| rates.get(missing).map(Rate::decimal).ok_or(NoRate { currency, missing });
        let amount = purchase.amount.decimal();
        let (factor, divisor) = currency.prices();
        if currency != Currency::Gbyte {
            let factor = factor.map_or(Ok(Part::ONE), price)?;
            let price = divisor.map_or(Ok(Part::ONE), price)?;
            return Ok(Self { whole: Part::product(amount, factor), price, is_in_dollars: true });
        }
        match price(Pair::GbyteUsd) {
            Ok(price) => Ok(Self { whole: Part::product(amount, price), price, is_in_dollars: true }),
            Err(error) if needs_dollars => Err(error),
            Err(_) => Ok(Self { whole: Part::of(amount), price: Part::ONE, is_in_dollars: false }),
        }
    }

    /// All of it.
    pub(crate) const fn whole(&self) -> Part {
        self.whole
    }

    /// What the shop has sold by it; nothing where it has no price in dollars.
    pub(crate) fn turnover(&self) -> Turnover {
        if self.is_in_dollars { self.whole.turnover() } else { Turnover::ZERO }
    }

    /// So many percent of what counts, rounded down to whole bytes; nothing if that is above
    /// [`Bytes::MAX`].
    ///
    /// What counts is below 10^87; times 1e8, 1e9 and 1e24 that is below 10^128. The divisor is below
    /// 10^(48 + 8 + 8 + 18) = 10^82, and times [`Bytes::MAX`] below 10^98.
    pub(crate) fn share(&self, counted: Counted, percentage: Percentage) -> Option<Bytes> {
        let part = counted.0.times(percentage.millionths().into()).times(Bytes::GBYTE.get());
        let part = part.times_power_of_ten(self.price.scale());
        let whole = Wide::of(self.price.mantissa()).times(Percentage::UNIT).times(Percentage::UNIT);
        let bytes = part.divided_by(whole.times_power_of_ten(SCALE), Bytes::MAX.get())?;
        Some(Bytes::new(bytes).expect("the quotient is at most the limit"))
    }

    /// All of a part, rounded down to whole bytes; nothing if that is above [`Bytes::MAX`].
    pub(crate) fn bytes(&self, part: Part) -> Option<Bytes> {
        self.share(part.counted(Percentage::HUNDRED), Percentage::HUNDRED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Part {
        Part::of(Decimal::parse(text).expect("a decimal"))
    }

    #[test]
    fn parts_are_printed_exactly() {
        for text in ["0", "1", "1000", "12.5", "0.000000000000000000000001", "1000000000000000"] {
            assert_eq!(dollars(text).to_string(), text);
        }
        let half = Percentage::whole(50);
        assert_eq!(
            dollars("0.000000000000000000000001").counted(half).to_string(),
            format!("0.{}5", "0".repeat(24))
        );
        assert_eq!(dollars("333").counted(half).plus(dollars("1").counted(half)).to_string(), "167");
    }

    #[test]
    fn cents_are_rounded_down_and_bounded() {
        for (text, cents) in [("0.0099", 0), ("0.01", 1), ("12.509", 1250)] {
            assert_eq!(dollars(text).turnover().cents(), cents);
        }
        let most = Decimal::parse("1e15").expect("a decimal");
        assert_eq!(Part::product(most, most).turnover(), Turnover::MAX);
    }

    #[test]
    fn the_largest_and_the_smallest_values_have_shares() {
        let text = |text| Decimal::parse(text).expect("a decimal");
        for price in ["1e15", "999999999999999.999", "1e-24", "0.000000999999999999999999"].map(text) {
            for amount in ["1e15", "999999999999999.999", "1e-24"].map(text) {
                let whole = Part::product(amount, price);
                let value = Value { whole, price, is_in_dollars: true };
                let expected = Part::of(amount).counted(Percentage::HUNDRED);
                let plain = Value { whole: Part::of(amount), price: Part::ONE, is_in_dollars: false };
                let all = Percentage::HUNDRED;
                assert_eq!(value.share(whole.counted(all), all), plain.share(expected, all));
            }
        }
    }
}
