//! The relay: an SMTP server that takes our mail and brings it on.
//!
//! Each step of the conversation has a time limit of its own, and each answer is judged by the step that it
//! answers. A connection belongs to the delivery that uses it, and returns to the others only when the relay
//! has taken the message: one that was dropped in the middle, in which the next mail would become
//! a part of this one, is closed.

mod settings;

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use settings::{RelayError, RelaySettings};

use super::message::Message;
use super::post::{Accepted, Cause, Post, Reason, Refusal};
use super::verdict::{Stage, judge};

/// How long a connection may wait for the next message. Relays hang up after some minutes.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// After the whole message relays may look at it for long; giving up here may send it twice.
const DATA_FACTOR: u32 = 4;

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// Never: on the same machine only.
    None,
    /// With `STARTTLS`, and without it nothing is sent.
    StartTls,
    /// At once.
    Implicit,
}

/// Sends by SMTP, over at most so many connections as were set.
pub struct Relay {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
    hello: ClientId,
    due: Duration,
    places: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// What went wrong, with the relay's own words, which may quote the message.
struct Trouble {
    refusal: Refusal,
    words: String,
}

impl Relay {
    /// A relay. Nothing is sent yet.
    ///
    /// # Errors
    /// For settings that cannot be.
    pub fn new(settings: RelaySettings) -> Result<Self, RelayError> {
        settings.build()
    }

    /// [`Post::deliver`] of a message that holds no secret, with the relay's own words in the error.
    ///
    /// # Errors
    /// As [`Post::deliver`].
    pub async fn deliver_sample(&self, message: &Message) -> Result<Accepted, (Refusal, String)> {
        self.send(message).await.map_err(|trouble| (trouble.refusal, trouble.words))
    }

    async fn send(&self, message: &Message) -> Result<Accepted, Trouble> {
        let _place = self.places.acquire().await.expect("nobody closes it");
        let mut connection = self.begin(message).await?;
        self.step(Stage::Recipient, connection.command(Rcpt::new(message.to().clone(), Vec::new()))).await?;
        self.step(Stage::Data, connection.command(Data)).await?;
        let due = self.due.saturating_mul(DATA_FACTOR);
        let response = within(due, Stage::Data, connection.message(unfinished(message.bytes()))).await?;
        self.lock_idle().push(Idle { connection, since: Instant::now() });
        Ok(Accepted { code: Some(response.code().into()) })
    }

    /// A connection on which the relay has taken the sender. It may take no more messages on one that was used, so what it
    /// says on a fresh one counts.
    async fn begin(&self, message: &Message) -> Result<AsyncSmtpConnection, Trouble> {
        if let Some(mut used) = self.idle_one().await
            && self.step(Stage::Sender, used.command(sender(message))).await.is_ok()
        {
            return Ok(used);
        }
        let mut fresh = self.connect().await?;
        self.step(Stage::Sender, fresh.command(sender(message))).await?;
        Ok(fresh)
    }

    /// A connection on which the relay still answers.
    async fn idle_one(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle { mut connection, since } = self.lock_idle().pop()?;
            if since.elapsed() < IDLE_MAX && timeout(self.due, connection.test_connected()).await == Ok(true)
            {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let implicit = self.tls.clone().filter(|_| self.security == Security::Implicit);
        let server = (self.host.as_str(), self.port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.due), &self.hello, implicit, None);
        let mut connection = self.step(Stage::Connect, connecting).await?;
        if let Some(tls) = self.tls.clone().filter(|_| self.security == Security::StartTls) {
            if !connection.can_starttls() {
                return Err(Trouble::of(Cause::Tls, Stage::Connect, "the relay offers no STARTTLS"));
            }
            self.step(Stage::Connect, connection.starttls(tls, &self.hello)).await?;
        }
        if let Some(login) = &self.login {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            if connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
                let words = "the relay offers neither AUTH PLAIN nor AUTH LOGIN";
                return Err(Trouble::of(Cause::Authentication, Stage::Login, words));
            }
            self.step(Stage::Login, connection.auth(&mechanisms, login)).await?;
        }
        Ok(connection)
    }

    async fn step<T>(
        &self,
        stage: Stage,
        doing: impl Future<Output = Result<T, SmtpError>>,
    ) -> Result<T, Trouble> {
        within(self.due, stage, doing).await
    }

    fn lock_idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sender(message: &Message) -> Mail {
    Mail::new(Some(message.from().clone()), Vec::new())
}

/// Without its last line break, which the end of a message in SMTP brings along.
fn unfinished(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r\n").unwrap_or(bytes)
}

async fn within<T>(
    due: Duration,
    stage: Stage,
    doing: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, Trouble> {
    match timeout(due, doing).await {
        Ok(done) => done.map_err(|error| Trouble::in_smtp(stage, &error)),
        Err(_) => Err(Trouble::of(Cause::Timeout, stage, "")),
    }
}

impl Trouble {
    fn of(cause: Cause, stage: Stage, words: &str) -> Self {
        Self { refusal: Refusal::Later(Reason::new(cause, stage)), words: words.to_owned() }
    }

    fn in_smtp(stage: Stage, error: &SmtpError) -> Self {
        let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        if let Some(code) = error.status() {
            return Self { refusal: judge(stage, code.into(), &words), words };
        }
        let cause = if error.is_timeout() {
            Cause::Timeout
        } else if error.is_tls() || is_about_tls(error) {
            Cause::Tls
        } else if error.is_client() || (error.is_response() && !words.contains("incomplete")) {
            Cause::Protocol
        } else {
            Cause::Connection
        };
        Self::of(cause, stage, &words)
    }
}

/// Whether TLS failed below the connection, which then reports an error of input and output.
fn is_about_tls(error: &SmtpError) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let io = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is::<rustls::Error>() || io.is_some_and(|io| io.is::<rustls::Error>()) {
            return true;
        }
        source = inner.source();
    }
    false
}

#[async_trait]
impl Post for Relay {
    async fn deliver(&self, message: &Message) -> Result<Accepted, Refusal> {
        self.send(message).await.map_err(|trouble| trouble.refusal)
    }
}

/// Without user name and password.
impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}
