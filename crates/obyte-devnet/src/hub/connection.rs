//! One connection: its handshake, its frames in both directions, its heartbeat (6.1, 6.2).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::BASE64;
use futures_util::{SinkExt, StreamExt};
use obyte::Network;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_util::task::TaskTracker;

use super::frame::{Answer, Incoming, request};
use super::posts::Posts;
use super::tricks::{self, Then};
use super::{Heartbeat, requests, sayings};
use crate::core::Core;
use crate::mischief::Trick;
use crate::watch::{ConnectionId, Outbox, Outgoing};

/// What the hub says about itself.
const LIBRARY_VERSION: &str = "0.4.6";
/// The largest message, in bytes.
const MAX_MESSAGE: usize = 6 << 20;

/// What a connection's tasks share.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) core: Arc<Core>,
    pub(super) id: ConnectionId,
    pub(super) outbox: Outbox,
    pub(super) challenge: String,
    pub(super) posts: Posts,
    tasks: TaskTracker,
    session: Mutex<Session>,
}

#[derive(Debug, Default)]
struct Session {
    /// Tags of requests that are still being answered, with the tricks to play on their answers.
    in_work: HashMap<String, Option<Trick>>,
    was_sent_system_vars: bool,
    is_old_core: bool,
    /// The public key of the device that logged in.
    device: Option<String>,
    /// Why the connection ends after the next answer.
    close: Option<&'static str>,
}

impl Connection {
    fn session(&self) -> std::sync::MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the client's library is too old for some requests.
    pub(super) fn is_old_core(&self) -> bool {
        self.session().is_old_core
    }

    /// Remembers whether the client's library is too old for some requests.
    pub(super) fn set_old_core(&self, is_old: bool) {
        self.session().is_old_core = is_old;
    }

    /// The public key of the device that logged in on this connection.
    pub(super) fn device(&self) -> Option<String> {
        self.session().device.clone()
    }

    /// Remembers who logged in.
    pub(super) fn set_device(&self, key: String) {
        self.session().device = Some(key);
    }

    /// Sends the voted variables, unless that was done already.
    pub(super) fn send_system_vars_once(&self) {
        let was_sent = std::mem::replace(&mut self.session().was_sent_system_vars, true);
        if !was_sent {
            self.send_system_vars();
        }
    }

    /// Sends the voted variables.
    pub(super) fn send_system_vars(&self) {
        self.outbox.say("system_vars", Some(&self.core.system_vars()));
    }

    /// Tells the client of an error outside of any request.
    pub(super) fn send_error(&self, text: &str) {
        self.outbox.say("error", Some(&json!(text)));
    }

    /// Ends the connection once the answer to the current request is sent.
    pub(super) fn close_after_answer(&self, reason: &'static str) {
        self.session().close = Some(reason);
    }

    /// Does something that takes long beside the reading of frames.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Answers a request, and forgets its tag.
    pub(super) fn answer(self: &Arc<Self>, tag: &str, command: &str, answer: Answer) {
        let (trick, close) = {
            let mut session = self.session();
            (session.in_work.remove(tag).flatten(), session.close.take())
        };
        let mischief = &self.core.mischief;
        let answer = if mischief.wants_answer(command) {
            tricks::changed(answer, |value| mischief.bend(value))
        } else {
            answer
        };
        if let Some(trick) = trick {
            tricks::after(self, trick, tag, command, answer);
        } else if let Some(frame) = answer.frame(tag, command) {
            self.outbox.send(frame);
        }
        if let Some(reason) = close {
            self.outbox.close(reason);
        }
    }
}

/// Serves a client until either side ends the connection.
pub(super) async fn run(core: Arc<Core>, stream: TcpStream, heartbeat: Heartbeat, tasks: TaskTracker) {
    // Answers are small and awaited: they must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let Ok(socket) = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await else { return };
    let (outbox, outgoing) = Outbox::new();
    let id = core.watchers.connect(outbox.clone());
    let challenge = random();
    let connection = Arc::new(Connection {
        core,
        id,
        outbox,
        challenge,
        posts: Posts::default(),
        tasks,
        session: Mutex::new(Session::default()),
    });
    greet(&connection);
    tokio::select! {
        () = exchange(&connection, socket, outgoing, heartbeat) => {}
        () = connection.outbox.is_cut() => tracing::debug!("a client of the devnet did not read"),
    }
    connection.core.watchers.disconnect(id);
}

