//! To whom a cashback goes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use obyte::Address;

use crate::EmailAddress;

/// To whom a cashback goes.
///
/// Its text is the address; the two kinds cannot be confused, since only one of them holds an `@`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Recipient {
    /// To a wallet.
    Address(Address),
    /// To a mailbox, as a textcoin.
    Email(EmailAddress),
}

/// The text is none that a [`Recipient`] was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is neither an Obyte address nor an e-mail address")]
pub struct RecipientCodeError;

impl Recipient {
    /// The wallet address, if it is one.
    pub const fn address(&self) -> Option<&Address> {
        match self {
            Self::Address(address) => Some(address),
            Self::Email(_) => None,
        }
    }

    /// The mailbox, if it is one.
    pub const fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Address(_) => None,
            Self::Email(email) => Some(email),
        }
    }

    /// By what limits know the recipient. One mailbox can be written in many ways: its name counts in lower case,
    /// and without what stands behind a plus.
    pub fn counted_as(&self) -> Cow<'_, str> {
        match self {
            Self::Address(address) => Cow::Borrowed(address.as_str()),
            Self::Email(email) => {
                let name = email.local().split('+').next().filter(|name| !name.is_empty());
                let name = name.unwrap_or(email.local()).to_lowercase();
                Cow::Owned(format!("{name}@{}", email.domain()))
            }
        }
    }

    /// The text, as it is kept.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Address(address) => address.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads back what [`Display`](fmt::Display) has written; what people type is read at the edge.
impl FromStr for Recipient {
    type Err = RecipientCodeError;

    fn from_str(text: &str) -> Result<Self, RecipientCodeError> {
        if text.contains('@') {
            text.parse().map(Self::Email).map_err(|_| RecipientCodeError)
        } else {
            text.parse().map(Self::Address).map_err(|_| RecipientCodeError)
        }
    }
}

impl From<Address> for Recipient {
    fn from(address: Address) -> Self {
        Self::Address(address)
    }
}

impl From<EmailAddress> for Recipient {
    fn from(email: EmailAddress) -> Self {
        Self::Email(email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        for text in ["QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD", "First.Last+tag@example.org"] {
            let recipient: Recipient = text.parse().expect("a recipient");
            assert_eq!(recipient.to_string(), text);
        }
    }

    #[test]
    fn however_a_mailbox_is_written_it_counts_as_one() {
        let counted = |text: &str| text.parse::<Recipient>().expect("a recipient").counted_as().into_owned();
        for text in ["a.b@x.org", "A.b@X.org", "a.b+1@x.org", "A.B++@x.org"] {
            assert_eq!(counted(text), "a.b@x.org");
        }
        assert_eq!(counted("+1@x.org"), "+1@x.org");
        assert_eq!(counted("QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD"), "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD");
    }

    #[test]
    fn nothing_is_guessed() {
        for text in ["", "obyte:QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD", "a@b", "nobody"] {
            assert_eq!(text.parse::<Recipient>(), Err(RecipientCodeError), "{text:?}");
        }
    }
}
