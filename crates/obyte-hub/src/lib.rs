//! The WebSocket client of an Obyte hub (6).
//!
//! [`Hub::start`] spawns one task that keeps one hub connected: it connects, checks the hub's network,
//! answers what the hub asks, and reconnects with a growing, jittered pause. A [`Hub`] is a cheap handle
//! with typed requests; [`HubEvents`] is what the hub says on its own. [`Hubs`] are several of one network.
//!
//! ```no_run
//! # async fn example() -> Result<(), obyte_hub::HubError> {
//! use std::time::Duration;
//! use obyte_hub::{Hub, HubConfig};
//!
//! let (hub, mut events) = Hub::start(HubConfig::new("ws://localhost:6611", obyte::Network::Devnet)?);
//! hub.wait_connected(Duration::from_secs(10)).await?;
//! let order_providers = hub.witnesses().await?;
//! let next = events.recv().await;
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//! * Nothing that a hub says is proven here. Histories are verified by `obyte::history`.
//! * A request ends: with its answer, or by [`HubError::TimedOut`], or when the connection ends.
//!   [`HubError::nothing_was_sent`] tells the ends after which the hub cannot have seen it.
//! * Everything is bounded: messages and the memory that they take once they are read, pending requests,
//!   events that wait, texts in errors.
//! * When events are taken slowly the socket goes on. `HaveUpdates`, `SystemVars` and `ExchangeRates` are
//!   merged with one that waits, `SequenceBecameBad` collects its units, joints and notices are dropped
//!   and counted in [`HubEvent::Missed`], after which a history is due. See [`HubEvents`].
//! * A hub of another network, one that wants a newer client, or one that refuses us is asked again only
//!   after [`Backoff::refused`].

mod config;
mod connect;
mod error;
mod event;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod hub;
mod line;
mod mailbox;
mod requests;
mod session;
mod several;
mod tag;
mod task;
mod text;
mod vars;
mod weight;

pub use config::{Backoff, HubConfig};
pub use error::HubError;
pub use event::HubEvent;
pub use hub::{ConnectionState, Hub};
pub use mailbox::HubEvents;
pub use requests::coins::{AddressBalance, AssetBalance, CoinsRequest, PickedCoins};
pub use requests::history::HistoryRequest;
pub use requests::parents::{ParentsAnswer, ParentsRequest};
pub use requests::post::PostReply;
pub use requests::queries::{AttestationRequest, DefinitionForAddress, StableUnitProps};
pub use several::{
    HubId, HubName, HubStats, Hubs, HubsConfig, HubsEvent, HubsEvents, HubsState, Misbehaviour, Patience,
    Question, SwitchReason,
};
pub use text::HubText;
pub use vars::{ExchangeRates, SystemVars, Voted};
