//! Asking where the cashback of a mailbox stands, for its mail once more, and that it go to another mailbox.

use axum::http::HeaderMap;
use payout::Timestamp;
use program::{EmailAddress, Recipient};
use store::TextcoinRecord;

use super::body::{Field, Fields};
use super::cashier::{Cashier, PartnerKind};
use super::error_text::ErrorText;
use super::ids::{MerchantId, OrderId};
use super::inquiry::asker;
use super::purchase::{PurchaseError, merchant, required};
use super::recipient::{RecipientError, read_recipient};
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

/// To which mailbox the cashback of a purchase is to go instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Of which purchase.
    pub which: WhichPurchase,
    /// To which mailbox.
    pub mailbox: EmailAddress,
}

impl Correction {
    /// Reads the fields in the order of the documentation; the mailbox as that of a purchase.
    pub fn read(fields: &Fields<'_>, partner: PartnerKind) -> Result<Self, PurchaseError> {
        let which = WhichPurchase::read(fields, partner)?;
        match read_recipient(required(fields, Field::Email)?) {
            Ok(Recipient::Email(mailbox)) => Ok(Self { which, mailbox }),
            Err(RecipientError::Email(error)) => Err(PurchaseError::NoEmail(error)),
            Ok(Recipient::Address(_)) | Err(_) => Err(PurchaseError::Email),
        }
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
