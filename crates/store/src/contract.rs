//! The contract between the server and whatever keeps its data.

use async_trait::async_trait;
use ledger::{Book, PartnerId};
use payout::{Change, Snapshot, Timestamp};
use program::{EmailAddress, Language};

use crate::{
    Acceptance, BookCheck, BookedEntry, Bookkeeping, Claims, Corrections, DepositOrder, DepositVerdict,
    Deposits, Endpoint, EntryId, Finding, Identity, Keeping, KeptRate, KeyHash, KeyId, Limiting, Mails,
    NewPartner, Operations, Partner, PartnerName, PayerLock, PurchaseKey, PurchaseRecord, Receiving,
    RefundOrder, RefundRecord, RefundVerdict, Review, Rulebook, StoreError, Undelivered, Verdict,
    Withdrawals,
};

/// Keeps everything that must outlive the process.
///
/// Whatever changes something is one transaction: when it returns `Ok`, it is on the disk for good; when
/// it returns an error, nothing has changed. (If the connection to the database breaks in the middle, an
/// error may be returned for what was kept; everything here can be repeated.) Dropping a future does not
/// stop the work that it began.
///
/// What reads sees everything that was returned as changed before it began.
#[async_trait]
pub trait Store:
    Bookkeeping
    + Deposits
    + Operations
    + Review
    + Rulebook
    + Limiting
    + Receiving
    + Withdrawals
    + Mails
    + Undelivered
    + Keeping
    + Claims
    + Finding
    + Corrections
{
    /// Ties an endpoint to its network and wallet, or checks that it is tied to these.
    ///
    /// # Errors
    /// [`StoreError::OtherIdentity`].
    async fn bind(&self, endpoint: Endpoint, identity: &Identity) -> Result<(), StoreError>;

    /// Adds a partner, without keys.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if there is or was one of this name.
    async fn add_partner(&self, partner: NewPartner) -> Result<Partner, StoreError>;

    /// Disables a partner for ever; its purchases and deposit stay. A second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unknown`].
    async fn disable_partner(&self, partner: PartnerId, at: Timestamp) -> Result<(), StoreError>;

    /// Says in which language the customers of a partner are written to; in the usual one of the server without it.
    /// It holds for mails that are written from then on.
    ///
    /// # Errors
    /// [`StoreError::Unknown`].
    async fn set_language(&self, partner: PartnerId, language: Option<Language>) -> Result<(), StoreError>;

    /// Says where a partner is told of cashback that reaches nobody.
    ///
    /// # Errors
    /// [`StoreError::Unknown`].
    async fn set_contact(&self, partner: PartnerId, contact: Option<EmailAddress>) -> Result<(), StoreError>;

    /// Adds a key to a partner.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner; [`StoreError::Taken`] if any partner has or had this key.
    async fn add_key(
        &self,
        partner: PartnerId,
        hash: KeyHash,
        label: &str,
        at: Timestamp,
    ) -> Result<KeyId, StoreError>;

    /// Disables a key for ever. A second time changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unknown`].
    async fn disable_key(&self, key: KeyId, at: Timestamp) -> Result<(), StoreError>;

    /// All partners with all their keys, in the order in which they were added.
    async fn partners(&self) -> Result<Vec<Partner>, StoreError>;

    /// The partner of this name, with all its keys, also when it is disabled.
    async fn partner(&self, name: &PartnerName) -> Result<Option<Partner>, StoreError>;

    /// Accepts a purchase, or says why not: claims its order id and its purchase unit, sets its shares and its fee reserve
    /// aside, and queues its payout, or holds it.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a partner that does not exist, [`StoreError::Unbookable`] for a
    /// purchase without cashback, [`StoreError::NulInText`].
    async fn accept(&self, endpoint: Endpoint, acceptance: Acceptance) -> Result<Verdict, StoreError>;

    /// A purchase that was accepted, and where it stands.
    async fn purchase(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
    ) -> Result<Option<PurchaseRecord>, StoreError>;

    /// Of each price that sources have told, the one that an accepted purchase was valued at last; but none from
    /// before `since`, and none that the operator had fixed.
    async fn rates_used(&self, endpoint: Endpoint, since: Timestamp) -> Result<Vec<KeptRate>, StoreError>;

    /// Books that an accepted purchase was returned: its partner is charged, its customer keeps the cashback.
    /// A payout that is given up later takes this back.
    async fn refund(&self, endpoint: Endpoint, order: RefundOrder) -> Result<RefundVerdict, StoreError>;

    /// What was booked for the return of a purchase, if it was returned and that was not taken back.
    async fn refunded(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
    ) -> Result<Option<RefundRecord>, StoreError>;

    /// Takes the right to pay for an endpoint, and begins an epoch of paying: whoever had the right before
    /// has lost it.
    ///
    /// # Errors
    /// [`StoreError::PaidElsewhere`] while another holds it.
    async fn lock_payer(&self, endpoint: Endpoint) -> Result<PayerLock, StoreError>;

    /// All that the payout engine needs to go on: what it would know had it never stopped.
    async fn snapshot(&self, endpoint: Endpoint) -> Result<Snapshot, StoreError>;

    /// Keeps what the payout engine wants kept, in this order, all of it or nothing; and books what
    /// follows from it.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another has taken the right to pay; [`StoreError::Violation`] for what
    /// would break an invariant, [`StoreError::Overdraft`] if fees exceed their reserve and the fund. None of
    /// them goes away by repeating.
    async fn apply(&self, lock: &PayerLock, changes: Vec<Change>) -> Result<(), StoreError>;

    /// Books bytes of the fund as a partner's deposit. What the partner owes for returned purchases is settled
    /// first.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner, [`StoreError::Unbookable`] for no bytes,
    /// [`StoreError::NulInText`].
    async fn book_deposit(
        &self,
        endpoint: Endpoint,
        order: DepositOrder,
    ) -> Result<DepositVerdict, StoreError>;

    /// The balances of an endpoint.
    ///
    /// # Errors
    /// [`StoreError::BadBook`].
    async fn balances(&self, endpoint: Endpoint) -> Result<Book, StoreError>;

    /// Entries of an endpoint behind `after`, oldest first, at most `limit`.
    async fn entries(
        &self,
        endpoint: Endpoint,
        after: Option<EntryId>,
        limit: u32,
    ) -> Result<Vec<BookedEntry>, StoreError>;

    /// Writes what changes nothing, to see whether changes can be kept.
    async fn check_writable(&self) -> Result<(), StoreError>;

    /// Reads the whole book of an endpoint, and compares the kept balances with their postings.
    async fn verify_book(&self, endpoint: Endpoint) -> Result<BookCheck, StoreError>;
}
