//! A purchase as it is sent.

use std::fmt;

/// The fields of one purchase, each as its text; an empty one counts as missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PurchaseRequest {
    /// The partner's name.
    pub partner: String,
    /// The partner's key: a secret.
    pub partner_key: String,
    /// The customer as the partner knows it, `0` for guests.
    pub customer: String,
    /// The partner's number of the sale, unique per partner (and merchant, for payment processors).
    pub order_id: String,
    /// Free text.
    pub description: String,
    /// The merchant, for payment processors.
    pub merchant: String,
    /// An Obyte address or an e-mail address.
    pub address: String,
    /// USD, EUR, RUR, GBYTE or BTC.
    pub currency: String,
    /// A decimal number of it.
    pub currency_amount: String,
    /// A decimal number from 0 to 100; empty for 0.
    pub partner_cashback_percentage: String,
    /// The unit that paid in GBYTE; empty for none.
    pub purchase_unit: String,
}

impl PurchaseRequest {
    /// The fields with their names in the API.
    fn fields(&self) -> [(&'static str, &str); 11] {
        [
            ("partner", &self.partner),
            ("partner_key", &self.partner_key),
            ("customer", &self.customer),
            ("order_id", &self.order_id),
            ("description", &self.description),
            ("merchant", &self.merchant),
            ("address", &self.address),
            ("currency", &self.currency),
            ("currency_amount", &self.currency_amount),
            ("partner_cashback_percentage", &self.partner_cashback_percentage),
            ("purchase_unit", &self.purchase_unit),
        ]
    }

    /// The body `application/x-www-form-urlencoded`. Holds the key.
    pub fn to_form(&self) -> String {
        form(self.fields())
    }
}

/// Fields as a body `application/x-www-form-urlencoded`.
pub(crate) fn form<'a>(fields: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let mut form = String::with_capacity(512);
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        value.bytes().for_each(|byte| push_encoded(&mut form, byte));
    }
    form
}

fn push_encoded(form: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => form.push(byte.into()),
        b' ' => form.push('+'),
        _ => form.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
    }
}

/// Without the key.
impl fmt::Debug for PurchaseRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.fields() {
            map.entry(&name, if name == "partner_key" { &"..." } else { &value });
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_that_means_something_in_a_form_is_encoded() {
        let request = PurchaseRequest {
            partner: "a+b&c=d%".into(),
            description: "кофе\r\nи чай".into(),
            ..PurchaseRequest::default()
        };
        let form = request.to_form();
        assert!(form.starts_with("partner=a%2Bb%26c%3Dd%25&partner_key=&"), "{form}");
        assert!(form.contains("&description=%D0%BA%D0%BE%D1%84%D0%B5%0D%0A%D0%B8+%D1%87%D0%B0%D0%B9&"));
        assert!(form.ends_with("&purchase_unit="));
    }

    #[test]
    fn debug_output_hides_the_key() {
        let request = PurchaseRequest { partner_key: "s3cret".into(), ..PurchaseRequest::default() };
        assert!(!format!("{request:?}").contains("s3cret"));
    }
}
