//! Where a new unit is to stand: parents, last ball, fee.

use obyte::compose::Parents;
use obyte::{Address, BallHash, Bytes, UnitHash};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::vars::whole_fee;
use crate::{Hub, HubError};

const COMMAND: &str = "light/get_parents_and_last_ball_and_witness_list_unit";
/// The most parents that a unit may have (1.1).
const MAX_PARENTS: usize = 16;

/// For which unit parents are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ParentsRequest {
    /// The order providers; without them the hub takes its own list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<Vec<Address>>,
    /// The payers, 1 to 16, the lowest first: the TPS fee balance of the first one counts.
    pub from_addresses: Vec<Address>,
    /// All payees, change included, 1 to 200.
    pub output_addresses: Vec<Address>,
    /// What the unit will say, 0 to 10, which is 0 if left out; 10 where the unit says nothing but might
    /// pay an autonomous agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_aa_responses: Option<u64>,
}

/// Where a new unit may stand. The hub's opinion; a lie makes the unit bad or slow, not the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentsAnswer {
    /// The hub's clock, in seconds since 1970.
    pub timestamp: u64,
    /// The parents, 1 to 16, as the hub ordered them.
    pub parent_units: Vec<UnitHash>,
    /// The last ball.
    pub last_stable_mc_ball: BallHash,
    /// The unit of the last ball.
    pub last_stable_mc_ball_unit: UnitHash,
    /// The main chain index of the last ball.
    pub last_stable_mc_ball_mci: u64,
    /// The fee that the hub wants, less the payer's balance, rounded up (4.10). Put a ceiling on it.
    pub tps_fee: Bytes,
    /// How many of the payees are autonomous agents.
    pub count_primary_aa_triggers: u64,
}

#[derive(Deserialize)]
struct Answer {
    timestamp: u64,
    parent_units: Vec<UnitHash>,
    last_stable_mc_ball: BallHash,
    last_stable_mc_ball_unit: UnitHash,
    last_stable_mc_ball_mci: u64,
    tps_fee: Number,
    #[serde(default)]
    count_primary_aa_triggers: u64,
}

impl Hub {
    /// Asks where a new unit may stand.
    ///
    /// # Errors
    /// [`HubError::Refused`] with "unable to find parents" is a matter of time.
    pub async fn parents(&self, request: &ParentsRequest) -> Result<ParentsAnswer, HubError> {
        if !(1..=16).contains(&request.from_addresses.len()) {
            return Err(HubError::BadRequest("there are 1 to 16 payers"));
        }
        if !(1..=200).contains(&request.output_addresses.len()) {
            return Err(HubError::BadRequest("there are 1 to 200 payees"));
        }
        let answer = self.ask(COMMAND, Some(request), self.config().request_timeout).await?;
        read(answer.as_deref())
    }
}

/// Reads and checks an answer.
pub(crate) fn read(answer: Option<&RawValue>) -> Result<ParentsAnswer, HubError> {
    let answer: Answer = super::read(COMMAND, answer)?;
    answer.checked().ok_or(HubError::UnexpectedAnswer { command: COMMAND })
}

impl From<ParentsAnswer> for Parents {
    /// For the composer, which wants parents in ascending order.
    fn from(answer: ParentsAnswer) -> Self {
        let mut parent_units = answer.parent_units;
        parent_units.sort_unstable();
        parent_units.dedup();
        Self {
            timestamp: answer.timestamp,
            parent_units,
            last_ball: answer.last_stable_mc_ball,
            last_ball_unit: answer.last_stable_mc_ball_unit,
            last_ball_mci: answer.last_stable_mc_ball_mci,
            tps_fee: answer.tps_fee,
        }
    }
}

impl Answer {
    fn checked(self) -> Option<ParentsAnswer> {
        if !(1..=MAX_PARENTS).contains(&self.parent_units.len()) || self.timestamp == 0 {
            return None;
        }
        Some(ParentsAnswer {
            timestamp: self.timestamp,
            parent_units: self.parent_units,
            last_stable_mc_ball: self.last_stable_mc_ball,
            last_stable_mc_ball_unit: self.last_stable_mc_ball_unit,
            last_stable_mc_ball_mci: self.last_stable_mc_ball_mci,
            tps_fee: whole_fee(&self.tps_fee)?,
            count_primary_aa_triggers: self.count_primary_aa_triggers,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(change: impl FnOnce(&mut Value)) -> Option<ParentsAnswer> {
        let (one, two) = (UnitHash::from_digest(&[1; 32]), UnitHash::from_digest(&[2; 32]));
        let mut answer = json!({
            "timestamp": 1_795_400_602, "parent_units": [two, one, two],
            "last_stable_mc_ball": one, "last_stable_mc_ball_unit": two, "last_stable_mc_ball_mci": 399,
            "tps_fee": 9.25,
        });
        change(&mut answer);
        serde_json::from_value::<Answer>(answer).ok()?.checked()
    }

    #[test]
    fn fees_are_rounded_up_and_parents_sorted_for_the_composer() {
        let parents = Parents::from(checked(|_| ()).expect("good"));
        assert_eq!(parents.tps_fee, Bytes::literal(10));
        let [one, two] = parents.parent_units[..] else { panic!("twice the same counts once") };
        assert!(one < two);
    }

    #[test]
    fn senseless_parents_are_not_taken() {
        let unit = UnitHash::from_digest(&[1; 32]);
        for (field, value) in [
            ("timestamp", json!(0)),
            ("parent_units", json!([])),
            ("parent_units", json!(vec![unit; 17])),
            ("parent_units", json!(["x"])),
            ("last_stable_mc_ball", Value::Null),
            ("last_stable_mc_ball_mci", json!(-1)),
            ("tps_fee", json!(-1)),
            ("tps_fee", json!("1")),
            ("tps_fee", json!(1e300)),
        ] {
            assert_eq!(checked(|answer| answer[field] = value.clone()), None, "{field} {value}");
        }
    }
}
