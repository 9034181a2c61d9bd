//! Where a new unit is to stand: parents, last ball, fee.

use obyte::{Address, BallHash, Bytes, UnitHash};
use serde::{Deserialize, Serialize};
use serde_json::Number;

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
        let answer: Answer = self.ask_for(COMMAND, Some(request)).await?;
        answer.checked().ok_or(HubError::UnexpectedAnswer { command: COMMAND })
    }
}

impl Answer {
    fn checked(self) -> Option<ParentsAnswer> {
        (1..=MAX_PARENTS).contains(&self.parent_units.len()).then_some(())?;
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
