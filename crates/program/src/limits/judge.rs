//! Whether a purchase is allowed.

use std::fmt;

use obyte::Bytes;

use super::{Limit, LimitRules};
use crate::Turnover;

/// So many purchases say what is usual.
const ENOUGH_HISTORY: u64 = 10;
/// A purchase that takes less from the fund is never out of proportion, however small the usual one is.
const WORTH_A_LOOK: Bytes = Bytes::literal(500_000_000);

/// What a purchase asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What the fund is to give: base share and match.
    pub from_fund: Bytes,
    /// What was sold; nothing where that is not known in dollars.
    pub sold: Turnover,
    /// What would be left in the fund.
    pub fund_left: Bytes,
}

/// What the fund gave before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// On this day.
    pub today: Bytes,
    /// In all.
    pub ever: Bytes,
}

/// What a shop sold before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// In how many purchases, of those that are known in dollars.
    pub purchases: u64,
    /// In all.
    pub sold: Turnover,
}

/// What was given before, to and for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// To this recipient, by all partners.
    pub recipient: Spent,
    /// To this customer of the shop; nothing for one without a name.
    pub customer: Option<Spent>,
    /// For this merchant of a payment processor; nothing for other partners.
    pub merchant: Option<Spent>,
    /// For this partner.
    pub partner: Spent,
    /// For this partner, in orders that are held.
    pub partner_held: Bytes,
    /// For this partner, paid and proven.
    pub partner_finished: Bytes,
    /// How many full days ago the partner was added.
    pub partner_age_days: u32,
    /// For everybody.
    pub fund: Spent,
    /// What the shop sold: the partner, or the merchant of a payment processor.
    pub history: History,
}

/// When a purchase that was stopped may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// On the next day of universal time.
    NextDay,
    /// When the fund was filled.
    Later,
    /// Not before somebody has raised the limit.
    Never,
}

/// Why a purchase is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// By which limit.
    pub limit: Limit,
    /// When it may be repeated.
    pub retry: Retry,
}

/// What becomes of a purchase by the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It passes no limit.
    Allowed,
    /// It would pass a limit, and is not accepted.
    Refused(Stop),
    /// It would pass this limit, and somebody is to look at it.
    Held(Limit),
}

impl LimitRules {
    /// Whether a purchase is allowed. Where it would pass several limits, one that refuses comes before
    /// those that hold, and otherwise the first in the order of [`Limit::ALL`].
    pub fn judge(&self, asked: &Asked, standing: &Standing) -> Judgement {
        let mut held = None;
        for limit in Limit::ALL {
            let Some(retry) = self.stopped_by(limit, asked, standing) else { continue };
            if !self.holds(limit) {
                return Judgement::Refused(Stop { limit, retry });
            }
            held = held.or(Some(limit));
        }
        let Some(limit) = held else { return Judgement::Allowed };
        let may_be_held = self.room(Limit::PartnerHeld, asked, standing.partner_held);
        match may_be_held {
            None => Judgement::Held(limit),
            Some(_) => Judgement::Refused(Stop { limit: Limit::PartnerHeld, retry: Retry::Never }),
        }
    }

    /// What stops a recipient from getting so much more of the fund, where nothing else is asked. Here a limit that
    /// would have a purchase held stops, too.
    pub fn judge_recipient(&self, from_fund: Bytes, recipient: Spent) -> Option<Stop> {
        let asked = Asked { from_fund, sold: Turnover::ZERO, fund_left: Bytes::MAX };
        let standing = Standing { recipient, ..Standing::default() };
        self.first_stop(&[Limit::RecipientDay, Limit::RecipientTotal], &asked, &standing)
    }

    /// What stops cashback that came back from being given anew. What is asked of a sale was asked when it was
    /// reported, and is not asked again; a limit that would have a purchase held stops here, too.
    pub fn judge_anew(&self, asked: &Asked, standing: &Standing) -> Option<Stop> {
        let of_a_sale = [Limit::Purchase, Limit::Proportion];
        let limits: Vec<_> = Limit::ALL.into_iter().filter(|limit| !of_a_sale.contains(limit)).collect();
        self.first_stop(&limits, asked, standing)
    }

