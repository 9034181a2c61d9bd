//! The identities in a request: compared by their bytes, stored as they came but for space at
//! their ends.

use std::fmt;
use std::str::FromStr;

/// The longest identity, in characters.
pub const ID_MAX: usize = 255;

/// Why a text is no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing but space.
    #[error("is missing")]
    Empty,
    /// More than [`ID_MAX`] characters.
    #[error("is longer than 255 characters")]
    TooLong,
    /// The character U+0000, which stores and shops do not keep.
    #[error("must not contain the character U+0000")]
    Nul,
}

fn check(text: &str) -> Result<&str, IdError> {
    let text = text.trim();
    if text.is_empty() {
        Err(IdError::Empty)
    } else if text.contains('\0') {
        Err(IdError::Nul)
    } else if text.len() > ID_MAX && text.chars().count() > ID_MAX {
        Err(IdError::TooLong)
    } else {
        Ok(text)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to [`ID_MAX`] characters without U+0000, without space at the ends.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text).map(|text| Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &self.0)
            }
        }
    };
}

id! {
    /// The partner's number of a sale: any text, unique per partner, for a payment processor per
    /// merchant.
    OrderId
}
id! {
    /// The merchant for whom a payment processor reports.
    MerchantId
}
id! {
    /// The customer as the partner knows it; `0` for guests.
    CustomerId
}

impl CustomerId {
    /// Whether this is nobody in particular: caps per customer must not apply.
    pub fn is_guest(&self) -> bool {
        self.as_str() == "0"
    }

    /// The customer of a text, of which only the first [`ID_MAX`] characters count: what a shop
    /// puts here decides no payment, so that its length is no reason to refuse one.
    pub fn cut(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        let end = text.char_indices().nth(ID_MAX).map_or(text.len(), |(end, _)| end);
        text[..end].parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_are_trimmed() {
        let id: OrderId = " 17-05-2018 12:30  123\r\n".parse().expect("valid");
        assert_eq!(id.as_str(), "17-05-2018 12:30  123");
    }

    #[test]
    fn identities_are_compared_by_their_bytes() {
        let (lower, upper): (OrderId, OrderId) = ("a".parse().expect("valid"), "A".parse().expect("valid"));
        let (composed, decomposed): (OrderId, OrderId) =
            ("\u{e9}".parse().expect("valid"), "e\u{301}".parse().expect("valid"));
        assert_ne!(lower, upper);
        assert_ne!(composed, decomposed);
    }

    #[test]
    fn the_limit_counts_characters() {
        assert!("я".repeat(255).parse::<OrderId>().is_ok());
        assert_eq!("я".repeat(256).parse::<OrderId>(), Err(IdError::TooLong));
        assert_eq!(" \t\n".parse::<OrderId>(), Err(IdError::Empty));
        assert_eq!("a\0b".parse::<MerchantId>(), Err(IdError::Nul));
    }

    #[test]
    fn a_long_customer_is_cut_and_zero_is_a_guest() {
        let customer = CustomerId::cut(&"я".repeat(300)).expect("valid");
        assert_eq!(customer.as_str(), "я".repeat(255));
        assert!(CustomerId::cut("0").expect("valid").is_guest());
        assert!(!CustomerId::cut("00").expect("valid").is_guest());
        assert_eq!(CustomerId::cut(" "), Err(IdError::Empty));
    }
}
