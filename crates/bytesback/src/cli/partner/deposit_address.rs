//! `partner deposit-address`: where a partner sends what it gives in advance, as text, URI and QR code.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::Context;
use clap::Args;
use obyte::uri::{Payment, Recipient, Uri};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::{Value, json};
use store::{Endpoint, PartnerName, Store};

use super::find;
use crate::cli::DataDir;

#[derive(Debug, Args)]
pub(in crate::cli) struct DepositAddressArgs {
    /// Whose.
    name: PartnerName,
    /// live or test; both if it is missing.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

pub(in crate::cli) async fn run(args: &DepositAddressArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let (mut text, mut objects) = (String::new(), Vec::new());
    let wanted = |endpoint: &Endpoint| args.endpoint.is_none_or(|wanted| wanted == *endpoint);
    for endpoint in Endpoint::ALL.into_iter().filter(wanted) {
        match uri_of(&*store, endpoint, partner.id).await? {
            Some((address, uri)) => {
                let qr = QrCode::new(&uri).context("the URI does not fit into a QR code")?;
                let qr = qr.render::<Dense1x2>().build();
                writeln!(text, "{} at the {endpoint} endpoint: {address}\n{uri}\n{qr}", partner.name)?;
                objects.push(json!({"endpoint": endpoint.code(), "address": address, "uri": uri}));
            }
            None => {
                let why = "none yet: a server that runs gives one within two seconds";
                writeln!(text, "{} at the {endpoint} endpoint: {why}", partner.name)?;
                objects
                    .push(json!({"endpoint": endpoint.code(), "address": Value::Null, "uri": Value::Null}));
            }
        }
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &objects)?;
        writeln!(out)?;
    } else {
        out.write_all(text.as_bytes())?;
    }
    Ok(out.flush()?)
}

/// The address, and the URI with which a wallet pays it.
async fn uri_of(
    store: &dyn Store,
    endpoint: Endpoint,
    partner: ledger::PartnerId,
) -> anyhow::Result<Option<(obyte::Address, String)>> {
    let given = store.deposit_address(endpoint, partner).await?;
    let (Some(given), Some(identity)) = (given, store.identity(endpoint).await?) else { return Ok(None) };
    let uri = Uri::Payment(Payment::to(Recipient::Address(given.address))).print(identity.network);
    Ok(Some((given.address, uri)))
}
