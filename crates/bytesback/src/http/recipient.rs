//! The `address` field: to whom the cashback goes.
//!
//! It comes typed, pasted, or as a QR scanner reads it. Schemes of every network and the query
//! part are dropped; nothing is guessed: a wrong character ends in an error. Only a space within the local part of an
//! e-mail address is read as the plus that it was, since clients send it so.

use std::borrow::Cow;

use obyte::{Address, AddressError, DeviceAddress};
use program::{EmailError, Recipient};

/// Why the field names nobody who could be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// What shops send for a customer who paid without a wallet of his own.
    #[error("says that there is no sending address; send the customer's own address")]
    NoSendingAddress,
    /// A link that holds coins.
    #[error("is a textcoin link; send an Obyte address or an e-mail address")]
    Textcoin,
    /// The address of a device.
    #[error("is a device address; send the customer's wallet address")]
    Device,
    /// `@name`, `github/name`, a telephone number.
    #[error("is a user name or a phone number; send an Obyte address or an e-mail address")]
    Attested,
    /// All is right but the case.
    #[error("must be written in capital letters")]
    LowerCase,
    /// One wrong character.
    #[error("has a wrong checksum; some character is wrong")]
    Checksum,
    /// Neither an address nor an e-mail address.
    #[error("must be an Obyte address (32 characters) or an e-mail address")]
    Form,
    /// Nearly an e-mail address.
    #[error("{0}")]
    Email(#[from] EmailError),
}

/// What every shop plugin takes for an address.
const NO_SENDING_ADDRESS: &str = "NO-SENDING-ADDRESS-ON-TEST-MODE";
const WALLET_SCHEMES: [&str; 6] = ["byteball", "byteball-tn", "byteball-dn", "obyte", "obyte-tn", "obyte-dn"];
const ACCOUNT_PREFIXES: [&str; 4] = ["steem/", "reddit/", "github/", "bitcointalk/"];

/// Reads the field.
///
/// # Errors
/// Any [`RecipientError`].
pub fn read_recipient(text: &str) -> Result<Recipient, RecipientError> {
    let text = text.trim();
    if is_textcoin(text) {
        return Err(RecipientError::Textcoin);
    }
    let target = target(text);
    let target = target.trim();
    if target.eq_ignore_ascii_case(NO_SENDING_ADDRESS) {
        return Err(RecipientError::NoSendingAddress);
    }
    if is_attested(target) {
        return Err(RecipientError::Attested);
    }
    if target.contains('@') {
        return Ok(Recipient::Email(with_pluses(target).parse()?));
    }
    wallet_address(target).map(Recipient::Address)
}

/// Clients that do not encode a plus make a space of it. One at either end of the local part was none: it is a mistake
/// of who typed, and would lead to another mailbox.
fn with_pluses(text: &str) -> Cow<'_, str> {
    match text.split_once('@') {
        Some((local, _)) if local.contains(' ') && local.trim() == local => text.replace(' ', "+").into(),
        _ => text.into(),
    }
}

fn wallet_address(text: &str) -> Result<Address, RecipientError> {
    match text.parse::<Address>() {
        Ok(address) => Ok(address),
        Err(AddressError::Checksum) => Err(RecipientError::Checksum),
        Err(AddressError::Form) if text.parse::<DeviceAddress>().is_ok() => Err(RecipientError::Device),
        Err(AddressError::Form) if text.to_ascii_uppercase().parse::<Address>().is_ok() => {
            Err(RecipientError::LowerCase)
        }
        Err(AddressError::Form) => Err(RecipientError::Form),
    }
}

/// What a URI points to, or the text itself where it is none.
fn target(text: &str) -> Cow<'_, str> {
    let Some(rest) = without_scheme(text) else {
        return without_query(text).into();
    };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    percent_decoded(rest.split('?').next().unwrap_or_default())
}

fn without_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is = |known: &str| scheme.trim_end().eq_ignore_ascii_case(known);
    (is("mailto") || WALLET_SCHEMES.into_iter().any(is)).then_some(rest)
}

/// Without a scheme a `?` may belong to an e-mail address, where it stands before the `@`.
fn without_query(text: &str) -> &str {
    match text.split_once('?') {
        Some((target, query)) if target.contains('@') || !query.contains('@') => target,
        Some((target, _)) if target.parse::<Address>().is_ok() => target,
        _ => text,
    }
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut pieces = text.split('%');
    let mut decoded = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let byte = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|_| !piece.starts_with('+')) {
            Some(byte) => {
                decoded.push(byte);
                decoded.extend_from_slice(&piece.as_bytes()[2..]);
            }
            None => {
                decoded.push(b'%');
                decoded.extend_from_slice(piece.as_bytes());
            }
        }
    }
    String::from_utf8(decoded).map_or_else(|_| text.into(), Cow::from)
}

