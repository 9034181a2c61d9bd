//! Claiming a textcoin as the wallet of a customer does (9.2).
//!
//! It needs the words and a hub, nothing of a server. The hub is asked for its order providers, as a light wallet
//! without a list does: it could hide a textcoin, or say that it was claimed, and no more.

use std::time::{Duration, SystemTime};

use obyte::compose::{self, Coin, ComposeError, Parents, ParentsError, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::history::{
    Asked, HistoryError, OrderProviders, OrderProvidersError, ProvenUnit, State, Trust, verify,
};
use obyte::{Address, Bytes, CoinId, Network, Textcoin, UnitHash};
use obyte_hub::{HistoryRequest, Hub, HubError, ParentsRequest};

/// What a claim has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The unit that claims it.
    pub unit: UnitHash,
    /// How many bytes arrive.
    pub amount: Bytes,
    /// What the hub said; other words than `accepted` leave open whether it has the unit.
    pub answer: String,
}

/// Why a textcoin is not claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Nothing was ever there.
    #[error(
        "nothing was ever paid to the address of these words: are they complete and in order, and is this the right network?"
    )]
    NeverFunded,
    /// Somebody was faster, and it is proven.
    #[error("unit {0} has claimed it already")]
    Already(UnitHash),
    /// Somebody was faster, and it is not proven.
    #[error("unit {0} claims it, but is not confirmed yet; look again in some minutes")]
    Unconfirmed(UnitHash),
    /// What is there does not cover the fees.
    #[error(
        "it holds too little for the fees of claiming it: {0} bytes are missing; try again when the network is quiet"
    )]
    TooLittle(Bytes),
    /// It cannot be composed.
    #[error("no unit can be made: {0}")]
    Compose(String),
    /// The hub does not answer as it should.
    #[error("the hub does not answer: {0}")]
    Hub(#[from] HubError),
    /// What it names as order providers is no list.
    #[error("the hub names no usable order providers: {0}")]
    Providers(#[from] OrderProvidersError),
    /// It proves nothing.
    #[error("the hub's answer is not believed: {0}; use another hub")]
    Unproven(#[from] HistoryError),
    /// It gives no parents.
    #[error(transparent)]
    Parents(#[from] ParentsError),
    /// It does not take the unit.
    #[error("the hub refused the unit: {0}")]
    Refused(String),
}

/// Sends all that a textcoin holds to an address.
///
/// # Errors
/// [`ClaimError`], which says what to do.
pub async fn claim(
    hub: &Hub,
    network: Network,
    genesis: Option<UnitHash>,
    textcoin: &Textcoin,
    to: Address,
) -> Result<Claimed, ClaimError> {
    let found = history(hub, network, genesis, textcoin.address()).await?;
    let coins = coins(&found, textcoin.address())?;
    let request = ParentsRequest {
        witnesses: None,
        from_addresses: vec![textcoin.address()],
        output_addresses: vec![to],
        max_aa_responses: None,
    };
    let parents = Parents::from(hub.parents(&request).await?);
    let is_known =
        |unit: &ProvenUnit| unit.state == State::FinalGood && unit.unit.is_authored_by(&textcoin.address());
    let unsigned = compose::compose(&Payment {
        network,
        parents: &parents,
        threshold: ThresholdSize::DEFAULT,
        payers: &[Payer::new(textcoin.key().public_key(), !found.iter().any(is_known))],
        mandatory: &coins,
        candidates: &[],
        outputs: &[],
        spend: Spend::All { to },
        notes: &[],
    });
    let unsigned = unsigned.map_err(|error| match error {
        ComposeError::NotEnough { missing, .. } => ClaimError::TooLittle(missing),
        other => ClaimError::Compose(other.to_string()),
    })?;
    let signed = unsigned.sign(&[textcoin.key().secret_key().clone()]);
    let signed = signed.map_err(|error| ClaimError::Compose(error.to_string()))?;
    let reply = hub.post_joint(&signed.json).await?;
    if !reply.answer.may_be_at_hub() {
        return Err(ClaimError::Refused(reply.text.to_string()));
    }
    let (amount, answer) = (unsigned.layout.change.output.amount, reply.text.to_string());
    Ok(Claimed { unit: signed.hash, amount, answer })
}

async fn history(
    hub: &Hub,
    network: Network,
    genesis: Option<UnitHash>,
    address: Address,
) -> Result<Vec<ProvenUnit>, ClaimError> {
    let order_providers = OrderProviders::new(hub.witnesses().await?)?;
    let request = HistoryRequest {
        witnesses: order_providers.addresses().to_vec(),
        addresses: vec![address],
        ..HistoryRequest::default()
    };
    let response = hub.history(&request).await?;
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs();
    let trust = Trust { network, order_providers: &order_providers, genesis, now: Some(now) };
    let verified = verify(&response, &Asked { addresses: &[address], joints: &[] }, &trust)?;
    Ok(verified.units)
}

/// The coins at an address that nobody has spent.
fn coins(found: &[ProvenUnit], address: Address) -> Result<Vec<Coin>, ClaimError> {
    let good = || found.iter().filter(|unit| unit.state != State::FinalBad);
    let spender = |coin: &CoinId| good().find(|unit| unit.unit.spent_coins().any(|spent| spent == *coin));
    let paid: Vec<Coin> = good()
        .flat_map(|unit| unit.unit.outputs())
        .filter(|(_, output)| output.address == address)
        .map(|(id, output)| Coin { id, amount: output.amount, address })
        .collect();
    let free: Vec<Coin> = paid.iter().copied().filter(|coin| spender(&coin.id).is_none()).collect();
    if !free.is_empty() {
        return Ok(free.into_iter().take(compose::MAX_INPUTS).collect());
    }
    match paid.iter().find_map(|coin| spender(&coin.id)) {
        Some(unit) if unit.state == State::FinalGood => Err(ClaimError::Already(unit.unit.hash())),
        Some(unit) => Err(ClaimError::Unconfirmed(unit.unit.hash())),
        None => Err(ClaimError::NeverFunded),
    }
}
