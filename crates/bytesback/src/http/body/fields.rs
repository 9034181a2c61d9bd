//! The values of the known fields.

use std::borrow::Cow;
use std::fmt;

/// The fields of a request, as clients spell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `partner`: the name.
    Partner,
    /// `partner_key`.
    PartnerKey,
    /// `customer`.
    Customer,
    /// `order_id`.
    OrderId,
    /// `description`.
    Description,
    /// `merchant`.
    Merchant,
    /// `address`.
    Address,
    /// `currency`.
    Currency,
    /// `currency_amount`.
    CurrencyAmount,
    /// `partner_cashback_percentage`.
    PartnerCashbackPercentage,
    /// `purchase_unit`.
    PurchaseUnit,
    /// `email`, of a correction.
    Email,
}

impl Field {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Partner,
        Self::PartnerKey,
        Self::Customer,
        Self::OrderId,
        Self::Description,
        Self::Merchant,
        Self::Address,
        Self::Currency,
        Self::CurrencyAmount,
        Self::PartnerCashbackPercentage,
        Self::PurchaseUnit,
        Self::Email,
    ];

    /// The name in requests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::PartnerKey => "partner_key",
            Self::Customer => "customer",
            Self::OrderId => "order_id",
            Self::Description => "description",
            Self::Merchant => "merchant",
            Self::Address => "address",
            Self::Currency => "currency",
            Self::CurrencyAmount => "currency_amount",
            Self::PartnerCashbackPercentage => "partner_cashback_percentage",
            Self::PurchaseUnit => "purchase_unit",
            Self::Email => "email",
        }
    }

    /// The field of a name as it came, if it is one of ours.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name().as_bytes() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a value cannot stand as text. Says nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// A list, an object, true or false.
    #[error("must be text or a number")]
    NotText,
    /// Bytes that are no text.
    #[error("is not valid UTF-8")]
    Utf8,
    /// The character U+0000.
    #[error("must not contain the character U+0000")]
    Nul,
}

/// What came for one field.
#[derive(Clone, Default)]
pub(super) enum Value<'a> {
    #[default]
    Missing,
    /// Bytes that ought to be UTF-8; a JSON number stands here as it was written.
    Text(Cow<'a, [u8]>),
    NotText,
}

/// What came for all of them. Holds a partner key, so that its debug output is empty.
#[derive(Clone, Default)]
pub struct Fields<'a>([Value<'a>; Field::ALL.len()]);

impl<'a> Fields<'a> {
    pub(super) fn set(&mut self, field: Field, value: Value<'a>) {
        self.0[field as usize] = value;
    }

    /// The value as text, without space at its ends; `None` where it is missing or empty.
    pub fn text(&self, field: Field) -> Result<Option<&str>, FieldError> {
        Ok(self.untrimmed(field)?.map(str::trim).filter(|text| !text.is_empty()))
    }

    /// The value as text, just as it came; `None` where it is missing.
    pub fn untrimmed(&self, field: Field) -> Result<Option<&str>, FieldError> {
        let text = match &self.0[field as usize] {
            Value::Missing => return Ok(None),
            Value::NotText => return Err(FieldError::NotText),
            Value::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| FieldError::Utf8)?,
        };
        if text.contains('\0') { Err(FieldError::Nul) } else { Ok(Some(text)) }
    }

    /// The value as text in which what is no text is replaced by U+FFFD.
    pub fn free_text(&self, field: Field) -> Result<Cow<'_, str>, FieldError> {
        match &self.0[field as usize] {
            Value::Missing => Ok("".into()),
            Value::NotText => Err(FieldError::NotText),
            Value::Text(bytes) => Ok(match String::from_utf8_lossy(bytes) {
                text if text.contains('\0') => text.replace('\0', "\u{FFFD}").into(),
                text => text,
            }),
        }
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fields(...)")
    }
}
