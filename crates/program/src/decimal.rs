//! Decimals as they are written, exactly.

use std::cmp::Ordering;
use std::fmt;

use crate::wide::Wide;

/// The most digits that count: all but leading and trailing zeros.
pub(crate) const MAX_DIGITS: u32 = 18;
/// The most digits behind the point that count.
pub(crate) const MAX_DECIMALS: u32 = 24;
/// The largest value is ten to this power.
const MAX_POWER: u32 = 15;
/// Longer texts are not read at all.
const MAX_TEXT: usize = 100;

/// `mantissa` divided by ten to the power of `scale`, with as small a scale as possible.
///
/// Between 0 and 1e15, with at most [`MAX_DIGITS`] digits and [`MAX_DECIMALS`] decimals, so that two
/// decimals are equal exactly if their fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Decimal {
    mantissa: u64,
    scale: u32,
}

/// What is wrong with a text that should be a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecimalError {
    /// Empty, or with other characters than a decimal has.
    NotANumber,
    /// Begins with a minus.
    Negative,
    /// A comma that may stand for a point or for nothing.
    AmbiguousComma,
    /// More digits or decimals than are kept exactly.
    TooManyDigits,
    /// Above 1e15.
    TooLarge,
}

impl Decimal {
    /// Reads a decimal such as `12.50`, `.5`, `1.0E-5` or `12,50`, with white space around it.
    ///
    /// A comma counts as the point if there is no point, no other comma, and not exactly three
    /// digits behind it.
    pub(crate) fn parse(text: &str) -> Result<Self, DecimalError> {
        let text = text.trim();
        if text.starts_with('-') {
            return Err(DecimalError::Negative);
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, self::exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = split(number)?;
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError::NotANumber);
        }
        if text.len() > MAX_TEXT {
            return Err(DecimalError::TooManyDigits);
        }
        let behind = i64::try_from(fraction.len()).expect("the text is short");
        Self::of_digits(&format!("{whole}{fraction}"), behind - exponent)
    }

    /// The number of these digits, the last `scale` of which stand behind the point; both a scale
    /// below zero and one beyond the digits are well.
    fn of_digits(digits: &str, scale: i64) -> Result<Self, DecimalError> {
        let digits = digits.trim_start_matches('0');
        let kept = digits.trim_end_matches('0');
        if kept.is_empty() {
            return Ok(Self { mantissa: 0, scale: 0 });
        }
        let count = |text: &str| i64::try_from(text.len()).expect("the text is short");
        let scale = scale - (count(digits) - count(kept));
        // The value lies between ten to the power of this, and a tenth of it.
        let power = count(kept) - scale;
        let is_largest = kept == "1" && power == i64::from(MAX_POWER) + 1;
        if power > i64::from(MAX_POWER) && !is_largest {
            return Err(DecimalError::TooLarge);
        }
        if count(kept) > i64::from(MAX_DIGITS) || scale > i64::from(MAX_DECIMALS) {
            return Err(DecimalError::TooManyDigits);
        }
        let mantissa: u64 = kept.parse().expect("18 digits fit into 64 bits");
        match u32::try_from(scale) {
            Ok(scale) => Ok(Self { mantissa, scale }),
            // Whole tens: the value is at most 1e15, so the zeros fit.
            Err(_) => {
                let zeros = u32::try_from(-scale).expect("at most 15 zeros");
                Ok(Self { mantissa: mantissa * 10u64.pow(zeros), scale: 0 })
            }
        }
    }

    /// A quotient, cut to [`MAX_DIGITS`] digits and [`MAX_DECIMALS`] decimals; nothing where it is above
    /// 1e15. The numerator is below 1e72, the denominator below 1e77.
    pub(crate) fn quotient(numerator: Wide, denominator: Wide) -> Option<Self> {
        let limit = 10u64.pow(MAX_DIGITS) - 1;
        let cut = |scale: u32| {
            let mantissa = numerator.times_power_of_ten(scale).divided_by(denominator, limit)?;
            Some(Self::of_parts(mantissa, scale))
        };
        let value = (0..=MAX_DECIMALS).rev().find_map(cut)?;
        let largest = Self { mantissa: 10u64.pow(MAX_POWER), scale: 0 };
        (value <= largest).then_some(value)
    }

    /// The number whose digits are these, without the point.
    pub(crate) const fn mantissa(self) -> u64 {
        self.mantissa
    }

    /// How many of the digits stand behind the point.
    pub(crate) const fn scale(self) -> u32 {
        self.scale
    }

    /// Whether this is nothing.
    pub(crate) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// `mantissa` divided by ten to the power of `scale`, for decimals written in the source.
    pub(crate) const fn literal(mantissa: u64, scale: u32) -> Self {
        assert!(mantissa < 10u64.pow(MAX_DIGITS) && scale <= 9, "the literal is small");
        assert!(mantissa <= 10u64.pow(MAX_POWER), "the literal is small");
        Self::of_parts(mantissa, scale)
    }

    /// `mantissa` divided by ten to the power of `scale`, both within their limits.
    const fn of_parts(mut mantissa: u64, mut scale: u32) -> Self {
        while scale > 0 && mantissa.is_multiple_of(10) {
            mantissa /= 10;
            scale -= 1;
        }
        Self { mantissa, scale }
    }
}

fn exponent(text: &str) -> Result<i64, DecimalError> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::NotANumber);
    }
    // Beyond four digits every number but zero is out of range, whatever the exponent is exactly.
    let size = digits.parse::<i64>().unwrap_or(i64::MAX).min(9_999);
    Ok(if negative { -size } else { size })
}

/// Parts a number at its point, or at a comma that can only be one.
fn split(number: &str) -> Result<(&str, &str), DecimalError> {
    let Some((whole, fraction)) = number.split_once(',') else {
        return Ok(number.split_once('.').unwrap_or((number, "")));
    };
    let is_point = !whole.contains('.') && !fraction.contains([',', '.']) && fraction.len() != 3;
    if is_point { Ok((whole, fraction)) } else { Err(DecimalError::AmbiguousComma) }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let this = Wide::of(self.mantissa).times_power_of_ten(other.scale);
        let that = Wide::of(other.mantissa).times_power_of_ten(self.scale);
        this.cmp(&that)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// The canonical text: no exponent, no zeros that do not count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::try_from(self.scale).expect("the scale is small");
        let digits = format!("{:0>width$}", self.mantissa, width = width + 1);
        let (whole, fraction) = digits.split_at(digits.len() - width);
        if fraction.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{fraction}") }
    }
}
