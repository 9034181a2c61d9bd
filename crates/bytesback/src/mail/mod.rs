//! Mail to customers: from the facts of a textcoin to a message, and from a message to a relay.
//!
//! A [`Letter`] says what there is to say. The [`Office`] writes it: [`Templates`] make a subject, a text
//! and a page of it in a language, and these become a [`Message`] whose bytes depend on the letter alone, so
//! that a mail which is sent again after a crash is the same mail with the same Message-ID. A [`Post`] takes
//! messages away: the [`Relay`] by SMTP, the [`Folder`] into files.
//!
//! Links are secrets. Nothing here logs or shows one, and of what a relay answers only codes are kept
//! ([`Reason`]): relays quote what they were sent.
//!
//! This room knows no database. Who calls it keeps letters, tries again and gives up.

mod blocked;
mod clean;
mod folder;
mod habits;
mod letter;
mod message;
mod office;
mod plural;
mod post;
mod qr;
mod relay;
mod sample;
mod templates;
mod undelivered;
mod values;
mod verdict;

pub(crate) mod said;

pub use blocked::BlockedDomains;
pub use folder::Folder;
pub use habits::Habits;
pub use letter::{Kind, Letter, LetterId};
pub use message::{Mailbox, MailboxError, Message, MessageError, Sender};
pub use office::{Office, WriteError};
pub(crate) use plural::plural;
pub use post::{Accepted, Cause, Post, Reason, Refusal};
pub use program::{Language, LanguageError};
pub(crate) use qr::svg as qr_svg;
pub use relay::{Relay, RelayError, RelaySettings};
pub use sample::sample;
pub use templates::{Rendered, TemplateError, Templates};
pub use undelivered::{Reader, UndeliveredLine, UndeliveredNotice};
pub use verdict::{Stage, Status};