/// Thirty random bytes.
fn random() -> String {
    let mut bytes = [0; 30];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    BASE64.encode(&bytes)
}

fn greet(connection: &Connection) {
    let version = json!({
        "protocol_version": Network::Devnet.version(),
        "alt": Network::Devnet.alt(),
        "library": "ocore",
        "library_version": LIBRARY_VERSION,
        "program": "obyte-devnet",
        "program_version": env!("CARGO_PKG_VERSION"),
    });
    connection.outbox.say("version", Some(&version));
    connection.outbox.say("hub/challenge", Some(&json!(connection.challenge)));
    let last_mci = connection.core.state().dag().main_chain().len().saturating_sub(1);
    let params = json!({
        "subscription_id": random(), "last_mci": last_mci, "library_version": LIBRARY_VERSION,
    });
    connection.outbox.send(request("subscribe", Some(params), &random()));
}

/// Moves frames until the end.
async fn exchange(
    connection: &Arc<Connection>,
    socket: WebSocketStream<TcpStream>,
    mut outgoing: mpsc::Receiver<Outgoing>,
    heartbeat: Heartbeat,
) {
    let (mut sink, mut stream) = socket.split();
    let mut pulse = Pulse::new(heartbeat);
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    connection.core.mischief.flows().await;
                    pulse.heard();
                    receive(connection, &text, &mut pulse);
                }
                Some(Ok(Message::Binary(bytes))) => {
                    connection.core.mischief.flows().await;
                    pulse.heard();
                    if let Ok(text) = std::str::from_utf8(&bytes) {
                        receive(connection, text, &mut pulse);
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            next = outgoing.recv() => match next {
                Some(Outgoing::Frame(frame)) => {
                    connection.core.mischief.flows().await;
                    if sink.send(Message::text(frame)).await.is_err() {
                        return;
                    }
                }
                Some(Outgoing::Close(reason)) => {
                    let frame = CloseFrame { code: CloseCode::Normal, reason: reason.into() };
                    // Whether the client still listens does not matter any more.
                    let _ = sink.send(Message::Close(Some(frame))).await;
                    return;
                }
                None => return,
            },
            () = tokio::time::sleep_until(pulse.next()) => {
                if pulse.is_lost() {
                    connection.outbox.close("lost connection");
                } else {
                    connection.outbox.send(request("heartbeat", None, &pulse.tag));
                }
                pulse.beat();
            }
        }
    }
}

/// Whether the client is there.
struct Pulse {
    heartbeat: Heartbeat,
    tag: String,
    last_heard: Instant,
    /// Since when a heartbeat waits for its answer.
    asked: Option<Instant>,
}

impl Pulse {
    fn new(heartbeat: Heartbeat) -> Self {
        Self { heartbeat, tag: random(), last_heard: Instant::now(), asked: None }
    }

    fn heard(&mut self) {
        self.last_heard = Instant::now();
    }

    /// When to look again: after silence, and after a question when its answer is overdue.
    fn next(&self) -> Instant {
        let silent = self.last_heard + self.heartbeat.after;
        self.asked.map_or(silent, |asked| silent.max(asked + self.heartbeat.timeout))
    }

    fn is_lost(&self) -> bool {
        self.asked.is_some()
    }

    fn beat(&mut self) {
        self.asked = Some(Instant::now());
    }
}

fn receive(connection: &Arc<Connection>, text: &str, pulse: &mut Pulse) {
    match Incoming::read(text) {
        Some(Incoming::Justsaying { subject, body }) => sayings::listen(connection, &subject, body),
        Some(Incoming::Request { command, tag, params }) => {
            if connection.session().in_work.contains_key(&tag) {
                return;
            }
            let trick = connection.core.mischief.on_request(&command, params.as_ref());
            let trick = match trick.map(|trick| tricks::before(connection, trick, params.as_ref())) {
                None => None,
                Some(Then::Handle(trick)) => Some(trick),
                Some(Then::Answer(answer)) => return connection.answer(&tag, &command, answer),
                Some(Then::Nothing) => return,
            };
            connection.session().in_work.insert(tag.clone(), trick);
            requests::handle(connection, command, tag, params);
        }
        Some(Incoming::TagTooLong { tag }) => {
            let error = json!({"tag": tag, "response": {"error": "tag too long"}});
            connection.outbox.send(json!(["response", error]).to_string());
        }
        Some(Incoming::Response) => pulse.asked = None,
        None => {}
    }
}
