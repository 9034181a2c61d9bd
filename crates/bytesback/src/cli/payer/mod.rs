//! `payer`: look at the line of units, stop paying and let it go on, have units posted again.
//!
//! All of it works in the database, beside a server that runs as well as without one.

mod restore;
mod show;
mod slots;
mod status;
mod wish;

use std::io::Write;

use clap::{Args, Subcommand};
use payout::{SlotNo, Timestamp};
use serde_json::{Value, json};
use store::{Endpoint, Pause, SlotState};

pub(in crate::cli) use self::restore::declare;
use super::DataDir;
use super::people::date;

/// What can be asked and told about paying.
#[derive(Debug, Subcommand)]
pub(super) enum PayerCommand {
    /// Say whether the payers run, whether anything stops them, and how much waits.
    Status(Common),
    /// List the places in the line of units that are not proven, newest first.
    Slots(SlotsArgs),
    /// Show all that is known of a slot: its versions, what they pay, what hubs answered, the proof.
    Show(ShowArgs),
    /// Stop paying. Purchases are still accepted; what is posted is followed. Lasts over restarts.
    Pause(PauseArgs),
    /// Let paying go on, whether an operator stopped it or an alarm.
    Resume(Common),
    /// Have units that are not proven posted to the hubs again, the same bytes.
    Repost(RepostArgs),
    /// Say that the wallet was used with other data before: when the server starts, every coin moves to a fresh
    /// address before anybody is paid. What the network shows of it is noticed without this.
    Restore(Common),
}

#[derive(Debug, Args)]
pub(super) struct Common {
    /// live or test; both if it is missing.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// Print JSON for machines: a list with an object for each thing found.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(super) struct SlotsArgs {
    /// Only those that are not proven; this is the default.
    #[arg(long, conflicts_with = "all")]
    open: bool,
    /// Those that are proven, too.
    #[arg(long)]
    all: bool,
    /// At most so many of each endpoint.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The number of a slot, the hash of a unit, or an order id.
    #[arg(required_unless_present_any = ["payout", "order"], conflicts_with_all = ["payout", "order"])]
    what: Option<String>,
    /// The number of a payout.
    #[arg(long, value_name = "NUMBER", conflicts_with = "order")]
    payout: Option<i64>,
    /// An order id, of any partner; for those that look like a number or a hash.
    #[arg(long, value_name = "ORDER_ID")]
    order: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct PauseArgs {
    /// Why, for whoever looks at it later.
    #[arg(long)]
    why: String,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct RepostArgs {
    /// The slot; all that are open if it is missing.
    #[arg(requires = "endpoint")]
    slot: Option<u64>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(command: PayerCommand) -> anyhow::Result<()> {
    match command {
        PayerCommand::Status(common) => status::status(&common).await,
        PayerCommand::Slots(args) => slots::slots(&args).await,
        PayerCommand::Show(args) => show::show(&args).await,
        PayerCommand::Pause(args) => wish::pause(&args.common, args.why).await,
        PayerCommand::Resume(common) => wish::resume(&common).await,
        PayerCommand::Restore(common) => restore::restore(&common).await,
        PayerCommand::Repost(args) => wish::repost(&args.common, args.slot.map(SlotNo::new)).await,
    }
}

impl Common {
    fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        Endpoint::ALL.into_iter().filter(|endpoint| self.endpoint.is_none_or(|wanted| wanted == *endpoint))
    }

    /// Prints what was found, for people or for machines.
    fn print(&self, found: &[(String, Value)]) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            let values: Vec<_> = found.iter().map(|(_, value)| value).collect();
            serde_json::to_writer_pretty(&mut out, &values)?;
            writeln!(out)?;
        } else {
            for (text, _) in found {
                out.write_all(text.as_bytes())?;
            }
        }
        Ok(out.flush()?)
    }
}

/// A moment in JSON.
fn moment(at: Timestamp) -> Value {
    json!({"at": date(at), "ms": at.as_millis()})
}

fn pause_json(pause: &Pause) -> Value {
    json!({"no": pause.no.get(), "why": pause.why.to_string(), "alarm": pause.why, "since": moment(pause.since)})
}

/// Where a slot stands, in JSON.
fn state_json(state: SlotState) -> Value {
    match state {
        SlotState::Open => json!({"state": state.code()}),
        SlotState::Dead { at } => json!({"state": state.code(), "proven": moment(at)}),
        SlotState::Settled { winner, main_chain_index, charged_tps_fee, at } => json!({
            "state": state.code(), "proven": moment(at), "winner": winner,
            "main_chain_index": main_chain_index, "charged_tps_fee": charged_tps_fee,
        }),
    }
}
