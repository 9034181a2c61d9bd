//! `[mail]`: who writes to customers, how, and through which relay.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::mail::{BlockedDomains, Language, Mailbox, Office, Post, Relay, RelaySettings, Sender, Templates};
use crate::mailer::MailSettings;

/// Where the password of the relay may be instead of a file.
const PASSWORD: &str = "BYTESBACK_MAIL_PASSWORD";
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECTIONS: usize = 4;

/// Mail to customers; docs/mail.md explains every key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// The sender, such as `Shop <cashback@shop.example>`.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// `smtp://HOST:PORT` or `smtps://HOST:PORT`.
    pub relay: Option<String>,
    /// Who we are for the relay.
    pub username: Option<String>,
    /// A file with the password.
    pub password_file: Option<PathBuf>,
    /// Certificates in PEM to trust beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// How long each step may take, such as `30s`.
    pub timeout: Option<String>,
    /// The most connections to the relay at a time.
    pub connections: Option<usize>,
    /// A folder of templates.
    pub templates: Option<PathBuf>,
    /// The usual language.
    #[serde(default, deserialize_with = "language")]
    pub language: Option<Language>,
    /// Where to unsubscribe.
    pub list_unsubscribe: Option<String>,
    /// Who is told of low balances.
    pub operator: Option<String>,
    /// Domains whose addresses are refused.
    #[serde(default)]
    pub blocked_domains: Vec<String>,
    /// A file with more of them, one in each line.
    pub blocked_domains_file: Option<PathBuf>,
}

fn language<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Language>, D::Error> {
    let tag = Option::<String>::deserialize(from)?;
    tag.map(|tag| tag.parse().map_err(serde::de::Error::custom)).transpose()
}

impl MailConfig {
    /// Paths are relative to this folder.
    pub(super) fn settle(&mut self, folder: &Path) {
        let paths =
            [&mut self.password_file, &mut self.ca_file, &mut self.templates, &mut self.blocked_domains_file];
        for path in paths {
            *path = path.take().map(|path| folder.join(path));
        }
    }

    /// Who writes, and how.
    ///
    /// # Errors
    /// For what is no address or no template, and for a language without templates.
    pub fn office(&self) -> anyhow::Result<Office> {
        let templates = match &self.templates {
            None => Templates::built_in(),
            Some(folder) => Templates::read(folder).context("templates")?,
        };
        Ok(Office::new(self.sender()?, templates, self.language.clone().unwrap_or(Language::ENGLISH))?)
    }

    /// Who writes.
    ///
    /// # Errors
    /// For what is no address.
    pub fn sender(&self) -> anyhow::Result<Sender> {
        let from: Mailbox = self.from.parse().context("from")?;
        let reply_to = self.reply_to.as_deref().map(str::parse).transpose().context("reply_to")?;
        Sender::new(from, reply_to, self.list_unsubscribe.as_deref()).context("list_unsubscribe")
    }

    /// How mails are written by this office, and sent by this post, without reminders.
    ///
    /// # Errors
    /// For an operator that is no address.
    pub fn settings(&self, office: Office, post: Arc<dyn Post>) -> anyhow::Result<MailSettings> {
        Ok(MailSettings {
            office: Arc::new(office),
            post,
            language: self.language.clone().unwrap_or(Language::ENGLISH),
            reminder_days: Vec::new(),
            claim_page: None,
            at_once: self.connections.unwrap_or(CONNECTIONS),
            operator: self.operator.as_deref().map(str::parse).transpose().context("operator")?,
        })
    }

    /// The relay; none where none is named.
    ///
    /// # Errors
    /// For an address, a file or a number that cannot be used.
    pub fn relay(&self) -> anyhow::Result<Option<Relay>> {
        let Some(url) = &self.relay else {
            ensure!(self.username.is_none(), "username needs a relay");
            return Ok(None);
        };
        let timeout =
            self.timeout.as_deref().map(humantime::parse_duration).transpose().context("timeout")?;
        let settings = RelaySettings {
            url: url.clone(),
            login: self.login()?,
            root: self.ca_file.as_deref().map(read).transpose().context("ca_file")?,
            timeout: timeout.unwrap_or(TIMEOUT),
            connections: self.connections.unwrap_or(CONNECTIONS),
            hello: self.sender()?.domain().to_owned(),
        };
        Ok(Some(Relay::new(settings).context("relay")?))
    }

