//! `obyte-devnet`: a devnet as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;

use obyte::{Address, Bytes};
use obyte_devnet::{Devnet, DevnetConfig, Fees};
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
Runs an Obyte network in one process, for development and tests.

usage: obyte-devnet [--listen 127.0.0.1:6611] [--hub 127.0.0.1:6612]... [--data-dir DIR] [--fees real|off]
                    [--allocate ADDRESS=BYTES]...

  --listen    where the hub listens; port 0 takes a free one
  --hub       where one more hub with a view of its own listens
  --data-dir  where keys and units are kept; the same directory continues the same network
  --fees      whether congestion costs anything (default: real)
  --allocate  an address that the genesis unit of a new network pays";

fn arguments() -> Result<Option<DevnetConfig>, String> {
    let mut config = DevnetConfig::new("obyte-devnet-data");
    config.listen = SocketAddr::from(([127, 0, 0, 1], 6611));
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if matches!(name.as_str(), "--help" | "-h") {
            return Ok(None);
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let wrong = || format!("{name} cannot be {value}");
        match name.as_str() {
            "--listen" => config.listen = value.parse().map_err(|_| wrong())?,
            "--hub" => config.more_hubs.push(value.parse().map_err(|_| wrong())?),
            "--data-dir" => config.data_dir = value.into(),
            "--fees" => {
                config.fees = match value.as_str() {
                    "real" => Fees::Real,
                    "off" => Fees::Off,
                    _ => return Err(wrong()),
                };
            }
            "--allocate" => config.allocations.push(allocation(&value).ok_or_else(wrong)?),
            _ => return Err(format!("{name} is unknown")),
        }
    }
    Ok(Some(config))
}

fn allocation(text: &str) -> Option<(Address, Bytes)> {
    let (address, amount) = text.split_once('=')?;
    Some((address.parse().ok()?, Bytes::new(amount.parse().ok()?).ok()?))
}

/// Waits for Ctrl-C, or for whoever manages processes.
async fn asked_to_end() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let config = match arguments() {
        Ok(Some(config)) => config,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let devnet = match Devnet::start(config).await {
        Ok(devnet) => devnet,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for hub in devnet.hubs() {
        println!("hub {}", hub.url());
    }
    println!("order-provider {}", devnet.order_provider());
    println!("genesis {}", devnet.genesis_unit());
    println!("ready");
    if let Err(error) = asked_to_end().await {
        eprintln!("cannot wait for signals: {error}");
    }
    devnet.shutdown().await;
    ExitCode::SUCCESS
}
