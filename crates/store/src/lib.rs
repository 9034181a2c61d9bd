//! Persistence: one contract, one behaviour suite, SQLite behind it.
//!
//! [`Store`], with its [`Operations`], its [`Review`], its [`Rulebook`], its [`Limiting`], its [`Deposits`], its
//! [`Receiving`], its [`Withdrawals`], its [`Mails`] and [`Undelivered`] ones, its [`Claims`], its [`Keeping`] of textcoins and its [`Corrections`] of
//! mailboxes, is all that the server
//! knows of its database. Each method is one
//! transaction and says in its types what can come of it.
//! [`sqlite::SqliteStore`] is the embedded default.
//!
//! Everything but the partners belongs to one [`Endpoint`]: its book, its purchases and payouts, and its
//! line of units.

mod acceptance;
mod book;
mod bookkeeping;
mod claims;
mod contract;
mod corrections;
mod deposits;
mod endpoint;
mod error;
mod finding;
mod identity;
mod journal;
mod keeping;
mod kept_rate;
mod limiting;
mod lock;
mod mails;
mod operations;
mod oversight;
mod partner;
mod purchase;
mod receiving;
mod refund;
mod review;
mod rulebook;
pub mod sqlite;
mod textcoin;
mod undelivered;
mod withdrawal;

pub use acceptance::{Acceptance, PeriodQuote, Verdict};
pub use book::{BookCheck, BookedEntry, DepositOrder, DepositVerdict, Difference, EntryId};
pub use bookkeeping::{
    AuditMark, AuditTask, BookAudit, BookFault, Bookkeeping, EndedTextcoin, FAULTS_MAX, PaidTo, SettledUnit,
    StatementLine, StatementPart, StatementQuery,
};
pub use claims::{ClaimRecord, Claims};
pub use contract::Store;
pub use corrections::{
    CorrectionNo, CorrectionOrder, CorrectionRecord, CorrectionState, CorrectionVerdict, CorrectionWait,
    Corrections, GivenAnew, GivingOrder,
};
pub use deposits::{DepositAddress, Deposits};
pub use endpoint::{Endpoint, UnknownEndpoint};
pub use error::{StoreError, Thing, Violation};
pub use finding::{Finding, FoundTextcoin, OpenFound, SearchTask, Tried};
pub use identity::{Identity, IdentityPart};
pub use keeping::{Keeping, OpenTextcoins, Recalled, TextcoinCounts};
pub use kept_rate::KeptRate;
pub use limiting::{Limiting, Merchant, MerchantRefusal, Merchants, Scope, Shop, Totals};
pub use lock::PayerLock;
pub use mails::{
    Asker, MailBacklog, MailKind, MailNo, MailOutcome, MailRecord, MailState, MailTask, Mails, ResendOrder,
    ResendVerdict, UnknownAsker, UnknownMailState,
};
pub use operations::{Operations, Pause, PauseNo, PayerReport, Repost, RepostNo, Wishes};
pub use oversight::{
    HubAnswer, Overview, PaidFor, PayoutTrail, SlotLine, SlotPayout, SlotRecord, SlotState, VersionRecord,
    WhichSlots,
};
pub use partner::{
    KeyHash, KeyId, NewPartner, Partner, PartnerKey, PartnerKind, PartnerName, PartnerNameError,
    UnknownPartnerKind,
};
pub use purchase::{
    AnsweredUnit, AttestedPayee, Details, IdentityError, MerchantScope, OrderId, PayoutState, PurchaseKey,
    PurchaseRecord, Shares, Term, Terms,
};
pub use receiving::{Receiving, ReceivingAddress, ReceivingRole, UnknownReceivingRole};
pub use refund::{RefundOrder, RefundRecord, RefundVerdict};
pub use review::{HeldBacklog, HoldReason, Review, Reviewed, UnknownHoldReason};
pub use rulebook::{Explanation, Rulebook, RulesRecord, RulesVersion, TermsRecord};
pub use textcoin::{TextcoinEnd, TextcoinRecord, TextcoinState, UnknownTextcoinState};
pub use undelivered::{Undelivered, UndeliveredMail};
pub use withdrawal::{
    AddressVerdict, Provisions, WithdrawalAddress, WithdrawalFrom, WithdrawalOrder, WithdrawalRecord,
    WithdrawalReviewed, WithdrawalVerdict, Withdrawals,
};
