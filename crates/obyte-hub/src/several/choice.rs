//! Which hub is asked: the first that is connected and not in disgrace. Pure.

use tokio::time::Instant;

use super::Patience;
use super::conduct::{Offence, SwitchReason};

/// A hub that behaved so long after an offence is punished as for the first time.
const FORGIVEN_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
/// The penalty is doubled so often at most.
const DOUBLINGS_MAX: u32 = 3;

/// How one hub stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) connected_since: Option<Instant>,
    /// Whether a first attempt to connect has ended.
    pub(super) tried: bool,
    disgrace: Option<Disgrace>,
}

#[derive(Clone, Copy, Debug)]
struct Disgrace {
    offence: Offence,
    until: Instant,
    doublings: u32,
}

impl Standing {
    /// Leaves the hub alone for a while; whether it was not left alone already.
    pub(super) fn condemn(&mut self, offence: Offence, patience: &Patience, now: Instant) -> bool {
        let before = self.disgrace;
        let was_free = !self.in_disgrace(now);
        let doublings = match before {
            Some(before) if was_free && now.duration_since(before.until) < FORGIVEN_AFTER => {
                (before.doublings + 1).min(DOUBLINGS_MAX)
            }
            Some(before) if !was_free => before.doublings,
            _ => 0,
        };
        let until = now + offence.penalty(patience).saturating_mul(1 << doublings);
        self.disgrace = Some(match before {
            Some(before) if before.until >= until => before,
            _ => Disgrace { offence, until, doublings },
        });
        was_free
    }

    pub(super) fn in_disgrace(&self, now: Instant) -> bool {
        self.disgrace.is_some_and(|disgrace| disgrace.until > now)
    }

    pub(super) fn blocks_us(&self, now: Instant) -> bool {
        self.in_disgrace(now) && self.disgrace.is_some_and(|disgrace| disgrace.offence == Offence::Blocked)
    }

    /// Until when the hub is left alone.
    pub(super) fn left_alone_until(&self, now: Instant) -> Option<Instant> {
        self.disgrace.map(|disgrace| disgrace.until).filter(|until| *until > now)
    }

    /// Since when it could be used, if it can be now.
    fn usable_since(&self, now: Instant) -> Option<Instant> {
        let connected = self.connected_since?;
        match self.disgrace {
            Some(disgrace) if disgrace.until > now => None,
            Some(disgrace) => Some(connected.max(disgrace.until)),
            None => Some(connected),
        }
    }

    const fn is_connected(&self) -> bool {
        self.connected_since.is_some()
    }
}

/// Who is asked now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Current {
    pub(super) index: usize,
    pub(super) since: Instant,
    /// When all of it began.
    pub(super) started: Instant,
}

/// Who is to be asked from now on.
pub(super) fn choose(hubs: &[Standing], current: Current, patience: &Patience, now: Instant) -> usize {
    let usable = |index: &usize| hubs[*index].usable_since(now);
    if usable(&current.index).is_some() {
        let settled = |index: &usize| usable(index).is_some_and(|since| since + patience.settle <= now);
        return (0..current.index).find(settled).unwrap_or(current.index);
    }
    if let Some(first) = (0..hubs.len()).find(|index| usable(index).is_some()) {
        let may_come = hubs[..first].iter().any(|hub| !hub.tried);
        let early = now < current.started + patience.head_start;
        return if may_come && early { current.index } else { first };
    }
    let is_current_there = hubs[current.index].is_connected();
    if is_current_there && now < current.since + patience.settle {
        return current.index;
    }
    // All that are there are in disgrace: the one that would be free first is used again.
    let there = (0..hubs.len()).filter(|index| hubs[*index].is_connected());
    there.min_by_key(|index| hubs[*index].left_alone_until(now)).unwrap_or(current.index)
}

/// Why the choice leaves a hub.
pub(super) fn reason(left: &Standing, now: Instant) -> SwitchReason {
    match left.disgrace {
        _ if !left.is_connected() => SwitchReason::Disconnected,
        Some(disgrace) if disgrace.until > now => disgrace.offence.into(),
        _ => SwitchReason::BetterIsBack,
    }
}

