//! From the fields of a request to a typed purchase.

use obyte::UnitHash;
use program::{
    AmountError, CurrencyAmount, EmailError, Percentage, PercentageError, Recipient, UnknownCurrency,
};

use super::body::{Field, FieldError, Fields};
use super::cashier::PartnerKind;
use super::error_text::ErrorText;
use super::ids::{CustomerId, IdError, MerchantId, OrderId};
use super::recipient::{RecipientError, read_recipient};

/// The longest description that is kept, in characters.
pub const DESCRIPTION_MAX: usize = 1000;

/// One reported sale, every field of it valid by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// The partner's number of the sale.
    pub order: OrderId,
    /// For whom it was reported; always there where the partner is a payment processor.
    pub merchant: Option<MerchantId>,
    /// Who bought.
    pub customer: CustomerId,
    /// What was bought: free text of at most [`DESCRIPTION_MAX`] characters, often empty, perhaps of
    /// several lines.
    pub description: String,
    /// To whom the cashback goes.
    pub recipient: Recipient,
    /// What was paid.
    pub amount: CurrencyAmount,
    /// What the partner gives from its own deposit.
    pub partner_percentage: Percentage,
    /// The unit that paid for it, as the client claims.
    pub purchase_unit: Option<UnitHash>,
}

/// The first thing that is wrong with a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurchaseError {
    /// A field that must be there.
    #[error("{0} is missing")]
    Missing(Field),
    /// The merchant of a payment processor.
    #[error("merchant is missing; a payment processor must send it")]
    MissingMerchant,
    /// What cannot even stand as text.
    #[error("{0} {1}")]
    Text(Field, FieldError),
    /// An identity.
    #[error("{0} {1}")]
    Id(Field, IdError),
    /// The recipient.
    #[error("address {0}")]
    Address(RecipientError),
    /// The currency.
    #[error(transparent)]
    Currency(#[from] UnknownCurrency),
    /// How much of it.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The partner's percentage.
    #[error("partner_cashback_percentage {0}")]
    Percentage(#[from] PercentageError),
    /// The mailbox of a correction.
    #[error("email must be an e-mail address")]
    Email,
    /// The mailbox of a correction, nearly.
    #[error("email: {0}")]
    NoEmail(EmailError),
    /// The purchase unit.
    #[error("purchase_unit is not a unit; a unit has 44 characters of base64")]
    Unit,
}

impl From<PurchaseError> for ErrorText {
    fn from(error: PurchaseError) -> Self {
        match error {
            // Its own texts begin with what is wrong, and fit.
            PurchaseError::Address(RecipientError::Email(error)) => format!("address: {error}").into(),
            error => error.to_string().into(),
        }
    }
}

impl Purchase {
    /// Reads the fields in the order of the documentation.
    pub fn read(fields: &Fields<'_>, partner: PartnerKind) -> Result<Self, PurchaseError> {
        let id = |field, error| PurchaseError::Id(field, error);
        let customer = CustomerId::cut(required(fields, Field::Customer)?)
            .map_err(|error| id(Field::Customer, error))?;
        let order = required(fields, Field::OrderId)?.parse().map_err(|error| id(Field::OrderId, error))?;
        let description = description(fields)?;
        let merchant = merchant(fields, partner)?;
        let recipient = read_recipient(required(fields, Field::Address)?).map_err(PurchaseError::Address)?;
        let currency = required(fields, Field::Currency)?.parse()?;
        let amount = required(fields, Field::CurrencyAmount)?.parse()?;
        let partner_percentage =
            text(fields, Field::PartnerCashbackPercentage)?.map_or(Ok(Percentage::ZERO), str::parse)?;
        let purchase_unit = purchase_unit(fields)?;
        let amount = CurrencyAmount { amount, currency };
        Ok(Self {
            order,
            merchant,
            customer,
            description,
            recipient,
            amount,
            partner_percentage,
            purchase_unit,
        })
    }
}

pub(super) fn text<'a>(fields: &'a Fields<'_>, field: Field) -> Result<Option<&'a str>, PurchaseError> {
    fields.text(field).map_err(|error| PurchaseError::Text(field, error))
}

pub(super) fn required<'a>(fields: &'a Fields<'_>, field: Field) -> Result<&'a str, PurchaseError> {
    text(fields, field)?.ok_or(PurchaseError::Missing(field))
}

fn description(fields: &Fields<'_>) -> Result<String, PurchaseError> {
    let field = Field::Description;
    let text = fields.free_text(field).map_err(|error| PurchaseError::Text(field, error))?;
    Ok(text.trim().chars().take(DESCRIPTION_MAX).collect())
}

pub(super) fn merchant(
    fields: &Fields<'_>,
    partner: PartnerKind,
) -> Result<Option<MerchantId>, PurchaseError> {
    match text(fields, Field::Merchant)? {
        None if partner == PartnerKind::Processor => Err(PurchaseError::MissingMerchant),
        None => Ok(None),
        Some(merchant) => {
            merchant.parse().map(Some).map_err(|error| PurchaseError::Id(Field::Merchant, error))
        }
    }
}

/// Some clients do not encode the plus signs of base64, so that spaces arrive, also at the ends.
pub(super) fn purchase_unit(fields: &Fields<'_>) -> Result<Option<UnitHash>, PurchaseError> {
    let field = Field::PurchaseUnit;
    let text = fields.untrimmed(field).map_err(|error| PurchaseError::Text(field, error))?;
    let text = text.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(None);
    }
    let as_sent = text.trim_matches(|c: char| c.is_whitespace() && c != ' ').replace(' ', "+");
    let trimmed = || text.trim().replace(' ', "+").parse();
    as_sent.parse().or_else(|_| trimmed()).map(Some).map_err(|_| PurchaseError::Unit)
}

#[cfg(test)]
mod tests;
