//! Withdrawals, on SQLite.

mod accepting;
mod addresses;
mod provisions;
mod reading;

use async_trait::async_trait;
use ledger::{CommandId, PartnerId, Purse};
use obyte::Address;
use payout::{Payout, PayoutId, Timestamp};
use rusqlite::Connection;

use super::{SqliteStore, holds};
use crate::{
    AddressVerdict, Endpoint, PayoutState, Provisions, StoreError, WithdrawalAddress, WithdrawalOrder,
    WithdrawalRecord, WithdrawalReviewed, WithdrawalVerdict, Withdrawals,
};

pub(super) use provisions::read as provisions_of;
pub(super) use reading::{name_of, owed_for, set_aside};

#[async_trait]
impl Withdrawals for SqliteStore {
    async fn withdraw(
        &self,
        endpoint: Endpoint,
        order: WithdrawalOrder,
    ) -> Result<WithdrawalVerdict, StoreError> {
        self.writer.run(move |connection| accepting::accept(connection, endpoint, &order)).await
    }

    async fn withdrawals(
        &self,
        endpoint: Endpoint,
        of: Option<Purse>,
    ) -> Result<Vec<WithdrawalRecord>, StoreError> {
        self.readers.run(move |connection| reading::all(connection, endpoint, of)).await
    }

    async fn withdrawal_of(
        &self,
        endpoint: Endpoint,
        payout: PayoutId,
    ) -> Result<Option<WithdrawalRecord>, StoreError> {
        self.readers.run(move |connection| reading::of_payout(connection, endpoint, payout)).await
    }

    async fn release_withdrawal(
        &self,
        endpoint: Endpoint,
        command: &CommandId,
        at: Timestamp,
    ) -> Result<WithdrawalReviewed, StoreError> {
        let command = command.clone();
        let write = move |connection: &Connection| {
            let release = |held: &Payout| holds::let_go(connection, held.id, at);
            review(connection, endpoint, &command, release)
        };
        self.writer.run(write).await
    }

    async fn reject_withdrawal(
        &self,
        endpoint: Endpoint,
        command: &CommandId,
        at: Timestamp,
    ) -> Result<WithdrawalReviewed, StoreError> {
        let command = command.clone();
        let write = move |connection: &Connection| {
            let reject = |held: &Payout| holds::give_up(connection, endpoint, held, at);
            review(connection, endpoint, &command, reject)
        };
        self.writer.run(write).await
    }

    async fn register_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
        address: Address,
        at: Timestamp,
    ) -> Result<AddressVerdict, StoreError> {
        let write =
            move |connection: &Connection| addresses::register(connection, endpoint, partner, &address, at);
        self.writer.run(write).await
    }

    async fn registered_addresses(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
    ) -> Result<Vec<WithdrawalAddress>, StoreError> {
        self.readers.run(move |connection| addresses::registered(connection, endpoint, partner)).await
    }

    async fn keep_provisions(&self, endpoint: Endpoint, provisions: Provisions) -> Result<(), StoreError> {
        self.writer.run(move |connection| provisions::keep(connection, endpoint, &provisions)).await
    }

    async fn provisions(&self, endpoint: Endpoint) -> Result<Option<Provisions>, StoreError> {
        self.readers.run(move |connection| provisions::read(connection, endpoint)).await
    }
}

/// Decides about a withdrawal that is held. It can only be so since a unit that the book does not know may have
/// paid it.
fn review(
    connection: &Connection,
    endpoint: Endpoint,
    command: &CommandId,
    decide: impl FnOnce(&Payout) -> Result<(), StoreError>,
) -> Result<WithdrawalReviewed, StoreError> {
    let Some(before) = reading::find(connection, endpoint, command)? else {
        return Ok(WithdrawalReviewed::Unknown);
    };
    let PayoutState::Held { .. } = before.state else {
        return Ok(WithdrawalReviewed::NotHeld(before.into()));
    };
    decide(&before.payout)?;
    let after = reading::find(connection, endpoint, command)?;
    Ok(after.map_or(WithdrawalReviewed::Unknown, |after| WithdrawalReviewed::Done(after.into())))
}
