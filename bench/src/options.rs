//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, ValueEnum};
use obyte::Address;

/// Loads a server that speaks the cashback API, and prints what it did.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Load the server at this address of the own machine, such as http://127.0.0.1:8080, instead of a
    /// `bytesback dev` that is started for it.
    #[arg(long)]
    pub url: Option<String>,
    /// Open load: purchases per second, whatever the answers; `none` for no such rows.
    #[arg(long, default_value = "1,10,100,500,1000")]
    pub rates: Counts,
    /// Closed load: clients that each wait for an answer before the next purchase; `none` for no such rows.
    #[arg(long, default_value = "1,32,128,512")]
    pub clients: Counts,
    /// How long each row lasts, 1 to 600.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// Whether the embedded devnet charges TPS fees.
    #[arg(long, value_enum, default_value_t = Fees::Real)]
    pub fees: Fees,
    /// Instead of the rows: open load of so many purchases per second for --minutes, to see whether memory
    /// and answer times are flat.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_COUNT)))]
    pub sustained: Option<u32>,
    /// How long --sustained lasts, 1 to 600.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub minutes: u32,
    /// Instead of the rows: how a queue of so many payouts is paid after an outage of the hub.
    #[arg(long, value_name = "PAYOUTS", num_args = 0..=1, default_missing_value = "100000",
        value_parser = clap::value_parser!(u64).range(1..=10_000_000), conflicts_with_all = ["url", "hub"])]
    pub drain: Option<u64>,
    /// Instead of the rows: answer times as the database grows to so many purchases.
    #[arg(long, value_name = "PURCHASES", num_args = 0..=1, default_missing_value = "1000000",
        value_parser = clap::value_parser!(u64).range(1..=100_000_000), conflicts_with_all = ["url", "hub"])]
    pub growth: Option<u64>,
    /// All of these, with fees and without: every table of docs/performance.md, in half an hour.
    #[arg(long, conflicts_with_all = ["sustained", "drain", "growth", "url", "hub", "fees"])]
    pub all: bool,
    /// Write the counts and the machine they were made on to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Write the tables and the machine they were made on to this file, in Markdown.
    #[arg(long)]
    pub markdown: Option<PathBuf>,

    /// Let the started server stand on this devnet hub instead of the embedded one.
    #[arg(long, conflicts_with = "url")]
    pub hub: Option<String>,
    /// The order provider of the devnet behind --hub; otherwise the hub is asked.
    #[arg(long, requires = "hub")]
    pub order_provider: Option<Address>,
    /// With --hub: a shell command that sends bytes to the fund; `{address}` in it stands for the address.
    #[arg(long, requires = "hub")]
    pub fund_command: Option<String>,
    /// With --url: the devnet hub that tells what units cost. Without it those columns stay empty.
    #[arg(long, requires = "url")]
    pub hub_url: Option<String>,
    /// With --url: the id of the server's process, for its memory and processor time.
    #[arg(long, requires = "url")]
    pub pid: Option<u32>,
    /// The server's program; otherwise it is built, and taken from beside this one.
    #[arg(long, conflicts_with = "url")]
    pub server: Option<PathBuf>,
    /// Make the server's data directory in this directory; it is removed at the end.
    #[arg(long, conflicts_with = "url")]
    pub data_dir: Option<PathBuf>,

    /// Which endpoint is loaded.
    #[arg(long, value_enum, default_value_t = Endpoint::Test)]
    pub endpoint: Endpoint,
    /// The partner that reports the purchases.
    #[arg(long, default_value = "demo-shop")]
    pub partner: String,
    /// Its key.
    #[arg(long, env = "BYTESBACK_BENCH_KEY", hide_env_values = true, default_value = "demo-shop-key")]
    pub partner_key: String,
    /// The amount of each purchase, in USD.
    #[arg(long, default_value = "1.00")]
    pub amount: String,
}

/// TPS fees of the embedded devnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fees {
    /// As the real network charges them.
    Real,
    /// None.
    Off,
}

impl Fees {
    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Off => "off",
        }
    }
}

/// The endpoints of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Endpoint {
    /// `/new_purchase`
    Live,
    /// `/test/new_purchase`
    Test,
}

impl Endpoint {
    /// Its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Live => "/new_purchase",
            Self::Test => "/test/new_purchase",
        }
    }

    /// As on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// The largest rate, and the largest number of clients.
pub const MAX_COUNT: u32 = 10_000;

/// Rates or numbers of clients, each from 1 to [`MAX_COUNT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(pub Vec<u32>);

impl FromStr for Counts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if matches!(text, "" | "none") {
            return Ok(Self(Vec::new()));
        }
        let one = |part: &str| match part.trim().parse() {
            Ok(count) if (1..=MAX_COUNT).contains(&count) => Ok(count),
            _ => Err(format!("numbers from 1 to {MAX_COUNT} with commas between, or none")),
        };
        text.split(',').map(one).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(options: &[&str]) -> (Vec<u32>, Vec<u32>) {
        let options = Options::try_parse_from([&["bench"], options].concat()).expect("good options");
        (options.rates.0, options.clients.0)
    }

    #[test]
    fn rows_are_chosen_by_number_or_left_out() {
        assert_eq!(counts(&[]), (vec![1, 10, 100, 500, 1000], vec![1, 32, 128, 512]));
        assert_eq!(counts(&["--rates", "7, 8", "--clients", "none"]), (vec![7, 8], vec![]));
        for bad in ["0", "1,,2", "10001", "-1", "1.5", "x"] {
            assert!(bad.parse::<Counts>().is_err(), "{bad}");
        }
    }

    #[test]
    fn options_of_a_started_server_do_not_go_with_a_url() {
        for option in ["--hub=ws://127.0.0.1:1", "--server=x", "--data-dir=x"] {
            let parsed = Options::try_parse_from(["bench", "--url=http://127.0.0.1:1", option]);
            assert!(parsed.is_err(), "{option}");
        }
        assert!(Options::try_parse_from(["bench", "--pid=1"]).is_err());
        assert!(Options::try_parse_from(["bench", "--seconds=601"]).is_err());
    }
}
