//! Posts units of 128 outputs one after the other to a devnet with fees off, and prints what it took.
//!
//! `cargo run --release -p obyte-devnet --example load -- [SECONDS]`

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use obyte::compose::{self, Coin, Parents, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::keys::PaymentKey;
use obyte::{Address, Bytes, CoinId, Network, Output, SecretKey, Unit};
use obyte_devnet::{Devnet, DevnetConfig, Fees};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn request(socket: &mut Socket, command: &str, params: Value) -> Value {
    let frame = json!(["request", {"command": command, "params": params, "tag": "t"}]);
    socket.send(Message::text(frame.to_string())).await.expect("the hub listens");
    loop {
        let message = socket.next().await.expect("the hub answers").expect("the hub answers");
        let Ok(text) = message.into_text() else { continue };
        let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
        if frame[0] == "response" {
            return frame[1]["response"].clone();
        }
    }
}

fn address(number: u64) -> Address {
    Address::of_source(&number.to_string())
}

/// Resident and peak memory, and processor time, of this process.
fn usage() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"));
    let memory: Vec<_> = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = stat.split_whitespace().collect();
    let ticks: u64 = [13, 14].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
    format!("{}, processor {}.{:02} s", memory.join(", "), ticks / 100, ticks % 100)
}

#[tokio::main]
async fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let key = PaymentKey::new(SecretKey::from_bytes(&[3; 32]).expect("below the order of the curve"));
    let mut config = DevnetConfig::new(dir.path());
    config.fees = Fees::Off;
    config.allocations = vec![(key.address(), Bytes::literal(300_000 * 1_000_000_000))];
    let devnet = Devnet::start(config).await.expect("the devnet starts");
    let (mut socket, _) = tokio_tungstenite::connect_async(devnet.url()).await.expect("the hub is there");
    let genesis = request(&mut socket, "get_joint", json!(devnet.genesis_unit())).await;
    let genesis = Unit::from_json(genesis["joint"]["unit"].clone()).expect("a unit");
    let own = genesis.outputs().find(|(_, output)| output.address == key.address()).expect("allocated");
    let mut coin = Coin { id: own.0, amount: own.1.amount, address: key.address() };
    let (start, mut units, mut posting, mut composing) = (Instant::now(), 0, Duration::ZERO, Duration::ZERO);
    let mut slowest = Duration::ZERO;
    println!("start: {}", usage());
    while start.elapsed() < Duration::from_secs(seconds) {
        let asked = json!({"from_addresses": [key.address()], "output_addresses": [key.address()]});
        let command = "light/get_parents_and_last_ball_and_witness_list_unit";
        let began = Instant::now();
        let parents = request(&mut socket, command, asked).await;
        posting += began.elapsed();
        let parents = Parents::from_json(&parents).expect("parents");
        let definition =
            request(&mut socket, "light/get_definition_for_address", json!({"address": key.address()})).await;
        let reveals = definition["is_stable"] != true || definition.get("definition").is_none();
        let began = Instant::now();
        let outputs: Vec<_> = (0..127)
            .map(|index| Output { address: address(units * 127 + index), amount: Bytes::literal(50_000) })
            .collect();
        let payment = Payment {
            network: Network::Devnet,
            parents: &parents,
            threshold: ThresholdSize::DEFAULT,
            payers: &[Payer::new(key.public_key(), reveals)],
            mandatory: &[coin],
            candidates: &[],
            outputs: &outputs,
            spend: Spend::AsNeeded { change: key.address(), least_change: Bytes::literal(1) },
            notes: &[],
        };
        let unsigned = compose::compose(&payment).expect("the coin is enough");
        let signed = unsigned.sign(&[key.secret_key().clone()]).expect("the key is there");
        composing += began.elapsed();
        let began = Instant::now();
        let answer = request(&mut socket, "post_joint", json!({"unit": signed.unit.fields()})).await;
        posting += began.elapsed();
        slowest = slowest.max(began.elapsed());
        if answer != "accepted" {
            println!("{answer}");
            continue;
        }
        let change = unsigned.layout.change;
        let id = CoinId { unit: signed.hash, message_index: 0, output_index: change.output_index };
        coin = Coin { id, amount: change.output.amount, address: key.address() };
        units += 1;
    }
    let elapsed = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let rate = units as f64 / elapsed.as_secs_f64();
    println!("{units} units in {elapsed:?}: {rate:.1} units, {:.0} outputs per second", rate * 127.0);
    println!("asking and posting {posting:?} (slowest post {slowest:?}), composing {composing:?}");
    println!("end: {}", usage());
    let began = Instant::now();
    let params = json!({"witnesses": [devnet.order_provider()], "requested_joints": [coin.id.unit]});
    let history = request(&mut socket, "light/get_history", params).await;
    println!("history of one unit: {} bytes in {:?}", history.to_string().len(), began.elapsed());
    devnet.shutdown().await;
    let began = Instant::now();
    let devnet = Devnet::start(DevnetConfig::new(dir.path())).await.expect("the devnet starts again");
    println!("started again in {:?}", began.elapsed());
    devnet.shutdown().await;
}
