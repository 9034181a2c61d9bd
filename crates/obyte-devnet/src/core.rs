//! What the parts of a running hub share: the state behind its lock, who watches what, the ways to the
//! other hubs, and the syncing of the journal.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use obyte::compose::{self, Coin, Payer, Payment, Spend};
use obyte::keys::PaymentKey;
use obyte::validate::context::DagView as _;
use obyte::{Address, Bytes, Network, Output, Unit, UnitHash};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use crate::config::{DevnetConfig, Fees};
use crate::dag::Id;
use crate::genesis::Keys;
use crate::hub::Devices;
use crate::mischief::Mischief;
use crate::relay::{Relay, Waiting};
use crate::state::{Accepted, Bearer, Candidate, Envelope, Picked, PostError, State, THRESHOLD, law};
use crate::watch::{ConnectionId, Watchers};

/// The shared core.
#[derive(Debug)]
pub(crate) struct Core {
    state: Mutex<State>,
    pub(crate) watchers: Watchers,
    pub(crate) devices: Devices,
    pub(crate) keys: Arc<Keys>,
    pub(crate) fees: Fees,
    pub(crate) exchange_rates: BTreeMap<String, f64>,
    pub(crate) freshness: Duration,
    /// Wakes the order provider.
    pub(crate) activity: Notify,
    /// Whether the order provider was told to post nothing.
    pub(crate) is_resting: watch::Sender<bool>,
    /// Wakes who syncs the journal.
    written: Notify,
    /// Up to where the journal is on disk; none once that is not known any more.
    synced: watch::Sender<Option<u64>>,
    /// One history at a time: they may be large, and payments must go on.
    pub(crate) histories: tokio::sync::Semaphore,
    /// The ways to the other hubs.
    relays: OnceLock<Vec<Arc<Relay>>>,
    /// The hub of the order provider, where that is another one.
    lead: OnceLock<Weak<Core>>,
    /// Units from other hubs whose parents are not here yet.
    waiting: Waiting,
    pub(crate) mischief: Mischief,
}

