//! `partner contact`: where a partner is told of cashback that reaches nobody.

use std::str::FromStr;

use clap::Args;
use program::{EmailAddress, EmailError};
use store::PartnerName;

use crate::cli::DataDir;

#[derive(Debug, Args)]
pub(in crate::cli) struct ContactArgs {
    /// Which partner.
    name: PartnerName,
    /// An e-mail address, or `none`, so that the operator is told instead. Without it, print what holds.
    address: Option<Wanted>,
    #[command(flatten)]
    data: DataDir,
}

/// What an operator names: an address, or that there is none.
#[derive(Clone, Debug)]
struct Wanted(Option<EmailAddress>);

impl FromStr for Wanted {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        if text == "none" { Ok(Self(None)) } else { text.parse().map(|address| Self(Some(address))) }
    }
}

pub(super) async fn run(args: ContactArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = super::find(&*store, &args.name).await?;
    let holds = match args.address {
        Some(Wanted(contact)) => {
            store.set_contact(partner.id, contact.clone()).await?;
            contact
        }
        None => partner.contact,
    };
    match holds {
        Some(contact) => super::say(format_args!("{} is told at {contact}", partner.name)),
        None => super::say(format_args!("{} has no address; the operator is told instead", partner.name)),
    }
}
