//! A small client of the cashback API.
//!
//! ```no_run
//! # async fn example() -> Result<(), bytesback_client::ClientError> {
//! use bytesback_client::{Client, Endpoint, PurchaseAnswer, PurchaseRequest};
//!
//! let client = Client::new("http://127.0.0.1:8080")?;
//! let request = PurchaseRequest {
//!     partner: "demo-shop".into(),
//!     partner_key: "demo-shop-key".into(),
//!     customer: "0".into(),
//!     order_id: "1001".into(),
//!     address: "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD".into(),
//!     currency: "USD".into(),
//!     currency_amount: "12.50".into(),
//!     ..PurchaseRequest::default()
//! };
//! match client.new_purchase(Endpoint::Test, &request).await? {
//!     PurchaseAnswer::Ok { cashback_amount, unit, .. } => println!("{cashback_amount} bytes in {unit}"),
//!     PurchaseAnswer::Pending { .. } => println!("on its way; the same request again tells its unit"),
//!     PurchaseAnswer::Held { .. } => println!("the operator looks at it first; the same request again tells"),
//!     PurchaseAnswer::Error { text } => println!("refused: {text}"),
//! }
//! # Ok(()) }
//! ```
//!
//! Repeating a request is always safe: a purchase is paid once, however often it is reported.

mod answer;
mod client;
mod correction;
mod quote;
mod refund;
mod request;
mod textcoin;

pub use answer::PurchaseAnswer;
pub use client::{Client, ClientError, Endpoint};
pub use correction::{CorrectionAnswer, CorrectionRequest};
pub use quote::QuoteAnswer;
pub use refund::{RefundAnswer, RefundRequest};
pub use request::PurchaseRequest;
pub use textcoin::{Correction, ResendAnswer, TextcoinAnswer, TextcoinRequest};
