//! `textcoin claim`.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use obyte::{Address, Network, Textcoin, UnitHash};
use obyte_hub::{Hub, HubConfig};
use serde_json::json;

use crate::textcoin;

/// How long the hub may take to be reached.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Args)]
pub(in crate::cli) struct ClaimArgs {
    /// The words, with dashes or spaces between them, or the link of the mail.
    #[arg(long, env = "BYTESBACK_TEXTCOIN", hide_env_values = true)]
    words: String,
    /// Where the bytes go.
    #[arg(long)]
    to: Address,
    /// The hub of a network, such as ws://127.0.0.1:6611 or wss://obyte.org/bb.
    #[arg(long)]
    hub: String,
    /// livenet, testnet or devnet; devnet if it is missing and the hub is on this machine.
    #[arg(long)]
    network: Option<Network>,
    /// The genesis unit of a devnet, needed only where its first unit paid the textcoin.
    #[arg(long)]
    genesis: Option<UnitHash>,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
}

/// The words are as good as money: they stay out of whatever prints arguments.
impl std::fmt::Debug for ClaimArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimArgs").field("to", &self.to).field("hub", &self.hub).finish_non_exhaustive()
    }
}

pub(super) async fn claim(args: ClaimArgs) -> anyhow::Result<()> {
    let textcoin = read(&args.words)?;
    let network = network(&args)?;
    let config = HubConfig::new(&args.hub, network).context("the address of the hub cannot be used")?;
    let (hub, mut events) = Hub::start(config);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    hub.wait_connected(PATIENCE)
        .await
        .with_context(|| format!("the hub at {} cannot be reached", args.hub))?;
    let claimed = textcoin::claim(&hub, network, args.genesis, &textcoin, args.to).await;
    hub.close();
    let claimed = claimed.context("the textcoin was not claimed")?;
    if args.json {
        let object = json!({
            "unit": claimed.unit, "amount": claimed.amount, "to": args.to, "answer": claimed.answer,
        });
        println!("{}", serde_json::to_string_pretty(&object)?);
    } else {
        println!("{} bytes go to {}", claimed.amount, args.to);
        println!("unit {}", claimed.unit);
        if claimed.answer != "accepted" {
            println!("the hub says: {}; look there whether it gets stable", claimed.answer);
        }
    }
    Ok(())
}

/// Reads the words as they stand in a mail, in a link or on paper.
fn read(text: &str) -> anyhow::Result<Textcoin> {
    let text = text.trim();
    let words = match text.rsplit_once("textcoin?") {
        Some((_, words)) => words,
        None => text.rsplit_once(':').map_or(text, |(_, words)| words),
    };
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.parse().context("these are not the twelve words of a textcoin")
}

fn network(args: &ClaimArgs) -> anyhow::Result<Network> {
    let is_near = ["//127.", "//localhost", "//[::1]"].iter().any(|near| args.hub.contains(near));
    match args.network {
        Some(network) => Ok(network),
        None if is_near => Ok(Network::Devnet),
        None => bail!("say on which network the hub is: --network livenet, testnet or devnet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "leave-future-vital-protect-magnet-trumpet-genius-someone-burger-doctor-cheese-entry";

    #[test]
    fn words_are_read_however_they_are_written() {
        let spaced = WORDS.replace('-', " ");
        let address = read(WORDS).expect("words").address();
        for text in [
            spaced.clone(),
            spaced.replace(' ', "  "),
            format!(" {WORDS}\n"),
            WORDS.to_uppercase(),
            format!("https://obyte.org/#textcoin?{WORDS}"),
            format!("obyte:textcoin?{WORDS}"),
            format!("obyte-tn:{WORDS}"),
        ] {
            assert_eq!(read(&text).expect("words").address(), address, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_words() {
        let wrong = read(&WORDS.replace("leave", "leaves")).expect_err("no such word");
        assert!(format!("{wrong:#}").starts_with("these are not the twelve words of a textcoin"));
        assert!(!format!("{wrong:#}").contains("leaves"), "{wrong:#}");
    }
}
