//! What a partner is charged for a purchase that was returned.

use obyte::Bytes;

use crate::wide::Wide;
use crate::{Amount, Percentage};

/// This share of what the fund `gave` for a purchase, of which a part was `returned`; rounded down to whole
/// bytes. Nothing where more was returned than the `price`, or the price is zero.
pub fn refund_claim(gave: Bytes, share: Percentage, returned: Amount, price: Amount) -> Option<Bytes> {
    let (returned, price) = (returned.decimal(), price.decimal());
    if returned > price || price.is_zero() {
        return None;
    }
    // At most 16 + 9 + 18 + 24 digits, far below what is wide enough.
    let charged = Wide::of(gave.get())
        .times(share.millionths().into())
        .times(returned.mantissa())
        .times_power_of_ten(price.scale());
    let whole = Wide::of(Percentage::UNIT).times(price.mantissa()).times_power_of_ten(returned.scale());
    charged.divided_by(whole, gave.get()).and_then(|bytes| Bytes::new(bytes).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claim(gave: u64, share: &str, returned: &str, price: &str) -> Option<u64> {
        let amount = |text: &str| text.parse().expect("an amount");
        let share = share.parse().expect("a percentage");
        refund_claim(Bytes::literal(gave), share, amount(returned), amount(price)).map(Bytes::get)
    }

    #[test]
    fn a_bookkeeper_finds_the_same() {
        for (gave, share, returned, price, expected) in [
            (62_500_000, "100", "12.50", "12.50", 62_500_000),
            (62_500_000, "100", "5", "12.50", 25_000_000),
            (62_500_000, "50", "5", "12.5", 12_500_000),
            (100, "100", "1", "3", 33),
            (100, "33.333333", "3", "3", 33),
            (100, "0", "3", "3", 0),
            (1, "99.999999", "3", "3", 0),
            (1_000_000_000_000_000, "100", "1000000000000000", "1E15", 1_000_000_000_000_000),
            (1_000_000_000_000_000, "100", "0.000000000000000000000001", "1E15", 0),
        ] {
            assert_eq!(claim(gave, share, returned, price), Some(expected), "{returned} of {price}");
        }
    }

    #[test]
    fn more_than_was_paid_cannot_be_returned() {
        assert_eq!(claim(100, "100", "12.51", "12.5"), None);
    }

    proptest! {
        #[test]
        fn a_claim_is_never_more_than_the_fund_gave_and_a_larger_return_never_claims_less(
            gave in 0..1_000_000_000u64, share in 0..=100_000_000u32,
            less in 0..1_000_000u32, more in 0..1_000_000u32, rest in 1..1_000_000u32,
        ) {
            let share = format!("{}.{:06}", share / 1_000_000, share % 1_000_000);
            let (small, large) = (u64::from(less), u64::from(less) + u64::from(more));
            let price = (large + u64::from(rest)).to_string();
            let of = |returned: u64| claim(gave, &share, &returned.to_string(), &price).expect("a part");
            prop_assert!(of(small) <= of(large) && of(large) <= gave);
            // Exactly, by the machine's own numbers.
            let percent: u128 = share.replace('.', "").parse().expect("digits");
            let price: u128 = price.parse().expect("digits");
            let exact = u128::from(gave) * percent * u128::from(large) / (price * 100_000_000);
            prop_assert_eq!(u128::from(of(large)), exact);
        }
    }
}
