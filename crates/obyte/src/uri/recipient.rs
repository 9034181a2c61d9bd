//! Whom a payment URI names.

use std::fmt;

use super::{UriError, is_line_break};
use crate::address::Address;

/// Whom to pay. Wallets look up addresses of all but the first kind in attestations, or send them a
/// textcoin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// An address.
    Address(Address),
    /// An e-mail address, as it was written.
    Email(String),
    /// An account elsewhere, as it was written: `@name`, `reddit/name`, `github/name`, `steem/name`,
    /// `bitcointalk/name`.
    Account(String),
    /// A phone number: `+` and 9 to 14 digits.
    Phone(String),
}

const SERVICES: [&str; 5] = ["steem/", "reddit/", "github/", "bitcointalk/", "@"];

impl Recipient {
    pub(super) fn parse(text: &str) -> Result<Self, UriError> {
        if let Ok(address) = text.parse() {
            Ok(Self::Address(address))
        } else if is_email(text) {
            Ok(Self::Email(text.to_owned()))
        } else if is_account(text) {
            Ok(Self::Account(text.to_owned()))
        } else if is_phone(text) {
            Ok(Self::Phone(text.to_owned()))
        } else {
            Err(UriError::Recipient)
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Email(text) | Self::Account(text) | Self::Phone(text) => f.pad(text),
        }
    }
}

/// The reference's rule for e-mail addresses, which is none of the standards.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain))
}

fn is_local_part(local: &str) -> bool {
    let quoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if quoted.is_some_and(|inside| !inside.is_empty() && !inside.contains(is_line_break)) {
        return true;
    }
    let special =
        |c: char| "<>()[]\\,;:@\"".contains(c) || c.is_whitespace() && c != '\u{85}' || c == '\u{feff}';
    local.split('.').all(|atom| !atom.is_empty() && !atom.contains(special))
}

fn is_domain(domain: &str) -> bool {
    if let Some(ip) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return ip.split('.').count() == 4 && ip.split('.').all(|part| part.len() <= 3 && is_digits(part));
    }
    let Some((labels, top)) = domain.rsplit_once('.') else { return false };
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    labels.split('.').all(is_label) && top.len() >= 2 && top.bytes().all(|c| c.is_ascii_alphabetic())
}

fn is_account(text: &str) -> bool {
    SERVICES.iter().any(|service| {
        let Some((prefix, name)) = text.split_at_checked(service.len()) else { return false };
        prefix.eq_ignore_ascii_case(service)
            && name.encode_utf16().take(3).count() == 3
            && !first_code_units(name, 3).contains(is_line_break)
    })
}

/// The characters that begin within the first code units.
fn first_code_units(text: &str, units: usize) -> &str {
    let mut seen = 0;
    let end = text.char_indices().find(|(_, c)| {
        let full = seen >= units;
        seen += c.len_utf16();
        full
    });
    &text[..end.map_or(text.len(), |(end, _)| end)]
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|number| (9..=14).contains(&number.len()) && is_digits(number))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each was run through the reference's expressions.
    #[test]
    fn the_kinds_are_told_apart_as_in_the_reference() {
        for email in [
            "a@b.co",
            "first.last+tag@sub-domain.example.org",
            "\"quoted @ local\"@example.org",
            "\"\"\"@example.org",
            "x@[127.0.0.1]",
            "é@example.org",
            "x@-.org",
        ] {
            assert_eq!(Recipient::parse(email), Ok(Recipient::Email(email.into())));
        }
        for account in ["@abc", "reddit/user", "STEEM/joe", "bitcointalk/a b", "github/😀x", "@a@b.co.x."] {
            assert_eq!(Recipient::parse(account), Ok(Recipient::Account(account.into())));
        }
        for phone in ["+123456789", "+12345678901234"] {
            assert_eq!(Recipient::parse(phone), Ok(Recipient::Phone(phone.into())));
        }
        for bad in [
            "",
            "a@b",
            "a@b.c",
            "a@b.c1",
            ".a@b.co",
            "a..b@b.co",
            "a b@b.co",
            "\"\"@b.co",
            "x@[1.2.3]",
            "x@[1.2.3.1234]",
            "@ab",
            "@a\nb",
            "twitter/abc",
            "github/ab",
            "+12345678",
            "+123456789012345",
            "+12345678a",
            "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDE",
            "0BQHH2EQ754G2WF4O5IQACV7KEOWHT3YY",
        ] {
            assert_eq!(Recipient::parse(bad), Err(UriError::Recipient), "{bad}");
        }
    }
}
