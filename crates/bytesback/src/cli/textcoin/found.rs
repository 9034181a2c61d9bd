//! Textcoins that units of a lost database gave. Nobody knows for which orders.

use std::io::Write;

use payout::Timestamp;
use serde_json::{Value, json};
use store::{Endpoint, FoundTextcoin, Store, TextcoinState};

use super::list::{ListArgs, PAGE};
use crate::cli::people::{date, in_groups};
use crate::clock::{Clock, SystemClock};

/// Lists those of an endpoint; tells whether there are any.
pub(super) async fn list(
    store: &dyn Store,
    endpoint: Endpoint,
    args: &ListArgs,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let (mut after, mut any, now) = (None, false, SystemClock.now());
    loop {
        let page = store.found_textcoins(endpoint, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(any) };
        after = Some(last.no);
        let is_wanted = |one: &&FoundTextcoin| args.state.is_none_or(|wanted| one.state(now) == Some(wanted));
        for found in page.iter().filter(is_wanted) {
            any = true;
            if args.json {
                writeln!(out, "{}", object(endpoint, found, now))?;
            } else {
                let amount = in_groups(found.coin.amount);
                let (state, expires) = (state(found, now), date(found.expires_at));
                writeln!(
                    out,
                    "{endpoint} textcoin {} of a lost database: {state}, {amount} bytes, until {expires}",
                    found.no
                )?;
            }
        }
    }
}

fn state(found: &FoundTextcoin, now: Timestamp) -> &'static str {
    match found.state(now) {
        None => "there to be claimed",
        Some(TextcoinState::ClaimSeen) => "being claimed, which is not proven yet",
        Some(TextcoinState::Claimed) => "claimed",
        Some(TextcoinState::TakenBack) => "taken back",
        Some(_) => "its time is over, its coins return",
    }
}

fn object(endpoint: Endpoint, found: &FoundTextcoin, now: Timestamp) -> Value {
    json!({
        "endpoint": endpoint.code(),
        "textcoin": found.no.to_string(),
        "order_id": null,
        "state": found.state(now).map_or("open", TextcoinState::code),
        "amount": found.coin.amount,
        "address": found.coin.address,
        "unit": found.coin.id.unit,
        "found_at": date(found.found_at),
        "expires_at": date(found.expires_at),
        "ended_at": found.ended.map(|(.., at)| date(at)),
        "ended_by": found.ended.map(|(_, unit, _)| unit),
    })
}
