//! Mails as files, for trying and for whatever else picks them up.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::message::Message;
use super::post::{Accepted, Cause, Post, Reason, Refusal};
use super::verdict::Stage;

/// Writes each message to `ID.eml`. The same message again replaces it, so that there is one file for each.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, if need be.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn new(path: impl Into<PathBuf>) -> std::io::Result<Self> {
        let path = path.into();
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }

    /// Where a message comes to lie.
    pub fn file(&self, message: &Message) -> PathBuf {
        self.path.join(format!("{}.eml", message.id()))
    }
}

#[async_trait]
impl Post for Folder {
    async fn deliver(&self, message: &Message) -> Result<Accepted, Refusal> {
        write_whole(&self.file(message), message.bytes())
            .map(|()| Accepted { code: None })
            .map_err(|_| Refusal::Later(Reason::new(Cause::File, Stage::File)))
    }
}

/// Writes a file that is there as a whole or not at all, and that only its owner may read.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Hidden, so that nobody picks it up; of this process, so that two do not write to the same.
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let part = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&part);
    let written =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).and_then(|mut open| {
            open.write_all(bytes)?;
            open.sync_all()
        });
    let done = written.and_then(|()| fs::rename(&part, file));
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    done
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::mail::{Kind, Language, LetterId, Office, Sender, Templates, sample};

    fn message(id: &str) -> Message {
        let from = "Shop <cashback@shop.example>".parse().expect("a mailbox");
        let sender = Sender::new(from, None, None).expect("a sender");
        let office = Office::new(sender, Templates::built_in(), Language::ENGLISH).expect("an office");
        let mut letter = sample(Kind::Textcoin, Language::ENGLISH);
        letter.id = LetterId::of(id);
        office.write(&letter).expect("written")
    }

    #[tokio::test]
    async fn the_same_message_again_is_the_same_file() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("out/box")).expect("made");
        let (first, second) = (message("1"), message("2"));
        for message in [&first, &second, &first] {
            assert_eq!(folder.deliver(message).await, Ok(Accepted { code: None }));
        }
        let files = fs::read_dir(place.path().join("out/box")).expect("it is there").count();
        assert_eq!(files, 2, "one for each, and no parts");
        let file = folder.file(&first);
        assert_eq!(fs::read(&file).expect("it is there"), first.bytes());
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_tried_later_and_said_to_the_operator() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("box")).expect("made");
        fs::remove_dir(place.path().join("box")).expect("it was empty");
        let refusal = folder.deliver(&message("1")).await.expect_err("the folder is gone");
        assert!(matches!(refusal, Refusal::Later(reason) if reason.is_for_operator()), "{refusal}");
    }
}
