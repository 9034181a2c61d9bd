//! An operator's folder of templates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{File, KINDS, LAYOUT, PARTS, TemplateError};
use crate::mail::Language;
use crate::mail::habits::Habits;

const HABITS: &str = "language.toml";

/// Puts what the folder has in the place of what is there.
pub(super) fn read(
    folder: &Path,
    files: &mut BTreeMap<String, File>,
    habits: &mut BTreeMap<Language, Habits>,
) -> Result<(), TemplateError> {
    for path in entries(folder)? {
        let name = name_of(&path);
        if path.is_dir() {
            let language: Language =
                name.parse().map_err(|error| TemplateError::new(&path, None, format!("{error}")))?;
            if language.as_str() != name {
                return Err(TemplateError::new(&path, None, "write the name of a language in lower case"));
            }
            read_language(&path, &language, files, habits)?;
        } else if name == LAYOUT {
            files.insert(name, template(path)?);
        } else {
            let why = format!("unknown file; here are folders of languages and {LAYOUT}");
            return Err(TemplateError::new(path, None, why));
        }
    }
    Ok(())
}

fn read_language(
    folder: &Path,
    language: &Language,
    files: &mut BTreeMap<String, File>,
    habits: &mut BTreeMap<Language, Habits>,
) -> Result<(), TemplateError> {
    let known: Vec<String> =
        KINDS.iter().flat_map(|kind| PARTS.map(|part| format!("{kind}.{part}"))).collect();
    habits.entry(language.clone()).or_insert_with(Habits::neutral);
    for path in entries(folder)? {
        let name = name_of(&path);
        if name == HABITS {
            habits.insert(language.clone(), habits_of(&path)?);
        } else if known.contains(&name) {
            files.insert(format!("{language}/{name}"), template(path)?);
        } else {
            let why = format!("unknown file; known are {}, {HABITS}", known.join(", "));
            return Err(TemplateError::new(path, None, why));
        }
    }
    match known.iter().find(|name| !files.contains_key(&format!("{language}/{name}"))) {
        None => Ok(()),
        Some(missing) => {
            let why = "it is missing, and this language has no built-in one";
            Err(TemplateError::new(folder.join(missing), None, why))
        }
    }
}

/// What is in a folder, in a settled order, without hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let failed = |error: std::io::Error| TemplateError::new(folder, None, format!("cannot be read: {error}"));
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !name_of(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn text_of(path: &Path) -> Result<String, TemplateError> {
    fs::read_to_string(path)
        .map_err(|error| TemplateError::new(path, None, format!("cannot be read: {error}")))
}

fn template(path: PathBuf) -> Result<File, TemplateError> {
    Ok(File { text: text_of(&path)?, path })
}

fn habits_of(path: &Path) -> Result<Habits, TemplateError> {
    let text = text_of(path)?;
    toml::from_str(&text).map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        TemplateError::new(path, line, error.message())
    })
}