impl Core {
    pub(crate) fn new(state: State, keys: Arc<Keys>, config: &DevnetConfig, mischief: Mischief) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            watchers: Watchers::default(),
            devices: Devices::default(),
            keys,
            fees: config.fees,
            exchange_rates: config.exchange_rates.clone(),
            freshness: config.freshness,
            activity: Notify::new(),
            is_resting: watch::Sender::new(false),
            written: Notify::new(),
            synced: watch::Sender::new(Some(0)),
            histories: tokio::sync::Semaphore::new(1),
            relays: OnceLock::new(),
            lead: OnceLock::new(),
            waiting: Waiting::default(),
            mischief,
        })
    }

    /// Ties the hub to the others, once.
    pub(crate) fn connect(&self, relays: Vec<Arc<Relay>>, lead: Option<&Arc<Self>>) {
        // Hubs are tied together only where they are made.
        let _ = self.relays.set(relays);
        if let Some(lead) = lead {
            let _ = self.lead.set(Arc::downgrade(lead));
        }
    }

    /// The state. It is never held across a wait.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic leaves nothing half done that matters: what is kept is in the journal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The voted variables, as `get_system_vars` answers them.
    pub(crate) fn system_vars(&self) -> Value {
        let law = law(self.fees);
        let voted = |value: Value| json!([{"vote_count_mci": -1, "value": value, "is_emergency": 0}]);
        json!({
            "op_list": voted(json!([self.keys.order_provider.address()])),
            "threshold_size": voted(json!(THRESHOLD.get())),
            "base_tps_fee": voted(whole(law.base_fee)),
            "tps_interval": voted(whole(law.interval)),
            "tps_fee_multiplier": voted(whole(law.multiplier)),
        })
    }

    /// Judges and keeps a posted unit. It is durable after [`Core::durable`].
    pub(crate) fn post(&self, params: Value) -> Result<(Unit, Accepted), PostError> {
        let envelope = Envelope::read(params)?;
        let rules = {
            let state = self.state();
            state.check_new(&envelope)?;
            state.rules()
        };
        let candidate = match envelope.judge(&rules) {
            Ok(candidate) => candidate,
            Err((envelope, invalid)) => return Err(self.state().refuse(&envelope, invalid)),
        };
        let accepted = self.state().post(&candidate, Bearer::Wallet)?;
        self.written.notify_one();
        self.activity.notify_one();
        self.pass_on(&candidate.unit);
        Ok((candidate.unit, accepted))
    }

    /// Gives a unit that came in here to the other hubs.
    fn pass_on(&self, unit: &Unit) {
        let relays = self.relays.get().filter(|relays| !relays.is_empty());
        let Some(relays) = relays else { return };
        let unit = Arc::new(unit.clone());
        for relay in relays {
            relay.pass(Arc::clone(&unit));
        }
        self.receive_waiting();
    }

    /// Takes a unit that another hub took, and those that waited for it.
    pub(crate) fn receive(&self, unit: Arc<Unit>) {
        self.receive_one(unit);
        self.receive_waiting();
    }

    fn receive_waiting(&self) {
        while let Some(unit) = self.waiting.take(|unit| self.state().has_parents(unit)) {
            self.receive_one(unit);
        }
    }

    fn receive_one(&self, unit: Arc<Unit>) {
        if !self.state().has_parents(&unit) {
            return self.waiting.add(unit);
        }
        let candidate = Candidate::trusted(Arc::unwrap_or_clone(unit));
        let accepted = self.state().post(&candidate, Bearer::Hub);
        match accepted {
            Ok(accepted) => {
                self.written.notify_one();
                self.activity.notify_one();
                if accepted.is_good && !self.mischief.hides(&accepted.hash) {
                    self.watchers.unit_arrived(&candidate.unit, None);
                }
                self.announce_bad(&accepted.turned_bad);
                self.announce_proven(&accepted.proven);
            }
            Err(error) => tracing::debug!(%error, "a hub does not take a unit of another one"),
        }
    }

    /// Tells who watches that units are in conflict now.
    fn announce_bad(&self, units: &[Id]) {
        if units.is_empty() || self.watchers.is_empty() {
            return;
        }
        let touched: Vec<_> = {
            let state = self.state();
            let touched =
                units.iter().map(|&id| (id, state.dag().node(id).hash(), state.addresses_of(&[id])));
            touched.collect()
        };
        self.watchers.turned_bad(&touched);
    }

    /// Waits until the journal is on disk up to a position.
    pub(crate) async fn durable(&self, end: u64) -> io::Result<()> {
        self.written.notify_one();
        let mut synced = self.synced.subscribe();
        let synced = synced.wait_for(|synced| synced.is_none_or(|up_to| up_to >= end)).await;
        match synced.as_deref() {
            Ok(Some(_)) => Ok(()),
            _ => Err(io::Error::other("the journal of the devnet cannot be synced")),
        }
    }

    /// Syncs the journal whenever something was written: everything that came in meanwhile goes with
    /// the next sync. Ends only with its task, or when syncing fails.
    pub(crate) async fn sync_journal(self: Arc<Self>) {
        loop {
            self.written.notified().await;
            let (reader, end) = {
                let state = self.state();
                (state.reader(), state.journal_end())
            };
            if self.synced.borrow().is_none_or(|up_to| up_to >= end) {
                continue;
            }
            let synced = tokio::task::spawn_blocking(move || reader.sync()).await;
            if let Ok(Err(error)) = &synced {
                tracing::error!(%error, "the journal of the devnet cannot be synced");
            }
            // After a failed sync nobody knows what is on disk: nothing is accepted any more.
            self.synced.send_replace(matches!(synced, Ok(Ok(()))).then_some(end));
        }
    }

    /// Tells who watches about a unit that was accepted, except who posted it.
    pub(crate) fn announce(&self, unit: &Unit, proven: &[Id], source: Option<ConnectionId>) {
        if !self.mischief.hides(&unit.hash()) {
            self.watchers.unit_arrived(unit, source);
        }
        self.announce_proven(proven);
    }

    /// Tells who watches that a history can now prove more.
    pub(crate) fn announce_proven(&self, proven: &[Id]) {
        if proven.is_empty() || self.watchers.is_empty() {
            return;
        }
        let touched = self.state().addresses_of(proven);
        self.watchers.became_provable(proven, &touched);
    }

    /// Posts a unit of the order provider, if it would cover something that is not proven yet or if
    /// `always`. Tells whether there was one.
    pub(crate) fn post_witness(&self, always: bool) -> Result<bool, PostError> {
        let mut state = self.state();
        let Some((unit, accepted)) = witness(&mut state, &self.keys.order_provider, always)? else {
            return Ok(false);
        };
        drop(state);
        self.written.notify_one();
        self.pass_on(&unit);
        self.announce_proven(&accepted.proven);
        Ok(true)
    }

    /// Lets the order provider post where its newest unit is too old for a proof to be fresh (7.4 iv).
    pub(crate) fn refresh_proofs(&self) {
        if let Some(lead) = self.lead.get() {
            return lead.upgrade().map_or((), |lead| lead.refresh_proofs());
        }
        let is_stale = !*self.is_resting.borrow() && {
            let state = self.state();
            let newest = state.facts.newest_witness().map(|id| state.dag().node(id).timestamp);
            newest.is_none_or(|newest| state.now().saturating_sub(newest) > self.freshness.as_secs())
        };
        if is_stale && let Err(error) = self.post_witness(true) {
            tracing::debug!(%error, "no fresh unit of the order provider");
        }
    }

    /// Pays from the faucet.
    pub(crate) fn pay(&self, to: Address, amount: Bytes) -> Result<(Unit, Accepted), PostError> {
        let mut state = self.state();
        let key = &self.keys.faucet;
        let picked = state.parents_for(&[key.address()]).map_err(PostError::Refused)?;
        let output = Output { address: to, amount };
        let unit = compose_payment(&state, key, &picked, &[output])?;
        let accepted = state.post_own(&unit)?;
        drop(state);
        self.written.notify_one();
        self.activity.notify_one();
        self.pass_on(&unit);
        Ok((unit, accepted))
    }

    /// The genesis unit.
    pub(crate) fn genesis(&self) -> UnitHash {
        self.state().genesis().expect("a running network has a genesis unit")
    }
}

