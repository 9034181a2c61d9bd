//! What the engine wants done, as it comes up.

use crate::{Action, Change};

/// Collects actions; changes that follow each other are persisted together.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) actions: Vec<Action>,
}

impl Outbox {
    pub(super) fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(super) fn persist(&mut self, change: Change) {
        if let Some(Action::Persist(changes)) = self.actions.last_mut() {
            changes.push(change);
        } else {
            self.actions.push(Action::Persist(vec![change]));
        }
    }
}
