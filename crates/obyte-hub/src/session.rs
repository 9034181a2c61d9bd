//! One connection, from its opening to its end.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use obyte::{Network, UnitHash};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::connect::{Socket, connect, reading_error};
use crate::frame::{self, Frame, JustSaying, Request};
use crate::task::Shared;
use crate::{ConnectionState, ExchangeRates, HubError, HubEvent, HubText};

/// The release of the reference library whose behaviour we show to the hub (6.2).
const LIBRARY_VERSION: &str = "0.4.6";
/// How many frames may wait to be sent.
const OUTGOING: usize = 64;
/// The longest challenge to sign, in bytes; real ones have 40.
const MAX_CHALLENGE: usize = 200;
/// How long one frame may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a farewell may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Connects, and stays connected until something ends it.
///
/// Nothing is returned when `stop` asked for the end.
pub(crate) async fn run(shared: &Shared, stop: &mut watch::Receiver<bool>) -> Option<HubError> {
    let socket = tokio::select! {
        socket = connect(&shared.config) => match socket {
            Ok(socket) => socket,
            Err(error) => return Some(error),
        },
        () = stopped(stop) => return None,
    };
    let (mut sink, stream) = socket.split();
    let (outgoing, queue) = mpsc::channel(OUTGOING);
    let session = Session { shared, outgoing, open: false };
    let end = tokio::select! {
        error = session.read(stream) => Some(error),
        error = write(&mut sink, queue) => Some(error),
        () = stopped(stop) => None,
    };
    // A farewell is a courtesy; the hub notices the end without it.
    let _ = timeout(CLOSE_TIMEOUT, sink.close()).await;
    end
}

/// Waits until the client is closed or its last handle is dropped.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the last handle is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn write(sink: &mut SplitSink<Socket, Message>, mut queue: mpsc::Receiver<String>) -> HubError {
    while let Some(frame) = queue.recv().await {
        match timeout(WRITE_TIMEOUT, sink.send(Message::text(frame))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return HubError::Disconnected,
            Err(_) => return HubError::Silent,
        }
    }
    HubError::Disconnected
}

struct Session<'a> {
    shared: &'a Shared,
    outgoing: mpsc::Sender<String>,
    /// Whether the hub's version was seen and found good.
    open: bool,
}

impl Session<'_> {
    async fn read(mut self, mut stream: SplitStream<Socket>) -> HubError {
        match self.read_all(&mut stream).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn read_all(
        &mut self,
        stream: &mut SplitStream<Socket>,
    ) -> Result<std::convert::Infallible, HubError> {
        let config = &self.shared.config;
        self.send(self.version()?)?;
        let handshake = Instant::now() + config.handshake_timeout;
        let mut asked_for_life = false;
        loop {
            let deadline = if self.open { Instant::now() + config.silence_timeout } else { handshake };
            match timeout_at(deadline, stream.next()).await {
                Ok(Some(Ok(message))) => {
                    asked_for_life = false;
                    self.message(&message)?;
                }
                Ok(Some(Err(error))) => return Err(reading_error(&error, config.max_message_bytes)),
                Ok(None) => return Err(HubError::Disconnected),
                Err(_) if self.open && !asked_for_life => {
                    asked_for_life = true;
                    self.send(frame::request::<()>("heartbeat", None, &crate::tag::fresh()?)?)?;
                }
                Err(_) => return Err(HubError::Silent),
            }
        }
    }

    fn message(&mut self, message: &Message) -> Result<(), HubError> {
        match message {
            Message::Text(text) => self.frame(Frame::parse(text.as_str())?),
            Message::Binary(_) => Err(HubError::MalformedFrame("it is binary")),
            // Pings are answered by the library; a farewell is followed by the end of the stream.
            _ => Ok(()),
        }
    }

    fn frame(&mut self, frame: Frame<'_>) -> Result<(), HubError> {
        match frame {
            Frame::Response(response) => {
                if !self.shared.line.answer(&response.tag, response.response) {
                    tracing::debug!("the hub answered what nobody waits for");
                }
                Ok(())
            }
            Frame::Request(request) => self.asked(&request),
            Frame::JustSaying(said) => self.said(&said),
            Frame::Other => {
                tracing::debug!("the hub sent a frame of unknown contents");
                Ok(())
            }
        }
    }

    fn asked(&self, request: &Request<'_>) -> Result<(), HubError> {
        let error = match request.command.as_ref() {
            "heartbeat" => None,
            "subscribe" => Some("I'm light, cannot subscribe you to updates"),
            _ => Some("unknown command"),
        };
        self.send(frame::response(request, error))
    }

    fn said(&mut self, said: &JustSaying<'_>) -> Result<(), HubError> {
        let body = said.body.map(RawValue::get);
        let event = match said.subject.as_ref() {
            "version" => return self.hub_version(body),
            "hub/challenge" => {
                self.challenged(body);
                return Ok(());
            }
            "upgrade_required" => return Err(HubError::UpgradeRequired),
            subject if subject.starts_with("old core") => return Err(HubError::UpgradeRequired),
            "error" if body.is_some_and(|body| body.starts_with("\"Incompatible ")) => {
                return Err(HubError::WrongNetwork { expected: self.shared.config.network, found: None });
            }
            "joint" => said.body.map(|joint| HubEvent::Joint(joint.to_owned())),
            "light/have_updates" => Some(HubEvent::HaveUpdates),
            "light/sequence_became_bad" => body.and_then(bad_units),
            "system_vars" => body
                .and_then(|body| serde_json::from_str(body).ok())
                .map(|vars| HubEvent::SystemVars(Box::new(vars))),
            "exchange_rates" => body.and_then(ExchangeRates::parse).map(HubEvent::ExchangeRates),
            _ => None,
        };
        // What is known but not of the expected form goes to the log too.
        self.shared.mailbox.put(event.unwrap_or_else(|| HubEvent::Notice {
            subject: HubText::new(&said.subject),
            body: HubText::new(body.unwrap_or_default()),
        }));
        Ok(())
    }

    fn challenged(&self, body: Option<&str>) {
        let challenge = body.and_then(|body| serde_json::from_str::<String>(body).ok());
        if let Some(challenge) = challenge.filter(|challenge| challenge.len() <= MAX_CHALLENGE) {
            self.shared.line.set_challenge(challenge);
        }
    }

    /// Checks that the hub is of our network and, the first time, lets requests through.
    fn hub_version(&mut self, body: Option<&str>) -> Result<(), HubError> {
        check_version(self.shared.config.network, body)?;
        if !self.open {
            self.open = true;
            self.shared.line.open(self.outgoing.clone());
            self.shared.mailbox.put(HubEvent::Connected);
            self.shared.state.send_replace(ConnectionState::Connected);
        }
        Ok(())
    }

    fn version(&self) -> Result<String, HubError> {
        let config = &self.shared.config;
        let body = json!({
            "protocol_version": config.network.version(),
            "alt": config.network.alt(),
            "library": "ocore",
            "library_version": LIBRARY_VERSION,
            "program": config.program,
            "program_version": config.program_version,
        });
        frame::just_saying("version", Some(&body))
    }

    /// A hub that asks more than it reads is as good as silent.
    fn send(&self, frame: String) -> Result<(), HubError> {
        self.outgoing.try_send(frame).map_err(|_| HubError::Silent)
    }
}

