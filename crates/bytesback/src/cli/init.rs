//! `init`: wallets and a configuration to begin with.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use obyte::{Mnemonic, Network};
use store::Endpoint;
use store::sqlite::SqliteStore;
use zeroize::Zeroizing;

use super::payer;
use crate::server::DATABASE;
use crate::wallet::{fund_address, new_mnemonic};
use crate::wallet_file::{self, KdfCost};

/// The configuration in a data directory.
const CONFIG: &str = "bytesback.toml";

/// What `init` takes.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The directory to make everything in.
    #[arg(long, env = "BYTESBACK_DATA_DIR", default_value = "bytesback-data")]
    data_dir: PathBuf,
    /// The network of /new_purchase.
    #[arg(long, default_value_t = Network::Livenet)]
    live: Network,
    /// The network of /test/new_purchase.
    #[arg(long, default_value_t = Network::Testnet)]
    test: Network,
    /// Import mnemonics instead of making new ones: two lines on standard input, live first. When the server starts,
    /// every coin moves to a fresh address before anybody is paid.
    #[arg(long)]
    restore: bool,
    /// Print the new mnemonics once, to be written down on paper.
    #[arg(long, conflicts_with = "restore")]
    show_words: bool,
    #[command(flatten)]
    passphrase: Passphrase,
}

/// Where the passphrase of the wallet files comes from.
#[derive(Debug, Args)]
pub(super) struct Passphrase {
    /// A file that holds the passphrase of the wallets in its first line. Otherwise it is taken from
    /// BYTESBACK_PASSPHRASE, or asked for.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// The passphrase, from the first of file, environment and prompt.
    pub(super) fn read(&self) -> anyhow::Result<Zeroizing<String>> {
        if let Some(file) = &self.passphrase_file {
            let text = fs::read_to_string(file)
                .map(Zeroizing::new)
                .with_context(|| format!("cannot read {}", file.display()))?;
            return Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()));
        }
        if let Ok(passphrase) = std::env::var("BYTESBACK_PASSPHRASE") {
            return Ok(Zeroizing::new(passphrase));
        }
        ensure!(
            std::io::stdin().is_terminal(),
            "there is no passphrase: set BYTESBACK_PASSPHRASE, or use --passphrase-file"
        );
        Ok(Zeroizing::new(rpassword::prompt_password("passphrase of the wallets: ")?))
    }

    /// The same, typed twice where it is typed.
    fn read_new(&self) -> anyhow::Result<Zeroizing<String>> {
        let passphrase = self.read()?;
        let typed = self.passphrase_file.is_none() && std::env::var_os("BYTESBACK_PASSPHRASE").is_none();
        if typed {
            let again = Zeroizing::new(rpassword::prompt_password("once more: ")?);
            ensure!(*again == *passphrase, "the two passphrases differ; nothing was made");
        }
        ensure!(!passphrase.is_empty(), "the passphrase must not be empty");
        Ok(passphrase)
    }
}

pub(super) async fn init(args: &InitArgs) -> anyhow::Result<()> {
    let config = args.data_dir.join(CONFIG);
    let wallets = Endpoint::ALL.map(|endpoint| args.data_dir.join(format!("{endpoint}.wallet")));
    for file in wallets.iter().chain([&config]) {
        ensure!(!file.exists(), "{} exists already; nothing was made", file.display());
    }
    let mnemonics = if args.restore { restored()? } else { [new_mnemonic()?, new_mnemonic()?] };
    ensure!(
        fund_address(&mnemonics[0]) != fund_address(&mnemonics[1]),
        "both endpoints would have the same wallet; nothing was made"
    );
    let passphrase = args.passphrase.read_new()?;
    fs::create_dir_all(&args.data_dir).with_context(|| format!("cannot make {}", args.data_dir.display()))?;
    for (file, mnemonic) in wallets.iter().zip(&mnemonics) {
        wallet_file::create(file, mnemonic, &passphrase, KdfCost::STANDARD)
            .with_context(|| file.display().to_string())?;
    }
    fs::write(&config, template(args.live, args.test))
        .with_context(|| format!("cannot write {}", config.display()))?;
    if args.restore {
        declare_used(&args.data_dir).await?;
    }
    report(args, &mnemonics, &config)
}

/// Units that were signed with other data may surface, so every coin moves first.
async fn declare_used(data_dir: &Path) -> anyhow::Result<()> {
    let store = SqliteStore::open(data_dir.join(DATABASE)).context("cannot make the database")?;
    for endpoint in Endpoint::ALL {
        payer::declare(&store, endpoint).await?;
    }
    Ok(())
}

/// Two mnemonics from standard input.
fn restored() -> anyhow::Result<[Mnemonic; 2]> {
    let line = || -> anyhow::Result<Mnemonic> {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().read_line(&mut line)?;
        Ok(line.trim().parse::<Mnemonic>()?)
    };
    let live = line().context("the mnemonic of the live endpoint")?;
    let test = line().context("the mnemonic of the test endpoint")?;
    if live.phrase() == test.phrase() {
        bail!("both endpoints have the same mnemonic; nothing was made");
    }
    Ok([live, test])
}

fn report(args: &InitArgs, mnemonics: &[Mnemonic; 2], config: &Path) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for ((endpoint, network), mnemonic) in
        Endpoint::ALL.into_iter().zip([args.live, args.test]).zip(mnemonics)
    {
        let address = fund_address(mnemonic);
        writeln!(out, "wallet of the {endpoint} endpoint ({network}), its fund is filled at {address}")?;
        if args.show_words {
            writeln!(out, "  write these words down and keep them safe: {}", mnemonic.phrase())?;
        }
    }
    if !args.restore && !args.show_words {
        writeln!(out, "back up both .wallet files and their passphrase: without them the money is lost")?;
    }
    writeln!(out, "next: look through {0}, then bytesback serve --config {0}", config.display())?;
    Ok(out.flush()?)
}

fn template(live: Network, test: Network) -> String {
    format!(
        r#"# Bytesback. Every key is explained in docs/configuration.md.
listen = "127.0.0.1:8080"

[live]
network = "{live}"
wallet = "live.wallet"

[test]
network = "{test}"
wallet = "test.wallet"

# Prices come from the hub, CoinGecko, CoinPaprika, the European Central Bank and the Bank of Russia. Fix one here
# to use it instead of them all: see docs/rates.md.
[rates]
# EUR_USD = "1.10"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_init_writes_serve_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(CONFIG);
        fs::write(&file, template(Network::Livenet, Network::Testnet)).expect("written");
        let config = Config::read(&file).expect("valid");
        assert_eq!(config.live.network, Network::Livenet);
        assert_eq!(config.test.wallet, folder.path().join("test.wallet"));
    }
}
