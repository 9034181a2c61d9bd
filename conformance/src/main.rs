//! `conformance`: holds a server of the cashback API to what its existing clients send and expect.

use std::fs;
use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use clap::Parser;
use conformance::{Credentials, Endpoint, Options, Target, all, run};

/// Sends what the existing clients of the cashback API send, byte for byte, and judges the answers.
///
/// Purchases are really paid: run it against the test endpoint. Ends with 0 only when nothing failed,
/// with 1 when something did, with 2 when the server could not be judged.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The server, such as http://127.0.0.1:8080; put a TLS proxy in between for https
    #[arg(long, required_unless_present = "list")]
    url: Option<Target>,
    /// The endpoint that pays: test or live
    #[arg(long, default_value = "test")]
    endpoint: Endpoint,
    /// A partner that reports its own sales
    #[arg(long, default_value = "demo-shop")]
    partner: String,
    /// Its key
    #[arg(long, default_value = "demo-shop-key", env = "CONFORMANCE_PARTNER_KEY", hide_env_values = true)]
    partner_key: String,
    /// A partner that is a payment processor
    #[arg(long, default_value = "demo-processor")]
    processor: String,
    /// Its key
    #[arg(
        long,
        default_value = "demo-processor-key",
        env = "CONFORMANCE_PROCESSOR_KEY",
        hide_env_values = true
    )]
    processor_key: String,
    /// Who is paid, in turn; without any, addresses that nobody owns (test endpoint only)
    #[arg(long)]
    address: Vec<obyte::Address>,
    /// A mailbox that may be paid; without it one at example.org (test endpoint only)
    #[arg(long)]
    email: Option<String>,
    /// Begins every order id and must be new; otherwise made of the time
    #[arg(long)]
    run_id: Option<String>,
    /// Runs only the cases of these details, such as C22
    #[arg(long)]
    only: Vec<String>,
    /// Holds the server also to what costs much where it is missing (C33)
    #[arg(long)]
    strict: bool,
    /// Writes the result also here, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// Shows the cases and sends nothing
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match judge(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn judge(arguments: Arguments) -> anyhow::Result<bool> {
    let Some(target) = arguments.url.clone().filter(|_| !arguments.list) else {
        for case in all().into_iter().filter(|case| case.is_chosen(&arguments.only)) {
            println!("{:<12} {}", case.details.join(" "), case.name);
        }
        return Ok(true);
    };
    let json = arguments.json.clone();
    let options = options(arguments, target)?;
    let report = run(&options, &mut stdout().lock())?;
    println!("{report}");
    if let Some(file) = json {
        let text = format!("{:#}\n", report.to_json());
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(report.is_good())
}

fn options(arguments: Arguments, target: Target) -> anyhow::Result<Options> {
    let run_id = arguments.run_id.map_or_else(run_id_of_now, Ok)?;
    let plain = run_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    ensure!(plain && (1..=40).contains(&run_id.len()), "a run id is 1 to 40 letters, digits and -");
    let is_live = arguments.endpoint == Endpoint::Live;
    ensure!(!is_live || !arguments.address.is_empty(), "the live endpoint pays: name an --address of yours");
    Ok(Options {
        target,
        endpoint: arguments.endpoint,
        partner: Credentials { name: arguments.partner, key: arguments.partner_key },
        processor: Credentials { name: arguments.processor, key: arguments.processor_key },
        addresses: arguments.address.iter().map(ToString::to_string).collect(),
        email: arguments.email,
        run_id,
        only: arguments.only,
        strict: arguments.strict,
    })
}

fn run_id_of_now() -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    Ok(format!("{:x}", now.as_micros()))
}
