//! Where partners receive money, and which units have proven a purchase.
//!
//! A unit proves one purchase of an endpoint. It is claimed by the transaction that accepts the purchase, so
//! of two purchases at once one has it. A payout that is parked gives it back, since its caller is told to
//! come again with another address and order id.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use ledger::PartnerId;
use obyte::{Address, UnitHash};
use payout::Timestamp;

use crate::{Endpoint, StoreError};

/// Whose an address is at which a partner receives money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceivingRole {
    /// The partner's own: what it sends itself is no purchase.
    Own,
    /// That of a gateway, which collects for the partner and forwards to it.
    Gateway,
}

impl ReceivingRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Own, Self::Gateway];

    /// The stable code, `own` or `gateway`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Gateway => "gateway",
        }
    }
}

/// The text names no such role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a receiving address is either own or a gateway's")]
pub struct UnknownReceivingRole;

impl FromStr for ReceivingRole {
    type Err = UnknownReceivingRole;

    fn from_str(code: &str) -> Result<Self, UnknownReceivingRole> {
        Self::ALL.into_iter().find(|role| role.code() == code).ok_or(UnknownReceivingRole)
    }
}

impl fmt::Display for ReceivingRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// An address at which a partner receives money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivingAddress {
    /// The address.
    pub address: Address,
    /// Whose it is.
    pub role: ReceivingRole,
    /// Since when it is registered.
    pub added_at: Timestamp,
}

/// Receiving addresses, and units that were used.
#[async_trait]
pub trait Receiving: Send + Sync {
    /// Where a partner receives money at an endpoint, in the order of the addresses.
    async fn receiving_addresses(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
    ) -> Result<Vec<ReceivingAddress>, StoreError>;

    /// Registers an address. Of one that is registered the role changes.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner.
    async fn add_receiving_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
        address: ReceivingAddress,
    ) -> Result<(), StoreError>;

    /// Strikes an address from the list; whether it was there.
    async fn remove_receiving_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
        address: Address,
    ) -> Result<bool, StoreError>;

    /// Whether any of these units has proven a purchase.
    async fn is_any_unit_used(&self, endpoint: Endpoint, units: &[UnitHash]) -> Result<bool, StoreError>;
}
