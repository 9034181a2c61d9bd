//! A mail as it is sent.
//!
//! Its bytes follow from the letter: dates, ids and the borders between its parts are made from it, so that
//! sending again is sending the same.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, MultiPart, SinglePart};
use lettre::{Address, Message as Mail};
use payout::Timestamp;
use program::EmailAddress;
use zeroize::Zeroizing;

use super::clean::one_line;
use super::letter::{Letter, LetterId};
use super::templates::Rendered;

/// The longest name before an address, in characters.
const NAME_MAX: usize = 60;
/// The longest subject of a notice, in characters.
const SUBJECT_MAX: usize = 100;
/// The longest address for unsubscribing, in bytes: it stands on one line of a header.
const UNSUBSCRIBE_MAX: usize = 500;

/// An address with a name, such as `Corner Coffee <cashback@shop.example>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// What people see; may be empty.
    pub name: String,
    /// Where it is.
    pub address: EmailAddress,
}

/// What is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The address.
    #[error("write an address, or a name and an address as in Shop <cashback@shop.example>")]
    Address,
    /// Where readers unsubscribe.
    #[error("it is an https: or mailto: address of at most 500 characters without spaces and angle brackets")]
    Unsubscribe,
}

impl FromStr for Mailbox {
    type Err = MailboxError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, address) = match text.trim().strip_suffix('>') {
            None => ("", text.trim()),
            Some(inside) => inside.rsplit_once('<').ok_or(MailboxError::Address)?,
        };
        let name = one_line(name.trim().trim_matches('"'), NAME_MAX);
        let address = address.parse().map_err(|_| MailboxError::Address)?;
        Ok(Self { name, address })
    }
}

impl Mailbox {
    fn for_header(&self) -> Result<lettre::message::Mailbox, MessageError> {
        let name = (!self.name.is_empty()).then(|| self.name.clone());
        Ok(lettre::message::Mailbox::new(name, address(&self.address)?))
    }
}

/// Who writes.
#[derive(Clone, Debug)]
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    list_unsubscribe: Option<String>,
}

impl Sender {
    /// A sender whose answers go elsewhere, if need be, and who tells where to unsubscribe, if that is due.
    ///
    /// # Errors
    /// For a way to unsubscribe that is none.
    pub fn new(
        from: Mailbox,
        reply_to: Option<Mailbox>,
        list_unsubscribe: Option<&str>,
    ) -> Result<Self, MailboxError> {
        let is_address = |address: &&str| {
            (address.starts_with("https://") || address.starts_with("mailto:"))
                && address.len() <= UNSUBSCRIBE_MAX
                && address.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,\"\\".contains(&byte))
        };
        if list_unsubscribe.is_some_and(|address| !is_address(&address)) {
            return Err(MailboxError::Unsubscribe);
        }
        Ok(Self { from, reply_to, list_unsubscribe: list_unsubscribe.map(str::to_owned) })
    }

    /// The domain of the sender.
    pub fn domain(&self) -> &str {
        self.from.address.domain()
    }
}

/// A mail, ready to be sent.
pub struct Message {
    id: LetterId,
    message_id: String,
    from: Address,
    to: Address,
    bytes: Zeroizing<Vec<u8>>,
}

/// A letter that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// An address.
    #[error("mail cannot be sent to or from this address")]
    Address,
    /// A date.
    #[error("the date of the mail lies behind the year 9999")]
    Date,
    /// Something else.
    #[error("the parts do not make a mail")]
    Parts,
}

