use std::fs;

use super::*;
use crate::mail::sample;

fn render(letter: &Letter) -> Rendered {
    let made = Templates::built_in().render(letter, &letter.language, "cid:qr");
    made.unwrap_or_else(|_| panic!("it can be written"))
}

fn refused(files: &[(&str, &str)]) -> TemplateError {
    let folder = folder(files);
    Templates::read(folder.path()).err().expect("it is refused")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("made");
        fs::write(path, text).expect("written");
    }
    folder
}

#[test]
fn every_built_in_mail_says_who_how_much_until_when_and_how() {
    for (language, amount, until) in [
        (Language::ENGLISH, "0.0625 GBYTE", "30 November 2026"),
        (Language::RUSSIAN, "0,0625 GBYTE", "30 ноября 2026"),
    ] {
        for kind in [Kind::Textcoin, Kind::Reminder { days_left: 2 }] {
            let letter = sample(kind, language.clone());
            let made = render(&letter);
            assert!(made.subject.contains(&letter.shop), "{}", made.subject);
            for part in [&made.text, &made.html] {
                let part = part.replace(['\u{a0}', '\n'], " ");
                for wanted in [amount, until, letter.link.as_str(), &letter.shop, "62", "https://obyte.org"] {
                    assert!(part.contains(wanted), "{language} {kind:?}: {wanted} is missing in {part}");
                }
            }
            assert!(made.html.contains("src=\"cid:qr\""));
        }
    }
}

#[test]
fn pages_load_nothing_from_outside() {
    for language in [Language::ENGLISH, Language::RUSSIAN] {
        let html = render(&sample(Kind::Textcoin, language)).html;
        assert_eq!(html.matches("src=").count(), 1, "only the code");
        for bad in ["<script", "url(", "@import", "<link", "<iframe", "<form"] {
            assert!(!html.contains(bad), "{bad}");
        }
    }
}

#[test]
fn html_escapes_what_comes_from_outside() {
    let mut letter = sample(Kind::Textcoin, Language::ENGLISH);
    letter.shop = "<script>alert('x')</script>\"&amp; {{ link }}".into();
    let made = render(&letter);
    assert!(!made.html.contains("<script"));
    assert!(made.html.contains("&lt;script&gt;"));
    assert!(made.text.contains("<script>alert('x')</script>\"&amp; {{ link }}"));
    assert!(!made.subject.contains("obyte.org"));
}

#[test]
fn words_are_spoken_of_only_where_the_link_has_them() {
    for (language, words) in [(Language::ENGLISH, "twelve words"), (Language::RUSSIAN, "двенадцать слов")]
    {
        let mut letter = sample(Kind::Textcoin, language);
        let made = render(&letter);
        assert!(made.text.contains(words) && made.html.contains(words));
        letter.link = "https://shop.example/claim/x1".to_owned().into();
        let made = render(&letter);
        assert!(!made.text.contains(words) && !made.html.contains(words));
        assert!(!made.text.contains("\n\n\n\n"), "and nothing is left of it");
    }
}

#[test]
fn coins_that_are_no_money_are_said_to_be_none() {
    for (language, words) in [(Language::ENGLISH, "worth nothing"), (Language::RUSSIAN, "ничего не стоят")]
    {
        for kind in [Kind::Textcoin, Kind::Reminder { days_left: 2 }] {
            let mut letter = sample(kind, language.clone());
            let made = render(&letter);
            assert!(!made.text.contains(words) && !made.html.contains(words));
            letter.network = obyte::Network::Testnet;
            let made = render(&letter);
            for part in [made.text, made.html] {
                assert!(part.contains(words) && part.contains("testnet"), "{part}");
            }
        }
    }
}

#[test]
fn days_have_their_form() {
    for (days, words) in [(1, "1 день"), (3, "3 дня"), (5, "5 дней")] {
        let made = render(&sample(Kind::Reminder { days_left: days }, Language::RUSSIAN));
        assert!(made.subject.contains(words), "{}", made.subject);
    }
}

#[test]
fn a_template_that_fails_at_a_large_amount_is_refused() {
    // Without the commas of thousands it is a number.
    let refused = refused(&[("en/reminder.subject", "{{ amount_gbyte|float }}")]);
    assert!(refused.file.ends_with("en/reminder.subject"), "{refused}");
}