/// Numbers of the law are small and whole.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(value: f64) -> Value {
    json!(value as u64)
}

/// The most that the order provider prepays for congestion with one unit; beyond that it waits.
const MAX_WITNESS_FEE: Bytes = Bytes::literal(1_000_000_000);

fn witness(state: &mut State, key: &PaymentKey, always: bool) -> Result<Option<(Unit, Accepted)>, PostError> {
    let picked = state.witness_parents_for(&[key.address()]).map_err(PostError::Refused)?;
    let past = state.dag().past(&picked.ids);
    let is_useful = state.facts.unproven().iter().any(|&id| past.contains(id));
    if !(is_useful || always) || picked.parents.tps_fee > MAX_WITNESS_FEE {
        return Ok(None);
    }
    let unit = compose_payment(state, key, &picked, &[])?;
    let accepted = state.post_own(&unit)?;
    Ok(Some((unit, accepted)))
}

/// A payment of somebody who lives in the devnet, with its newest coin and the change back to it.
fn compose_payment(
    state: &State,
    key: &PaymentKey,
    picked: &Picked,
    outputs: &[Output],
) -> Result<Unit, PostError> {
    const FEES: Bytes = Bytes::literal(20_000);
    let address = key.address();
    let amounts = outputs.iter().map(|output| output.amount).chain([FEES, picked.parents.tps_fee]);
    let needed = Bytes::checked_sum(amounts).unwrap_or(Bytes::MAX);
    let coin: Option<Coin> = state.anchor(&address, needed)?;
    let coin = coin.ok_or_else(|| PostError::Refused("there is no coin that is large enough".to_owned()))?;
    let reveals_definition = state.definition(&address, picked.parents.last_ball_mci).is_none();
    let payment = Payment {
        network: Network::Devnet,
        parents: &picked.parents,
        threshold: THRESHOLD,
        payers: &[Payer::new(key.public_key(), reveals_definition)],
        mandatory: &[coin],
        candidates: &[],
        outputs,
        spend: Spend::AsNeeded { change: address, least_change: Bytes::literal(1) },
        notes: &[],
    };
    let unsigned = compose::compose(&payment).map_err(|error| PostError::Refused(error.to_string()))?;
    let signed = unsigned.sign(&[key.secret_key().clone()]);
    signed.map(|signed| signed.unit).map_err(|error| PostError::Refused(error.to_string()))
}
