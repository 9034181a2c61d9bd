//! Limits and merchants, on SQLite.

use async_trait::async_trait;
use ledger::PartnerId;
use payout::Timestamp;
use program::{Day, LimitSetting, Turnover};

use super::{SqliteStore, limits, merchants, totals};
use crate::{Endpoint, Limiting, MerchantScope, Merchants, Scope, Shop, StoreError, Totals};

#[async_trait]
impl Limiting for SqliteStore {
    async fn limit_settings(&self, shop: &Shop) -> Result<Vec<LimitSetting>, StoreError> {
        let shop = shop.clone();
        self.readers.run(move |connection| limits::settings(connection, &shop)).await
    }

    async fn set_limit(&self, shop: &Shop, setting: &LimitSetting) -> Result<(), StoreError> {
        let (shop, setting) = (shop.clone(), setting.clone());
        self.writer.run(move |connection| limits::set(connection, &shop, &setting)).await
    }

    async fn unset_limit(&self, shop: &Shop, name: &str) -> Result<(), StoreError> {
        let (shop, name) = (shop.clone(), name.to_owned());
        self.writer.run(move |connection| limits::unset(connection, &shop, &name)).await
    }

    async fn totals(&self, endpoint: Endpoint, scope: &Scope, day: Day) -> Result<Totals, StoreError> {
        let scope = scope.clone();
        self.readers.run(move |connection| totals::totals(connection, endpoint, &scope, day)).await
    }

    async fn turnover(&self, endpoint: Endpoint, shop: &Shop, since: Day) -> Result<Turnover, StoreError> {
        let shop = shop.clone();
        self.readers.run(move |connection| totals::turnover(connection, endpoint, &shop, since)).await
    }

    async fn merchants(&self, partner: PartnerId) -> Result<Merchants, StoreError> {
        self.readers.run(move |connection| merchants::all(connection, partner)).await
    }

    async fn set_only_listed(&self, partner: PartnerId, only_listed: bool) -> Result<(), StoreError> {
        self.writer.run(move |connection| merchants::set_only_listed(connection, partner, only_listed)).await
    }

    async fn add_merchant(
        &self,
        partner: PartnerId,
        name: &MerchantScope,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        self.writer.run(move |connection| merchants::add(connection, partner, &name, at)).await
    }

    async fn block_merchant(
        &self,
        partner: PartnerId,
        name: &MerchantScope,
        from: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        self.writer.run(move |connection| merchants::block(connection, partner, &name, from)).await
    }
}
