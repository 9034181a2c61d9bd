//! Writes letters.

use obyte::Network;
use payout::Timestamp;
use program::EmailAddress;

use super::letter::{Letter, LetterId};
use super::message::{Message, MessageError, Sender, picture_id};
use super::qr;
use super::templates::{Failed, Rendered, Templates};
use super::undelivered::UndeliveredNotice;
use crate::mail::Language;

/// A sender with templates and a usual language.
pub struct Office {
    sender: Sender,
    templates: Templates,
    language: Language,
}

/// A letter that cannot be written. Trying again does not help.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// No templates for the usual language.
    #[error("there are no templates for the language {0}; add them, or choose another language")]
    Language(Language),
    /// A template fails at this letter.
    #[error("the template {name} fails at this mail: {why}")]
    Template {
        /// Which.
        name: String,
        /// What kind of error. No details, since they might quote the letter.
        why: String,
    },
    /// The link or the date of the letter.
    #[error("the link is no web address that fits into a code, or a date lies behind the year 9999")]
    Letter,
    /// The mail around it.
    #[error(transparent)]
    Message(#[from] MessageError),
}

impl Office {
    /// An office.
    ///
    /// # Errors
    /// Where no templates speak the usual language.
    pub fn new(sender: Sender, templates: Templates, language: Language) -> Result<Self, WriteError> {
        if !templates.speaks(&language) {
            return Err(WriteError::Language(language));
        }
        Ok(Self { sender, templates, language })
    }

    /// The mail of a letter, in its language or else in the usual one.
    ///
    /// # Errors
    /// Where the letter cannot be written; see [`WriteError`].
    pub fn write(&self, letter: &Letter) -> Result<Message, WriteError> {
        let picture = qr::png(&letter.link).ok_or(WriteError::Letter)?;
        let rendered = self.render(letter, &format!("cid:{}", picture_id(letter, &self.sender)))?;
        Ok(Message::build(letter, &self.sender, rendered, &picture)?)
    }

    /// What the mail says, as a page that needs nothing beside it.
    ///
    /// # Errors
    /// As [`Office::write`].
    pub fn preview(&self, letter: &Letter) -> Result<Rendered, WriteError> {
        let picture = qr::png(&letter.link).ok_or(WriteError::Letter)?;
        let picture = data_encoding::BASE64.encode(&picture);
        self.render(letter, &format!("data:image/png;base64,{picture}"))
    }

    /// A mail to the operator: plain text, without secrets.
    ///
    /// # Errors
    /// For an address or a date that no mail can have.
    pub fn notice(
        &self,
        to: &EmailAddress,
        subject: &str,
        text: &str,
        id: LetterId,
        date: Timestamp,
    ) -> Result<Message, MessageError> {
        Message::plain(&self.sender, to, subject, text, id, date)
    }

    /// A mail about mails that reach nobody, in its language or else in the usual one.
    ///
    /// # Errors
    /// For an address or a date that no mail can have.
    pub fn undelivered(&self, notice: &UndeliveredNotice) -> Result<Message, WriteError> {
        let (subject, text) = notice.words(&self.language).map_err(|error| WriteError::Template {
            name: "undelivered".to_owned(),
            why: error.kind().to_string(),
        })?;
        Ok(self.notice(&notice.to, &subject, &text, notice.id.clone(), notice.date)?)
    }

    /// The templates.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    fn render(&self, letter: &Letter, qr: &str) -> Result<Rendered, WriteError> {
        let language = Some(&letter.language).filter(|language| self.templates.speaks(language));
        let made = self.templates.render(letter, language.unwrap_or(&self.language), qr);
        made.map(|rendered| marked(letter, rendered)).map_err(|failed| match failed {
            Failed::Letter => WriteError::Letter,
            Failed::Template { name, error } => WriteError::Template { name, why: error.kind().to_string() },
            Failed::Size { name } => {
                WriteError::Template { name, why: "the subject is empty, or a part too large".to_owned() }
            }
        })
    }
}

/// Coins that are no money must not look like it, whatever an operator's templates say.
fn marked(letter: &Letter, rendered: Rendered) -> Rendered {
    if letter.network == Network::Livenet {
        return rendered;
    }
    Rendered { subject: format!("[TEST] {}", rendered.subject), ..rendered }
}
