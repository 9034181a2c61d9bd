//! URIs that wallets open, from links and QR codes (section 11): payments, textcoins, pairing.
//!
//! [`Uri::parse`] reads what the reference reads, and [`Uri::print`] writes what it would read back.
//! Where a value could mean nothing on the network, this reader is stricter: amounts above the cap and
//! assets that are no hash are refused.

mod payment;
mod percent;
mod recipient;

use crate::mnemonic::Mnemonic;
use crate::network::Network;
use crate::signature::PublicKey;

pub use self::payment::{Asset, Payment};
pub use self::recipient::Recipient;

/// A URI, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri {
    /// Asks to pay.
    Payment(Payment),
    /// Gives a textcoin away.
    Textcoin(Mnemonic),
    /// Asks to begin a chat with a device.
    Pairing(Pairing),
    /// Asks to sign in somewhere. Its parameters are not read.
    Auth,
    /// Asks to post data. Its parameters are not read.
    Data,
}

/// How to reach a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairing {
    /// The public key of the device.
    pub device: PublicKey,
    /// The hub where it receives messages, without scheme.
    pub hub: String,
    /// What the device expects to hear first.
    pub secret: String,
}

/// The text is no URI that a wallet opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Another scheme, nothing behind it, or a line break inside.
    #[error("no obyte or {0} prefix")]
    Scheme(&'static str),
    /// A `%` without two digits behind it, or bytes that are not UTF-8.
    #[error("malformed percent-encoding")]
    Percent,
    /// A textcoin whose words are no mnemonic.
    #[error("invalid mnemonic")]
    Mnemonic,
    /// More than one question mark.
    #[error("too many question marks")]
    QuestionMarks,
    /// Whom to pay is neither an address nor another kind of recipient.
    #[error("the address is invalid")]
    Recipient,
    /// Not a whole number above zero, written with digits only and without leading zeros.
    #[error("invalid amount: {0}")]
    Amount(&'static str),
    /// Neither `base` nor the hash that names an asset.
    #[error("invalid asset")]
    Asset,
    /// Two amounts of one asset.
    #[error("asset already used")]
    AssetTwice,
    /// `device_address` is none.
    #[error("invalid device address")]
    DeviceAddress,
    /// `base64data` is not base64.
    #[error("invalid base64 data")]
    Base64Data,
    /// `from_address` is none.
    #[error("invalid from address")]
    FromAddress,
}

impl Uri {
    /// Reads a URI as a wallet of the network does: its own schemes, and `obyte:` on every network.
    pub fn parse(text: &str, network: Network) -> Result<Self, UriError> {
        let own = network.uri_scheme();
        let schemes = [legacy_scheme(network), own, Network::Livenet.uri_scheme()];
        let content = schemes.iter().find_map(|scheme| after_scheme(text, scheme));
        Self::of_content(content.ok_or(UriError::Scheme(own))?)
    }

    /// Reads a URI with the scheme of any network.
    pub fn parse_any(text: &str) -> Result<Self, UriError> {
        let content = Network::ALL
            .into_iter()
            .flat_map(|network| [legacy_scheme(network), network.uri_scheme()])
            .find_map(|scheme| after_scheme(text, scheme));
        Self::of_content(content.ok_or(UriError::Scheme(Network::Livenet.uri_scheme()))?)
    }

    /// Writes the URI for wallets of the network.
    pub fn print(&self, network: Network) -> String {
        format!("{}:{}", network.uri_scheme(), self.content())
    }

    fn of_content(content: &str) -> Result<Self, UriError> {
        if let Some(pairing) = Pairing::parse(content) {
            return Ok(Self::Pairing(pairing));
        }
        if content.strip_prefix("auth?").is_some_and(|parameters| !parameters.is_empty()) {
            return Ok(Self::Auth);
        }
        if let Some(words) = textcoin_words(content) {
            return words.parse().map(Self::Textcoin).map_err(|_| UriError::Mnemonic);
        }
        let (main, query) = match content.split_once('?') {
            Some((_, query)) if query.contains('?') => return Err(UriError::QuestionMarks),
            Some((main, query)) => (main, query),
            None => (content, ""),
        };
        let main = percent::decode(main)?;
        if main == "data" && !query.is_empty() {
            return Ok(Self::Data);
        }
        Payment::parse(&main, query).map(Self::Payment)
    }

    fn content(&self) -> String {
        match self {
            Self::Payment(payment) => payment.print(),
            Self::Textcoin(mnemonic) => format!("textcoin?{}", mnemonic.phrase().replace(' ', "-")),
            Self::Pairing(pairing) => pairing.print(),
            Self::Auth => "auth?".to_owned(),
            Self::Data => "data?".to_owned(),
        }
    }
}

/// The schemes from before the network was renamed.
const fn legacy_scheme(network: Network) -> &'static str {
    match network {
        Network::Livenet => "byteball",
        Network::Testnet => "byteball-tn",
        Network::Devnet => "byteball-dn",
    }
}

fn after_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, content) = text.split_once(':')?;
    let readable = !content.is_empty() && !content.contains(is_line_break);
    (found.eq_ignore_ascii_case(scheme) && readable).then_some(content)
}

/// What a dot in the reference's expressions does not match.
fn is_line_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Behind `textcoin?`, or anything of exactly twelve parts.
fn textcoin_words(content: &str) -> Option<String> {
    let words = match content.strip_prefix("textcoin?") {
        Some(words) if !words.is_empty() => words,
        _ if content.split('-').count() == 12 => content,
        _ => return None,
    };
    Some(words.replace('-', " "))
}

impl Pairing {
    fn parse(content: &str) -> Option<Self> {
        let content = content.replacen("%23", "#", 1);
        let (device, rest) = content.split_once('@')?;
        let (hub, secret) = rest.split_once('#')?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let valid = device.chars().all(|c| is_word(c) || matches!(c, '/' | '+'))
            && !hub.is_empty()
            && hub.chars().all(|c| is_word(c) || matches!(c, '.' | ':' | '/' | '-'))
            && !secret.is_empty();
        let device = device.parse().ok().filter(|_| valid)?;
        Some(Self { device, hub: hub.to_owned(), secret: secret.to_owned() })
    }

    fn print(&self) -> String {
        // A reader takes the first `%23` for the `#`, so where the secret has one, the first is ours.
        let separator = if self.secret.contains("%23") { "%23" } else { "#" };
        format!("{}@{}{separator}{}", self.device, self.hub, self.secret)
    }
}

#[cfg(test)]
mod tests;