/// The units that a hub calls bad; nothing unless the body is a list of hashes.
pub(crate) fn bad_units(body: &str) -> Option<HubEvent> {
    serde_json::from_str::<Vec<UnitHash>>(body).ok().map(HubEvent::SequenceBecameBad)
}

pub(crate) fn check_version(expected: Network, body: Option<&str>) -> Result<(), HubError> {
    #[derive(Deserialize)]
    struct Version {
        protocol_version: String,
        alt: String,
    }
    let malformed = HubError::MalformedFrame("its version names neither protocol nor network");
    let version: Version = body.and_then(|body| serde_json::from_str(body).ok()).ok_or(malformed)?;
    let is_of = |network: &Network| {
        network.accepts_version(&version.protocol_version) && network.alt() == version.alt
    };
    if is_of(&expected) {
        return Ok(());
    }
    let found = Network::ALL.into_iter().find(is_of);
    if found.is_none() && version.alt == expected.alt() && is_newer(expected, &version.protocol_version) {
        return Err(HubError::UpgradeRequired);
    }
    Err(HubError::WrongNetwork { expected, found })
}

/// Whether a version has our network's suffix behind a number that we do not know.
fn is_newer(network: Network, version: &str) -> bool {
    version
        .strip_suffix(network.version_suffix())
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit() || c == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Network, version: &str, alt: &str) -> Result<(), HubError> {
        check_version(expected, Some(&json!({"protocol_version": version, "alt": alt}).to_string()))
    }

    #[test]
    fn hubs_of_the_own_network_are_accepted_in_every_version() {
        for version in ["1.0dev", "4.0dev"] {
            assert_eq!(check(Network::Devnet, version, "3"), Ok(()));
        }
    }

    #[test]
    fn a_hub_of_another_network_is_told_by_name() {
        let wrong = |expected, found| Err(HubError::WrongNetwork { expected, found });
        assert_eq!(check(Network::Livenet, "4.0t", "2"), wrong(Network::Livenet, Some(Network::Testnet)));
        assert_eq!(check(Network::Devnet, "4.0", "1"), wrong(Network::Devnet, Some(Network::Livenet)));
        assert_eq!(check(Network::Devnet, "4.0dev", "7"), wrong(Network::Devnet, None));
    }

    #[test]
    fn a_newer_protocol_asks_for_an_upgrade() {
        assert_eq!(check(Network::Testnet, "5.0t", "2"), Err(HubError::UpgradeRequired));
        assert_eq!(check(Network::Livenet, "5.0", "1"), Err(HubError::UpgradeRequired));
        assert!(matches!(check_version(Network::Devnet, Some("{}")), Err(HubError::MalformedFrame(_))));
        assert!(matches!(check_version(Network::Devnet, None), Err(HubError::MalformedFrame(_))));
    }
}
