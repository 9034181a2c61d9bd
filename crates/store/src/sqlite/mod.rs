//! SQLite, the embedded default: one file, and nothing to set up.
//!
//! # Why rusqlite and not sqlx
//! What limits a shop's server is the sync of the disk at every commit. The writer commits whatever waits
//! together, on one thread with one connection: that takes a transaction which spans the work of many
//! callers, savepoints that part them, and statements that are prepared once. sqlx gives each caller a
//! connection and a transaction of its own, which SQLite then makes wait for each other, and sends every
//! single statement to another thread and back. Here a purchase costs one hand-over in all.
//!
//! # Settings
//! Write-ahead log with full sync: what was answered is on the disk. Foreign keys are checked, tables are
//! strict, page caches and the log are bounded. Another process (a command beside the server) may use the
//! same file: writers wait for each other for up to five seconds, readers for nobody.
//!
//! # Schema
//! `migrations/sqlite/` holds it, with a comment at each table; `user_version` counts the migrations
//! applied. In short:
//!
//! | table | one row is |
//! | --- | --- |
//! | `partners`, `partner_keys` | a partner; a key, of which only the hash is known |
//! | `rules`, `partner_terms` | the programme's rules, and what holds for one partner instead, since a moment |
//! | `identities` | what an endpoint is tied to |
//! | `purchases` | an accepted purchase with its terms; its order id is unique by an index |
//! | `payouts` | bytes owed: queued while `slot` is null, paid once that slot is settled |
//! | `slots`, `versions` | a place in the line; a signed unit for it, as posted |
//! | `version_inputs`, `version_outputs` | a coin that a version spends; a payout that it pays |
//! | `version_answers` | what a hub said to a version, the last 20 times |
//! | `coins` | a coin from outside, credited once; free while `slot` is null |
//! | `lines` | where the line of an endpoint stands |
//! | `payers` | who pays for an endpoint, and what it last said of itself |
//! | `pauses`, `reposts` | why paying is stopped; what an operator wants posted again |
//! | `deposit_addresses` | where a partner's deposits come |
//! | `foreign_units`, `foreign_outputs`, `lost_coins` | what the wallet's units of no journal were, paid and spent |
//! | `holds` | why a payout is or was held for review, and what became of it |
//! | `refunds` | that a purchase was returned, and what its partner was charged |
//! | `withdrawals` | bytes that leave the wallet again, by an id that is claimed for ever |
//! | `withdrawal_addresses` | where a partner's deposit may go, since a moment |
//! | `provisions` | how the server that was started last is configured |
//! | `audits` | up to where an endpoint was compared with its network |
//! | `totals`, `shop_days` | what was given to and for whom; what a shop sold on a day |
//! | `limit_settings`, `merchants` | what operators set; the merchants of payment processors |
//! | `textcoins` | a textcoin that a hub has accepted, and how it ended |
//! | `mails`, `sweeps` | a mail about a textcoin; a signed unit to take one back |
//! | `found_textcoins`, `textcoin_searches` | a textcoin that a unit of no journal gave; where the search for them stands |
//! | `corrections` | that a mailbox was mistyped, and what became of it; the view `purchase_payouts` has all payouts of a purchase |
//! | `entries`, `postings` | the book, only ever added to; a cause is unique by an index |
//! | `balances` | the sums of the postings, kept |
//!
//! A purchase writes one row each of `payouts`, `purchases` and `entries`, and three or four of `postings`
//! and `balances`. Paying it writes two more; that it is final is said by its slot, once for the batch.

mod accepting;
mod audit;
mod book;
mod claims;
mod codec;
mod corrections;
mod deposits;
mod finding;
mod handover;
mod holds;
mod keeping;
mod limiting;
mod limits;
mod line;
mod lock;
mod mails;
mod merchants;
mod operations;
mod partners;
mod payers;
mod periods;
mod purchases;
mod rates;
mod readers;
mod receiving;
mod refunds;
mod review;
mod rulebook;
mod schema;
mod totals;
mod undelivered;
mod wishes;
mod withdrawals;
mod writer;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use ledger::{Book, PartnerId};
use payout::{Change, Snapshot, Timestamp};
use program::{EmailAddress, Language};

use self::readers::Readers;
use self::writer::Writer;
use crate::{
    Acceptance, BookCheck, BookedEntry, DepositOrder, DepositVerdict, Details, Endpoint, EntryId, Identity,
    KeptRate, KeyHash, KeyId, NewPartner, Partner, PartnerName, PayerLock, PurchaseKey, PurchaseRecord,
    RefundOrder, RefundRecord, RefundVerdict, Store, StoreError, Verdict,
};