#[test]
fn bytes_have_their_form() {
    for (bytes, language, words) in [
        (1, Language::ENGLISH, "1 byte,"),
        (62_500_000, Language::ENGLISH, "62,500,000 bytes,"),
        (62_500_003, Language::RUSSIAN, "62 500 003 байта,"),
        (62_500_011, Language::RUSSIAN, "62 500 011 байт,"),
    ] {
        let mut letter = sample(Kind::Textcoin, language);
        letter.amount = obyte::Bytes::literal(bytes);
        let made = render(&letter);
        for part in [made.text, made.html] {
            assert!(part.replace('\u{a0}', " ").contains(words), "{words}: {part}");
        }
    }
}

#[test]
fn a_folder_replaces_what_it_has() {
    let folder = folder(&[("en/textcoin.subject", "Hello from {{ shop }}"), (".git/config", "")]);
    let templates = Templates::read(folder.path()).expect("valid");
    let letter = sample(Kind::Textcoin, Language::ENGLISH);
    let made = templates.render(&letter, &Language::ENGLISH, "cid:qr").ok().expect("written");
    assert_eq!(made.subject, format!("Hello from {}", letter.shop));
    assert!(made.text.contains(letter.link.as_str()));
}

#[test]
fn a_language_is_added_with_habits_of_its_own() {
    let habits = "group = '.'\ndecimal = ','\ndate = '{day}. {month} {year}, {time}'\nmonths = ['Januar', 'Februar', 'März', 'April', \
        'Mai', 'Juni', 'Juli', 'August', 'September', 'Oktober', 'November', 'Dezember']";
    let text = "{{ amount_gbyte }} bis {{ expires }}: {{ link }}";
    let files = [
        ("de/language.toml", habits),
        ("de/textcoin.subject", "Guthaben"),
        ("de/textcoin.txt", text),
        ("de/textcoin.html", "{{ link }}"),
        ("de/reminder.subject", "Noch {{ days_left }}"),
        ("de/reminder.txt", text),
        ("de/reminder.html", "{{ link }}"),
    ];
    let german: Language = "de".parse().expect("a tag");
    let folder = folder(&files);
    let templates = Templates::read(folder.path()).expect("valid");
    assert!(templates.speaks(&german));
    let made = templates.render(&sample(Kind::Textcoin, german.clone()), &german, "").ok().expect("written");
    assert!(made.text.starts_with("0,0625 bis 30. November 2026, 13:25 UTC: https"), "{}", made.text);
    let error = refused(&files[..6]);
    assert!(error.file.ends_with("de/reminder.html") && error.why.contains("missing"), "{error}");
}

#[test]
fn what_is_wrong_in_a_template_is_said_with_file_and_line() {
    for (text, line, why) in [
        ("\n\n{{ shoop }} {{ link }}", Some(3), "no variable shoop"),
        ("{{ link }}\n{% if days_left == 77 %}\n{{ typo }}{% endif %}", Some(3), "no variable typo"),
        ("{{ link }}\n{{ shop", Some(2), "syntax"),
        ("{{ link }}\n{{ shop|shout }}", Some(2), "filter"),
        ("{{ link }}\n\n{{ shop.name.first }}", Some(3), "undefined"),
        ("no way to the money", None, "link"),
        ("{{ link }}{% include 'other.txt' %}", Some(1), "template"),
    ] {
        let error = refused(&[("en/textcoin.txt", text)]);
        assert!(error.file.ends_with("en/textcoin.txt"), "{error}");
        assert_eq!(error.line, line, "{error}");
        assert!(error.why.contains(why), "{error}");
    }
}

#[test]
fn names_that_mean_nothing_are_refused() {
    for name in ["en/textcoin.htm", "english/textcoin.txt", "readme.md", "EN/textcoin.txt"] {
        let error = refused(&[(name, "{{ link }}")]);
        assert!(!error.why.is_empty(), "{error}");
    }
    assert!(Templates::read(Path::new("/nowhere")).is_err());
    let error = refused(&[("en/language.toml", "group = ','\ncolour = 1")]);
    assert_eq!(error.line, Some(2), "{error}");
    assert!(refused(&[("en/textcoin.subject", "\n{# nothing #}\n")]).why.contains("empty"));
}
