//! The rules of each day, and the terms of each partner: what changes is added, and nothing is ever lost.

use std::fmt;

use async_trait::async_trait;
use ledger::PartnerId;
use payout::Timestamp;
use program::PartnerTerms;

use crate::StoreError;

/// The number of a version of the programme's rules; later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesVersion(i64);

impl RulesVersion {
    /// The version with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RulesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Rules that came into force, and hold until the next version does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesRecord {
    /// Their number.
    pub version: RulesVersion,
    /// All that is set, as the configuration names it.
    pub text: String,
    /// Since when they hold.
    pub since: Timestamp,
}

/// Terms that were agreed with a partner, and hold until the next ones are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermsRecord {
    /// What holds for it instead of the rules.
    pub terms: PartnerTerms,
    /// Since when.
    pub since: Timestamp,
}

/// How a cashback came about: kept with its purchase, so that it can be explained for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// By which rules; nothing for a purchase of the time before rules had numbers.
    pub rules: Option<RulesVersion>,
    /// Line by line, for people.
    pub lines: Vec<String>,
}

/// The rules and terms that hold and held.
#[async_trait]
pub trait Rulebook: Send + Sync {
    /// Puts rules into force. Where those in force have the same text, nothing changes and their version is
    /// answered.
    ///
    /// # Errors
    /// [`StoreError::NulInText`].
    async fn enact(&self, text: &str, at: Timestamp) -> Result<RulesVersion, StoreError>;

    /// All rules that ever came into force, oldest first.
    async fn rules(&self) -> Result<Vec<RulesRecord>, StoreError>;

    /// Agrees on terms with a partner, instead of those before.
    ///
    /// # Errors
    /// [`StoreError::Unknown`].
    async fn agree(&self, partner: PartnerId, terms: PartnerTerms, at: Timestamp) -> Result<(), StoreError>;

    /// All terms that were agreed with a partner, oldest first.
    async fn terms(&self, partner: PartnerId) -> Result<Vec<TermsRecord>, StoreError>;
}
