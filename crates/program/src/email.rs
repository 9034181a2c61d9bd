//! E-mail addresses of customers: checked when they come in, so that mail is only ever sent to
//! something a mail server can accept.
//!
//! Accepted is what people have: a dot-atom of ASCII before the `@` (RFC 5321, without quoted
//! strings) and a domain name of at least two labels behind it. A domain in another script is
//! turned into its ASCII form (`xn--...`). Quoted local parts, comments, and domains that are IP
//! addresses are refused: such a thing in a till is a mistake far more often than an address.

use std::fmt;
use std::str::FromStr;

const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 253;
const LABEL_MAX: usize = 63;
/// The longest path that a mail server must take is 256 with its angle brackets.
const ADDRESS_MAX: usize = 254;

/// A checked e-mail address: the local part as typed, the domain in lower case and ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    text: Box<str>,
    at: usize,
}

/// Why a text is no e-mail address that mail could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing before or behind the `@`, no `@`, or more than one.
    #[error("an e-mail address has one @ with something on both sides")]
    Form,
    /// What stands before the `@`.
    #[error("the part of the e-mail address before the @ is not valid")]
    Local,
    /// What stands behind the `@`.
    #[error("the domain of the e-mail address is not valid")]
    Domain,
    /// More than mail servers must take.
    #[error("the e-mail address is too long")]
    TooLong,
}