/// `obyte:textcoin?words`, the link on a web page, or the words themselves.
fn is_textcoin(text: &str) -> bool {
    let rest = without_scheme(text).unwrap_or(text);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let lower = rest.to_ascii_lowercase();
    lower.starts_with("textcoin?")
        || lower.contains("#textcoin?")
        || are_words(&lower, '-')
        || are_words(&lower, ' ')
}

fn are_words(text: &str, separator: char) -> bool {
    let mut words = text.split(separator);
    let is_word = |word: &str| (3..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
    words.by_ref().take(12).filter(|word| is_word(word)).count() == 12 && words.next().is_none()
}

/// Recipients that wallets pay by means of attestations.
fn is_attested(text: &str) -> bool {
    let is_phone = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let has_prefix =
        |prefix: &&str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    (text.starts_with('@') && text.len() > 1) || is_phone(text) || ACCOUNT_PREFIXES.iter().any(has_prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";

    fn parse(text: &str) -> Result<String, RecipientError> {
        read_recipient(text).map(|recipient| recipient.to_string())
    }

    #[test]
    fn the_schemes_of_every_network_are_dropped() {
        for scheme in
            ["", "byteball:", "obyte:", "BYTEBALL-TN:", "obyte-tn:", "Byteball-dn:", "OBYTE-DN:", "obyte://"]
        {
            for query in ["", "?amount=1000", "?amount=1000&asset=base", "?from_address=a@b"] {
                let text = format!(" {scheme}{ADDRESS}{query}\n");
                assert_eq!(parse(&text), Ok(ADDRESS.into()), "{text:?}");
            }
        }
    }

    #[test]
    fn an_email_address_comes_out_of_its_uri() {
        for text in [
            "a+b@x.org",
            "mailto:a+b@x.org",
            "MAILTO:a%2Bb@X.org?subject=hi%20there",
            "obyte:a+b@x.org?amount=1",
            "obyte-tn:a%2bb%40x.org",
            "a+b@x.org?subject=c@d",
            " a b@x.org ",
        ] {
            assert_eq!(parse(text), Ok("a+b@x.org".into()), "{text:?}");
        }
        assert_eq!(parse("what?@x.org"), Ok("what?@x.org".into()));
        assert_eq!(parse("a  b@x.org"), Ok("a++b@x.org".into()));
        assert_eq!(parse("50%off@x.org"), Ok("50%off@x.org".into()));
    }

    #[test]
    fn every_mistake_has_its_own_error() {
        for (text, error) in [
            ("QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDE", RecipientError::Checksum),
            ("qzab2myrlrvunittoocf5ze3ag4tcjdd", RecipientError::LowerCase),
            ("0BQHH2EQ754G2WF4O5IQACV7KEOWHT3YY", RecipientError::Device),
            ("obyte:0BQHH2EQ754G2WF4O5IQACV7KEOWHT3YY", RecipientError::Device),
            ("NO-SENDING-ADDRESS-ON-TEST-MODE", RecipientError::NoSendingAddress),
            ("QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJD", RecipientError::Form),
            ("QZAB2MYRLRVUNITT OOCF5ZE3AG4TCJDD", RecipientError::Form),
            ("null", RecipientError::Form),
            ("obyte:", RecipientError::Form),
            ("?", RecipientError::Form),
            ("http://x.org/QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD", RecipientError::Form),
            ("@someone", RecipientError::Attested),
            ("obyte:steem/someone", RecipientError::Attested),
            ("GitHub/someone", RecipientError::Attested),
            ("+491701234567", RecipientError::Attested),
            ("491701234567", RecipientError::Attested),
            ("a@x", RecipientError::Email(EmailError::Domain)),
            ("a@ x.org", RecipientError::Email(EmailError::Domain)),
            ("a @x.org", RecipientError::Email(EmailError::Local)),
            ("mailto:a%20@x.org", RecipientError::Email(EmailError::Local)),
            ("a@x .org", RecipientError::Email(EmailError::Domain)),
            ("mailto:a@x.org%0d%0aBcc:b", RecipientError::Email(EmailError::Domain)),
            ("a\u{0}@x.org", RecipientError::Email(EmailError::Local)),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_textcoin_is_never_taken_for_something_else() {
        let words = "undo-step-snap-hurdle-visit-usual-angle-egg-print-people-expire-clinic";
        let spaced = words.replace('-', " ");
        for text in [
            words.to_owned(),
            spaced,
            format!("obyte:{words}"),
            format!("obyte:textcoin?{words}"),
            format!("byteball-tn:textcoin?{words}"),
            format!("https://obyte.org/#textcoin?{words}"),
        ] {
            assert_eq!(parse(&text), Err(RecipientError::Textcoin), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,80}") {
            let _ = parse(&text);
        }
    }
}