/// When time alone may change the choice.
pub(super) fn next_look(
    hubs: &[Standing],
    current: Current,
    patience: &Patience,
    now: Instant,
) -> Option<Instant> {
    let ends = hubs.iter().filter_map(|hub| hub.left_alone_until(now));
    let settled = hubs.iter().filter_map(|hub| Some(hub.usable_since(now)? + patience.settle));
    let others = [current.since + patience.settle, current.started + patience.head_start];
    ends.chain(settled).chain(others).filter(|at| *at > now).min()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PATIENCE: Patience = Patience {
        lied: Duration::from_secs(3600),
        stalled: Duration::from_secs(300),
        blocked: Duration::from_secs(3900),
        failures_max: 3,
        settle: Duration::from_secs(30),
        head_start: Duration::from_secs(2),
    };

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// Hubs that are all connected since the start, long ago for whoever settles.
    fn connected(count: usize, start: Instant) -> Vec<Standing> {
        vec![Standing { connected_since: Some(start), tried: true, disgrace: None }; count]
    }

    fn asked(index: usize, since: Instant) -> Current {
        Current { index, since, started: since }
    }

    #[tokio::test]
    async fn the_first_that_is_there_and_not_in_disgrace_is_asked() {
        let start = Instant::now();
        let mut hubs = connected(3, start);
        let now = after(start, 1);
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, now), 0);
        hubs[0].connected_since = None;
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, now), 1);
        assert!(hubs[1].condemn(Offence::Lied, &PATIENCE, now));
        assert_eq!(choose(&hubs, asked(1, now), &PATIENCE, now), 2);
        assert_eq!(reason(&hubs[0], now), SwitchReason::Disconnected);
        assert_eq!(reason(&hubs[1], now), SwitchReason::Lied);
    }

    #[tokio::test]
    async fn a_better_hub_takes_over_once_it_has_stood_for_a_while() {
        let start = Instant::now();
        let mut hubs = connected(2, start);
        hubs[0].connected_since = Some(after(start, 100));
        let look =
            |hubs: &[Standing], seconds| choose(hubs, asked(1, start), &PATIENCE, after(start, seconds));
        assert_eq!(look(&hubs, 129), 1);
        assert_eq!(look(&hubs, 130), 0);
        let next = next_look(&hubs, asked(1, start), &PATIENCE, after(start, 129));
        assert_eq!(next, Some(after(start, 130)));
        // After its disgrace it is preferred again, once it has settled.
        hubs[0].condemn(Offence::Stalled, &PATIENCE, after(start, 130));
        assert_eq!(look(&hubs, 430), 1);
        assert_eq!(look(&hubs, 460), 0);
    }

    #[tokio::test]
    async fn when_all_are_in_disgrace_the_one_that_is_free_first_is_used_for_a_while() {
        let start = Instant::now();
        let mut hubs = connected(3, start);
        let now = after(start, 60);
        hubs[0].condemn(Offence::Blocked, &PATIENCE, now);
        hubs[1].condemn(Offence::Lied, &PATIENCE, now);
        hubs[2].condemn(Offence::Stalled, &PATIENCE, now);
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, now), 2);
        // It is not left at once for one that is as bad.
        hubs[2].condemn(Offence::Blocked, &PATIENCE, now);
        assert_eq!(choose(&hubs, asked(2, now), &PATIENCE, after(now, 29)), 2);
        assert_eq!(choose(&hubs, asked(2, now), &PATIENCE, after(now, 30)), 1);
        // One in disgrace is better than one that is not there.
        hubs[0].connected_since = None;
        hubs[1].connected_since = None;
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, now), 2);
    }

    #[tokio::test]
    async fn at_the_start_the_first_hub_may_take_a_moment() {
        let start = Instant::now();
        let mut hubs = connected(2, start);
        hubs[0] = Standing::default();
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, after(start, 1)), 0);
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, after(start, 2)), 1);
        hubs[0].tried = true;
        assert_eq!(choose(&hubs, asked(0, start), &PATIENCE, after(start, 1)), 1);
    }

    #[tokio::test]
    async fn without_any_hub_the_one_before_is_waited_for() {
        let start = Instant::now();
        let hubs = vec![Standing { tried: true, ..Standing::default() }; 2];
        assert_eq!(choose(&hubs, asked(1, start), &PATIENCE, after(start, 99)), 1);
    }

    #[tokio::test]
    async fn who_misbehaves_again_is_left_alone_longer() {
        let start = Instant::now();
        let mut hub = connected(1, start).remove(0);
        let mut now = start;
        for minutes in [5, 10, 20, 40, 40] {
            assert!(hub.condemn(Offence::Stalled, &PATIENCE, now));
            assert!(!hub.condemn(Offence::Stalled, &PATIENCE, now), "a second report changes nothing");
            let end = hub.left_alone_until(now).expect("in disgrace");
            assert_eq!(end - now, Duration::from_secs(minutes * 60));
            now = end;
        }
        now += FORGIVEN_AFTER;
        hub.condemn(Offence::Stalled, &PATIENCE, now);
        assert_eq!(hub.left_alone_until(now), Some(after(now, 300)));
    }
}
