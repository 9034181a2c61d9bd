//! What a mail says.

use std::fmt;

use obyte::{Bytes, Network};
use payout::Timestamp;
use program::{CurrencyAmount, EmailAddress};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Language;

/// The facts of one mail.
pub struct Letter {
    /// Which mail about this cashback it is.
    pub kind: Kind,
    /// What it is written in; the office's usual language where it has no templates for this one.
    pub language: Language,
    /// Who gets it.
    pub recipient: EmailAddress,
    /// Where the customer bought something: a text from outside, or empty.
    pub shop: String,
    /// Where the coins are; nowhere but on the livenet are they money.
    pub network: Network,
    /// What the customer gets.
    pub amount: Bytes,
    /// About how much that is in the currency of the purchase.
    pub about: Option<CurrencyAmount>,
    /// When the coins return.
    pub expires: Timestamp,
    /// Where the customer gets the coins: the textcoin's link or the claim page's. A secret.
    pub link: Zeroizing<String>,
    /// From this the Message-ID is made.
    pub id: LetterId,
    /// The date of the mail. A letter that is sent again keeps it.
    pub date: Timestamp,
}

/// Which mail about a cashback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first one.
    Textcoin,
    /// It was not claimed yet.
    Reminder {
        /// How many days are left, rounded as the caller likes.
        days_left: u32,
    },
}

impl Kind {
    /// The name of its templates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Textcoin => "textcoin",
            Self::Reminder { .. } => "reminder",
        }
    }
}

/// What makes a mail the same mail when it is sent again.
///
/// It is a hash of the text it was made from, so that it can stand in headers and file names without telling
/// anything, as long as the text cannot be guessed or is no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(String);

impl LetterId {
    /// The id of a text that is unique to this mail and stays the same, such as `live/order/reminder/3`.
    pub fn of(text: &str) -> Self {
        let hash = Sha256::new_with_prefix("bytesback letter\n").chain_update(text).finalize();
        Self(data_encoding::HEXLOWER.encode(&hash[..16]))
    }

    /// 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Without the link.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("language", &self.language)
            .field("recipient", &self.recipient)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::sample;

    #[test]
    fn debug_output_shows_nothing_of_the_link() {
        let letter = sample(Kind::Textcoin, Language::ENGLISH);
        let shown = format!("{letter:?} {letter:#?}");
        assert!(letter.link.contains('#'));
        assert!(!shown.contains("obyte.org") && !shown.contains("abandon"), "{shown}");
    }

    #[test]
    fn an_id_is_the_same_for_the_same_text_and_tells_nothing_of_it() {
        assert_eq!(LetterId::of("order 1"), LetterId::of("order 1"));
        assert_ne!(LetterId::of("order 1"), LetterId::of("order 2"));
        assert_eq!(LetterId::of("order\r\n").as_str().len(), 32);
        assert!(LetterId::of("").as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
