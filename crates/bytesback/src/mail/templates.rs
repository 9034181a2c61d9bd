//! The wording: built in for English and Russian, and whatever an operator puts in their place.
//!
//! A folder of templates has a folder for each language with `textcoin.subject`, `textcoin.txt`,
//! `textcoin.html`, the same for `reminder`, and `language.toml`; and a `layout.html` beside them, from which
//! the built-in pages are made. What is missing is the built-in one of the language. A language that is not built
//! in must be complete: a mail in two languages helps nobody.
//!
//! Everything is tried when it is read, so that an operator hears of a mistake at the start, and not a customer.

mod built_in;
mod folder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::{Environment, UndefinedBehavior};

use super::clean::one_line;
use super::habits::Habits;
use super::letter::{Kind, Letter};
use super::plural::plural;
use super::sample::samples;
use super::values::{NAMES, values};
use crate::mail::Language;

/// What makes the parts of a mail.
const PARTS: [&str; 3] = ["subject", "txt", "html"];
/// The kinds of mails.
const KINDS: [&str; 2] = ["textcoin", "reminder"];
/// The page from which the built-in ones are made.
const LAYOUT: &str = "layout.html";
/// What may stand in a template without being a variable of ours.
const OF_THE_LANGUAGE: [&str; 5] = ["super", "self", "loop", "range", "namespace"];
/// The longest subject, in characters.
const SUBJECT_MAX: usize = 150;
/// The longest text or page, in bytes; some providers cut off what is longer than 102 kB.
const PART_MAX: usize = 100_000;

/// The wording of all mails in all languages.
pub struct Templates {
    environment: Environment<'static>,
    habits: BTreeMap<Language, Habits>,
}

/// What a template has made of a letter.
pub struct Rendered {
    /// One line without control characters.
    pub subject: String,
    /// For those who read text.
    pub text: String,
    /// For all others.
    pub html: String,
}

/// A template that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {why}", file.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct TemplateError {
    /// Which one.
    pub file: PathBuf,
    /// Where in it, if that is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl TemplateError {
    fn new(file: impl Into<PathBuf>, line: Option<usize>, why: impl Into<String>) -> Self {
        Self { file: file.into(), line, why: why.into() }
    }
}

impl Templates {
    /// The built-in ones.
    pub fn built_in() -> Self {
        Self::from_files(built_in::files(), built_in::habits()).expect("the built-in templates are tested")
    }

    /// Those of a folder, and the built-in ones where it has none.
    ///
    /// # Errors
    /// For a file that cannot be read, has an unknown name, is no template or uses an unknown variable, and for
    /// a language that is not complete.
    pub fn read(folder: &Path) -> Result<Self, TemplateError> {
        let (mut files, mut habits) = (built_in::files(), built_in::habits());
        folder::read(folder, &mut files, &mut habits)?;
        Self::from_files(files, habits)
    }

