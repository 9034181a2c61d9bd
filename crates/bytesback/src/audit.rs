//! Comparing the journal of an endpoint with its network.
//!
//! The journal says which units of the wallet are good for ever, whom they pay and what they cost, and which coins
//! came from outside. A hub is asked for exactly those units, by name and in batches (6.4), and what it tells is
//! proven (7). Then it is asked for whatever else touches the addresses of the wallet since the last audit: a unit
//! that the wallet has signed and the journal does not hold is a fault. That such a unit is not hidden nobody can
//! prove; but it cannot have spent a coin that a good unit of the journal spends.
//!
//! No key is needed: the journal knows the addresses. An audit without a fault is remembered, and the next one
//! begins where it ended.

mod compare;
mod place;
mod question;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use obyte::UnitHash;
use obyte::history::State;
use store::{AuditMark, AuditTask, Bookkeeping, Endpoint, StoreError};

pub use self::compare::NetworkFault;
use self::compare::{check_coin, check_ended, check_unit, check_unknown};
pub use self::place::{DevPlace, Place, PlaceError, SleepingDevnet};
pub use self::question::Unanswered;
use self::question::{KNOWN_MAX, Questions};
use crate::clock::Clock;

/// How many units are asked for at once.
const UNITS_MAX: usize = 500;

/// What an audit of the network has found.
#[derive(Clone, Debug, Default)]
pub struct NetworkAudit {
    /// How many units of the wallet were compared.
    pub units: usize,
    /// How many coins from outside.
    pub coins: usize,
    /// How many textcoins that ended.
    pub ended: usize,
    /// How many textcoins that are given and have not ended.
    pub textcoins: usize,
    /// Up to where the audit before had come.
    pub since: AuditMark,
    /// What is wrong.
    pub faults: Vec<NetworkFault>,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no audit of the network.
#[derive(Debug, thiserror::Error)]
pub enum NoAudit {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// Compares the journal of an endpoint with the network at `place`, from the last audit on or `from_the_start`.
/// Where nothing is wrong, this is remembered.
///
/// # Errors
/// [`NoAudit`] where the question cannot be answered; that says nothing about the journal.
pub async fn audit(
    store: &dyn Bookkeeping,
    endpoint: Endpoint,
    place: &Place,
    clock: &dyn Clock,
    from_the_start: bool,
) -> Result<NetworkAudit, NoAudit> {
    let begun = Instant::now();
    let since = if from_the_start { AuditMark::default() } else { store.audit_mark(endpoint).await? };
    let task = store.audit_task(endpoint, since).await?;
    let questions = Questions::begin(place, clock).await?;
    // Before anything is asked: what gets stable meanwhile is looked at by the next audit.
    let main_chain_index = questions.stable_index().await?;
    let mut audit = NetworkAudit {
        units: task.units.len(),
        coins: task.coins.len(),
        ended: task.ended.len(),
        textcoins: task.textcoins.len(),
        since,
        ..Default::default()
    };
    compare_known(&questions, &task, &mut audit).await?;
    let spent = questions.count_spent(&task.textcoins).await?;
    if spent > 0 {
        audit.notes.push(format!(
            "{spent} of {} textcoins that are open in the book are claimed or taken back on the network, and not in \
             the book yet",
            task.textcoins.len()
        ));
    }
    look_for_more(store, endpoint, &questions, &task, since, &mut audit).await?;
    if !task.foreign.is_empty() {
        audit.notes.push(format!(
            "{} units of the wallet were signed with other data, and taken in when it was restored",
            task.foreign.len()
        ));
    }
    if audit.faults.is_empty() {
        let mark = AuditMark { main_chain_index, at: clock.now(), ..task.next };
        store.keep_audit_mark(endpoint, mark).await?;
    }
    audit.took = begun.elapsed();
    Ok(audit)
}

/// All that the journal claims, held against what is proven.
async fn compare_known(
    questions: &Questions<'_>,
    task: &AuditTask,
    audit: &mut NetworkAudit,
) -> Result<(), NoAudit> {
    for units in task.units.chunks(UNITS_MAX) {
        let found = questions.units(units.iter().map(|unit| unit.unit)).await?;
        for unit in units {
            check_unit(unit, found.get(&unit.unit), &task.addresses, &mut audit.faults);
        }
    }
    for coins in task.coins.chunks(UNITS_MAX) {
        let found = questions.units(coins.iter().map(|coin| coin.id.unit)).await?;
        for coin in coins {
            let found = found.get(&coin.id.unit);
            let may_be_own = task.foreign.contains(&coin.id.unit);
            check_coin(coin, found, &task.addresses, may_be_own, &mut audit.faults);
        }
    }
    for ended in task.ended.chunks(UNITS_MAX) {
        let found = questions.units(ended.iter().map(|ended| ended.unit)).await?;
        for ended in ended {
            check_ended(ended, found.get(&ended.unit), &mut audit.faults);
        }
    }
    Ok(())
}

/// What else touches the wallet's addresses.
async fn look_for_more(
    store: &dyn Bookkeeping,
    endpoint: Endpoint,
    questions: &Questions<'_>,
    task: &AuditTask,
    since: AuditMark,
    audit: &mut NetworkAudit,
) -> Result<(), NoAudit> {
    let mut seen = BTreeSet::new();
    for address in &task.addresses {
        let known = touching(task, address);
        let Some(found) = questions.address(*address, known, since.main_chain_index).await? else {
            audit.notes.push(format!(
                "more touches address {address} than a hub tells at once; only what the journal knows was \
                 compared there"
            ));
            continue;
        };
        let known = store.journaled(endpoint, found.keys().copied().collect()).await?;
        for (hash, unit) in found {
            if known.contains(&hash) || task.foreign.contains(&hash) || !seen.insert(hash) {
                continue;
            }
            check_unknown(&unit, &task.addresses, audit);
        }
    }
    Ok(())
}

/// The units of the task that touch an address, the newest ones, as many as a question may name.
fn touching(task: &AuditTask, address: &obyte::Address) -> Vec<UnitHash> {
    let touches = |unit: &&store::SettledUnit| {
        unit.change.address == *address || unit.inputs.iter().any(|coin| coin.address == *address)
    };
    let units = task.units.iter().rev().filter(touches).map(|unit| unit.unit);
    let coins = task.coins.iter().rev().filter(|coin| coin.address == *address).map(|coin| coin.id.unit);
    let known: BTreeSet<_> = units.chain(coins).take(KNOWN_MAX).collect();
    known.into_iter().collect()
}

/// How certain it is that a unit stands.
const fn standing(state: State) -> &'static str {
    match state {
        State::FinalGood => "proven good",
        State::FinalBad => "proven bad",
        State::Unstable => "not proven yet",
    }
}
