//! A hub on the loopback that does what a test says.

#![allow(dead_code, reason = "every test crate uses another part")]

pub(crate) mod recording;
pub(crate) mod stage;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use obyte::Network;
use obyte_hub::{Backoff, ConnectionState, Hub, HubConfig, HubEvent, HubEvents};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

/// How long anything in a test may take.
pub(crate) const BOUND: Duration = Duration::from_secs(10);

/// Waits, but not for ever.
pub(crate) async fn bounded<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(BOUND, future).await.unwrap_or_else(|_| panic!("{what} takes too long"))
}

/// A server whose connections come one after the other out of a queue.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: mpsc::UnboundedReceiver<Peer<TcpStream>>,
    accepting: JoinHandle<()>,
}

/// One connection, seen from the hub.
pub(crate) struct Peer<S> {
    socket: WebSocketStream<S>,
    /// What came while something else was awaited.
    early: Vec<Value>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (sender, connections) = mpsc::unbounded_channel();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(socket) = accept_async(stream).await {
                    let _ = sender.send(Peer::new(socket));
                }
            }
        });
        Self { address, connections, accepting }
    }

    pub(crate) async fn next(&mut self) -> Peer<TcpStream> {
        bounded("the client's connection", self.connections.recv()).await.expect("the server stands")
    }

    /// Whether no client comes for a while.
    pub(crate) async fn nobody_connects_for(&mut self, time: Duration) -> bool {
        timeout(time, self.connections.recv()).await.is_err()
    }

    /// The next connection, after the hub has shown its version.
    pub(crate) async fn greeted(&mut self) -> Peer<TcpStream> {
        let mut peer = self.next().await;
        peer.greet(Network::Devnet).await;
        peer
    }

    /// How a client reaches this server, with little patience.
    pub(crate) fn config(&self) -> HubConfig {
        let mut config =
            HubConfig::new(&format!("ws://{}", self.address), Network::Devnet).expect("an address");
        config.backoff = Backoff {
            min: Duration::from_millis(10),
            max: Duration::from_millis(50),
            refused: Duration::from_secs(60),
        };
        config
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(socket: WebSocketStream<S>) -> Self {
        Self { socket, early: Vec::new() }
    }

    pub(crate) async fn send(&mut self, frame: impl ToString) {
        self.raw(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        bounded("sending", self.socket.send(message)).await.expect("the client is there");
    }

    /// Sends, if the client is still there.
    pub(crate) async fn try_send(&mut self, frame: &str) -> bool {
        self.socket.send(Message::text(frame)).await.is_ok()
    }

    /// What a hub says first.
    pub(crate) async fn greet(&mut self, network: Network) {
        self.greet_as(network.version(), network.alt()).await;
    }

    pub(crate) async fn greet_as(&mut self, version: &str, alt: &str) {
        let body = json!({"protocol_version": version, "alt": alt, "library": "ocore",
            "library_version": "0.4.6", "program": "scripted-hub", "program_version": "1.0.0"});
        self.send(json!(["justsaying", {"subject": "version", "body": body}])).await;
        self.send(json!(["justsaying", {"subject": "hub/challenge", "body": "abc"}])).await;
    }

    /// The client's next frame; nothing once it hung up.
    pub(crate) async fn frame(&mut self) -> Option<(String, Value)> {
        while let Some(Ok(message)) = bounded("the client's frame", self.socket.next()).await {
            if let Message::Text(text) = message {
                let value = serde_json::from_str(text.as_str()).expect("the client sends JSON");
                return Some((text.as_str().to_owned(), value));
            }
        }
        None
    }

    /// The first frame for which `wanted` holds; others are kept for later.
    pub(crate) async fn expect(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.early.iter().position(&wanted) {
            return self.early.remove(index);
        }
        loop {
            let (_, frame) = self.frame().await.expect("the client is still there");
            if wanted(&frame) {
                return frame;
            }
            self.early.push(frame);
        }
    }

    /// The next request with this command.
    pub(crate) async fn request(&mut self, command: &str) -> Value {
        let mut frame = self.expect(|frame| frame[0] == "request" && frame[1]["command"] == command).await;
        frame[1].take()
    }

    pub(crate) async fn answer(&mut self, request: &Value, response: Value) {
        self.send(
            json!(["response", {"tag": request["tag"], "command": request["command"], "response": response}]),
        )
        .await;
    }

    /// Waits until the client has hung up.
    pub(crate) async fn gone(mut self) {
        while self.frame().await.is_some() {}
    }

    /// Hangs up without a farewell.
    pub(crate) fn cut(self) {}
}

/// A client that is connected to the server's next connection.
pub(crate) async fn connected(server: &mut Server) -> (Hub, HubEvents, Peer<TcpStream>) {
    connected_with(server, |_| {}).await
}

/// The same with some settings changed.
pub(crate) async fn connected_with(
    server: &mut Server,
    change: impl FnOnce(&mut HubConfig),
) -> (Hub, HubEvents, Peer<TcpStream>) {
    let mut config = server.config();
    change(&mut config);
    let (hub, events) = Hub::start(config);
    let peer = server.greeted().await;
    hub.wait_connected(BOUND).await.expect("the server is a good hub");
    (hub, events, peer)
}

/// The first event for which `wanted` gives something.
pub(crate) async fn event<T>(events: &mut HubEvents, mut wanted: impl FnMut(HubEvent) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = events.recv().await.expect("the client is open");
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    };
    bounded("the event", search).await
}

/// Waits for a state.
pub(crate) async fn state(hub: &Hub, wanted: impl Fn(&ConnectionState) -> bool) -> ConnectionState {
    let mut states = hub.state();
    bounded("the state", states.wait_for(|state| wanted(state))).await.expect("the client is open").clone()
}
