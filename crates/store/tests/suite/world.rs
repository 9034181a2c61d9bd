//! A funded endpoint with a partner, and short ways to do things in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use std::time::Duration;

use ledger::{Account, PartnerId};
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{Change, Origin, Payout, Snapshot, Timestamp, VersionId, VersionStatus};
use program::{Currency, CurrencyAmount, Pair, Turnover};
use store::{
    Acceptance, DepositOrder, DepositVerdict, Details, Endpoint, Explanation, KeptRate, NewPartner, OrderId,
    PartnerKind, PayerLock, PurchaseKey, PurchaseRecord, Shares, Store, StoreError, Terms, Verdict,
    Violation,
};

use super::Backend;

/// What the fund holds in the beginning.
pub(crate) const FUND: u64 = 1_000_000;
/// What is set aside for the fees of each payout.
pub(crate) const RESERVE: u64 = 700;

/// The test endpoint of a store.
pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lock: PayerLock,
    pub(crate) partner: PartnerId,
    clock: AtomicU64,
}

impl World {
    /// With one partner and an empty fund.
    pub(crate) async fn poor(backend: &impl Backend) -> Self {
        let store = backend.open();
        let lock = store.lock_payer(Endpoint::Test).await.expect("nobody else pays");
        let partner = NewPartner {
            name: "demo-shop".parse().expect("a good name"),
            kind: PartnerKind::Merchant,
            trusted: true,
            at: Timestamp::from_millis(1),
        };
        let partner = store.add_partner(partner).await.expect("the name is free").id;
        Self { store, lock, partner, clock: AtomicU64::new(1_000) }
    }

    /// With one partner, and one coin in the fund.
    pub(crate) async fn rich(backend: &impl Backend) -> Self {
        let world = Self::poor(backend).await;
        world.apply([credited(coin("funding", FUND))]).await.expect("a new coin");
        world
    }

    /// The process ends, and another one goes on.
    pub(crate) async fn restart(self, backend: &impl Backend) -> Self {
        let Self { store, lock, partner, clock } = self;
        drop((store, lock));
        let store = backend.open();
        let lock = store.lock_payer(Endpoint::Test).await.expect("it was given back");
        Self { store, lock, partner, clock }
    }

    /// A moment later than all before.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn key(&self, order: &str) -> PurchaseKey {
        PurchaseKey {
            partner: self.partner,
            merchant: None,
            order_id: OrderId::new(order).expect("a good order id"),
        }
    }

    /// A purchase with this base share and no other.
    pub(crate) fn purchase(&self, order: &str, base: u64) -> Acceptance {
        Acceptance {
            key: self.key(order),
            terms: Terms {
                recipient: Address::of_source(order).into(),
                price: CurrencyAmount {
                    amount: "12.50".parse().expect("an amount"),
                    currency: Currency::Usd,
                },
                percentage: "2.5".parse().expect("a percentage"),
                purchase_unit: None,
            },
            details: Details {
                customer: "c1".to_owned(),
                merchant: "corner shop".to_owned(),
                description: "coffee".to_owned(),
            },
            shares: Shares { base: bytes(base), ..Shares::default() },
            rates: vec![KeptRate::fixed(Pair::GbyteUsd, "20".parse().expect("a rate"))],
            explanation: Explanation::default(),
            fee_reserve: bytes(RESERVE),
            by_period: None,
            sold: Turnover::ZERO,
            limits: None,
            forwarded_by: Vec::new(),
            unit_found: None,
            attested: None,
            hold: None,
            textcoin_expiry: Duration::from_secs(7 * 24 * 60 * 60),
            at: self.now(),
        }
    }

    pub(crate) async fn accept(&self, acceptance: Acceptance) -> Verdict {
        self.store.accept(Endpoint::Test, acceptance).await.expect("the store works")
    }

    /// Accepts a purchase and returns its payout.
    pub(crate) async fn owe(&self, order: &str, base: u64) -> Payout {
        match self.accept(self.purchase(order, base)).await {
            Verdict::Accepted(record) => record.payout,
            other => panic!("the purchase is accepted: {other:?}"),
        }
    }

    /// Books a part of the fund as the partner's deposit.
    pub(crate) async fn deposit(&self, command: &str, amount: u64) -> DepositVerdict {
        let order = DepositOrder {
            command: command.parse().expect("a good id"),
            partner: self.partner,
            amount: bytes(amount),
            note: String::new(),
            at: self.now(),
        };
        self.store.book_deposit(Endpoint::Test, order).await.expect("the store works")
    }

    pub(crate) async fn record(&self, order: &str) -> PurchaseRecord {
        let found = self.store.purchase(Endpoint::Test, &self.key(order)).await.expect("the store works");
        found.expect("the purchase is there")
    }

    pub(crate) async fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), StoreError> {
        self.store.apply(&self.lock, changes.into_iter().collect()).await
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        self.store.snapshot(Endpoint::Test).await.expect("the store works")
    }

    pub(crate) async fn balance(&self, account: Account) -> i64 {
        self.store.balances(Endpoint::Test).await.expect("a sound book").balance(account).get()
    }

    /// Applies changes that must be refused, and checks that nothing has changed.
    pub(crate) async fn refused(&self, changes: impl IntoIterator<Item = Change>) -> Violation {
        let before = (self.snapshot().await, self.entries().await);
        let violation = match self.apply(changes).await {
            Err(StoreError::Violation(violation)) => violation,
            other => panic!("the change is refused: {other:?}"),
        };
        assert_eq!((self.snapshot().await, self.entries().await), before, "a refused change changes nothing");
        violation
    }

    async fn entries(&self) -> Vec<store::BookedEntry> {
        self.store.entries(Endpoint::Test, None, u32::MAX).await.expect("a sound book")
    }

    pub(crate) async fn check_book(&self) {
        let check = self.store.verify_book(Endpoint::Test).await.expect("the store works");
        assert!(check.is_sound(), "{check:?}");
        let audit = self.store.audit_book(Endpoint::Test).await.expect("the store works");
        assert!(audit.is_sound(), "{:?}", audit.faults);
    }
}

pub(crate) fn bytes(number: u64) -> Bytes {
    Bytes::new(number).expect("a small amount")
}

/// The payer's address.
pub(crate) fn payer() -> Address {
    Address::of_source("the payer")
}

/// A coin of the payer from outside.
pub(crate) fn coin(name: &str, amount: u64) -> Coin {
    let id = CoinId { unit: UnitHash::of(name), message_index: 0, output_index: 1 };
    Coin { id, amount: bytes(amount), address: payer() }
}

pub(crate) fn credited(coin: Coin) -> Change {
    Change::CoinProven { coin, origin: Origin::Others, reserve: Bytes::ZERO, at: Timestamp::from_millis(5) }
}

pub(crate) fn answered(version: VersionId, status: VersionStatus) -> Change {
    Change::Answered { version, status, answer: "said so".to_owned(), at: Timestamp::from_millis(7) }
}
