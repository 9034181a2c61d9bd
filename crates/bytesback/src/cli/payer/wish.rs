//! `payer pause`, `resume` and `repost`: wishes that the payer finds in the database.

use anyhow::ensure;
use payout::{Alarm, SlotNo, Timestamp};
use serde_json::{Value, json};
use store::{SlotState, Store};

use super::{Common, moment, pause_json};
use crate::cli::people::plain;
use crate::clock::{Clock, SystemClock};

const SOON: &str = "a server that runs notices within two seconds";

pub(super) async fn pause(common: &Common, why: String) -> anyhow::Result<()> {
    ensure!(!why.trim().is_empty(), "say why with --why, for whoever looks at it later");
    let store = common.data.open()?;
    let why = Alarm::Operator(why);
    let mut found = Vec::new();
    for endpoint in common.endpoints() {
        let pause = store.pause(endpoint, &why, SystemClock.now()).await?;
        let text = format!("the {endpoint} endpoint is stopped until `payer resume`; {SOON}\n");
        found.push((text, json!({"endpoint": endpoint.code(), "pause": pause_json(&pause)})));
    }
    common.print(&found)
}

pub(super) async fn resume(common: &Common) -> anyhow::Result<()> {
    let store = common.data.open()?;
    let now = SystemClock.now();
    let mut found = Vec::new();
    for endpoint in common.endpoints() {
        let pauses = store.overview(endpoint, now).await?.pauses;
        let text = match pauses.last() {
            None => format!("nothing stops the {endpoint} endpoint\n"),
            Some(last) => {
                store.resume(endpoint, last.no, now).await?;
                let ended: String = pauses
                    .iter()
                    .map(|pause| format!("  ended: {}\n", plain(&pause.why.to_string())))
                    .collect();
                format!("the {endpoint} endpoint pays again; {SOON}\n{ended}")
            }
        };
        let ended: Vec<_> = pauses.iter().map(pause_json).collect();
        found.push((text, json!({"endpoint": endpoint.code(), "ended": ended})));
    }
    common.print(&found)
}

pub(super) async fn repost(common: &Common, slot: Option<SlotNo>) -> anyhow::Result<()> {
    let store = common.data.open()?;
    let now = SystemClock.now();
    let mut found = Vec::new();
    for endpoint in common.endpoints() {
        if let Some(no) = slot {
            check_open(&*store, endpoint, no).await?;
        }
        found.push(wish(&*store, endpoint, slot, now).await?);
    }
    common.print(&found)
}

async fn check_open(store: &dyn Store, endpoint: store::Endpoint, no: SlotNo) -> anyhow::Result<()> {
    let slot = store.slot(endpoint, no).await?;
    ensure!(slot.is_some(), "there is no slot {no} of the {endpoint} endpoint");
    ensure!(
        slot.is_some_and(|slot| slot.state == SlotState::Open),
        "slot {no} of the {endpoint} endpoint is proven: there is nothing to post again"
    );
    Ok(())
}

async fn wish(
    store: &dyn Store,
    endpoint: store::Endpoint,
    slot: Option<SlotNo>,
    now: Timestamp,
) -> anyhow::Result<(String, Value)> {
    let repost = store.ask_repost(endpoint, slot, now).await?;
    let what = slot.map_or_else(|| "every open slot".to_owned(), |no| format!("slot {no}"));
    let text = format!("the units of {what} of the {endpoint} endpoint are to be posted again; {SOON}\n");
    let object = json!({
        "endpoint": endpoint.code(), "repost": repost.no.get(), "slot": slot, "asked": moment(repost.asked_at),
    });
    Ok((text, object))
}
