//! How much cashback a purchase gets, and who gives it.

use obyte::Bytes;

use crate::decimal::Decimal;
use crate::{Currency, CurrencyAmount, NoRate, Percentage, RateTable};

/// Nobody buys for so many GBYTE, a hundredth of all there are. Some shops send their bytes as GBYTE, a
/// thousand million times too much; in bytes this is a fraction of a cent, below any purchase.
const LOOKS_LIKE_BYTES: Decimal = Decimal::literal(10_000, 0);

/// The terms of the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The base share of an ordinary purchase, from the fund.
    pub base: Percentage,
    /// The base share of a purchase with a verified purchase unit, from the fund.
    pub base_with_purchase_unit: Percentage,
    /// The fund gives the partner's percentage again, for at most this much.
    pub match_cap: Percentage,
    /// The most that a partner may ask to be taken from its deposit.
    pub max_partner_percentage: Percentage,
}

impl Default for Rules {
    /// The programme as it is announced: base 10 %, 20 % with a purchase unit, match for at most 10
    /// points, no limit to what a partner gives.
    fn default() -> Self {
        Self {
            base: Percentage::whole(10),
            base_with_purchase_unit: Percentage::whole(20),
            match_cap: Percentage::whole(10),
            max_partner_percentage: Percentage::HUNDRED,
        }
    }
}

/// Which base share a purchase gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaseShare {
    /// [`Rules::base`].
    #[default]
    Ordinary,
    /// [`Rules::base_with_purchase_unit`]: paid in GBYTE, proven by a unit.
    WithPurchaseUnit,
}

/// The cashback of one purchase: three shares, each rounded down to whole bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    base: Bytes,
    partner: Bytes,
    matched: Bytes,
    total: Bytes,
    explanation: Vec<String>,
}

/// Why a purchase gets no cashback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// So many GBYTE that they must be bytes.
    #[error("currency_amount looks like bytes, send GBYTE: 1 GBYTE is 1000000000 bytes")]
    LooksLikeBytes,
    /// A price is missing.
    #[error(transparent)]
    NoRate(#[from] NoRate),
    /// The partner asked for more than the rules allow.
    #[error("partner_cashback_percentage is too high, the maximum is {maximum}")]
    PercentageTooHigh {
        /// The most that it may ask.
        maximum: Percentage,
    },
    /// All shares round down to nothing.
    #[error("the purchase is too small for any cashback")]
    TooSmall,
    /// The purchase, or the sum of its shares, is worth more than [`Bytes::MAX`].
    #[error("currency_amount is too large, check the currency and the amount")]
    TooLarge,
}

impl Quote {
    /// From the fund.
    pub const fn base(&self) -> Bytes {
        self.base
    }

    /// From the partner's deposit.
    pub const fn partner(&self) -> Bytes {
        self.partner
    }

    /// From the fund: the partner's percentage again, up to the cap.
    pub const fn matched(&self) -> Bytes {
        self.matched
    }

    /// What the customer gets: exactly the sum of the three shares.
    pub const fn total(&self) -> Bytes {
        self.total
    }

    /// How the shares came about, line by line, in ASCII, for people.
    pub fn explanation(&self) -> &[String] {
        &self.explanation
    }
}

/// What a purchase gets by the rules, at these prices.
///
/// # Errors
/// [`QuoteError`], the first of: a percentage above the maximum, bytes sent as GBYTE, a missing price, an
/// amount too large, and one too small for a single byte.
pub fn quote(
    rules: &Rules,
    purchase: CurrencyAmount,
    partner_percentage: Percentage,
    base_share: BaseShare,
    rates: &RateTable,
) -> Result<Quote, QuoteError> {
    if partner_percentage > rules.max_partner_percentage {
        return Err(QuoteError::PercentageTooHigh { maximum: rules.max_partner_percentage });
    }
    if purchase.currency == Currency::Gbyte && purchase.amount.decimal() >= LOOKS_LIKE_BYTES {
        return Err(QuoteError::LooksLikeBytes);
    }
    let base_percentage = match base_share {
        BaseShare::Ordinary => rules.base,
        BaseShare::WithPurchaseUnit => rules.base_with_purchase_unit,
    };
    let match_percentage = partner_percentage.min(rules.match_cap);
    let worth = rates.worth(purchase)?;
    let whole = worth.floor().ok_or(QuoteError::TooLarge)?;
    let share = |percentage| worth.share(percentage).ok_or(QuoteError::TooLarge);
    let (base, partner, matched) =
        (share(base_percentage)?, share(partner_percentage)?, share(match_percentage)?);
    let total = Bytes::checked_sum([base, partner, matched]).ok_or(QuoteError::TooLarge)?;
    if total.is_zero() {
        return Err(QuoteError::TooSmall);
    }
    let explanation = vec![
        format!("{purchase}{prices} is worth {whole} bytes", prices = prices(purchase.currency, rates)),
        format!("base share {base_percentage} % from the fund: {base} bytes"),
        format!("partner's share {partner_percentage} % from the deposit: {partner} bytes"),
        format!("match {match_percentage} % from the fund: {matched} bytes"),
        format!("cashback: {total} bytes"),
    ];
    Ok(Quote { base, partner, matched, total, explanation })
}

/// The prices that a purchase was valued at, for people.
fn prices(currency: Currency, rates: &RateTable) -> String {
    let (factor, divisor) = currency.prices();
    let known = factor.into_iter().chain(divisor).filter_map(|pair| Some((pair, rates.get(pair)?)));
    let listed: Vec<_> = known.map(|(pair, rate)| format!("{pair} {rate}")).collect();
    if listed.is_empty() { String::new() } else { format!(" at {}", listed.join(", ")) }
}
