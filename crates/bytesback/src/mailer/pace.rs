//! How long to wait before the next try.

use std::time::{Duration, Instant};

use crate::mail::{Cause, Reason, Stage};

const MINUTE: Duration = Duration::from_secs(60);
/// Before the second try of a mail, the third, and so on; the last of them from then on.
const RETRIES: [u32; 6] = [1, 5, 15, 60, 120, 240];
/// While the relay is the trouble, in seconds.
const PAUSES: [u64; 5] = [5, 15, 30, 60, 300];

/// How long after its how manieth try, from 1, a mail is tried again.
pub(super) fn retry_after(attempt: u32) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    MINUTE * *RETRIES.get(index).unwrap_or(&RETRIES[RETRIES.len() - 1])
}

/// Whether a refusal says nothing about the mail: the same would have happened to any other. What the relay says once it
/// knows the recipient may be about that one, whatever it gives as the cause.
pub(super) const fn is_of_relay(reason: &Reason) -> bool {
    matches!(reason.stage, Stage::Connect | Stage::Login | Stage::Sender | Stage::File)
}

/// The relay does not take mail.
#[derive(Debug)]
pub(super) struct Trouble {
    /// What it is about.
    pub(super) cause: Cause,
    pauses: usize,
    until: Instant,
}

impl Trouble {
    pub(super) fn new(cause: Cause, now: Instant) -> Self {
        Self { cause, pauses: 0, until: now + Duration::from_secs(PAUSES[0]) }
    }

    /// It lasts. What several mails on their way met at the same time counts once.
    pub(super) fn again(&mut self, cause: Cause, now: Instant) {
        self.cause = cause;
        if self.until <= now {
            self.pauses = (self.pauses + 1).min(PAUSES.len() - 1);
            self.until = now + Duration::from_secs(PAUSES[self.pauses]);
        }
    }

    /// How long to wait before one mail tries it.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.until.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_tries_grow_to_some_hours() {
        let minutes: Vec<_> = (1..9).map(|attempt| retry_after(attempt).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 5, 15, 60, 120, 240, 240, 240]);
        assert_eq!(retry_after(u32::MAX), retry_after(9));
    }

    #[test]
    fn a_trouble_that_lasts_is_looked_at_less_and_less_often() {
        let mut now = Instant::now();
        let mut trouble = Trouble::new(Cause::Connection, now);
        let mut seconds = Vec::new();
        for _ in 0..6 {
            seconds.push(trouble.left(now).as_secs());
            // Several mails that are on their way meet it at once.
            trouble.again(Cause::Connection, now);
            now += trouble.left(now);
            assert_eq!(trouble.left(now), Duration::ZERO);
            trouble.again(Cause::Timeout, now);
        }
        assert_eq!(seconds, [5, 15, 30, 60, 300, 300]);
        assert_eq!(trouble.cause, Cause::Timeout);
    }
}
