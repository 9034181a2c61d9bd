//! Partners to try it with.

use anyhow::bail;
use obyte::{Address, Bytes};
use store::{
    DepositOrder, DepositVerdict, Endpoint, KeyHash, NewPartner, Partner, PartnerKind, ReceivingAddress,
    ReceivingRole, Store,
};

use super::DEPOSIT;
use crate::clock::{Clock, SystemClock};

/// The sample partners; answers with the shop.
pub(super) async fn add_sample_partners(store: &dyn Store) -> anyhow::Result<Partner> {
    let shop = sample_partner(store, "demo-shop", PartnerKind::Merchant, true).await?;
    for endpoint in Endpoint::ALL {
        if store.receiving_addresses(endpoint, shop.id).await?.is_empty() {
            let (address, role, added_at) = (till(), ReceivingRole::Own, SystemClock.now());
            let new = ReceivingAddress { address, role, added_at };
            store.add_receiving_address(endpoint, shop.id, new).await?;
        }
    }
    sample_partner(store, "demo-processor", PartnerKind::Processor, false).await?;
    Ok(shop)
}

/// Where the sample shop receives money: an address that has no keys.
pub(super) fn till() -> Address {
    Address::of_source("the till of the sample shop")
}

async fn sample_partner(
    store: &dyn Store,
    name: &str,
    kind: PartnerKind,
    trusted: bool,
) -> anyhow::Result<Partner> {
    let at = SystemClock.now();
    let name = name.parse()?;
    let partner = match store.partner(&name).await? {
        Some(partner) => partner,
        None => store.add_partner(NewPartner { name, kind, trusted, at }).await?,
    };
    if partner.keys.is_empty() {
        let key = KeyHash::of(&format!("{}-key", partner.name));
        store.add_key(partner.id, key, "sample", at).await?;
    }
    Ok(partner)
}

/// The deposit of the sample shop, booked once.
pub(super) async fn book_sample_deposit(
    store: &dyn Store,
    endpoint: Endpoint,
    shop: &Partner,
) -> anyhow::Result<()> {
    let order = DepositOrder {
        command: "dev-sample-deposit".parse()?,
        partner: shop.id,
        amount: Bytes::GBYTE.checked_mul(DEPOSIT).expect("far below the cap"),
        note: "the sample shop's deposit on the embedded devnet".to_owned(),
        at: SystemClock.now(),
    };
    match store.book_deposit(endpoint, order).await? {
        DepositVerdict::Booked | DepositVerdict::Replay => Ok(()),
        DepositVerdict::Conflict | DepositVerdict::FundTooLow { .. } => {
            bail!("the sample deposit cannot be booked; start with an empty data directory")
        }
    }
}
