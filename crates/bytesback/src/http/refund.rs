//! From the fields of a request to a typed refund.

use program::{Amount, Currency};

use super::body::{Field, Fields};
use super::cashier::PartnerKind;
use super::ids::{MerchantId, OrderId};
use super::purchase::{PurchaseError, merchant, required, text};

/// A purchase that was returned, every field of it valid by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The partner's number of the sale.
    pub order: OrderId,
    /// For whom it was reported; always there where the partner is a payment processor.
    pub merchant: Option<MerchantId>,
    /// In which currency the amount is, if the partner says so.
    pub currency: Option<Currency>,
    /// How much of the price was returned; without it, all.
    pub returned: Option<Amount>,
}

impl Refund {
    /// Reads the fields in the order of the documentation.
    pub fn read(fields: &Fields<'_>, partner: PartnerKind) -> Result<Self, PurchaseError> {
        let order = required(fields, Field::OrderId)?.parse();
        let order = order.map_err(|error| PurchaseError::Id(Field::OrderId, error))?;
        let merchant = merchant(fields, partner)?;
        let currency = text(fields, Field::Currency)?.map(str::parse).transpose()?;
        let returned = text(fields, Field::CurrencyAmount)?.map(str::parse).transpose()?;
        Ok(Self { order, merchant, currency, returned })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body;

    fn read(form: &str, partner: PartnerKind) -> Result<Refund, String> {
        let fields = body::read(Some("application/x-www-form-urlencoded"), form.as_bytes()).expect("a form");
        Refund::read(&fields, partner).map_err(|error| error.to_string())
    }

    #[test]
    fn an_order_id_is_enough() {
        let refund = read("order_id=+7+&currency_amount=&merchant=", PartnerKind::Merchant).expect("valid");
        assert_eq!(refund.order.as_str(), "7");
        assert_eq!((refund.merchant, refund.currency, refund.returned), (None, None, None));
    }

    #[test]
    fn a_part_has_an_amount_and_perhaps_a_currency() {
        let refund =
            read("order_id=7&currency=usd&currency_amount=2,5", PartnerKind::Merchant).expect("valid");
        assert_eq!((refund.currency, refund.returned), (Some(Currency::Usd), "2.5".parse().ok()));
    }

    #[test]
    fn the_first_thing_wrong_is_named() {
        for (form, partner, error) in [
            ("merchant=m", PartnerKind::Merchant, "order_id is missing"),
            ("order_id=7", PartnerKind::Processor, "merchant is missing; a payment processor must send it"),
            ("order_id=7&currency_amount=-1", PartnerKind::Merchant, "currency_amount must be above zero"),
        ] {
            assert_eq!(read(form, partner), Err(error.to_owned()), "{form}");
        }
    }
}
