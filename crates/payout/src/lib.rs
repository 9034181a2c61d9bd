//! The payout engine, pure: from events to what to persist and what to send.
//!
//! One engine pays for one endpoint, from one address. It keeps a *line* of slots; every slot spends the
//! change of the slot before, its *anchor*, and each signed unit for a slot is a *version* of it. Two
//! versions of a slot spend the same anchor, so at most one of them can ever become good: this is what
//! makes paying twice impossible, whatever a hub says and whenever the process dies (8.2 to 8.5).
//!
//! The shell hands the engine [`Event`]s and carries out the [`Action`]s it returns, in their order: what
//! is to be persisted is committed before what is to be sent leaves. Should persisting fail, the engine
//! is thrown away and made again from the store, which is always right.

mod change;
mod engine;
mod event;
mod id;
mod keeper;
mod keyring;
mod pacing;
mod record;
mod settings;
mod stock;
mod textcoin;
mod time;

pub use change::{Change, Origin, Settlement};
pub use engine::{Engine, InHand};
pub use event::{Action, Alarm, AskHistory, AskId, AskParents, Claims, Event, Moves, SeenUnit, Standing};
pub use id::{PayoutId, SlotNo, VersionId, VersionNo};
pub use keeper::{Keeper, KeeperAction, KeeperEvent, LineState, OpenTextcoin, Sweep, SweepChange};
pub use keyring::Keyring;
pub use pacing::{DailyBudget, FeeLimits, Lately, Pacer, Pacing, Waiting};
pub use record::{Fees, FirstUnit, PaidOutput, Payout, RestoreCause, Slot, Snapshot, Version, VersionStatus};
pub use settings::Settings;
pub use stock::{AskStock, Flooded, Stock};
pub use textcoin::{Issue, Payee, Search, TextcoinKeys, TextcoinNo, TextcoinNoError};
pub use time::Timestamp;
