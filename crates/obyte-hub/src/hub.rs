//! The handle of one hub.

use std::sync::Arc;
use std::time::Duration;

use obyte::DeviceKey;
use obyte::device::Login;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::line::{Answer, Line};
use crate::mailbox::{Limits, Mailbox};
use crate::task::{self, Shared};
use crate::{HubConfig, HubError, HubEvents, frame, tag};

/// The longest message that hubs accept, in bytes (6.1).
const MAX_REQUEST: usize = 6 * 1024 * 1024;

/// One hub: a handle that is cheap to clone. The connection ends with [`Hub::close`], or when the last
/// handle is dropped.
#[derive(Clone, Debug)]
pub struct Hub {
    shared: Arc<Shared>,
    stop: Arc<watch::Sender<bool>>,
}

/// How things stand with a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Trying.
    Connecting,
    /// The hub is of the right network and takes requests.
    Connected,
    /// Not connected, and waiting before the next attempt.
    Disconnected(HubError),
    /// Not connected, for a reason that somebody has to look at; the next attempt comes late.
    Refused(HubError),
    /// Closed by us, for good.
    Closed,
}

impl Hub {
    /// Begins to connect, in a task of its own.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(config: HubConfig) -> (Self, HubEvents) {
        let limits = Limits { events: config.max_waiting_events, bytes: config.max_message_bytes };
        let mailbox = Arc::new(Mailbox::new(limits));
        let shared = Arc::new(Shared {
            line: Line::new(config.max_pending_requests),
            mailbox: Arc::clone(&mailbox),
            state: watch::Sender::new(ConnectionState::Connecting),
            config,
        });
        let (stop, stopping) = watch::channel(false);
        tokio::spawn(task::run(Arc::clone(&shared), stopping));
        (Self { shared, stop: Arc::new(stop) }, HubEvents::new(mailbox))
    }

    /// How the hub is reached.
    pub fn config(&self) -> &HubConfig {
        &self.shared.config
    }

    /// How things stand, now and later.
    pub fn state(&self) -> watch::Receiver<ConnectionState> {
        self.shared.state.subscribe()
    }

    /// Whether requests can be sent now.
    pub fn is_connected(&self) -> bool {
        *self.shared.state.borrow() == ConnectionState::Connected
    }

    /// Waits until the hub is connected.
    ///
    /// # Errors
    /// At once if the hub refuses us or the handle was closed; otherwise, when `limit` is over, why the
    /// last attempt failed.
    pub async fn wait_connected(&self, limit: Duration) -> Result<(), HubError> {
        let mut state = self.state();
        let settled = state.wait_for(|state| {
            matches!(
                state,
                ConnectionState::Connected | ConnectionState::Refused(_) | ConnectionState::Closed
            )
        });
        let last = match timeout(limit, settled).await {
            Ok(settled) => settled.map_or(ConnectionState::Closed, |state| state.clone()),
            Err(_) => self.shared.state.borrow().clone(),
        };
        match last {
            ConnectionState::Connected => Ok(()),
            ConnectionState::Disconnected(why) | ConnectionState::Refused(why) => Err(why),
            ConnectionState::Closed => Err(HubError::Closed),
            ConnectionState::Connecting => Err(HubError::TimedOut { after: limit }),
        }
    }

    /// Ends the connection, of every clone of this handle. Pending requests end with
    /// [`HubError::Disconnected`].
    pub fn close(&self) {
        self.stop.send_replace(true);
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask<P: Serialize + ?Sized>(
        &self,
        command: &'static str,
        params: Option<&P>,
        limit: Duration,
    ) -> Result<Answer, HubError> {
        let tag = tag::fresh()?;
        let request = frame::request(command, params, &tag)?;
        if request.len() > MAX_REQUEST {
            return Err(HubError::BadRequest("it is longer than hubs accept; ask for less"));
        }
        let waiting = self.shared.line.wait(tag)?;
        timeout(limit, waiting.send(request)).await.unwrap_or(Err(HubError::TimedOut { after: limit }))
    }

    /// Shows the hub a device's key, by signing the hub's challenge (6.2): the hub then keeps messages for
    /// the device, and pushes its exchange rates at once. No request needs it. It counts for this
    /// connection only; a refusal comes as a notice.
    ///
    /// # Errors
    /// [`HubError::TimedOut`] where the hub sends no challenge.
    pub async fn login(&self, key: &DeviceKey) -> Result<(), HubError> {
        let limit = self.config().handshake_timeout;
        let challenge = timeout(limit, self.shared.line.challenge()).await;
        let challenge = challenge.map_err(|_| HubError::TimedOut { after: limit })?;
        let login = Login::new(&challenge, key)
            .map_err(|_| HubError::BadRequest("the hub's challenge cannot be signed"))?;
        self.say("hub/login", Some(&login)).await
    }

    /// Says what needs no answer.
    pub(crate) async fn say<B: Serialize + ?Sized>(
        &self,
        subject: &str,
        body: Option<&B>,
    ) -> Result<(), HubError> {
        let limit = self.config().request_timeout;
        let said = self.shared.line.say(frame::just_saying(subject, body)?);
        timeout(limit, said).await.unwrap_or(Err(HubError::TimedOut { after: limit }))
    }
}
