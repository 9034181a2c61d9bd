//! The cashback API over HTTP/1.
//!
//! A request passes these rooms, one file each: `serve` (connections and their limits), `routes`
//! (paths; the order of judgement), `receive` (a body, bounded), [`body`] (its fields, from form,
//! JSON or multipart), `purchase` (typed values), the [`Cashier`] (who decides), `reply` (the
//! bytes of the answer).
//!
//! What holds for every answer, since clients depend on it to the byte: status 200 for whatever the
//! API decides, `application/json; charset=utf-8`, open to scripts of any origin, `result` first, errors
//! as [`ErrorText`]. Nothing is ever redirected. No body and no key is ever logged.

pub mod body;
mod cashier;
mod error_text;
mod ids;
mod inquiry;
mod purchase;
mod receive;
mod recipient;
mod refund;
mod reply;
mod routes;
mod serve;
mod textcoin;

pub use cashier::{
    Answer, Cashier, Check, Health, Paid, Partner, PartnerKind, RefundAnswer, Refunded, Unavailable,
};
pub use error_text::{ERROR_TEXT_MAX, ErrorText};
pub use ids::{CustomerId, ID_MAX, IdError, MerchantId, OrderId};
pub use inquiry::Inquiry;
pub use purchase::{DESCRIPTION_MAX, Purchase, PurchaseError};
pub use receive::{BODY_MAX, DRAIN_MAX};
pub use recipient::{RecipientError, read_recipient};
pub use refund::Refund;
pub use serve::{Limits, Reserved, serve, serve_within};
pub use textcoin::{Correction, TextcoinStanding, WhichPurchase};
