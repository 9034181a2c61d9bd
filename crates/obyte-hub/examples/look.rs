//! Looks at a hub: `cargo run -p obyte-hub --example look -- ws://localhost:6611 devnet [ADDRESS]`.
//!
//! Shows what the hub says of the network and, where an address is given, of that address; then what it
//! says on its own for half a minute. Nothing of it is proven.

use std::env::args;
use std::error::Error;
use std::time::{Duration, Instant};

use obyte::{Address, DeviceKey, Mnemonic};
use obyte_hub::{HistoryRequest, Hub, HubConfig, HubEvents, ParentsRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = args().skip(1);
    let (Some(url), Some(network)) = (args.next(), args.next()) else {
        return Err("usage: look URL NETWORK [ADDRESS]".into());
    };
    let address = args.next().map(|address| address.parse()).transpose()?;
    let begin = Instant::now();
    let (hub, events) = Hub::start(HubConfig::new(&url, network.parse()?)?);
    hub.wait_connected(Duration::from_secs(10)).await?;
    println!("connected after {:?}", begin.elapsed());
    of_network(&hub).await?;
    if let Some(address) = address {
        of_address(&hub, address).await?;
    }
    watch(&hub, events).await
}

async fn of_network(hub: &Hub) -> Result<(), Box<dyn Error>> {
    println!("order providers: {:?}", hub.witnesses().await?);
    println!("last mci: {}", hub.last_mci().await?);
    println!("last stable: {:?}", hub.last_stable_unit_props().await?);
    println!("system variables: {:?}", hub.system_vars().await?);
    println!("exchange rates: {:?}", hub.exchange_rates().await?);
    let begin = Instant::now();
    hub.heartbeat().await?;
    println!("heartbeat answered after {:?}", begin.elapsed());
    Ok(())
}

async fn of_address(hub: &Hub, address: Address) -> Result<(), Box<dyn Error>> {
    println!("balance: {:?}", hub.balances(&[address]).await?.get(&address).map(|balance| balance.base()));
    println!("definition: {:?}", hub.definition_for_address(address).await?);
    let parents = ParentsRequest {
        from_addresses: vec![address],
        output_addresses: vec![address],
        ..ParentsRequest::default()
    };
    println!("parents: {:?}", hub.parents(&parents).await?);
    let history = HistoryRequest {
        witnesses: hub.witnesses().await?,
        addresses: vec![address],
        ..HistoryRequest::default()
    };
    let history = hub.history(&history).await?;
    for part in ["joints", "unstable_mc_joints", "proofchain_balls"] {
        println!("history has {} {part}", history[part].as_array().map_or(0, Vec::len));
    }
    Ok(hub.watch_address(address).await?)
}

async fn watch(hub: &Hub, mut events: HubEvents) -> Result<(), Box<dyn Error>> {
    let unknown_device =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    hub.login(&DeviceKey::new(&unknown_device.parse::<Mnemonic>()?.to_seed(""))).await?;
    let until = tokio::time::Instant::now() + Duration::from_secs(45);
    while let Ok(Some(event)) = tokio::time::timeout_at(until, events.recv()).await {
        let text = format!("{event:?}");
        println!("{}", text.chars().take(300).collect::<String>());
    }
    Ok(hub.heartbeat().await?)
}
