//! The task that keeps a hub connected.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::line::Line;
use crate::mailbox::Mailbox;
use crate::session::{self, stopped};
use crate::{Backoff, ConnectionState, HubConfig, HubError, HubEvent};

/// A connection that stood for less does not count as a success: the next pause grows.
const STEADY: Duration = Duration::from_secs(10);

/// What the task shares with the handles.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: HubConfig,
    pub(crate) line: Line,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) state: watch::Sender<ConnectionState>,
}

/// Connects again and again, until `stop` asks for the end or its sender is gone.
pub(crate) async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut failures: u32 = 0;
    loop {
        let begin = Instant::now();
        let Some(why) = session::run(&shared, &mut stop).await else { break };
        tracing::warn!(hub = %shared.config.url, error = %why, "no connection to the hub");
        let steady = shared.hang_up(&why) && begin.elapsed() >= STEADY;
        failures = if steady { 0 } else { failures.saturating_add(1) };
        let pause = pause(shared.config.backoff, &why, failures, random());
        tokio::select! {
            () = sleep(pause) => { shared.state.send_replace(ConnectionState::Connecting); }
            () = stopped(&mut stop) => break,
        }
    }
    shared.line.hang_up(Some(HubError::Closed));
    shared.state.send_replace(ConnectionState::Closed);
    shared.mailbox.close();
}

impl Shared {
    /// Tells everybody that the connection ended, or never stood; whether it had stood.
    fn hang_up(&self, why: &HubError) -> bool {
        let refused = why.is_refusal();
        self.line.hang_up(refused.then(|| why.clone()));
        let state = if refused {
            ConnectionState::Refused(why.clone())
        } else {
            ConnectionState::Disconnected(why.clone())
        };
        let was_connected = self.state.send_replace(state) == ConnectionState::Connected;
        if was_connected || refused {
            self.mailbox.put(HubEvent::Disconnected { why: why.clone() });
        }
        was_connected
    }
}

/// How long to wait; `chance` is random.
fn pause(backoff: Backoff, why: &HubError, failures: u32, chance: u16) -> Duration {
    let full = if why.is_refusal() {
        backoff.refused
    } else {
        backoff.min.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(backoff.max)
    };
    full - full / 2 * u32::from(chance) / u32::from(u16::MAX)
}

fn random() -> u16 {
    let mut bytes = [0; 2];
    // Without randomness the pause is the longest.
    if getrandom::fill(&mut bytes).is_err() { 0 } else { u16::from_le_bytes(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most() {
        let backoff = Backoff::default();
        let pauses: Vec<_> =
            (1..8).map(|failures| pause(backoff, &HubError::Disconnected, failures, 0).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 12000, 12000]);
        assert_eq!(pause(backoff, &HubError::Disconnected, u32::MAX, 0), backoff.max);
    }

    #[test]
    fn chance_takes_off_at_most_half() {
        let backoff = Backoff::default();
        assert_eq!(pause(backoff, &HubError::Disconnected, 2, u16::MAX), Duration::from_millis(500));
        assert_eq!(pause(backoff, &HubError::Silent, 0, u16::MAX), Duration::from_millis(250));
    }

    #[test]
    fn a_refusal_is_not_followed_by_a_storm() {
        let pause = pause(Backoff::default(), &HubError::UpgradeRequired, 0, u16::MAX);
        assert_eq!(pause, Duration::from_secs(300));
    }
}
