//! Several hubs of one network, of which one is asked and all are posted to (7.8).
//!
//! [`Hubs`] keeps a [`Hub`] for each address. One of them is *preferred*: the first in the configured
//! order that is connected and not in disgrace. It is asked for everything that is asked; units are
//! posted to all. A hub that lies, stalls or blocks us is reported ([`Hubs::report`]), named in the log,
//! and left alone for a while; who was not preferred before is told by [`HubsEvent::Switched`]. When all
//! are in disgrace, the one that would be free first is used again: better a bad hub than none, since
//! nothing is believed without proof anyway.
//!
//! With one hub all of this does nothing: it is always the preferred one.

mod board;
mod choice;
mod conduct;
mod config;
mod events;
mod post;
mod watchman;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_ok;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use self::board::Board;
pub use self::conduct::{HubId, HubName, Misbehaviour, SwitchReason};
pub use self::config::{HubsConfig, Patience};
pub use self::events::{HubsEvent, HubsEvents};
use crate::{Hub, HubError};

/// Several hubs: a handle that is cheap to clone. The connections end with [`Hubs::close`], or when the
/// last handle is dropped.
#[derive(Clone, Debug)]
pub struct Hubs {
    board: Arc<Board>,
}

/// Who is asked, and whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubsState {
    /// Who is asked.
    pub preferred: HubId,
    /// Whether it is connected.
    pub connected: bool,
    /// Why it took over, if it did.
    pub why: Option<SwitchReason>,
}

/// What about a hub is asked; failures are counted for each kind, since a hub may answer one and not the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Parents for a unit.
    Parents,
    /// A history.
    History,
    /// An answer to a posted unit.
    Post,
    /// Whether that answer is as other hubs see it.
    Verdict,
    /// The definitions of addresses.
    Definitions,
    /// The coins at addresses.
    Coins,
}

impl Question {
    const COUNT: usize = 6;
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parents => "parents",
            Self::History => "histories",
            Self::Post => "posted units",
            Self::Verdict => "units that others accept",
            Self::Definitions => "definitions",
            Self::Coins => "coins",
        })
    }
}

/// How it went with a hub since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubStats {
    /// Its name in logs and metrics.
    pub name: HubName,
    /// Its address.
    pub url: Url,
    /// Whether it is connected now.
    pub connected: bool,
    /// Whether it is asked now.
    pub preferred: bool,
    /// Whether it is left alone for now.
    pub in_disgrace: bool,
    /// For how long it is still left alone; nothing where it is not.
    pub left_alone_for: Duration,
    /// Units posted to it.
    pub posts: u64,
    /// Answers that helped.
    pub answers: u64,
    /// Reports that it lied.
    pub lies: u64,
    /// Reports that it stalled.
    pub stalls: u64,
    /// Reports that it blocks us.
    pub blocks: u64,
    /// How often it was left for another.
    pub switches: u64,
}

impl Hubs {
    /// Begins to connect to all of them, each in a task of its own.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(config: impl Into<HubsConfig>) -> (Self, HubsEvents) {
        let config = config.into();
        let (hubs, events): (Vec<Hub>, Vec<_>) = config.hubs.into_iter().map(Hub::start).unzip();
        let states = hubs.iter().map(Hub::state).collect();
        let board = Arc::new(Board::new(hubs, config.patience));
        let sources = board.names.iter().cloned().zip(events).collect();
        let events = HubsEvents::new(sources, board.state.subscribe());
        tokio::spawn(watchman::run(Arc::downgrade(&board), Arc::clone(&board.changed), states));
        (Self { board }, events)
    }

    /// Who is asked, now and later.
    pub fn state(&self) -> watch::Receiver<HubsState> {
        self.board.state.subscribe()
    }

    /// The hub to ask. A request through it does not tell whether the hub stalls: see [`Hubs::ask`].
    pub fn preferred(&self) -> Hub {
        self.hub(self.board.preferred())
    }

    /// Whether the preferred hub takes requests now.
    pub fn is_connected(&self) -> bool {
        self.board.hubs[self.board.preferred().0].is_connected()
    }

    /// Whether there is only one hub.
    pub fn is_alone(&self) -> bool {
        self.board.hubs.len() == 1
    }

    /// How logs and metrics call a hub.
    pub fn name(&self, hub: HubId) -> HubName {
        self.board.names[hub.0].clone()
    }

    /// The hubs that take requests now, with their names, whatever is thought of them: for questions whose
    /// answer is only as good as the agreement on it.
    pub fn connected(&self) -> Vec<(HubName, Hub)> {
        let named = self.board.names.iter().cloned().zip(self.board.hubs.iter().cloned());
        named.filter(|(_, hub)| hub.is_connected()).collect()
    }

    fn hub(&self, id: HubId) -> Hub {
        self.board.hubs[id.0].clone()
    }

    /// Waits until the preferred hub is connected.
    ///
    /// # Errors
    /// Where no hub can be reached: at once if all refuse us or the handle was closed; otherwise, when
    /// `limit` is over, why an attempt failed.
    pub async fn wait_connected(&self, limit: Duration) -> Result<(), HubError> {
        let until = Instant::now() + limit;
        let reached = self.board.hubs.iter().map(|hub| Box::pin(hub.wait_connected(limit)));
        select_ok(reached).await?;
        let mut state = self.state();
        let connected = timeout_at(until, state.wait_for(|state| state.connected)).await;
        connected.map(drop).map_err(|_| HubError::TimedOut { after: limit })
    }

    /// Asks the preferred hub, and takes note of whether it answers within `limit`: where it fails to
    /// again and again it counts as stalled, and where it blocks us as blocked. Says who was asked.
    ///
    /// # Errors
    /// Those of the request; [`HubError::TimedOut`] at the limit.
    pub async fn ask<T, F>(
        &self,
        question: Question,
        limit: Duration,
        request: impl FnOnce(Hub) -> F,
    ) -> (HubId, Result<T, HubError>)
    where
        F: Future<Output = Result<T, HubError>>,
    {
        let (asked, id) = (Instant::now(), self.board.preferred());
        let answer = timeout(limit, request(self.hub(id))).await;
        let answer = answer.unwrap_or(Err(HubError::TimedOut { after: limit }));
        match &answer {
            Ok(_) => self.board.answered(id, question),
            Err(HubError::Blocked) => {
                self.report(id, &Misbehaviour::Blocked);
            }
            Err(error) if error.shows_a_stall() => self.board.failed(id, question, asked),
            Err(_) => {}
        }
        (id, answer)
    }

    /// A hub did wrong: it is named in the log and left alone for a while. Whether another one can be
    /// used instead.
    pub fn report(&self, hub: HubId, what: &Misbehaviour) -> bool {
        self.board.report(hub, what)
    }

    /// Who is asked now, as [`Hubs::report`] wants to know it.
    pub fn preferred_id(&self) -> HubId {
        self.board.preferred()
    }

    /// All hubs, in the order of preference.
    pub fn ids(&self) -> Vec<HubId> {
        (0..self.board.hubs.len()).map(HubId).collect()
    }

    /// How it went with each hub, in the order of preference.
    pub fn stats(&self) -> Vec<HubStats> {
        self.board.stats()
    }

    /// Ends all connections, of every clone of this handle.
    pub fn close(&self) {
        for hub in &self.board.hubs {
            hub.close();
        }
    }
}
