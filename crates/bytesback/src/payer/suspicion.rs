//! What makes a hub suspect although each of its answers could be true.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use obyte::compose::Parents;
use obyte_hub::{HubId, Misbehaviour};
use payout::{SlotNo, Timestamp};

/// While units are open something is proven at least so often, where the hub shows the network as it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(10 * 60);
/// The last ball may be an earlier one where the parents are other ones, but not by so many main chain
/// indexes.
const RETREAT_MAX: u64 = 30;

/// Compares what hubs say of their last balls and clocks.
#[derive(Debug)]
pub(super) struct Parentage {
    clock_skew_max: Duration,
    /// The highest main chain index of a last ball that each hub told.
    highest: Mutex<HashMap<HubId, u64>>,
}

impl Parentage {
    pub(super) fn new(clock_skew_max: Duration) -> Self {
        Self { clock_skew_max, highest: Mutex::default() }
    }

    /// What is wrong with these parents, if anything is.
    pub(super) fn judge(&self, hub: HubId, parents: &Parents, now: Timestamp) -> Option<Misbehaviour> {
        let clock = Timestamp::from_millis(parents.timestamp.saturating_mul(1000));
        if clock.since(now).max(now.since(clock)) > self.clock_skew_max {
            return Some(Misbehaviour::Stalled("its clock and ours are minutes apart".to_owned()));
        }
        let mut highest = self.highest.lock().expect("nobody panics while holding the lock");
        let (mci, before) = (parents.last_ball_mci, highest.entry(hub).or_insert(parents.last_ball_mci));
        if mci.saturating_add(RETREAT_MAX) < *before {
            let what = format!("its last ball went back from {before} to {mci}");
            // Once: a hub that was set up anew is believed afterwards.
            *before = mci;
            return Some(Misbehaviour::Stalled(what));
        }
        *before = mci.max(*before);
        None
    }
}

/// Watches whether the oldest open slot is ever settled.
#[derive(Debug, Default)]
pub(super) struct Progress(Option<Waiting>);

#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: SlotNo,
    hub: HubId,
    since: Timestamp,
}

impl Progress {
    /// Takes note of the oldest open slot and of the hub that is asked. After too long without any
    /// progress it is the hub's fault, until another one has had as long.
    pub(super) fn note(
        &mut self,
        oldest: Option<SlotNo>,
        hub: HubId,
        now: Timestamp,
    ) -> Option<Misbehaviour> {
        let Some(slot) = oldest else {
            self.0 = None;
            return None;
        };
        match self.0 {
            Some(waiting) if waiting.slot == slot && waiting.hub == hub => {
                if now.since(waiting.since) < PROGRESS_EVERY {
                    return None;
                }
                self.0 = Some(Waiting { since: now, ..waiting });
                let minutes = PROGRESS_EVERY.as_secs() / 60;
                Some(Misbehaviour::Stalled(format!("it proved no open unit for {minutes} minutes")))
            }
            _ => {
                self.0 = Some(Waiting { slot, hub, since: now });
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use obyte::{BallHash, Bytes, UnitHash};
    use obyte_hub::{HubConfig, Hubs, HubsConfig};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis((NOW + seconds) * 1000)
    }

    fn parents(timestamp: u64, last_ball_mci: u64) -> Parents {
        let unit = UnitHash::from_digest(&[1; 32]);
        let last_ball: BallHash = unit.to_string().parse().expect("44 characters");
        Parents {
            timestamp,
            parent_units: vec![unit],
            last_ball,
            last_ball_unit: unit,
            last_ball_mci,
            tps_fee: Bytes::default(),
        }
    }

    /// Two names for hubs that nobody reaches.
    fn two_hubs() -> [HubId; 2] {
        let hub = |host| HubConfig::new(host, obyte::Network::Devnet).expect("an address");
        let hubs = HubsConfig::new(vec![hub("ws://127.0.0.1:1"), hub("ws://127.0.0.1:2")]).expect("two");
        let ids = Hubs::start(hubs).0.ids();
        [ids[0], ids[1]]
    }

    #[tokio::test]
    async fn a_hub_whose_clock_is_off_is_suspect() {
        let ([hub, _], parentage) = (two_hubs(), Parentage::new(Duration::from_secs(120)));
        assert_eq!(parentage.judge(hub, &parents(NOW + 120, 5), at(0)), None);
        assert_eq!(parentage.judge(hub, &parents(NOW, 5), at(120)), None);
        assert!(parentage.judge(hub, &parents(NOW + 121, 5), at(0)).is_some());
        assert!(parentage.judge(hub, &parents(NOW, 5), at(121)).is_some());
    }

    #[tokio::test]
    async fn a_hub_whose_last_ball_goes_far_back_is_suspect_once() {
        let ([hub, other], parentage) = (two_hubs(), Parentage::new(Duration::from_secs(120)));
        let told = |hub, mci| parentage.judge(hub, &parents(NOW, mci), at(0)).is_some();
        assert!(!told(hub, 1000));
        assert!(!told(hub, 1000 - RETREAT_MAX), "other parents may have an earlier last ball");
        assert!(told(hub, 1000 - RETREAT_MAX - 1));
        assert!(!told(hub, 1000 - RETREAT_MAX), "it goes on from there");
        assert!(!told(other, 1), "what one hub says is held against no other");
    }

    #[tokio::test]
    async fn a_hub_that_proves_nothing_for_long_is_suspect() {
        let [hub, other] = two_hubs();
        let (one, two) = (Some(SlotNo::new(1)), Some(SlotNo::new(2)));
        let mut progress = Progress::default();
        assert_eq!(progress.note(one, hub, at(0)), None);
        assert_eq!(progress.note(one, hub, at(599)), None);
        assert!(progress.note(one, hub, at(600)).is_some());
        assert_eq!(progress.note(one, hub, at(601)), None, "it gets as long again");
        assert_eq!(progress.note(one, other, at(602)), None, "and so does the next one");
        assert_eq!(progress.note(two, other, at(1201)), None, "a slot was settled");
        assert_eq!(progress.note(None, other, at(1800)), None);
        assert_eq!(progress.note(two, other, at(1801)), None, "nothing was open in between");
    }
}