    fn login(&self) -> anyhow::Result<Option<(String, Zeroizing<String>)>> {
        let Some(username) = &self.username else {
            ensure!(self.password_file.is_none(), "password_file needs a username");
            return Ok(None);
        };
        let password = match &self.password_file {
            Some(file) => {
                let text = Zeroizing::new(read(file).context("password_file")?);
                let text = std::str::from_utf8(&text).ok().context("password_file is not UTF-8")?;
                Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            None => {
                let said = std::env::var(PASSWORD).ok();
                said.with_context(|| format!("name a password_file, or set {PASSWORD}"))?.into()
            }
        };
        ensure!(!password.is_empty(), "the password of the relay is empty");
        Ok(Some((username.clone(), password)))
    }

    /// Domains whose addresses are refused.
    ///
    /// # Errors
    /// For what is no domain, and a file that cannot be read.
    pub fn blocked(&self) -> anyhow::Result<BlockedDomains> {
        let named = BlockedDomains::parse(&self.blocked_domains.join("\n"))
            .map_err(|entry| anyhow::anyhow!("blocked_domains: entry {entry} is no domain"))?;
        let Some(file) = &self.blocked_domains_file else { return Ok(named) };
        let text = String::from_utf8(read(file).context("blocked_domains_file")?)
            .ok()
            .context("blocked_domains_file is not UTF-8")?;
        let listed = BlockedDomains::parse(&text)
            .map_err(|line| anyhow::anyhow!("{}, line {line} is no domain", file.display()))?;
        Ok(named.and(listed))
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Folder;

    const SMALL: &str = "from = \"Shop <cashback@shop.example>\"\n";

    /// Whether all of it can be used.
    fn check(config: &MailConfig) -> anyhow::Result<()> {
        config.relay()?;
        config.blocked()?;
        config.settings(config.office()?, Arc::new(Folder::new(std::env::temp_dir())?)).map(drop)
    }

    fn config(more: &str) -> MailConfig {
        toml::from_str(&format!("{SMALL}{more}")).expect("TOML")
    }

    #[test]
    fn a_sender_is_enough() {
        let config = config("");
        assert!(config.relay().expect("valid").is_none());
        assert!(config.office().is_ok());
        assert_eq!(config.blocked().expect("valid"), BlockedDomains::default());
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_name_of_its_key() {
        for (more, key) in [
            ("relay = 'mail.example.org'", "relay"),
            ("relay = 'smtp://user:secret@x.org'", "relay"),
            ("relay = 'smtp://x.org'\nusername = 'u'\npassword_file = '/nowhere'", "password_file"),
            ("relay = 'smtp://x.org'\npassword_file = '/nowhere'", "password_file"),
            ("username = 'u'", "username"),
            ("relay = 'smtp://x.org'\nca_file = '/nowhere'", "ca_file"),
            ("relay = 'smtp://x.org'\ntimeout = 'long'", "timeout"),
            ("relay = 'smtp://x.org'\nconnections = 0", "connections"),
            ("reply_to = 'x'", "reply_to"),
            ("list_unsubscribe = 'x'", "list_unsubscribe"),
            ("templates = '/nowhere'", "templates"),
            ("language = 'tlh'", "language"),
            ("operator = 'nobody'", "operator"),
            ("blocked_domains = ['a.org', 'x@y.org']", "entry 2"),
            ("blocked_domains_file = '/nowhere'", "blocked_domains_file"),
        ] {
            let config = config(more);
            let error = format!("{:#}", check(&config).expect_err(more));
            assert!(error.contains(key), "{more}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(toml::from_str::<MailConfig>(&format!("{SMALL}relais = 'x'")).is_err(), "misspelled");
        assert!(toml::from_str::<MailConfig>(&format!("{SMALL}language = 'EN_us'")).is_err());
        assert!(toml::from_str::<MailConfig>("").is_err(), "without a sender");
    }

    #[test]
    fn passwords_and_lists_come_from_files_beside_the_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("password"), "hunter2\n").expect("written");
        std::fs::write(folder.path().join("blocked"), "b.org\n").expect("written");
        let mut config = config(
            "relay = 'smtp://x.org'\nusername = 'u'\npassword_file = 'password'\nblocked_domains = ['a.org']\n\
             blocked_domains_file = 'blocked'",
        );
        config.settle(folder.path());
        let login = config.login().expect("valid").expect("there is one");
        assert_eq!((login.0.as_str(), login.1.as_str()), ("u", "hunter2"));
        assert_eq!(config.blocked().expect("valid"), BlockedDomains::parse("a.org\nb.org").expect("a list"));
        let relay = config.relay().expect("valid");
        assert!(!format!("{config:?}{relay:?}").contains("hunter2"));
    }
}
