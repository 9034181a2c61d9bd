//! Small questions. All answers are the hub's opinion.

use obyte::{Address, UnitHash, definition};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{NO_PARAMS, refusal};
use crate::{ExchangeRates, Hub, HubError, SystemVars};

const DEFINITION: &str = "light/get_definition";
const DEFINITION_FOR_ADDRESS: &str = "light/get_definition_for_address";
const ATTESTATION: &str = "light/get_attestation";
const RATES: &str = "hub/get_exchange_rates";

/// The last stable unit that a hub knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct StableUnitProps {
    /// Its hash.
    pub unit: UnitHash,
    /// Its main chain index.
    pub main_chain_index: u64,
    /// Its timestamp, in seconds since 1970.
    pub timestamp: u64,
}

/// The definition that counts for an address now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DefinitionForAddress {
    /// The definition's hash: the address itself unless it was changed.
    pub definition_chash: Address,
    /// The definition, once it was revealed; its hash is checked.
    pub definition: Option<Value>,
    /// False where a change is pending, or only an unstable unit reveals the definition.
    pub is_stable: bool,
}

/// Which attestation is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttestationRequest {
    /// Who attested.
    pub attestor_address: Address,
    /// The field of the profile, at most 50 characters.
    pub field: String,
    /// Its value, at most 100 characters.
    pub value: String,
}

impl Hub {
    /// The hub's order providers: never adopt them blindly.
    ///
    /// # Errors
    /// As every request.
    pub async fn witnesses(&self) -> Result<Vec<Address>, HubError> {
        self.ask_for("get_witnesses", NO_PARAMS).await
    }

    /// The highest main chain index, stable or not.
    ///
    /// # Errors
    /// As every request.
    pub async fn last_mci(&self) -> Result<u64, HubError> {
        self.ask_for("get_last_mci", NO_PARAMS).await
    }

    /// The last stable unit.
    ///
    /// # Errors
    /// As every request.
    pub async fn last_stable_unit_props(&self) -> Result<StableUnitProps, HubError> {
        self.ask_for("get_last_stable_unit_props", NO_PARAMS).await
    }

    /// What the network voted for.
    ///
    /// # Errors
    /// As every request.
    pub async fn system_vars(&self) -> Result<SystemVars, HubError> {
        self.ask_for("get_system_vars", NO_PARAMS).await
    }

    /// The definition behind an address or a definition's hash, autonomous agents included; nothing where
    /// it was not revealed. Its hash is checked.
    ///
    /// # Errors
    /// [`HubError::UnexpectedAnswer`] also where the hub sends another definition.
    pub async fn definition(&self, address: Address) -> Result<Option<Value>, HubError> {
        let definition: Option<Value> = self.ask_for(DEFINITION, Some(&address)).await?;
        if let Some(definition) = &definition {
            check_definition(DEFINITION, definition, address)?;
        }
        Ok(definition)
    }

    /// The definition that counts for an address now.
    ///
    /// # Errors
    /// [`HubError::UnexpectedAnswer`] also where the definition has another hash than the hub says.
    pub async fn definition_for_address(&self, address: Address) -> Result<DefinitionForAddress, HubError> {
        #[derive(Serialize)]
        struct Params {
            address: Address,
        }
        let answer: DefinitionForAddress =
            self.ask_for(DEFINITION_FOR_ADDRESS, Some(&Params { address })).await?;
        if let Some(definition) = &answer.definition {
            check_definition(DEFINITION_FOR_ADDRESS, definition, answer.definition_chash)?;
        }
        Ok(answer)
    }

    /// The newest unit of an attestation, if there is one.
    ///
    /// # Errors
    /// As every request.
    pub async fn attestation(&self, request: &AttestationRequest) -> Result<Option<UnitHash>, HubError> {
        if request.field.chars().count() > 50 || request.value.chars().count() > 100 {
            return Err(HubError::BadRequest("a field has at most 50 characters, a value at most 100"));
        }
        let unit: String = self.ask_for(ATTESTATION, Some(request)).await?;
        if unit.is_empty() {
            return Ok(None);
        }
        unit.parse().map(Some).map_err(|_| HubError::UnexpectedAnswer { command: ATTESTATION })
    }

    /// The hub's exchange rates (10); empty before its first update.
    ///
    /// # Errors
    /// As every request.
    pub async fn exchange_rates(&self) -> Result<ExchangeRates, HubError> {
        let answer = self.ask(RATES, NO_PARAMS, self.config().request_timeout).await?;
        let json = answer.as_deref().map_or("null", RawValue::get);
        if let Some(refusal) = refusal(RATES, json) {
            return Err(refusal);
        }
        ExchangeRates::parse(json).ok_or(HubError::UnexpectedAnswer { command: RATES })
    }

    /// Asks for a sign of life.
    ///
    /// # Errors
    /// As every request.
    pub async fn heartbeat(&self) -> Result<(), HubError> {
        self.ask("heartbeat", NO_PARAMS, self.config().request_timeout).await.map(drop)
    }

    /// Watches an address, as long as this connection stands. A refusal comes as a notice.
    ///
    /// # Errors
    /// [`HubError::NotConnected`]; [`HubError::TimedOut`] where the hub reads nothing.
    pub async fn watch_address(&self, address: Address) -> Result<(), HubError> {
        self.say("light/new_address_to_watch", Some(&address)).await
    }

    /// Asks to be told of every change of the system variables, as long as this connection stands.
    ///
    /// # Errors
    /// [`HubError::NotConnected`]; [`HubError::TimedOut`] where the hub reads nothing.
    pub async fn watch_system_vars(&self) -> Result<(), HubError> {
        self.say("watch_system_vars", NO_PARAMS).await
    }
}

fn check_definition(command: &'static str, value: &Value, chash: Address) -> Result<(), HubError> {
    let is_right = value.is_array() && definition::chash(value).is_ok_and(|found| found == chash);
    if is_right { Ok(()) } else { Err(HubError::UnexpectedAnswer { command }) }
}