    fn from_files(
        files: BTreeMap<String, File>,
        habits: BTreeMap<Language, Habits>,
    ) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_filter("plural", plural);
        for (name, file) in &files {
            environment
                .add_template_owned(name.clone(), file.text.clone())
                .map_err(|error| said(&files, name, &error))?;
            known_variables(&environment, name, file)?;
        }
        let templates = Self { environment, habits };
        templates.try_all(&files)?;
        Ok(templates)
    }

    /// The languages in which mails can be written.
    pub fn languages(&self) -> impl Iterator<Item = &Language> {
        self.habits.keys()
    }

    /// Whether there are templates for a language.
    pub fn speaks(&self, language: &Language) -> bool {
        self.habits.contains_key(language)
    }

    /// Writes a letter in a language that is there; `qr` is the address of the picture of its code.
    ///
    /// # Errors
    /// Where a template fails at this letter, or the letter has no date of four digits or no web address.
    pub(super) fn render(&self, letter: &Letter, language: &Language, qr: &str) -> Result<Rendered, Failed> {
        let habits = self.habits.get(language).ok_or(Failed::Letter)?;
        let values = values(letter, language.as_str(), habits, qr).ok_or(Failed::Letter)?;
        let [subject, text, html] = PARTS.map(|part| {
            let name = format!("{language}/{}.{part}", letter.kind.name());
            let made =
                self.environment.get_template(&name).and_then(|template| template.render(values.clone()));
            made.map_err(|error| Failed::Template { name, error })
        });
        let (subject, text, html) = (one_line(&subject?, SUBJECT_MAX), text?, html?);
        if subject.is_empty() || text.len().max(html.len()) > PART_MAX {
            return Err(Failed::Size { name: format!("{language}/{}", letter.kind.name()) });
        }
        Ok(Rendered { subject, text: format!("{}\n", text.trim()), html })
    }

    fn try_all(&self, files: &BTreeMap<String, File>) -> Result<(), TemplateError> {
        for language in self.habits.keys() {
            for letter in KINDS.iter().flat_map(|kind| samples(kind_named(kind), language)) {
                let made = self.render(&letter, language, "cid:qr").map_err(|failed| failed.at(files))?;
                for (part, text) in [("txt", &made.text), ("html", &made.html)] {
                    let name = format!("{language}/{}.{part}", letter.kind.name());
                    if !text.contains(letter.link.as_str()) {
                        let why = "the link is missing: without {{ link }} nobody gets the money";
                        return Err(TemplateError::new(path_of(files, &name), None, why));
                    }
                }
            }
        }
        Ok(())
    }
}

/// A template and where it is from.
struct File {
    path: PathBuf,
    text: String,
}

/// Why a letter cannot be written.
pub(super) enum Failed {
    /// Something in the letter.
    Letter,
    /// Something in a template.
    Template {
        /// Its name.
        name: String,
        /// What.
        error: minijinja::Error,
    },
    /// The subject is empty, or a part too large.
    Size {
        /// Of which templates.
        name: String,
    },
}

impl Failed {
    fn at(self, files: &BTreeMap<String, File>) -> TemplateError {
        match self {
            Self::Template { name, error } => said(files, &name, &error),
            Self::Size { name } => {
                let why = "the subject is empty, or a part has more than 100,000 bytes";
                TemplateError::new(path_of(files, &format!("{name}.subject")), None, why)
            }
            Self::Letter => TemplateError::new("", None, "the sample cannot be written in this language"),
        }
    }
}

fn kind_named(name: &str) -> Kind {
    if name == "textcoin" { Kind::Textcoin } else { Kind::Reminder { days_left: 1 } }
}

/// An error of the template language, where it happened: in the template itself or one that it is made from.
fn said(files: &BTreeMap<String, File>, name: &str, error: &minijinja::Error) -> TemplateError {
    let file = path_of(files, error.name().unwrap_or(name));
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    TemplateError::new(file, error.line(), format!("{}{detail}", error.kind()))
}

fn path_of(files: &BTreeMap<String, File>, name: &str) -> PathBuf {
    files.get(name).map_or_else(|| PathBuf::from(name), |file| file.path.clone())
}

/// Finds misspelled variables also where no sample comes by.
fn known_variables(environment: &Environment<'_>, name: &str, file: &File) -> Result<(), TemplateError> {
    let template =
        environment.get_template(name).map_err(|error| TemplateError::new(name, None, error.to_string()))?;
    let mut unknown: Vec<_> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|variable| {
        !NAMES.contains(&variable.as_str()) && !OF_THE_LANGUAGE.contains(&variable.as_str())
    });
    unknown.sort();
    let Some(variable) = unknown.first() else { return Ok(()) };
    let has_it = |line: &str| {
        line.split(|character: char| !character.is_alphanumeric() && character != '_')
            .any(|word| word == variable)
    };
    let line = file.text.lines().position(has_it).map(|index| index + 1);
    Err(TemplateError::new(
        &file.path,
        line,
        format!("there is no variable {variable}; known are {}", NAMES.join(", ")),
    ))
}

#[cfg(test)]
mod tests;
