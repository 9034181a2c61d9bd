//! Limits as they are kept: what operators set, what was given, and the merchants of payment processors.
//!
//! The rules are [`program::LimitRules`]. They are checked in the transaction that accepts a purchase, from
//! totals that the same transaction writes, so that no order of requests passes a limit. A purchase counts
//! from its acceptance; when it will never be paid (a payee that is an agent, a rejection), it is taken out
//! of the totals, and of the day's if that day is not over. A held order counts only as held; its release
//! counts it on that day, whatever the limits say then: an operator has decided. So does the rejection of one that was
//! paid by a unit of no journal, since its bytes have left.

use std::fmt;

use async_trait::async_trait;
use ledger::PartnerId;
use obyte::Bytes;
use payout::Timestamp;
use program::{Day, LimitSetting, Recipient, Turnover};

use crate::{Endpoint, MerchantScope, StoreError};

/// Who has limits of its own: a partner, or a merchant of a payment processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// The partner.
    pub partner: PartnerId,
    /// The merchant, where the partner is a payment processor and one of its merchants is meant.
    pub merchant: Option<MerchantScope>,
}

/// To or for whom the fund gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To a recipient, by whatever partner.
    Recipient(Recipient),
    /// To a customer of a shop, as the shop calls it.
    Customer(Shop, String),
    /// For a shop; for a payment processor without a merchant, all its merchants together.
    Shop(Shop),
    /// For everybody.
    Fund,
}

/// What the fund gave to or for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// On the day that was asked for.
    pub today: Bytes,
    /// In all.
    pub ever: Bytes,
    /// Of partners: in orders that are held.
    pub held: Bytes,
    /// Of partners: paid and proven.
    pub finished: Bytes,
    /// Of shops, which are partners and merchants of payment processors: in how many purchases something was
    /// sold that is known in dollars.
    pub purchases: u64,
    /// Of shops: what was sold in these.
    pub sold: Turnover,
}

/// A merchant of a payment processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// What the processor calls it.
    pub name: MerchantScope,
    /// When it was seen first, or added.
    pub added_at: Timestamp,
    /// Since when nothing is accepted for it.
    pub blocked_at: Option<Timestamp>,
}

/// The merchants of a payment processor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merchants {
    /// Whether purchases are taken only for those that are listed here; otherwise one that is not is listed
    /// with its first purchase.
    pub only_listed: bool,
    /// In the order of their names.
    pub listed: Vec<Merchant>,
}

/// Why nothing is accepted for a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MerchantRefusal {
    /// The processor takes purchases only for merchants on its list, and this one is not.
    NotListed,
    /// An operator has blocked it.
    Blocked,
}

impl fmt::Display for MerchantRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotListed => "is not on the list of this payment processor",
            Self::Blocked => "is blocked",
        })
    }
}

/// Limits and merchants.
#[async_trait]
pub trait Limiting: Send + Sync {
    /// What operators have set for a shop instead of what would hold otherwise: of a merchant without what
    /// was set for its payment processor.
    async fn limit_settings(&self, shop: &Shop) -> Result<Vec<LimitSetting>, StoreError>;

    /// Sets one limit for a shop; the next purchase finds it.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner.
    async fn set_limit(&self, shop: &Shop, setting: &LimitSetting) -> Result<(), StoreError>;

    /// Takes back what was set under this name. Without it nothing changes.
    async fn unset_limit(&self, shop: &Shop, name: &str) -> Result<(), StoreError>;

    /// What the fund gave to or for somebody, as of a day.
    async fn totals(&self, endpoint: Endpoint, scope: &Scope, day: Day) -> Result<Totals, StoreError>;

    /// What a shop has sold from this day on. (Within the transaction that accepts a purchase it is
    /// `totals::turnover` of the backend.)
    async fn turnover(&self, endpoint: Endpoint, shop: &Shop, since: Day) -> Result<Turnover, StoreError>;

    /// The merchants of a payment processor.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner.
    async fn merchants(&self, partner: PartnerId) -> Result<Merchants, StoreError>;

    /// Whether purchases are taken only for merchants that are listed.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner.
    async fn set_only_listed(&self, partner: PartnerId, only_listed: bool) -> Result<(), StoreError>;

    /// Lists a merchant. One that is listed stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner.
    async fn add_merchant(
        &self,
        partner: PartnerId,
        name: &MerchantScope,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Blocks a merchant from this moment, or ends that with `None`. What was accepted is paid.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the merchant.
    async fn block_merchant(
        &self,
        partner: PartnerId,
        name: &MerchantScope,
        from: Option<Timestamp>,
    ) -> Result<(), StoreError>;
}
