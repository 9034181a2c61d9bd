//! A purchase on its way in: what is to be accepted, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use obyte::{Bytes, UnitHash};
use payout::Timestamp;
use program::{LimitRules, QuoteError, RateTable, Rules, Sale, Stop, Turnover};

use crate::{
    AttestedPayee, Details, Explanation, HoldReason, KeptRate, MerchantRefusal, PurchaseKey, PurchaseRecord,
    Shares, Term, Terms,
};

/// A purchase that is to be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Its name.
    pub key: PurchaseKey,
    /// What must be the same when it is reported again.
    pub terms: Terms,
    /// What else was said.
    pub details: Details,
    /// The cashback; its sum is above zero.
    pub shares: Shares,
    /// The prices that it was valued at.
    pub rates: Vec<KeptRate>,
    /// How the shares came about.
    pub explanation: Explanation,
    /// What is set aside from the fund for the network fees of the payout.
    pub fee_reserve: Bytes,
    /// By what the shares are computed anew within the transaction, where they depend on what the shop has sold.
    pub by_period: Option<Box<PeriodQuote>>,
    /// What was sold, for limits and for tiers by period; nothing where that is not known in dollars.
    pub sold: Turnover,
    /// The limits that hold where an operator has set no others; without them nothing is limited.
    pub limits: Option<Arc<LimitRules>>,
    /// The units by which a gateway forwarded the money of the purchase unit: claimed like it, so that the
    /// money proves no other purchase.
    pub forwarded_by: Vec<UnitHash>,
    /// What was found of the purchase unit, for people; it is kept as the last line of the explanation.
    pub unit_found: Option<String>,
    /// The wallet address of the mailbox that is the recipient, where an attestor vouches for one: it is paid instead of a
    /// textcoin. Where the recipient is an address it means nothing, and is not kept.
    pub attested: Option<AttestedPayee>,
    /// Why somebody has to look at it before it is paid, if so.
    pub hold: Option<HoldReason>,
    /// How long a textcoin is there to be claimed before it is taken back, where the recipient is a mailbox.
    pub textcoin_expiry: Duration,
    /// When.
    pub at: Timestamp,
}

/// What a purchase is quoted by, where [`Rules::period`] makes it depend on what the shop has sold before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodQuote {
    /// The rules, with the terms of the partner.
    pub rules: Rules,
    /// The purchase; its turnover is found by the store.
    pub sale: Sale,
    /// The prices.
    pub rates: RateTable,
}

/// What became of an [`Acceptance`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its cashback is owed from here on; the payout waits in the queue.
    Accepted(Box<PurchaseRecord>),
    /// It is accepted, and its payout held until somebody has looked at it.
    Held(Box<PurchaseRecord>),
    /// It was accepted before, on the same terms. Nothing has changed.
    Replay(Box<PurchaseRecord>),
    /// The order id was accepted before, on other terms. Nothing has changed.
    Conflict(Term),
    /// Its purchase unit, or a unit that forwarded its money, has proven another purchase. Nothing has changed,
    /// the order id is free.
    UnitUsed,
    /// It gets nothing, by what the shop has sold before. Nothing has changed, the order id is free.
    NoCashback(QuoteError),
    /// A limit refuses it. Nothing has changed, the order id is free.
    Stopped(Stop),
    /// Nothing is accepted for this merchant. Nothing has changed, the order id is free.
    MerchantRefused(MerchantRefusal),
    /// The distribution fund does not hold enough. Nothing has changed, the order id is free.
    FundTooLow {
        /// How much it lacks.
        missing: Bytes,
    },
    /// The partner's deposit does not hold enough. Nothing has changed, the order id is free.
    DepositTooLow {
        /// How much it lacks.
        missing: Bytes,
    },
}