    fn first_stop(&self, limits: &[Limit], asked: &Asked, standing: &Standing) -> Option<Stop> {
        let stop = |&limit| Some(Stop { limit, retry: self.stopped_by(limit, asked, standing)? });
        limits.iter().find_map(stop)
    }

    /// When it may be allowed, if this limit stops the purchase.
    fn stopped_by(&self, limit: Limit, asked: &Asked, standing: &Standing) -> Option<Retry> {
        match limit {
            Limit::Purchase => self.room(limit, asked, Bytes::ZERO).map(|_| Retry::Never),
            Limit::Proportion => self.is_out_of_proportion(asked, &standing.history).then_some(Retry::Never),
            Limit::RecipientDay => self.room(limit, asked, standing.recipient.today),
            Limit::RecipientTotal => self.ever(limit, asked, standing.recipient),
            Limit::CustomerDay => self.room(limit, asked, standing.customer?.today),
            Limit::CustomerTotal => self.ever(limit, asked, standing.customer?),
            Limit::MerchantDay => self.room(limit, asked, standing.merchant?.today),
            Limit::MerchantTotal => self.ever(limit, asked, standing.merchant?),
            Limit::PartnerDay => {
                let cap = self.partner_day(standing.partner_age_days, standing.partner_finished);
                beyond(cap, asked, standing.partner.today)
            }
            Limit::PartnerTotal => self.ever(limit, asked, standing.partner),
            // It counts only what is to be held.
            Limit::PartnerHeld => None,
            Limit::FundDay => self.room(limit, asked, standing.fund.today),
            Limit::FundReserve => {
                let takes = !asked.from_fund.is_zero();
                self.cap(limit).filter(|reserve| takes && asked.fund_left < *reserve).map(|_| Retry::Later)
            }
        }
    }

    fn room(&self, limit: Limit, asked: &Asked, given: Bytes) -> Option<Retry> {
        beyond(self.cap(limit), asked, given)
    }

    fn ever(&self, limit: Limit, asked: &Asked, spent: Spent) -> Option<Retry> {
        self.room(limit, asked, spent.ever).map(|_| Retry::Never)
    }

    fn is_out_of_proportion(&self, asked: &Asked, history: &History) -> bool {
        let Some(times) = self.proportion() else { return false };
        let is_known = history.purchases >= ENOUGH_HISTORY && asked.from_fund >= WORTH_A_LOOK;
        let asked = u128::from(asked.sold.cents()) * u128::from(history.purchases);
        // Asked is more than so many times what was sold for each purchase.
        is_known && asked > u128::from(history.sold.cents()) * u128::from(times)
    }
}

/// Whether an amount more would pass a limit; if so, whether the next day helps.
fn beyond(cap: Option<Bytes>, asked: &Asked, given: Bytes) -> Option<Retry> {
    let cap = cap?;
    let fits = given.checked_add(asked.from_fund).is_some_and(|sum| sum <= cap);
    // What asks the fund for nothing passes no limit of the fund.
    if fits || asked.from_fund.is_zero() {
        return None;
    }
    Some(if asked.from_fund <= cap { Retry::NextDay } else { Retry::Never })
}

impl fmt::Display for Stop {
    /// As it is answered: at most 100 ASCII characters, with the limit's code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Limit::Proportion => {
                return f.write_str(
                    "currency_amount is far above earlier purchases (proportion); check it and currency",
                );
            }
            Limit::Purchase => {
                return f.write_str(
                    "currency_amount is too large for one purchase (limit purchase), please ask the operator",
                );
            }
            Limit::PartnerHeld => {
                return f
                    .write_str("limit partner_held: too much is held for review; please ask the operator");
            }
            Limit::FundReserve => {
                return f
                    .write_str("limit fund_reserve: the distribution fund is too low, please repeat later");
            }
            _ => write!(f, "limit {}: ", self.limit)?,
        }
        f.write_str(match self.retry {
            Retry::NextDay => "used up for this day, repeat after 00:00 UTC",
            Retry::Later => "used up, please repeat later",
            Retry::Never => "this purchase gets more than that allows, please ask the operator",
        })
    }
}
