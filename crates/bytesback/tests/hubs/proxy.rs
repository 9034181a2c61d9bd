//! A hub that passes everything on to a good one, and back again with the mischief it was told to do.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use obyte::Network;
use obyte_hub::HubConfig;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

/// What the hub does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// Nothing.
    None,
    /// One number in every history is another.
    Lie,
    /// No request is answered, though the connection stands.
    Stall,
    /// Every question is answered by an error.
    Errors,
    /// Nobody is let in, and who is in is thrown out.
    Gone,
}

/// The proxy; it ends with this value.
pub(crate) struct Proxy {
    address: SocketAddr,
    mischief: Arc<watch::Sender<Mischief>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(upstream: String, mischief: Mischief) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let mischief = Arc::new(watch::Sender::new(mischief));
        let told = Arc::clone(&mischief);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, upstream.clone(), told.subscribe()));
            }
        });
        Self { address, mischief, accepting }
    }

    pub(crate) fn do_from_now(&self, mischief: Mischief) {
        self.mischief.send_replace(mischief);
    }

    pub(crate) fn config(&self) -> HubConfig {
        HubConfig::new(&format!("ws://{}", self.address), Network::Devnet).expect("an address")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.mischief.send_replace(Mischief::Gone);
    }
}

async fn serve(stream: TcpStream, upstream: String, mut mischief: watch::Receiver<Mischief>) {
    if *mischief.borrow() == Mischief::Gone {
        return;
    }
    let Ok(client) = accept_async(stream).await else { return };
    let Ok((hub, _)) = connect_async(upstream).await else { return };
    let ((mut to_client, mut from_client), (mut to_hub, mut from_hub)) = (client.split(), hub.split());
    let mut histories = HashSet::new();
    loop {
        let sent = tokio::select! {
            message = from_client.next() => {
                let Some(Ok(message)) = message else { return };
                let now = *mischief.borrow();
                let request = read(&message).filter(|frame| frame[0] == "request");
                match request.map(|mut frame| frame[1].take()) {
                    Some(request) if now == Mischief::Errors => {
                        let refusal = json!({"error": "something is wrong here"});
                        let tag = &request["tag"];
                        to_client.send(text(&json!(["response", {"tag": tag, "response": refusal}]))).await
                    }
                    Some(_) if now == Mischief::Stall => continue,
                    request => {
                        if let Some(request) = request.filter(|asked| asked["command"] == "light/get_history") {
                            histories.insert(request["tag"].to_string());
                        }
                        to_hub.send(message).await
                    }
                }
            }
            message = from_hub.next() => {
                let Some(Ok(message)) = message else { return };
                let tampered = read(&message)
                    .filter(|frame| *mischief.borrow() == Mischief::Lie && frame[0] == "response")
                    .filter(|frame| histories.contains(&frame[1]["tag"].to_string()))
                    .map(tamper);
                to_client.send(tampered.as_ref().map_or(message, text)).await
            }
            changed = mischief.changed() => {
                if changed.is_err() || *mischief.borrow() == Mischief::Gone {
                    return;
                }
                continue;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn read(message: &Message) -> Option<Value> {
    serde_json::from_str(message.to_text().ok()?).ok()
}

fn text(frame: &Value) -> Message {
    Message::text(frame.to_string())
}

/// A history with one number changed.
fn tamper(mut frame: Value) -> Value {
    let history = &mut frame[1]["response"];
    for list in ["joints", "unstable_mc_joints"] {
        if let Some(timestamp) = history.pointer_mut(&format!("/{list}/0/unit/timestamp")) {
            *timestamp = json!(timestamp.as_u64().expect("a time") + 1);
            return frame;
        }
    }
    frame
}
