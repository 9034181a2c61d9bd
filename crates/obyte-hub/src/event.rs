//! What a hub says on its own (6.3).

use obyte::UnitHash;
use serde_json::value::RawValue;

use crate::{ExchangeRates, HubError, HubText, SystemVars};

/// Something that happened at the hub or to the connection. Nothing in it is proven.
#[derive(Clone, Debug)]
pub enum HubEvent {
    /// The connection stands. All watches of an earlier one are gone: watch again, and ask for a history.
    Connected,
    /// The connection ended; the client reconnects by itself.
    Disconnected {
        /// Why.
        why: HubError,
    },
    /// A new unit that touches a watched address: the text of `{"unit":…}`.
    Joint(Box<RawValue>),
    /// Something watched became stable: ask for a history.
    HaveUpdates,
    /// The hub calls these units bad for now.
    SequenceBecameBad(Vec<UnitHash>),
    /// What the order providers and holders voted for.
    SystemVars(Box<SystemVars>),
    /// Exchange rates (10); stamp them on receipt.
    ExchangeRates(ExchangeRates),
    /// Anything else, for the log.
    Notice {
        /// What about.
        subject: HubText,
        /// The beginning of what was said, as JSON; empty where nothing was.
        body: HubText,
    },
    /// Events were dropped because nobody took them in time: ask for a history.
    Missed {
        /// Joints.
        joints: u64,
        /// Units that became bad.
        bad_units: u64,
        /// Notices.
        notices: u64,
    },
}
