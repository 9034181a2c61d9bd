//! What hubs say to posted units, as it is kept for operators.

use payout::{Action, Change, Event, VersionId};

/// What came of posting a version.
pub(super) fn heard(event: &Event) -> Option<(VersionId, String)> {
    match event {
        Event::PostAnswered { version, text, .. } => Some((*version, text.clone())),
        Event::PostUnanswered { version } => Some((*version, "no answer came".to_owned())),
        _ => None,
    }
}

/// Whether the answer to this version is among what is to be kept.
pub(super) fn answers(action: &Action, version: VersionId) -> bool {
    let is_answer =
        |change: &Change| matches!(change, Change::Answered { version: of, .. } if *of == version);
    matches!(action, Action::Persist(changes) if changes.iter().any(is_answer))
}
