//! Asking where the cashback of a mailbox stands, and for its mail once more.

use axum::http::HeaderMap;
use payout::Timestamp;
use store::TextcoinRecord;

use super::body::{Field, Fields};
use super::cashier::{Cashier, PartnerKind};
use super::error_text::ErrorText;
use super::ids::{MerchantId, OrderId};
use super::inquiry::asker;
use super::purchase::{PurchaseError, merchant, required};
use crate::endpoint::Endpoint;

/// Which purchase is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhichPurchase {
    /// The partner's number of the sale.
    pub order: OrderId,
    /// For whom it was reported; always there where the partner is a payment processor.
    pub merchant: Option<MerchantId>,
}

impl WhichPurchase {
    /// Reads the fields in the order of the documentation.
    pub fn read(fields: &Fields<'_>, partner: PartnerKind) -> Result<Self, PurchaseError> {
        let order = required(fields, Field::OrderId)?.parse();
        let order = order.map_err(|error| PurchaseError::Id(Field::OrderId, error))?;
        Ok(Self { order, merchant: merchant(fields, partner)? })
    }
}

/// Where the cashback of a mailbox stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextcoinStanding {
    /// All that is known.
    pub record: TextcoinRecord,
    /// At which moment.
    pub now: Timestamp,
}

/// First the partner must be known, only then is any field read.
pub(super) async fn answer(
    cashier: &dyn Cashier,
    endpoint: Endpoint,
    headers: &HeaderMap,
    fields: &Fields<'_>,
) -> Result<TextcoinStanding, ErrorText> {
    let partner = asker(cashier, headers, fields).await?;
    let which = WhichPurchase::read(fields, partner.kind)?;
    cashier.textcoin(endpoint, &partner, which).await
}
