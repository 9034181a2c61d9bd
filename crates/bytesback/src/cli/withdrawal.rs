//! `partner withdraw`, `fund withdraw` and what lists them: bytes that leave the wallet again.
//!
//! All of it works in the database, beside a server that runs as well as without one.

mod words;

use std::io::Write;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::Args;
use ledger::{CommandId, Purse};
use obyte::{Address, Bytes};
use store::{
    AddressVerdict, Endpoint, Partner, PartnerName, Store, WithdrawalFrom, WithdrawalOrder,
    WithdrawalReviewed, WithdrawalVerdict,
};

pub(super) use self::words::{object, purse, purse_json, text};
use super::DataDir;
use super::people::date;
use crate::clock::{Clock, SystemClock};

/// What every withdrawal names.
#[derive(Debug, Args)]
struct Common {
    /// How many bytes; 1 GBYTE is 1000000000.
    bytes: u64,
    /// Names this withdrawal for ever: repeating it with the same id pays nothing twice, and tells where it stands.
    #[arg(long)]
    id: String,
    /// live or test.
    #[arg(long, default_value_t = Endpoint::Live)]
    endpoint: Endpoint,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(super) struct PartnerArgs {
    /// Whose deposit.
    name: PartnerName,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct FundArgs {
    #[command(flatten)]
    common: Common,
    /// Where to: an address of another wallet.
    #[arg(long)]
    to: Address,
}

#[derive(Debug, Args)]
pub(super) struct AddressArgs {
    /// Which partner.
    name: PartnerName,
    /// Where its deposit may go from here on; without it the addresses so far are printed.
    address: Option<Address>,
    /// live or test.
    #[arg(long, default_value_t = Endpoint::Live)]
    endpoint: Endpoint,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(super) struct PartnerListArgs {
    /// Whose withdrawals.
    name: PartnerName,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Args)]
pub(super) struct FundListArgs {
    /// Those of partners, too.
    #[arg(long)]
    all: bool,
    /// Let the held withdrawal with this id be paid, whosever it is.
    #[arg(long, value_name = "ID", requires = "endpoint", conflicts_with = "reject")]
    release: Option<String>,
    /// Say that the held withdrawal with this id was paid by a unit that the book does not know: it is never paid.
    #[arg(long, value_name = "ID", requires = "endpoint")]
    reject: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// live or test; both if it is missing.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn of_partner(args: PartnerArgs) -> anyhow::Result<()> {
    let store = args.common.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let from = WithdrawalFrom::Deposit(partner.id);
    withdraw(&*store, &args.common, from, &format!("the deposit of {}", partner.name)).await
}

pub(super) async fn of_fund(args: FundArgs) -> anyhow::Result<()> {
    let store = args.common.data.open()?;
    withdraw(&*store, &args.common, WithdrawalFrom::Fund { to: args.to }, "the fund").await
}

async fn withdraw(store: &dyn Store, args: &Common, from: WithdrawalFrom, whose: &str) -> anyhow::Result<()> {
    let order = WithdrawalOrder {
        command: CommandId::from_str(&args.id)?,
        from,
        amount: Bytes::new(args.bytes)?,
        at: SystemClock.now(),
    };
    let (record, is_new) = match store.withdraw(args.endpoint, order).await? {
        WithdrawalVerdict::Accepted(record) => (record, true),
        WithdrawalVerdict::Replay(record) => (record, false),
        refused => bail!("{}; nothing has changed", words::refusal(&refused, whose)),
    };
    let partners = store.partners().await?;
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &object(args.endpoint, &record, &partners))?;
        writeln!(out)?;
    } else {
        let head = if is_new { "accepted" } else { "this was accepted before; nothing has changed" };
        write!(out, "{head}\n{}", text(args.endpoint, &record, &partners))?;
        if is_new {
            writeln!(out, "  repeat the same command to see where it stands")?;
        }
    }
    Ok(out.flush()?)
}

pub(super) async fn address(args: AddressArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let (name, endpoint) = (&partner.name, args.endpoint);
    if let Some(address) = args.address {
        let registered = store.register_address(endpoint, partner.id, address, SystemClock.now()).await?;
        match registered {
            AddressVerdict::Registered | AddressVerdict::Unchanged => {}
            AddressVerdict::Own => {
                bail!("this is an address of this server: name one of the partner's wallet")
            }
        }
    }
    let addresses = store.registered_addresses(endpoint, partner.id).await?;
    let mut out = std::io::stdout().lock();
    let Some(newest) = addresses.last() else {
        writeln!(out, "{name} has registered no address at the {endpoint} endpoint")?;
        return Ok(out.flush()?);
    };
    writeln!(out, "withdrawals of {name} at the {endpoint} endpoint go to {}", newest.address)?;
    for one in &addresses {
        writeln!(out, "  {} since {}", one.address, date(one.since))?;
    }
    Ok(out.flush()?)
}

pub(super) async fn partner_list(args: PartnerListArgs) -> anyhow::Result<()> {
    let store = args.list.data.open()?;
    let partner = find(&*store, &args.name).await?;
    list(&*store, &args.list, Some(Purse::Deposit(partner.id))).await
}

pub(super) async fn fund_list(args: FundListArgs) -> anyhow::Result<()> {
    let store = args.list.data.open()?;
    let id = args.release.as_ref().or(args.reject.as_ref());
    if let (Some(id), Some(endpoint)) = (id, args.list.endpoint) {
        return review(&*store, endpoint, &id.parse()?, args.release.is_some()).await;
    }
    list(&*store, &args.list, (!args.all).then_some(Purse::Fund)).await
}

async fn review(
    store: &dyn Store,
    endpoint: Endpoint,
    command: &CommandId,
    release: bool,
) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let reviewed = if release {
        store.release_withdrawal(endpoint, command, now).await?
    } else {
        store.reject_withdrawal(endpoint, command, now).await?
    };
    let partners = store.partners().await?;
    match reviewed {
        WithdrawalReviewed::Done(record) => {
            Ok(write!(std::io::stdout(), "{}", text(endpoint, &record, &partners))?)
        }
        WithdrawalReviewed::NotHeld(record) => {
            bail!("it is not held; nothing has changed\n{}", text(endpoint, &record, &partners))
        }
        WithdrawalReviewed::Unknown => bail!("the {endpoint} endpoint has no such withdrawal"),
    }
}

async fn list(store: &dyn Store, args: &ListArgs, of: Option<Purse>) -> anyhow::Result<()> {
    let partners = store.partners().await?;
    let mut out = std::io::stdout().lock();
    let mut objects = Vec::new();
    let mut texts = String::new();
    for endpoint in Endpoint::ALL.into_iter().filter(|one| args.endpoint.is_none_or(|wanted| wanted == *one))
    {
        for record in store.withdrawals(endpoint, of).await? {
            objects.push(object(endpoint, &record, &partners));
            texts.push_str(&text(endpoint, &record, &partners));
        }
    }
    if args.json {
        serde_json::to_writer_pretty(&mut out, &objects)?;
        writeln!(out)?;
    } else if texts.is_empty() {
        writeln!(out, "nothing was withdrawn")?;
    } else {
        out.write_all(texts.as_bytes())?;
    }
    Ok(out.flush()?)
}

async fn find(store: &dyn Store, name: &PartnerName) -> anyhow::Result<Partner> {
    store.partner(name).await?.with_context(|| format!("there is no partner {name}"))
}
