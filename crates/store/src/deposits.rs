//! Deposit addresses: where partners send what they give in advance.

use async_trait::async_trait;
use ledger::PartnerId;
use obyte::Address;
use payout::Timestamp;

use crate::{Endpoint, PayerLock, StoreError};

/// Where a partner's deposits come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepositAddress {
    /// Whose.
    pub partner: PartnerId,
    /// Which of the wallet's deposit addresses, from 1.
    pub number: u32,
    /// The address.
    pub address: Address,
}

/// Gives partners their deposit addresses.
#[async_trait]
pub trait Deposits: Send + Sync {
    /// The deposit address of a partner, once a server has given it one.
    async fn deposit_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
    ) -> Result<Option<DepositAddress>, StoreError>;

    /// The partners of an endpoint that have none, and the number of the next address.
    async fn without_deposit_address(&self, endpoint: Endpoint) -> Result<(Vec<PartnerId>, u32), StoreError>;

    /// Gives a partner an address, for ever: what comes there is its deposit from now on.
    ///
    /// # Errors
    /// [`StoreError::Superseded`]; [`StoreError::Taken`] if the partner has another, or the address is another's;
    /// [`StoreError::Unknown`] for the partner.
    async fn give_deposit_address(
        &self,
        lock: &PayerLock,
        given: DepositAddress,
        at: Timestamp,
    ) -> Result<(), StoreError>;
}