impl Message {
    /// The mail of a letter.
    pub(super) fn build(
        letter: &Letter,
        sender: &Sender,
        rendered: Rendered,
        qr: &[u8],
    ) -> Result<Self, MessageError> {
        let from = sender.from.for_header()?;
        let to = address(&letter.recipient)?;
        let message_id = format!("<{}@{}>", letter.id, sender.domain());
        let mut builder = Mail::builder()
            .from(from.clone())
            .to(lettre::message::Mailbox::new(None, to.clone()))
            .subject(rendered.subject)
            .date(UNIX_EPOCH + date(letter.date)?)
            .message_id(Some(message_id.clone()))
            .header(AutoSubmitted);
        if let Some(answers) = &sender.reply_to {
            builder = builder.reply_to(answers.for_header()?);
        }
        if let Some(address) = &sender.list_unsubscribe {
            builder = builder.header(ListUnsubscribe(address.clone()));
        }
        let parts = parts(letter, rendered.text, rendered.html, picture_id(letter, sender), qr)?;
        let mail = builder.multipart(parts).map_err(|_| MessageError::Parts)?;
        let bytes = Zeroizing::new(mail.formatted());
        Ok(Self { id: letter.id.clone(), message_id, from: from.email, to, bytes })
    }

    /// A mail of plain text.
    pub(super) fn plain(
        sender: &Sender,
        to: &EmailAddress,
        subject: &str,
        text: &str,
        id: LetterId,
        written: Timestamp,
    ) -> Result<Self, MessageError> {
        let from = sender.from.for_header()?;
        let to = address(to)?;
        let message_id = format!("<{id}@{}>", sender.domain());
        let mail = Mail::builder()
            .from(from.clone())
            .to(lettre::message::Mailbox::new(None, to.clone()))
            .subject(one_line(subject, SUBJECT_MAX))
            .date(UNIX_EPOCH + date(written)?)
            .message_id(Some(message_id.clone()))
            .header(AutoSubmitted)
            .singlepart(SinglePart::plain(text.to_owned()))
            .map_err(|_| MessageError::Parts)?;
        let bytes = Zeroizing::new(mail.formatted());
        Ok(Self { id, message_id, from: from.email, to, bytes })
    }

    /// What it was made from.
    pub fn id(&self) -> &LetterId {
        &self.id
    }

    /// Its Message-ID, with the angle brackets.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// All of it, as it is sent and as it stands in an `.eml` file. It holds the link.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn from(&self) -> &Address {
        &self.from
    }

    pub(super) fn to(&self) -> &Address {
        &self.to
    }
}

/// Without what is in it.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("size", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The Content-ID of the picture in a letter's mail.
pub(super) fn picture_id(letter: &Letter, sender: &Sender) -> String {
    format!("qr.{}@{}", letter.id, sender.domain())
}

/// Text, or a page with its picture if it shows that.
fn parts(
    letter: &Letter,
    text: String,
    html: String,
    picture: String,
    qr: &[u8],
) -> Result<MultiPart, MessageError> {
    // `=_` stands in no line that is quoted-printable or base64.
    let border = |name: &str| format!("=_{name}_{}", letter.id);
    let shows_picture = html.contains(&format!("cid:{picture}"));
    let page = SinglePart::html(html);
    let both = MultiPart::alternative().boundary(border("a")).singlepart(SinglePart::plain(text));
    if !shows_picture {
        return Ok(both.singlepart(page));
    }
    let png = ContentType::parse("image/png").map_err(|_| MessageError::Parts)?;
    let attachment = Attachment::new_inline_with_name(picture, "cashback.png".to_owned());
    let related = MultiPart::related().boundary(border("r")).singlepart(page);
    Ok(both.multipart(related.singlepart(attachment.body(qr.to_vec(), png))))
}

fn date(at: Timestamp) -> Result<Duration, MessageError> {
    super::habits::iso(at).ok_or(MessageError::Date)?;
    Ok(Duration::from_secs(at.as_millis() / 1000))
}

fn address(address: &EmailAddress) -> Result<Address, MessageError> {
    Address::new(address.local(), address.domain()).map_err(|_| MessageError::Address)
}

/// Tells programs not to answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Where to unsubscribe (RFC 2369).
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

#[cfg(test)]
mod tests;
