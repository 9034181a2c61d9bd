//! `mail`: looking at what customers get, and trying the relay.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use crate::clock::{Clock, SystemClock};
use crate::config::{Config, MailConfig};
use crate::mail::{Kind, Language, Letter, LetterId, sample};
use program::EmailAddress;

#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// Write a sample mail as .eml, .html and .txt. Its link leads to no money.
    Preview(PreviewArgs),
    /// Send a sample mail through the relay of the configuration.
    Test(TestArgs),
}

/// Which sample.
#[derive(Debug, Args)]
struct Which {
    /// The language; that of the configuration if it is missing.
    #[arg(long)]
    language: Option<Language>,
    /// The first mail, or a reminder.
    #[arg(long, default_value = "textcoin")]
    kind: KindName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindName {
    Textcoin,
    Reminder,
}

#[derive(Debug, Args)]
pub(super) struct PreviewArgs {
    #[command(flatten)]
    which: Which,
    /// The configuration with the section [mail].
    #[arg(long)]
    config: Option<PathBuf>,
    /// A folder of templates, instead of that of the configuration.
    #[arg(long)]
    templates: Option<PathBuf>,
    /// Where to write.
    #[arg(long, default_value = ".")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(flatten)]
    which: Which,
    /// The configuration with the section [mail].
    #[arg(long)]
    config: PathBuf,
    /// Who gets the sample.
    #[arg(long)]
    to: EmailAddress,
}

pub(super) async fn run(command: MailCommand) -> anyhow::Result<ExitCode> {
    match command {
        MailCommand::Preview(args) => preview(args),
        MailCommand::Test(args) => test(args).await,
    }
}

fn preview(args: PreviewArgs) -> anyhow::Result<ExitCode> {
    let mut config = match &args.config {
        Some(file) => mail_config(file)?,
        None => toml::from_str("from = 'Cashback <cashback@example.org>'").expect("valid in the source"),
    };
    config.templates = args.templates.or(config.templates);
    let office = config.office().context("in [mail]")?;
    let letter = letter(&args.which, &config, None);
    if !office.templates().speaks(&letter.language) {
        let known: Vec<_> = office.templates().languages().map(Language::as_str).collect();
        bail!("there are no templates for {}; there are for {}", letter.language, known.join(", "));
    }
    let page = office.preview(&letter)?;
    let name = format!("{}-{}", letter.kind.name(), letter.language);
    fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
    let mut out = std::io::stdout().lock();
    let message = office.write(&letter)?;
    for (end, bytes) in
        [("eml", message.bytes()), ("html", page.html.as_bytes()), ("txt", page.text.as_bytes())]
    {
        let file = args.out.join(format!("{name}.{end}"));
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        writeln!(out, "{}", file.display())?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

async fn test(args: TestArgs) -> anyhow::Result<ExitCode> {
    let config = mail_config(&args.config)?;
    let office = config.office().context("in [mail]")?;
    let relay = config.relay().context("in [mail]")?.context("[mail] names no relay")?;
    if config.blocked().context("in [mail]")?.blocks(&args.to) {
        bail!("the domain of this address is blocked by the configuration");
    }
    let message = office.write(&letter(&args.which, &config, Some(args.to)))?;
    match relay.deliver_sample(&message).await {
        Ok(_) => println!("the relay has taken the mail {}", message.message_id()),
        // A sample holds no secret, so the relay's own words may be shown.
        Err((refusal, words)) => {
            bail!("{refusal}; the relay says: {}", super::people::plain(&words))
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn mail_config(file: &Path) -> anyhow::Result<MailConfig> {
    Config::read(file)?.mail.context("the configuration has no section [mail]")
}

/// A sample; with a recipient it is one of now, and another than all before.
fn letter(which: &Which, config: &MailConfig, recipient: Option<EmailAddress>) -> Letter {
    let kind = match which.kind {
        KindName::Textcoin => Kind::Textcoin,
        KindName::Reminder => Kind::Reminder { days_left: 2 },
    };
    let usual = config.language.clone().unwrap_or(Language::ENGLISH);
    let mut letter = sample(kind, which.language.clone().unwrap_or(usual));
    if let Some(recipient) = recipient {
        let now = SystemClock.now();
        letter.recipient = recipient;
        letter.id = LetterId::of(&format!("sample/{}", now.as_millis()));
        letter.expires = now.plus(letter.expires.since(letter.date));
        letter.date = now;
    }
    letter
}
