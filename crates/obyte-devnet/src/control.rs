//! Orders to a devnet that is a process of its own.
//!
//! One JSON object in a line is an order, and one in a line answers it: `{"ok":true}` with what was asked for,
//! or `{"ok":false,"error":"…"}`. Orders of one connection are carried out one after the other; the README
//! lists them. Who may connect may do anything to the network, so this belongs on the loopback interface.

mod order;

use std::convert::Infallible;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use self::order::Command;
use crate::{Devnet, Hub, Relay};

/// The longest order, in bytes.
const MAX_ORDER: u64 = 1 << 20;

/// Takes orders from everybody who connects, until it is dropped.
pub async fn serve(devnet: &Devnet, listener: TcpListener) -> Infallible {
    let mut served = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => served.push(obey(devnet, stream)),
                Err(error) => {
                    tracing::warn!(%error, "the devnet cannot accept a connection for orders");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(ended) = served.next() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "who gave orders to the devnet is gone");
                }
            }
        }
    }
}

/// Carries out what one connection orders.
async fn obey(devnet: &Devnet, mut stream: TcpStream) -> std::io::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut reading = BufReader::new(reading);
    let mut line = Vec::new();
    while (&mut reading).take(MAX_ORDER).read_until(b'\n', &mut line).await? > 0 {
        let is_whole = line.ends_with(b"\n");
        let answer = match Command::read(&line) {
            Ok(order) => carry_out(devnet, order).await,
            Err(error) => Err(format!("this is no order: {error}")),
        };
        let answer = match answer {
            Ok(Value::Null) => json!({"ok": true}),
            Ok(told) => json!({"ok": true, "told": told}),
            Err(error) => json!({"ok": false, "error": error}),
        };
        writing.write_all(format!("{answer}\n").as_bytes()).await?;
        if !is_whole {
            // The end, or more than any order has.
            break;
        }
        line.clear();
    }
    Ok(())
}

/// Does what was ordered; gives what was asked for.
async fn carry_out(devnet: &Devnet, order: Command) -> Result<Value, String> {
    let hub = |number: usize| devnet.hubs().get(number).ok_or(format!("there is no hub {number}"));
    match order {
        Command::Status {} => return Ok(status(devnet)),
        Command::Play { hub: number, on, trick, times, after } => {
            hub(number)?.mischief().add(order::rule(&on, trick, times, after));
        }
        Command::Behave { hub: number } => hub(number)?.mischief().stop(),
        Command::Stall { hub: number } => hub(number)?.mischief().stall(),
        Command::Resume { hub: number } => hub(number)?.mischief().resume(),
        Command::Hide { hub: number, unit } => hub(number)?.mischief().hide(unit),
        Command::ShowAll { hub: number } => hub(number)?.mischief().show_all(),
        Command::AskFee { hub: number, bytes } => hub(number)?.mischief().ask_fee(bytes),
        Command::RefuseFeesBelow { hub: number, bytes } => hub(number)?.mischief().refuse_fees_below(bytes),
        Command::Clock { hub: number, offset_ms } => hub(number)?.mischief().set_clock_offset_ms(offset_ms),
        Command::Alarm { hub: number, units } => hub(number)?.alarm(&units),
        Command::ReleaseKept { hub: number, at } => {
            let released = hub(number)?.release_kept_at(hub(at.unwrap_or(number))?).await;
            return Ok(released
                .into_iter()
                .map(|unit| unit.map_or_else(|e| json!({"error": e}), |u| json!(u)))
                .collect());
        }
        Command::Hold { from, to } => relays(devnet, from, to)?.for_each(Relay::hold),
        Command::Release { from, to } => relays(devnet, from, to)?.for_each(Relay::release),
        Command::OrderProvider { rests } => devnet.rest_order_provider(rests),
        Command::Pay { to, bytes } => {
            return devnet.pay(to, bytes).await.map(|unit| json!(unit)).map_err(|error| error.to_string());
        }
    }
    Ok(Value::Null)
}

fn status(devnet: &Devnet) -> Value {
    let hub = |hub: &Hub| json!({"url": hub.url(), "units": hub.unit_count(), "kept": hub.mischief().kept()});
    let relays = ways(devnet).map(|(from, to, relay)| {
        json!({"from": from, "to": to, "held": relay.is_held(), "waiting": relay.waiting()})
    });
    json!({
        "hubs": devnet.hubs().iter().map(hub).collect::<Vec<_>>(),
        "relays": relays.collect::<Vec<_>>(),
        "order_provider": devnet.order_provider(),
        "genesis": devnet.genesis_unit(),
    })
}

/// All ways between hubs.
fn ways(devnet: &Devnet) -> impl Iterator<Item = (usize, usize, &Relay)> {
    let count = devnet.hubs().len();
    let pairs = (0..count).flat_map(move |from| (0..count).map(move |to| (from, to)));
    pairs.filter_map(|(from, to)| Some((from, to, devnet.relay(from, to)?)))
}

/// The ways from one hub, or all, to one, or all.
fn relays(
    devnet: &Devnet,
    from: Option<usize>,
    to: Option<usize>,
) -> Result<impl Iterator<Item = &Relay>, String> {
    let is_meant = move |asked: Option<usize>, number: usize| asked.is_none_or(|asked| asked == number);
    let meant = move |&(one, two, _): &(usize, usize, &Relay)| is_meant(from, one) && is_meant(to, two);
    let mut relays = ways(devnet).filter(meant).map(|(_, _, relay)| relay).peekable();
    match relays.peek() {
        Some(_) => Ok(relays),
        None => Err("there is no such way between two hubs".to_owned()),
    }
}
