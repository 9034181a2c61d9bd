//! What units cost, asked from the hub once they are stable.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use obyte::unit::Joint;
use obyte::{Bytes, Network, UnitHash};
use obyte_hub::{Hub, HubConfig, HubError};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// How long the hub may take to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a unit may take to become stable.
const STABLE: Duration = Duration::from_secs(20);
/// Between two askings for a unit that is not stable.
const PAUSE: Duration = Duration::from_millis(250);
/// Units that are asked for at a time.
const AT_A_TIME: usize = 8;

/// What some units cost together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// How many units became stable and told their fees.
    pub units: u64,
    /// How many others there are.
    pub units_unknown: u64,
    /// How many payouts the known units carry.
    pub payouts: u64,
    /// Headers and payload commissions and oversize fees.
    pub size_fees: Bytes,
    /// TPS fees that were charged in the end.
    pub charged: u64,
    /// TPS fees that the units paid in advance; what was not charged stays the payer's.
    pub prepaid: Bytes,
}

impl Costs {
    /// Counts a unit; one that is not stable is unknown.
    fn count(&mut self, joint: &Joint, payouts: u64) {
        let Some(charged) = joint.hints.actual_tps_fee else {
            self.units_unknown += 1;
            return;
        };
        let unit = &joint.unit;
        self.units += 1;
        self.payouts += payouts;
        let size_fees = [unit.headers_commission(), unit.payload_commission(), unit.oversize_fee()];
        self.size_fees = size_fees.into_iter().chain([self.size_fees]).sum();
        self.charged += charged;
        self.prepaid = unit.tps_fee().into_iter().chain([self.prepaid]).sum();
    }

    /// Size fees and charged TPS fees per payout, in bytes.
    pub fn per_payout(&self) -> Option<f64> {
        self.each(self.size_fees.get() + self.charged)
    }

    /// TPS fees paid in advance per payout, in bytes.
    pub fn prepaid_per_payout(&self) -> Option<f64> {
        self.each(self.prepaid.get())
    }

    /// A figure to look at, not an amount to pay.
    fn each(&self, sum: u64) -> Option<f64> {
        (self.payouts > 0).then(|| sum as f64 / self.payouts as f64)
    }
}

/// Asks one hub.
#[derive(Debug)]
pub struct FeeReader(Hub);

impl FeeReader {
    /// Connects to a devnet hub.
    ///
    /// # Errors
    /// Where the address is none, or nobody answers there.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let (hub, events) = Hub::start(HubConfig::new(url, Network::Devnet)?);
        drop(events);
        hub.wait_connected(CONNECT).await.context("the hub that tells fees cannot be reached")?;
        Ok(Self(hub))
    }

    /// What the units cost, each with the number of its payouts. Waits for the last to become stable.
    ///
    /// # Errors
    /// Where the hub fails.
    pub async fn read(&self, units: &HashMap<UnitHash, u64>) -> anyhow::Result<Costs> {
        let deadline = Instant::now() + STABLE;
        let mut units = units.iter().map(|(unit, payouts)| (*unit, *payouts));
        let (mut costs, mut asked) = (Costs::default(), JoinSet::new());
        loop {
            while asked.len() < AT_A_TIME
                && let Some((unit, payouts)) = units.next()
            {
                let hub = self.0.clone();
                asked.spawn(async move { (stable(&hub, unit, deadline).await, payouts) });
            }
            let Some(answer) = asked.join_next().await else { return Ok(costs) };
            match answer? {
                (Ok(Some(joint)), payouts) => costs.count(&joint, payouts),
                (Ok(None), _) => costs.units_unknown += 1,
                (Err(error), _) => return Err(error).context("the hub does not tell what a unit cost"),
            }
        }
    }
}

/// The unit, stable unless the deadline came first.
async fn stable(hub: &Hub, unit: UnitHash, deadline: Instant) -> Result<Option<Joint>, HubError> {
    loop {
        let joint = hub.get_joint(unit).await?;
        let is_stable = joint.as_ref().is_some_and(|joint| joint.hints.actual_tps_fee.is_some());
        if is_stable || Instant::now() >= deadline {
            return Ok(joint);
        }
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use obyte::unit::HubHints;

    use super::*;

    fn joint(actual_tps_fee: Option<u64>) -> Joint {
        let vectors = include_str!("../../crates/obyte/tests/vectors/units.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).expect("JSON");
        let joints = vectors["items"].as_array().expect("a list").iter();
        let mut joints = joints.map(|item| Joint::from_json(item["joint"].clone()).expect("a joint"));
        let joint = joints.find(|joint| joint.unit.tps_fee().is_some_and(|fee| !fee.is_zero()));
        let hints = HubHints { main_chain_index: Some(1), actual_tps_fee };
        Joint { hints, ..joint.expect("a unit with a TPS fee") }
    }

    #[test]
    fn fees_are_spread_over_payouts_and_prepaid_ones_kept_apart() {
        let (mut costs, joint) = (Costs::default(), joint(Some(7)));
        costs.count(&joint, 3);
        costs.count(&joint, 1);
        let unit = &joint.unit;
        let size =
            unit.headers_commission().get() + unit.payload_commission().get() + unit.oversize_fee().get();
        assert_eq!((costs.units, costs.payouts, costs.charged), (2, 4, 14));
        assert_eq!(costs.per_payout(), Some((2 * size + 14) as f64 / 4.0));
        let prepaid = unit.tps_fee().expect("chosen so").get();
        assert_eq!(costs.prepaid_per_payout(), Some(prepaid as f64 / 2.0));
    }

    #[test]
    fn units_that_are_not_stable_are_left_out_and_said_to_be() {
        let mut costs = Costs::default();
        costs.count(&joint(None), 5);
        assert_eq!(costs, Costs { units_unknown: 1, ..Costs::default() });
        assert_eq!(costs.per_payout(), None);
    }
}
