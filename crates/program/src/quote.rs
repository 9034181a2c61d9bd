//! How much cashback a purchase gets, and who gives it.

use obyte::Bytes;

use crate::decimal::Decimal;
use crate::explain;
use crate::tiers::{self, Slice};
use crate::value::{Counted, Part, Value};
use crate::{Currency, CurrencyAmount, Day, Dollars, NoRate, Percentage, RateTable, Rules, Turnover};

/// Nobody buys for so many GBYTE, a hundredth of all there are. Some shops send their bytes as GBYTE, a
/// thousand million times too much; in bytes this is a fraction of a cent, below any purchase.
const LOOKS_LIKE_BYTES: Decimal = Decimal::literal(10_000, 0);

/// Which base share a purchase gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaseShare {
    /// [`Rules::base`].
    #[default]
    Ordinary,
    /// [`Rules::base_with_purchase_unit`]: paid in GBYTE, proven by a unit.
    WithPurchaseUnit,
}

/// A purchase, as far as its cashback depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// What was paid.
    pub price: CurrencyAmount,
    /// What the partner gives from its deposit.
    pub partner_percentage: Percentage,
    /// Which base share it gets.
    pub base_share: BaseShare,
    /// When.
    pub day: Day,
    /// What the shop has sold before within the period of [`Rules::period`]: the partner, or for a payment
    /// processor the merchant. Of no account where there is no such period.
    pub turnover: Turnover,
}

/// Three shares of a cashback, each rounded down to whole bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) base: Bytes,
    pub(crate) partner: Bytes,
    pub(crate) matched: Bytes,
}

/// The cashback of one purchase: three shares, each rounded down to whole bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    split: Split,
    total: Bytes,
    turnover: Turnover,
    explanation: Vec<String>,
}

/// Why a purchase gets no cashback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// The programme has not begun.
    #[error("the cashback programme begins on {first_day}")]
    NotBegun {
        /// Its first day.
        first_day: Day,
    },
    /// The programme is over.
    #[error("the cashback programme ended on {last_day}")]
    Ended {
        /// Its last day.
        last_day: Day,
    },
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
    /// The rules say that such a small purchase gets nothing.
    #[error("purchases below {smallest} get no cashback")]
    BelowSmallest {
        /// The smallest that gets some.
        smallest: Dollars,
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
        self.split.base
    }

    /// From the partner's deposit.
    pub const fn partner(&self) -> Bytes {
        self.split.partner
    }

    /// From the fund: the partner's percentage again, up to the cap.
    pub const fn matched(&self) -> Bytes {
        self.split.matched
    }

    /// What the customer gets: exactly the sum of the three shares.
    pub const fn total(&self) -> Bytes {
        self.total
    }

    /// What the purchase adds to the turnover of its shop; nothing for one in GBYTE whose price in dollars
    /// is not known.
    pub const fn turnover(&self) -> Turnover {
        self.turnover
    }

    /// How the shares came about, line by line, in ASCII, for people.
    pub fn explanation(&self) -> &[String] {
        &self.explanation
    }
}

/// What a purchase gets by the rules, at these prices.
///
/// The fund's shares are percentages of what counts of the purchase by the tiers, the partner's is one of
/// all of it. Then the least and the most cashback are kept to.
///
/// # Errors
/// [`QuoteError`], the first of: a day on which there is no programme, a percentage above the maximum, bytes
/// sent as GBYTE, a missing price, an amount too large, one below the smallest, and one too small for a
/// single byte.
pub fn quote(rules: &Rules, sale: &Sale, rates: &RateTable) -> Result<Quote, QuoteError> {
    let value = valued(rules, sale, rates)?;
    let whole = value.bytes(value.whole()).ok_or(QuoteError::TooLarge)?;
    if let Some(smallest) = rules.smallest_purchase
        && value.whole() < Part::of(smallest.decimal())
    {
        return Err(QuoteError::BelowSmallest { smallest });
    }
    let slices = tiers::slices(value.whole(), &rules.tiers, rules.period.as_ref(), sale.turnover);
    let counted = tiers::counted(&slices);
    let base = match sale.base_share {
        BaseShare::Ordinary => rules.base,
        BaseShare::WithPurchaseUnit => rules.base_with_purchase_unit,
    };
    let percentages = Percentages {
        base,
        partner: sale.partner_percentage,
        matched: sale.partner_percentage.min(rules.match_cap),
    };
    let by_percentages = shares(&value, counted, percentages)?;
    let raised = raised(rules, &value, whole, by_percentages);
    let split = cut(rules, &value, raised);
    let total = split.total().ok_or(QuoteError::TooLarge)?;
    if total.is_zero() {
        return Err(QuoteError::TooSmall);
    }
    let story = Story {
        rules,
        sale,
        rates,
        value,
        whole,
        slices,
        counted,
        percentages,
        by_percentages,
        raised,
        split,
    };
    Ok(Quote { split, total, turnover: value.turnover(), explanation: explain::lines(&story, total) })
}

