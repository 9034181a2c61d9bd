//! What outlives the engine: the network, the journal, and the auditor over both.

use obyte::{Address, UnitHash};
use payout::{Change, FeeLimits, PayoutId, SeenUnit, Standing, VersionId};

use crate::audit::Auditor;
use crate::broken::{Broken, Promise, hold};
use crate::chain::Chain;
use crate::journal::Journal;

/// Network, journal and auditor.
#[derive(Debug)]
pub struct Books {
    /// What the store holds.
    pub journal: Journal,
    /// What is on the network.
    pub chain: Chain,
    pub(crate) auditor: Auditor,
}

impl Books {
    /// Nothing has happened yet.
    pub fn new(payer: Vec<Address>, limits: FeeLimits) -> Self {
        Self { journal: Journal::default(), chain: Chain::new(payer), auditor: Auditor::new(limits) }
    }

    /// The store is lost; there is an older copy of it, or an empty one.
    pub fn lose_journal(&mut self, older: Journal) {
        self.auditor.lose(&self.journal, &older);
        self.journal = older;
    }

    /// The store commits.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn commit(&mut self, changes: &[Change]) -> Result<(), Broken> {
        hold!(Sound, !changes.is_empty(), "nothing is committed for nothing");
        for change in changes {
            self.auditor.check(change, &self.journal, &self.chain)?;
            self.journal.apply(change)?;
        }
        Ok(())
    }

    /// A unit leaves the process.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn check_post(&self, version: VersionId, json: &str) -> Result<(), Broken> {
        let Some(journaled) = self.journal.version(version) else {
            return Err(Broken::new(
                Promise::JournaledFirst,
                format!("{version} is posted and not journaled"),
            ));
        };
        hold!(JournaledFirst, &*journaled.json == json, "{version} is posted otherwise than journaled");
        Ok(())
    }

    /// Who waits for these payouts is told of this unit.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn check_told(&self, payouts: &[PayoutId], unit: &UnitHash) -> Result<(), Broken> {
        self.auditor.check_told(payouts, unit, &self.journal)
    }

    /// Nothing is going on any more.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn check_rest(&self) -> Result<(), Broken> {
        self.auditor.check_rest(&self.journal, &self.chain)
    }

    /// What is ripe becomes stable; tells what did.
    ///
    /// # Errors
    /// The promise that is broken.
    pub fn ripen(&mut self, now: u64) -> Result<Vec<UnitHash>, Broken> {
        let stable = self.chain.ripen(now);
        for unit in &stable {
            self.auditor.check_good(unit, &self.chain)?;
        }
        Ok(stable)
    }

    /// The engine is told that a hub accepted a unit.
    pub fn vouch_for_post(&mut self, version: VersionId) {
        if let Some(journaled) = self.journal.version(version) {
            self.auditor.vouch(journaled.unit);
        }
    }

    /// The engine is told a history.
    pub fn vouch_for_history(&mut self, units: &[SeenUnit]) {
        for seen in units.iter().filter(|seen| seen.standing != Standing::FinalBad) {
            self.auditor.vouch(seen.unit);
        }
    }
}
