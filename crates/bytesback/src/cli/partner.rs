//! `partner`: who may report purchases.

mod addresses;
mod contact;
mod deposit_address;
mod language;
mod limits;
mod merchants;
mod terms;

use std::io::Write;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use data_encoding::HEXLOWER;
use ledger::CommandId;
use obyte::Bytes;
use store::{
    DepositOrder, DepositVerdict, Endpoint, KeyHash, KeyId, NewPartner, Partner, PartnerKind, PartnerName,
    Store,
};

use super::{DataDir, withdrawal};
use crate::clock::{Clock, SystemClock};

/// What can be done with partners.
#[derive(Debug, Subcommand)]
pub(super) enum PartnerCommand {
    /// Add a partner and print its first key, once.
    Add(AddArgs),
    /// List partners and their keys.
    List(DataDir),
    /// Make a further key and print it, once; or disable one.
    Key(KeyArgs),
    /// Agree on what holds for a partner instead of the rules, or print what was agreed.
    Terms(terms::TermsArgs),
    /// Say in which language the customers of a partner are written to.
    Language(language::LanguageArgs),
    /// Say where a partner is told of cashback that reaches nobody.
    Contact(contact::ContactArgs),
    /// Disable a partner for ever. Its purchases and its deposit stay in the book.
    Disable(NameArgs),
    /// Book bytes that arrived at the fund's address as a partner's deposit.
    Deposit(DepositArgs),
    /// Show and change where a partner receives money, so that units prove its purchases.
    Address(addresses::AddressArgs),
    /// Show where a partner sends its deposits: address, URI and QR code.
    DepositAddress(deposit_address::DepositAddressArgs),
    /// Pay a part of a deposit back, to the address that the partner has registered.
    Withdraw(withdrawal::PartnerArgs),
    /// Register where a partner's deposit may be paid back to, or print it.
    WithdrawalAddress(withdrawal::AddressArgs),
    /// List what was withdrawn of a partner's deposit.
    Withdrawals(withdrawal::PartnerListArgs),
    /// Show and set how much a partner, or one of its merchants, is given at most.
    Limits(limits::LimitsArgs),
    /// List the merchants of a payment processor, and block one.
    Merchants(merchants::MerchantsArgs),
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// 5 to 100 letters, digits, underscores or hyphens.
    name: PartnerName,
    /// merchant, or processor for one that reports for many merchants.
    #[arg(long, default_value_t = PartnerKind::Merchant)]
    kind: PartnerKind,
    /// Take units for small purchases without a registered receiving address.
    #[arg(long)]
    trusted: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// Whose key.
    name: PartnerName,
    /// What the key is for, such as "till 2".
    #[arg(long, default_value = "")]
    label: String,
    /// Disable the key with this number instead of making one.
    #[arg(long, value_name = "NUMBER")]
    disable: Option<i64>,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// Which partner.
    name: PartnerName,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(super) struct DepositArgs {
    /// Whose deposit.
    name: PartnerName,
    /// How many bytes; 1 GBYTE is 1000000000.
    bytes: u64,
    /// Names this command: repeating it with the same id books nothing twice.
    #[arg(long)]
    id: String,
    /// live or test.
    #[arg(long)]
    endpoint: Endpoint,
    /// What for.
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn run(command: PartnerCommand) -> anyhow::Result<()> {
    match command {
        PartnerCommand::Add(args) => add(args).await,
        PartnerCommand::List(data) => list(&*data.open()?).await,
        PartnerCommand::Key(args) => key(args).await,
        PartnerCommand::DepositAddress(args) => deposit_address::run(&args).await,
        PartnerCommand::Terms(args) => terms::run(&args).await,
        PartnerCommand::Language(args) => language::run(args).await,
        PartnerCommand::Contact(args) => contact::run(args).await,
        PartnerCommand::Disable(args) => {
            let store = args.data.open()?;
            let partner = find(&*store, &args.name).await?;
            store.disable_partner(partner.id, SystemClock.now()).await?;
            say(format_args!("{} is disabled", partner.name))
        }
        PartnerCommand::Deposit(args) => deposit(args).await,
        PartnerCommand::Address(args) => addresses::run(args).await,
        PartnerCommand::Withdraw(args) => withdrawal::of_partner(args).await,
        PartnerCommand::WithdrawalAddress(args) => withdrawal::address(args).await,
        PartnerCommand::Withdrawals(args) => withdrawal::partner_list(args).await,
        PartnerCommand::Limits(args) => limits::run(args).await,
        PartnerCommand::Merchants(args) => merchants::run(args).await,
    }
}

async fn add(args: AddArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let at = SystemClock.now();
    let new = NewPartner { name: args.name, kind: args.kind, trusted: args.trusted, at };
    let partner = store.add_partner(new).await?;
    let key = new_key()?;
    store.add_key(partner.id, KeyHash::of(&key), "first", at).await?;
    say(format_args!("partner: {}\npartner_key: {key}\nThe key is not shown again.", partner.name))
}

async fn key(args: KeyArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let at = SystemClock.now();
    match args.disable.map(KeyId::new) {
        Some(id) if partner.keys.iter().any(|key| key.id == id) => {
            store.disable_key(id, at).await?;
            say(format_args!("key {id} of {} is disabled", partner.name))
        }
        Some(id) => bail!("{} has no key {id}; see `bytesback partner list`", partner.name),
        None => {
            let key = new_key()?;
            let id = store.add_key(partner.id, KeyHash::of(&key), &args.label, at).await?;
            say(format_args!("key {id} of {}: {key}\nThe key is not shown again.", partner.name))
        }
    }
}

async fn deposit(args: DepositArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let order = DepositOrder {
        command: CommandId::from_str(&args.id)?,
        partner: partner.id,
        amount: Bytes::new(args.bytes)?,
        note: args.note,
        at: SystemClock.now(),
    };
    match store.book_deposit(args.endpoint, order).await? {
        DepositVerdict::Booked => {
            say(format_args!("{} bytes of the fund are now the deposit of {}", args.bytes, partner.name))
        }
        DepositVerdict::Replay => say(format_args!("this was booked before; nothing has changed")),
        DepositVerdict::Conflict => bail!("this id was used for another deposit; nothing has changed"),
        DepositVerdict::FundTooLow { missing } => {
            bail!("the fund lacks {missing} bytes for that; nothing has changed")
        }
    }
}

async fn list(store: &dyn Store) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for partner in store.partners().await? {
        let state = if partner.disabled_at.is_some() { ", disabled" } else { "" };
        let trusted = if partner.trusted { ", trusted" } else { "" };
        writeln!(out, "{} ({}{trusted}{state})", partner.name, partner.kind)?;
        for key in &partner.keys {
            let state = if key.disabled_at.is_some() { ", disabled" } else { "" };
            writeln!(out, "  key {} {}{state}", key.id, key.label)?;
        }
    }
    Ok(out.flush()?)
}

async fn find(store: &dyn Store, name: &PartnerName) -> anyhow::Result<Partner> {
    store.partner(name).await?.with_context(|| format!("there is no partner {name}"))
}

/// 128 random bits, in characters that survive every client (C30).
fn new_key() -> anyhow::Result<String> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).context("the system gives no random numbers")?;
    Ok(HEXLOWER.encode(&bits))
}

fn say(text: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
