//! What outlives the engine: the network, the journal, and the auditor over both.

use obyte::{Address, UnitHash};
use payout::{Change, PayoutId, SeenUnit, Standing, VersionId};

use super::audit::Auditor;
use super::chain::Chain;
use super::journal::Journal;

#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) journal: Journal,
    pub(crate) chain: Chain,
    auditor: Auditor,
}

impl Books {
    pub(crate) fn new(payer: Address) -> Self {
        Self { journal: Journal::default(), chain: Chain::new(payer), auditor: Auditor::default() }
    }

    pub(crate) fn commit(&mut self, changes: &[Change]) {
        assert!(!changes.is_empty(), "nothing is committed for nothing");
        for change in changes {
            let change = std::slice::from_ref(change);
            self.auditor.check(change, &self.journal, &self.chain);
            self.journal.apply(change);
        }
    }

    /// A unit leaves the process.
    pub(crate) fn check_post(&self, version: VersionId, json: &str) {
        let journaled = self.journal.version(version).expect("a unit is journaled before it is posted");
        assert_eq!(&*journaled.json, json, "the bytes that are journaled are posted");
    }

    pub(crate) fn check_told(&self, payouts: &[PayoutId], unit: &UnitHash) {
        self.auditor.check_told(payouts, unit);
    }

    pub(crate) fn check_rest(&self) {
        self.auditor.check_rest(&self.journal, &self.chain);
    }

    /// The engine is told that the hub accepted a unit.
    pub(crate) fn vouch_for_post(&mut self, version: VersionId) {
        let journaled = self.journal.version(version).expect("a unit is journaled before it is posted");
        self.auditor.vouched.insert(journaled.unit);
    }

    /// The engine is told a history.
    pub(crate) fn vouch_for_history(&mut self, units: &[SeenUnit]) {
        let good = units.iter().filter(|seen| seen.standing != Standing::FinalBad);
        self.auditor.vouched.extend(good.map(|seen| seen.unit));
    }
}
