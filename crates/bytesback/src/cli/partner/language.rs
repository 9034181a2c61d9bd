//! `partner language`: in which language the customers of a partner are written to.

use std::str::FromStr;

use clap::Args;
use program::{Language, LanguageError};
use store::PartnerName;

use crate::cli::DataDir;

#[derive(Debug, Args)]
pub(in crate::cli) struct LanguageArgs {
    /// Which partner.
    name: PartnerName,
    /// The tag of the language, such as `ru`, or `none` for the usual one of the server. Without it, print what holds.
    language: Option<Wanted>,
    #[command(flatten)]
    data: DataDir,
}

/// What an operator names: a language, or that there is none of its own.
#[derive(Clone, Debug)]
struct Wanted(Option<Language>);

impl FromStr for Wanted {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        if text == "none" { Ok(Self(None)) } else { text.parse().map(|language| Self(Some(language))) }
    }
}

pub(super) async fn run(args: LanguageArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = super::find(&*store, &args.name).await?;
    let holds = match args.language {
        Some(Wanted(language)) => {
            store.set_language(partner.id, language.clone()).await?;
            language
        }
        None => partner.language,
    };
    match holds {
        Some(language) => {
            super::say(format_args!("customers of {} are written to in {language}", partner.name))
        }
        None => super::say(format_args!(
            "customers of {} are written to in the usual language of the server",
            partner.name
        )),
    }
}