/// A database in one file.
///
/// Dropping it lets the changes that wait be done, then closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    // Before the writer, so that the writer is the last to close and empties the log.
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the database in this file; makes it, or brings it to the newest schema, if need be. Blocks
    /// shortly.
    ///
    /// # Errors
    /// [`StoreError::TooNew`], [`StoreError::Corrupt`], [`StoreError::Io`] and the like.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        let writer = Writer::start(&path, schema::open_writer(&path)?)?;
        Ok(Self { readers: Readers::start(&path)?, writer, path })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn bind(&self, endpoint: Endpoint, identity: &Identity) -> Result<(), StoreError> {
        let identity = identity.clone();
        self.writer.run(move |connection| partners::bind(connection, endpoint, &identity)).await
    }

    async fn add_partner(&self, partner: NewPartner) -> Result<Partner, StoreError> {
        self.writer.run(move |connection| partners::add(connection, &partner)).await
    }

    async fn set_language(&self, partner: PartnerId, language: Option<Language>) -> Result<(), StoreError> {
        self.writer
            .run(move |connection| partners::set_language(connection, partner, language.as_ref()))
            .await
    }

    async fn set_contact(&self, partner: PartnerId, contact: Option<EmailAddress>) -> Result<(), StoreError> {
        self.writer.run(move |connection| partners::set_contact(connection, partner, contact.as_ref())).await
    }

    async fn disable_partner(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| partners::disable(connection, partner, at)).await
    }

    async fn add_key(
        &self,
        partner: PartnerId,
        hash: KeyHash,
        label: &str,
        at: Timestamp,
    ) -> Result<KeyId, StoreError> {
        no_nul([label])?;
        let label = label.to_owned();
        self.writer.run(move |connection| partners::add_key(connection, partner, &hash, &label, at)).await
    }

    async fn disable_key(&self, key: KeyId, at: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| partners::disable_key(connection, key, at)).await
    }

    async fn partners(&self) -> Result<Vec<Partner>, StoreError> {
        self.readers.run(partners::all).await
    }

    async fn partner(&self, name: &PartnerName) -> Result<Option<Partner>, StoreError> {
        let name = name.clone();
        self.readers.run(move |connection| partners::by_name(connection, &name)).await
    }

    async fn accept(&self, endpoint: Endpoint, acceptance: Acceptance) -> Result<Verdict, StoreError> {
        let Details { customer, merchant, description } = &acceptance.details;
        no_nul([customer.as_str(), merchant, description])?;
        no_nul(acceptance.explanation.lines.iter().chain(&acceptance.unit_found).map(String::as_str))?;
        self.writer.run(move |connection| accepting::accept(connection, endpoint, acceptance)).await
    }

    async fn purchase(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
    ) -> Result<Option<PurchaseRecord>, StoreError> {
        let key = key.clone();
        self.readers.run(move |connection| purchases::find(connection, endpoint, &key)).await
    }

    async fn rates_used(&self, endpoint: Endpoint, since: Timestamp) -> Result<Vec<KeptRate>, StoreError> {
        self.readers.run(move |connection| rates::used(connection, endpoint, since)).await
    }

    async fn refund(&self, endpoint: Endpoint, order: RefundOrder) -> Result<RefundVerdict, StoreError> {
        self.writer.run(move |connection| refunds::refund(connection, endpoint, &order)).await
    }

    async fn refunded(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
    ) -> Result<Option<RefundRecord>, StoreError> {
        let key = key.clone();
        self.readers.run(move |connection| refunds::of_purchase(connection, endpoint, &key)).await
    }

    async fn lock_payer(&self, endpoint: Endpoint) -> Result<PayerLock, StoreError> {
        let held = lock::take(&self.path, endpoint)?;
        let epoch = self.writer.run(move |connection| payers::begin_epoch(connection, endpoint)).await?;
        Ok(PayerLock::new(endpoint, epoch, held))
    }

    async fn snapshot(&self, endpoint: Endpoint) -> Result<Snapshot, StoreError> {
        self.readers.run(move |connection| line::snapshot(connection, endpoint)).await
    }

    async fn apply(&self, lock: &PayerLock, changes: Vec<Change>) -> Result<(), StoreError> {
        let claim = lock.claim();
        let write = move |connection: &rusqlite::Connection| {
            payers::check(connection, claim)?;
            line::apply(connection, claim.0, changes)
        };
        self.writer.run(write).await
    }

    async fn book_deposit(
        &self,
        endpoint: Endpoint,
        order: DepositOrder,
    ) -> Result<DepositVerdict, StoreError> {
        no_nul([order.note.as_str()])?;
        self.writer.run(move |connection| book::book_deposit(connection, endpoint, &order)).await
    }

    async fn balances(&self, endpoint: Endpoint) -> Result<Book, StoreError> {
        self.readers.run(move |connection| book::balances(connection, endpoint)).await
    }

    async fn entries(
        &self,
        endpoint: Endpoint,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<BookedEntry>, StoreError> {
        self.readers.run(move |connection| book::entries(connection, endpoint, after, limit)).await
    }

    async fn check_writable(&self) -> Result<(), StoreError> {
        self.writer.run(schema::rewrite_a_page).await
    }

    async fn verify_book(&self, endpoint: Endpoint) -> Result<BookCheck, StoreError> {
        self.readers.run(move |connection| book::verify(connection, endpoint)).await
    }
}

/// What PostgreSQL could not keep is refused here too.
fn no_nul<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
    if texts.into_iter().any(|text| text.contains('\0')) { Err(StoreError::NulInText) } else { Ok(()) }
}
