//! `partner address`: where a partner receives money, so that units prove its purchases.

use std::io::Write;

use anyhow::{bail, ensure};
use clap::Args;
use obyte::Address;
use serde_json::json;
use store::{Endpoint, PartnerName, ReceivingAddress, ReceivingRole, Store};

use super::find;
use crate::cli::DataDir;
use crate::cli::people::date;
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub(in crate::cli) struct AddressArgs {
    /// Which partner.
    name: PartnerName,
    /// live or test; only the list may be of both.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// Register an address of the partner's own.
    #[arg(long, value_name = "ADDRESS")]
    add: Vec<Address>,
    /// Register the address of a gateway that collects for the partner and forwards to it.
    #[arg(long, value_name = "ADDRESS")]
    gateway: Vec<Address>,
    /// Strike an address from the list.
    #[arg(long, value_name = "ADDRESS")]
    remove: Vec<Address>,
    /// Print the list; so does every call without a change.
    #[arg(long)]
    list: bool,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn run(args: AddressArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let changes = [&args.add, &args.gateway, &args.remove].iter().any(|list| !list.is_empty());
    let endpoints = match args.endpoint {
        Some(endpoint) => vec![endpoint],
        None if changes => bail!("say with --endpoint whether the address is for live or test"),
        None => Endpoint::ALL.to_vec(),
    };
    let now = SystemClock.now();
    let roles = [(&args.add, ReceivingRole::Own), (&args.gateway, ReceivingRole::Gateway)];
    for endpoint in endpoints.iter().filter(|_| changes) {
        let listed = store.receiving_addresses(*endpoint, partner.id).await?;
        for address in &args.remove {
            let is_listed = listed.iter().any(|listed| listed.address == *address);
            ensure!(
                is_listed,
                "{} has no address {address} at {endpoint}; nothing has changed",
                partner.name
            );
        }
        for address in &args.remove {
            store.remove_receiving_address(*endpoint, partner.id, *address).await?;
        }
        for (addresses, role) in roles {
            for address in addresses {
                let new = ReceivingAddress { address: *address, role, added_at: now };
                store.add_receiving_address(*endpoint, partner.id, new).await?;
            }
        }
    }
    if args.list || args.json || !changes {
        return list(&*store, &args, &endpoints).await;
    }
    Ok(writeln!(std::io::stdout(), "changed; units prove purchases by the new list from now on")?)
}

async fn list(store: &dyn Store, args: &AddressArgs, endpoints: &[Endpoint]) -> anyhow::Result<()> {
    let partner = find(store, &args.name).await?;
    let mut out = std::io::stdout().lock();
    let mut objects = Vec::new();
    for endpoint in endpoints {
        let listed = store.receiving_addresses(*endpoint, partner.id).await?;
        if listed.is_empty() && !args.json {
            writeln!(out, "{endpoint}: none; purchase units are refused{}", unless(partner.trusted))?;
        }
        for ReceivingAddress { address, role, added_at } in listed {
            let since = date(added_at);
            if !args.json {
                writeln!(out, "{endpoint}: {address} ({role}) since {since}")?;
            }
            objects.push(json!({
                "endpoint": endpoint.code(), "address": address, "role": role.code(), "added": since,
            }));
        }
    }
    if args.json {
        serde_json::to_writer_pretty(&mut out, &objects)?;
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

const fn unless(is_trusted: bool) -> &'static str {
    if is_trusted { ", but for small purchases, since the partner is trusted" } else { "" }
}
