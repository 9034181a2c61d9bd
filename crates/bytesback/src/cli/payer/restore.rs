//! `payer restore`: the operator says that a wallet was used before.

use anyhow::Context;
use payout::{Change, RestoreCause};
use serde_json::json;
use store::{Endpoint, Store};

use super::Common;
use crate::clock::{Clock, SystemClock};

pub(super) async fn restore(common: &Common) -> anyhow::Result<()> {
    let store = common.data.open()?;
    let mut found = Vec::new();
    for endpoint in common.endpoints() {
        declare(&*store, endpoint).await?;
        let text = format!(
            "the wallet of the {endpoint} endpoint is restored when the server starts: every coin moves to a fresh \
             address before anybody is paid\n"
        );
        found.push((text, json!({"endpoint": endpoint.code(), "restoring": true})));
    }
    common.print(&found)
}

/// Notes that the wallet of an endpoint was used with other data before.
///
/// # Errors
/// While a server pays for the endpoint.
pub(in crate::cli) async fn declare(store: &dyn Store, endpoint: Endpoint) -> anyhow::Result<()> {
    let lock = store.lock_payer(endpoint).await.context("a server runs on this data: stop it first")?;
    let begun = Change::RestoreBegun { cause: RestoreCause::Declared, at: SystemClock.now() };
    Ok(store.apply(&lock, vec![begun]).await?)
}
