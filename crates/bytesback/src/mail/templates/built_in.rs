//! The templates that come with the server.

use std::collections::BTreeMap;

use super::File;
use crate::mail::Language;
use crate::mail::habits::Habits;

macro_rules! texts {
    ($($name:literal),+ $(,)?) => { [$(($name, include_str!($name))),+] };
}

const TEXTS: [(&str, &str); 13] = texts![
    "layout.html",
    "en/textcoin.subject",
    "en/textcoin.txt",
    "en/textcoin.html",
    "en/reminder.subject",
    "en/reminder.txt",
    "en/reminder.html",
    "ru/textcoin.subject",
    "ru/textcoin.txt",
    "ru/textcoin.html",
    "ru/reminder.subject",
    "ru/reminder.txt",
    "ru/reminder.html",
];

pub(super) fn files() -> BTreeMap<String, File> {
    let file = |(name, text): (&str, &str)| {
        (name.to_owned(), File { path: format!("built-in {name}").into(), text: text.to_owned() })
    };
    TEXTS.into_iter().map(file).collect()
}

pub(super) fn habits() -> BTreeMap<Language, Habits> {
    BTreeMap::from([(Language::ENGLISH, Habits::english()), (Language::RUSSIAN, Habits::russian())])
}