impl EmailAddress {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`, in the case in which it was typed: only the receiving server
    /// may say whether case matters there.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the `@`, in lower case, ASCII.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        // Long before any table of the domain's conversion is asked, and whatever else is wrong with it.
        if text.len() > 4 * ADDRESS_MAX || text.is_ascii() && text.len() > ADDRESS_MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Form)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::Form);
        }
        if !is_dot_atom(local) {
            return Err(EmailError::Local);
        }
        let domain = ascii_domain(domain).ok_or(EmailError::Domain)?;
        if local.len() + 1 + domain.len() > ADDRESS_MAX {
            return Err(EmailError::TooLong);
        }
        Ok(Self { text: format!("{local}@{domain}").into(), at: local.len() })
    }
}

/// Atoms of ASCII separated by single dots.
fn is_dot_atom(local: &str) -> bool {
    local.len() <= LOCAL_MAX
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_character))
}

fn is_atom_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = if domain.is_ascii() {
        domain.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3).ok()?.into_owned()
    };
    is_domain(&ascii).then_some(ascii)
}

fn is_domain(domain: &str) -> bool {
    let mut labels = domain.rsplit('.');
    let top = labels.next().unwrap_or_default();
    let top_is_name = top.len() >= 2 && top.bytes().any(|byte| byte.is_ascii_alphabetic());
    domain.len() <= DOMAIN_MAX && domain.contains('.') && top_is_name && is_label(top) && labels.all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Without the local part: debug output ends in logs, and logs need not know who the customer is.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(...@{})", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, EmailError> {
        text.parse::<EmailAddress>().map(|address| address.to_string())
    }

    #[test]
    fn the_local_part_keeps_its_case_and_the_domain_is_lowered() {
        let address: EmailAddress = "First.Last+Tag@Mail.Example.ORG".parse().expect("valid");
        assert_eq!(address.as_str(), "First.Last+Tag@mail.example.org");
        assert_eq!(address.local(), "First.Last+Tag");
        assert_eq!(address.domain(), "mail.example.org");
    }

    #[test]
    fn a_domain_in_another_script_becomes_ascii() {
        assert_eq!(parse("a@Bücher.example"), Ok("a@xn--bcher-kva.example".into()));
        assert_eq!(parse("a@пример.рф"), Ok("a@xn--e1afmkfd.xn--p1ai".into()));
    }

    #[test]
    fn letters_that_look_alike_stay_another_domain_and_invisible_ones_are_gone() {
        assert_eq!(parse("a@\u{430}pple.com"), Ok("a@xn--pple-43d.com".into()));
        assert_eq!(parse("a@ｘ。org"), Ok("a@x.org".into()), "wide letters and the wide dot");
        assert_eq!(parse("a@exam\u{ad}ple.org\u{200b}"), Ok("a@example.org".into()));
        for local in ["a\u{200b}", "ａ", "a\u{ad}", "\u{feff}a", "a(comment)", "a\\b"] {
            assert_eq!(parse(&format!("{local}@x.org")), Err(EmailError::Local), "{local:?}");
        }
        for domain in ["x.org.", "x", "localhost", "x.org(comment)", "x%2eorg", "x.org\u{0}", "xn--.org."] {
            assert_eq!(parse(&format!("a@{domain}")), Err(EmailError::Domain), "{domain:?}");
        }
    }

    #[test]
    fn every_character_of_an_atom_is_taken() {
        assert_eq!(parse("!#$%&'*+-/=?^_`{|}~@x.org"), Ok("!#$%&'*+-/=?^_`{|}~@x.org".into()));
    }

    #[test]
    fn what_no_server_could_take_is_refused() {
        let long_local = format!("{}@x.org", "a".repeat(65));
        let long_label = format!("a@{}.org", "a".repeat(64));
        let long_domain = format!("a@{}org", "abcdefg.".repeat(32));
        for (bad, error) in [
            ("", EmailError::Form),
            ("x.org", EmailError::Form),
            ("@x.org", EmailError::Form),
            ("a@", EmailError::Form),
            ("a@b@x.org", EmailError::Form),
            (".a@x.org", EmailError::Local),
            ("a.@x.org", EmailError::Local),
            ("a..b@x.org", EmailError::Local),
            ("a b@x.org", EmailError::Local),
            ("\"a b\"@x.org", EmailError::Local),
            ("a\u{0}@x.org", EmailError::Local),
            ("я@x.org", EmailError::Local),
            ("a\r\nBcc: b@x.org", EmailError::Local),
            (&long_local, EmailError::Local),
            ("a@x", EmailError::Domain),
            ("a@x.", EmailError::Domain),
            ("a@.org", EmailError::Domain),
            ("a@x..org", EmailError::Domain),
            ("a@-x.org", EmailError::Domain),
            ("a@x-.org", EmailError::Domain),
            ("a@x.o", EmailError::Domain),
            ("a@x_y.org", EmailError::Domain),
            ("a@x.org\r\n", EmailError::Domain),
            ("a@x.org ", EmailError::Domain),
            ("a@127.0.0.1", EmailError::Domain),
            ("a@[127.0.0.1]", EmailError::Domain),
            (&long_label, EmailError::Domain),
            (&long_domain, EmailError::TooLong),
            (&format!("{}@{}org", "a".repeat(64), "abc.".repeat(63)), EmailError::TooLong),
        ] {
            assert_eq!(parse(bad), Err(error), "{bad:?}");
        }
    }

    #[test]
    fn the_whole_is_bounded() {
        let domain = format!("{}.{}.{}.org", "a".repeat(63), "b".repeat(63), "c".repeat(58));
        assert_eq!(parse(&format!("{}@{domain}", "l".repeat(64))), Err(EmailError::TooLong));
        assert!(parse(&format!("{}@{domain}", "l".repeat(63))).is_ok());
        assert_eq!(parse(&format!("a@{}", "ü".repeat(5000))), Err(EmailError::TooLong));
    }

    #[test]
    fn debug_output_does_not_say_who() {
        let address: EmailAddress = "someone@x.org".parse().expect("valid");
        assert_eq!(format!("{address:?}"), "EmailAddress(...@x.org)");
    }

    proptest::proptest! {
        #[test]
        fn what_was_accepted_is_read_back_unchanged(text in "[ -~ü]{0,12}@[ -~ü.]{0,12}(\\.[a-z]{2,4})?") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                proptest::prop_assert_eq!(address.as_str().parse(), Ok(address.clone()));
                proptest::prop_assert!(address.as_str().is_ascii());
            }
        }
    }
}
