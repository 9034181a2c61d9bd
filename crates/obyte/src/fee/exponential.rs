//! e to the x as the network computes it: in decimal, rounded half to even to 15 significant digits,
//! then read as a double.
//!
//! Fixed point with 116 binary digits behind the point: x = m·ln 10 + r with 0 ≤ r < ln 10, so that
//! the power series of r gives the digits and m the exponent. The argument is taken by its shortest
//! decimal text, as the network takes it.

const FRACTION_BITS: u32 = 116;
const ONE: u128 = 1 << FRACTION_BITS;
/// The natural logarithm of 10.
const LN_10: u128 = 191_291_285_517_793_717_481_772_090_503_771_330;
/// e to the power of this is above every double.
const OVERFLOW: f64 = 710.0;
/// e to the power of less is 1 in 15 digits.
const NEGLIGIBLE: f64 = 1e-16;

/// The exponential of `x`, which is not negative. Infinite where doubles end.
pub(super) fn exp_15(x: f64) -> f64 {
    debug_assert!(x >= 0.0, "sizes and loads are not negative");
    if x < NEGLIGIBLE {
        return 1.0;
    }
    if x >= OVERFLOW {
        return f64::INFINITY;
    }
    let x = fixed(x);
    let (tens, rest) = (x / LN_10, x % LN_10);
    let digits = round_to_15(series(rest));
    let exponent = i128::try_from(tens).expect("at most 308") - 14;
    format!("{digits}e{exponent}").parse().expect("digits and an exponent are a number")
}

/// The shortest decimal text of `x`, in fixed point. Where two texts are as short and as near, the
/// even one counts, as JavaScript prints it.
fn fixed(x: f64) -> u128 {
    let mut buffer = ryu_js::Buffer::new();
    let text = buffer.format_finite(x);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let places = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits: u128 = mantissa.replace('.', "").parse().expect("digits");
    let exponent: i32 = exponent.parse().expect("an exponent");
    let shift = i32::try_from(places).expect("at most 23") - exponent;
    divide(digits, 10u128.pow(u32::try_from(shift).expect("numbers below 1e21 are printed plainly")))
}

/// A fraction in fixed point, bit by bit; the divisor is at most 1e33.
fn divide(dividend: u128, divisor: u128) -> u128 {
    let (mut quotient, mut rest) = (dividend / divisor, dividend % divisor);
    for _ in 0..FRACTION_BITS {
        rest *= 2;
        quotient = quotient * 2 + rest / divisor;
        rest %= divisor;
    }
    quotient
}

/// The power series of e to the x, for x below ln 10; the result is between 1 and 10.
fn series(x: u128) -> u128 {
    let (mut sum, mut term, mut n) = (ONE, ONE, 1);
    while term > 0 {
        let (high, low) = wide_product(term, x);
        term = (high << (128 - FRACTION_BITS) | low >> FRACTION_BITS) / n;
        sum += term;
        n += 1;
    }
    sum
}

/// A number between 1 and 10 in units of its 15th digit, ties to even.
fn round_to_15(number: u128) -> u128 {
    let (high, low) = wide_product(number, 100_000_000_000_000);
    let whole = high << (128 - FRACTION_BITS) | low >> FRACTION_BITS;
    let rest = low & (ONE - 1);
    let up = rest > ONE / 2 || (rest == ONE / 2 && whole % 2 == 1);
    whole + u128::from(up)
}

/// The 256 bits of a product.
const fn wide_product(a: u128, b: u128) -> (u128, u128) {
    const HALF: u128 = (1 << 64) - 1;
    let (a1, a0, b1, b0) = (a >> 64, a & HALF, b >> 64, b & HALF);
    let middle = a1 * b0 + ((a0 * b0) >> 64);
    let carry = (middle & HALF) + a0 * b1;
    (a1 * b1 + (middle >> 64) + (carry >> 64), carry << 64 | ((a0 * b0) & HALF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_digits_are_those_of_the_decimal_library() {
        // Made with decimal.js at precision 15, rounding half to even.
        let known = [
            (4.586_078_339_256_346, 98.108_924_826_352_9),
            (0.003_048_143_386_840_820_3, 1.003_052_793_699_63),
            (37.949_008_941_650_39, 30_272_283_161_684_100.0),
            (29.906_387_329_101_562, 9_731_482_157_043.7),
            (0.5, 1.648_721_270_700_13),
            (2.0, 7.389_056_098_930_65),
            (15.0, 3_269_017.372_472_11),
        ];
        for (x, expected) in known {
            assert_eq!(exp_15(x), expected, "{x}");
        }
    }

    #[test]
    fn it_is_the_exponential_over_the_whole_range() {
        for step in 0..7090 {
            let x = f64::from(step) / 10.0;
            let relative = exp_15(x) / x.exp() - 1.0;
            // Half a unit of the 15th digit, and what the double x differs from its decimal text.
            assert!(relative.abs() < 6e-15 + x * f64::EPSILON, "{x}: {relative}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_one_and_infinity() {
        assert_eq!(exp_15(0.0), 1.0);
        assert_eq!(exp_15(1e-300), 1.0);
        assert_eq!(exp_15(1e9), f64::INFINITY);
    }
}
