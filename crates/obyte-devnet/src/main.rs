//! `obyte-devnet`: a devnet as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;

use obyte::{Address, Bytes};
use obyte_devnet::{Devnet, DevnetConfig, DevnetError, Fees, control};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The same as the server's, since it does the same work.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const USAGE: &str = "\
Runs an Obyte network in one process, for development and tests.

usage: obyte-devnet [--listen 127.0.0.1:6611] [--hub 127.0.0.1:6612]... [--data-dir DIR] [--fees real|off]
                    [--allocate ADDRESS=BYTES]... [--control 127.0.0.1:6690]

  --listen    where the hub listens; port 0 takes a free one
  --hub       where one more hub with a view of its own listens
  --data-dir  where keys and units are kept; the same directory continues the same network
  --fees      whether congestion costs anything (default: real)
  --allocate  an address that the genesis unit of a new network pays
  --control   where orders are taken, one JSON object in a line: a loopback address";

/// What the process was started with.
struct Options {
    config: DevnetConfig,
    control: Option<SocketAddr>,
}

fn arguments() -> Result<Option<Options>, String> {
    let mut control = None;
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
            "--control" => control = Some(loopback(&value).ok_or_else(wrong)?),
            _ => return Err(format!("{name} is unknown")),
        }
    }
    Ok(Some(Options { config, control }))
}

/// Orders come from nowhere else.
fn loopback(text: &str) -> Option<SocketAddr> {
    text.parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback())
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

/// Takes orders, or does nothing, for ever.
async fn take_orders(devnet: &Devnet, listener: Option<TcpListener>) {
    match listener {
        Some(listener) => match control::serve(devnet, listener).await {},
        None => std::future::pending().await,
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match arguments() {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), DevnetError> {
    let orders = match options.control {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let devnet = Devnet::start(options.config).await?;
    for hub in devnet.hubs() {
        println!("hub {}", hub.url());
    }
    println!("order-provider {}", devnet.order_provider());
    println!("genesis {}", devnet.genesis_unit());
    let (address, listener) = orders.unzip();
    if let Some(address) = address {
        println!("control {address}");
    }
    println!("ready");
    tokio::select! {
        () = take_orders(&devnet, listener) => {}
        asked = asked_to_end() => {
            if let Err(error) = asked {
                eprintln!("cannot wait for signals: {error}");
            }
        }
    }
    devnet.shutdown().await;
    Ok(())
}

async fn bind(address: SocketAddr) -> Result<(SocketAddr, TcpListener), DevnetError> {
    let failed = |source| DevnetError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    Ok((listener.local_addr().map_err(failed)?, listener))
}