/// All that an explanation tells.
pub(crate) struct Story<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) sale: &'a Sale,
    pub(crate) rates: &'a RateTable,
    pub(crate) value: Value,
    pub(crate) whole: Bytes,
    pub(crate) slices: Vec<Slice>,
    pub(crate) counted: Counted,
    pub(crate) percentages: Percentages,
    /// The shares by the percentages alone.
    pub(crate) by_percentages: Split,
    /// With what the fund adds to reach the least.
    pub(crate) raised: Split,
    /// Without what is above the most.
    pub(crate) split: Split,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Percentages {
    pub(crate) base: Percentage,
    pub(crate) partner: Percentage,
    pub(crate) matched: Percentage,
}

fn valued(rules: &Rules, sale: &Sale, rates: &RateTable) -> Result<Value, QuoteError> {
    match (rules.first_day, rules.last_day) {
        (Some(first_day), _) if sale.day < first_day => return Err(QuoteError::NotBegun { first_day }),
        (_, Some(last_day)) if sale.day > last_day => return Err(QuoteError::Ended { last_day }),
        _ => {}
    }
    if sale.partner_percentage > rules.max_partner_percentage {
        return Err(QuoteError::PercentageTooHigh { maximum: rules.max_partner_percentage });
    }
    if sale.price.currency == Currency::Gbyte && sale.price.amount.decimal() >= LOOKS_LIKE_BYTES {
        return Err(QuoteError::LooksLikeBytes);
    }
    Ok(Value::of(sale.price, rates, rules.need_dollars())?)
}

fn shares(value: &Value, counted: Counted, percentages: Percentages) -> Result<Split, QuoteError> {
    let share = |counted, percentage| value.share(counted, percentage).ok_or(QuoteError::TooLarge);
    let split = Split {
        base: share(counted, percentages.base)?,
        partner: share(value.whole().counted(Percentage::HUNDRED), percentages.partner)?,
        matched: share(counted, percentages.matched)?,
    };
    split.total().map(|_| split).ok_or(QuoteError::TooLarge)
}

/// With as much more from the fund as the least cashback lacks, up to what the purchase is worth.
fn raised(rules: &Rules, value: &Value, whole: Bytes, split: Split) -> Split {
    let Some(least) = rules.least_cashback else { return split };
    // More bytes than there are is more than any purchase is worth.
    let least = value.bytes(Part::of(least.decimal())).map_or(whole, |least| least.min(whole));
    let missing = least.saturating_sub(split.total().unwrap_or(least));
    let base = split.base.checked_add(missing).expect("the sum is at most what a purchase is worth");
    Split { base, ..split }
}

/// Without what is above the most cashback: first of the match, then of the partner's share, then of the base
/// share. So the match stays at most the partner's share, and nobody gives more than without the cut.
fn cut(rules: &Rules, value: &Value, split: Split) -> Split {
    let most = rules.most_cashback.and_then(|most| value.bytes(Part::of(most.decimal())));
    let Some(most) = most else { return split };
    let base = split.base.min(most);
    let partner = split.partner.min(most.saturating_sub(base));
    let given = base.checked_add(partner).expect("at most the cap");
    Split { base, partner, matched: split.matched.min(most.saturating_sub(given)) }
}

impl Split {
    fn total(&self) -> Option<Bytes> {
        Bytes::checked_sum([self.base, self.partner, self.matched])
    }
}
