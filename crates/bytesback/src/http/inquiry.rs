//! Asking what a purchase would get, without reporting it.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use data_encoding::{BASE64, BASE64_NOPAD};
use obyte::UnitHash;
use program::{CurrencyAmount, Percentage, Recipient};

use super::body::{Field, Fields};
use super::cashier::{Cashier, Partner, PartnerKind};
use super::error_text::ErrorText;
use super::ids::{CustomerId, MerchantId, OrderId};
use super::purchase::{PurchaseError, merchant, purchase_unit, required, text};
use super::recipient::read_recipient;
use crate::endpoint::Endpoint;

/// The longest header with name and key that is read, in bytes; a name and a key have 200 characters.
const AUTHORIZATION_MAX: usize = 4096;

/// A purchase that may come to be.
///
/// Who buys, and which order it is, need not be known yet. Where it is said it must be what a purchase
/// could say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// For whom it would be reported; always there where the partner is a payment processor.
    pub merchant: Option<MerchantId>,
    /// To whom the cashback would go.
    pub recipient: Option<Recipient>,
    /// What would be paid.
    pub amount: CurrencyAmount,
    /// What the partner would give from its own deposit.
    pub partner_percentage: Percentage,
    /// The unit that paid for it.
    pub purchase_unit: Option<UnitHash>,
}

impl Inquiry {
    /// Reads the fields in the order in which those of a purchase are read.
    pub fn read(fields: &Fields<'_>, partner: PartnerKind) -> Result<Self, PurchaseError> {
        let id = |field, error| PurchaseError::Id(field, error);
        if let Some(customer) = text(fields, Field::Customer)? {
            CustomerId::cut(customer).map_err(|error| id(Field::Customer, error))?;
        }
        if let Some(order) = text(fields, Field::OrderId)? {
            order.parse::<OrderId>().map_err(|error| id(Field::OrderId, error))?;
        }
        let merchant = merchant(fields, partner)?;
        let recipient = text(fields, Field::Address)?.map(read_recipient).transpose();
        let recipient = recipient.map_err(PurchaseError::Address)?;
        let currency = required(fields, Field::Currency)?.parse()?;
        let amount = required(fields, Field::CurrencyAmount)?.parse()?;
        let partner_percentage =
            text(fields, Field::PartnerCashbackPercentage)?.map_or(Ok(Percentage::ZERO), str::parse)?;
        let purchase_unit = purchase_unit(fields)?;
        let amount = CurrencyAmount { amount, currency };
        Ok(Self { merchant, recipient, amount, partner_percentage, purchase_unit })
    }
}

/// Judges an inquiry as a purchase is judged: first the partner must be known, only then is any field read.
pub(super) async fn answer(
    cashier: &dyn Cashier,
    endpoint: Endpoint,
    headers: &HeaderMap,
    fields: &Fields<'_>,
) -> Result<program::Quote, ErrorText> {
    let partner = asker(cashier, headers, fields).await?;
    let inquiry = Inquiry::read(fields, partner.kind)?;
    cashier.quote(endpoint, &partner, inquiry).await
}

/// Who asks, by the header or the fields.
pub(super) async fn asker(
    cashier: &dyn Cashier,
    headers: &HeaderMap,
    fields: &Fields<'_>,
) -> Result<Partner, ErrorText> {
    let in_header = basic(headers);
    let (name, key) = match &in_header {
        Some((name, key)) => (name.as_str(), key.as_str()),
        None => super::routes::credentials(fields),
    };
    match cashier.authenticate(name, key).await {
        Ok(Some(partner)) if !name.is_empty() && !key.is_empty() => Ok(partner),
        Ok(_) => Err("authentication failed".into()),
        Err(unavailable) => {
            tracing::warn!(%unavailable, "an inquiry was turned away");
            Err("temporarily unavailable; please repeat the same request".into())
        }
    }
}

/// Name and key of HTTP's basic authentication; both empty, which never fits, where they cannot be read.
/// Nothing where the header is not there.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let header = headers.get(AUTHORIZATION)?.as_bytes();
    let read = || {
        let (scheme, encoded) = header.split_at_checked("Basic ".len())?;
        let is_basic = scheme.eq_ignore_ascii_case(b"basic ") && header.len() <= AUTHORIZATION_MAX;
        let encoded = encoded.trim_ascii();
        let decoded = BASE64.decode(encoded).or_else(|_| BASE64_NOPAD.decode(encoded)).ok()?;
        let text = String::from_utf8(decoded).ok().filter(|_| is_basic)?;
        let (name, key) = text.split_once(':')?;
        Some((name.to_owned(), key.to_owned()))
    };
    Some(read().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_header_is_read_or_refused_in_peace(
            bytes in prop::collection::vec(any::<u8>(), 0..60), name in "[a-z]{0,9}", key in "\\PC{0,20}",
        ) {
            let mut headers = HeaderMap::new();
            for text in [bytes.clone(), [b"Basic ", &bytes[..]].concat()] {
                let Ok(value) = HeaderValue::from_bytes(&text) else { continue };
                headers.insert(AUTHORIZATION, value);
                prop_assert!(basic(&headers).is_some());
            }
            let text = format!("Basic {}", BASE64.encode(format!("{name}:{key}").as_bytes()));
            headers.insert(AUTHORIZATION, text.parse().expect("ASCII"));
            prop_assert_eq!(basic(&headers), Some((name, key)));
        }
    }

    fn read(header: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().expect("ASCII"));
        basic(&headers)
    }

    #[test]
    fn a_name_and_a_key_come_in_base64() {
        let known = Some(("demo-shop".to_owned(), "a:key".to_owned()));
        for header in ["Basic ZGVtby1zaG9wOmE6a2V5", "basic  ZGVtby1zaG9wOmE6a2V5 "] {
            assert_eq!(read(header), known, "{header}");
        }
        assert_eq!(read("Basic YTpi"), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(read("Basic YTpiYw=="), Some(("a".to_owned(), "bc".to_owned())));
        assert_eq!(read("Basic YTpiYw"), Some(("a".to_owned(), "bc".to_owned())));
    }

    #[test]
    fn a_header_that_cannot_be_read_fits_nobody() {
        for header in ["", "Basic", "Basic ", "Basic !", "Bearer YTpi", "Basic YWI=", "Basic gA=="] {
            assert_eq!(read(header), Some((String::new(), String::new())), "{header}");
        }
        assert_eq!(basic(&HeaderMap::new()), None);
    }
}
