//! `partner terms`: what holds for one partner instead of the programme's rules.

use std::io::Write;
use std::str::FromStr;

use clap::Args;
use program::{Dollars, PartnerTerms, Percentage};
use store::PartnerName;

use crate::cli::DataDir;
use crate::cli::people::date;
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub(in crate::cli) struct TermsArgs {
    /// Which partner.
    name: PartnerName,
    /// The most percentage that it may ask for, or `none` for that of the rules.
    #[arg(long, value_name = "PERCENT")]
    percentage_max: Option<Term<Percentage>>,
    /// Its purchases below so many dollars get nothing, or `none` for what the rules say.
    #[arg(long, value_name = "USD")]
    purchase_min_usd: Option<Term<Dollars>>,
    /// The most cashback of one of its purchases in dollars, or `none` for what the rules say.
    #[arg(long, value_name = "USD")]
    cashback_max_usd: Option<Term<Dollars>>,
    #[command(flatten)]
    data: DataDir,
}

/// A term that an operator names: a value, or that there is none of its own.
#[derive(Clone, Copy, Debug)]
struct Term<T>(Option<T>);

impl<T: FromStr> FromStr for Term<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if text == "none" { Ok(Self(None)) } else { text.parse().map(|value| Self(Some(value))) }
    }
}

/// Agrees on what is named; without anything named, prints all that was ever agreed.
pub(super) async fn run(args: &TermsArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = super::find(&*store, &args.name).await?;
    if let Some(terms) = changed(partner.terms, args) {
        store.agree(partner.id, terms, SystemClock.now()).await?;
    }
    let agreed = store.terms(partner.id).await?;
    let mut out = std::io::stdout().lock();
    if agreed.is_empty() {
        writeln!(out, "for {} the rules of the programme hold", partner.name)?;
    }
    for record in agreed {
        writeln!(out, "since {}: {}", date(record.since), text(record.terms))?;
    }
    Ok(out.flush()?)
}

/// The terms with what was named; nothing where nothing was.
fn changed(terms: PartnerTerms, args: &TermsArgs) -> Option<PartnerTerms> {
    let TermsArgs { percentage_max, purchase_min_usd, cashback_max_usd, .. } = args;
    let is_named = percentage_max.is_some() || purchase_min_usd.is_some() || cashback_max_usd.is_some();
    is_named.then(|| PartnerTerms {
        max_partner_percentage: percentage_max.map_or(terms.max_partner_percentage, |term| term.0),
        smallest_purchase: purchase_min_usd.map_or(terms.smallest_purchase, |term| term.0),
        most_cashback: cashback_max_usd.map_or(terms.most_cashback, |term| term.0),
    })
}

fn text(terms: PartnerTerms) -> String {
    let parts = [
        terms.max_partner_percentage.map(|most| format!("asks for {most} % at most")),
        terms.smallest_purchase.map(|smallest| format!("purchases from {smallest} on")),
        terms.most_cashback.map(|most| format!("{most} cashback at most")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "as the rules say".to_owned() } else { parts.join(", ") }
}
