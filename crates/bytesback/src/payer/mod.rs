//! The shell around the payout engine: one payer for each endpoint.
//!
//! A payer owns the engine and the lock on its endpoint. It hands the engine what happens (purchases,
//! the hub's answers, time) and carries out what the engine asks for, in its order: what is to be
//! persisted is committed before what is to be sent leaves. Nothing is decided here.
//!
//! Should the store refuse, the engine is thrown away and made again from what the store holds. Only when the
//! store says that another process has taken the right to pay, this one stops for good.
//!
//! Operators meet the payer in the database: once a second it looks for pauses and for wishes to post
//! again, and it keeps there what an alarm has stopped, and how it stands.

mod claims;
mod errand;
mod heard;
mod history;
mod hub_events;
mod obey;
mod reporter;
mod status;
mod stock;
mod suspicion;
mod waiting;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use obyte::fee::ThresholdSize;
use obyte::history::OrderProviders;
use obyte::{Address, Network, UnitHash};
use obyte_hub::{Hubs, HubsEvents};
use payout::{Keyring, Payout, PayoutId, Settings};
use program::LimitRules;
use store::{Endpoint, PayerLock, Store};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use history::Historian;
pub(crate) use reporter::RENEW_EVERY as REPORT_EVERY;
pub use status::PayerStatus;
pub(crate) use worker::{Fixed, News};

use crate::clock::Clock;

/// What a payer is made of.
pub struct PayerParts {
    /// For which endpoint.
    pub endpoint: Endpoint,
    /// The right to pay for it.
    pub lock: PayerLock,
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The hubs, and what they say on their own.
    pub hubs: (Hubs, HubsEvents),
    /// Whose word proves histories.
    pub order_providers: OrderProviders,
    /// The genesis unit of a devnet; public networks have a known one. It is needed only to prove coins
    /// that the genesis unit itself made.
    pub genesis: Option<UnitHash>,
    /// The keys of the wallet.
    pub keyring: Keyring,
    /// How to pay.
    pub settings: Settings,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The limits that hold for recipients to whom cashback is given anew.
    pub limits: Option<Arc<LimitRules>>,
    /// Told whenever a hub has accepted a unit: there may be mails to send.
    pub accepted: Arc<Notify>,
    /// How long textcoins that a lost database gave are there to be claimed, from when their units were made.
    pub textcoin_expiry: Duration,
}

/// What the cashier tells a payer.
enum Command {
    /// A payout was accepted; who waits for it wants to know its unit.
    Accepted(Payout, oneshot::Sender<UnitHash>),
    /// Somebody asks again for a payout that was accepted before.
    Watch(PayoutId, oneshot::Sender<UnitHash>),
}

/// A running payer.
#[derive(Clone)]
pub struct Payer {
    commands: mpsc::UnboundedSender<Command>,
    status: watch::Receiver<PayerStatus>,
    address: Address,
    network: Network,
}

impl Payer {
    /// Starts paying; ends when `stop` is cancelled.
    pub fn start(parts: PayerParts, tasks: &TaskTracker, stop: CancellationToken) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let (publish, status) = watch::channel(PayerStatus::default());
        let (address, network) = (parts.keyring.fund_address(), parts.settings.network);
        tasks.spawn(worker::run(parts, receiver, publish, stop));
        Self { commands, status, address, network }
    }

    /// The address to which the fund is sent, where the payer's line began.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Whether an address is one of the wallet's.
    pub fn owns(&self, address: &Address) -> bool {
        *address == self.address || self.status.borrow().own.contains(address)
    }

    /// The network it pays on.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// How things stand.
    pub fn status(&self) -> PayerStatus {
        self.status.borrow().clone()
    }

    /// Hands over a payout that was just accepted. The unit comes once the hub has accepted it; nothing
    /// comes if the payer stops before, and the payout is still owed.
    pub fn accepted(&self, payout: Payout) -> oneshot::Receiver<UnitHash> {
        let (sender, receiver) = oneshot::channel();
        // A payer that is gone has dropped its end; the payout is in the store.
        let _ = self.commands.send(Command::Accepted(payout, sender));
        receiver
    }

    /// Waits for the unit of a payout that was accepted before. Ends without a unit at once when the
    /// payer does not have the payout in hand: then the store knows more.
    pub fn watch(&self, payout: PayoutId) -> oneshot::Receiver<UnitHash> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.commands.send(Command::Watch(payout, sender));
        receiver
    }
}

/// The threshold that counts before the hub has told the voted one.
pub(crate) const DEFAULT_THRESHOLD: ThresholdSize = ThresholdSize::DEFAULT;
