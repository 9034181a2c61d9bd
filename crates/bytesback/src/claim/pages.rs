//! What the claim page shows.

use axum::http::HeaderValue;
use data_encoding::BASE64;
use minijinja::{Environment, Value, context};
use obyte::{Network, Textcoin};
use sha2::{Digest, Sha256};
use store::ClaimRecord;
use zeroize::Zeroizing;

use crate::mail::{Habits, plural, qr_svg, said};

const LAYOUT: &str = include_str!("pages/layout.html");
const STYLE: &str = include_str!("pages/style.css");
/// The longest name of a shop that is shown, in characters.
const SHOP_MAX: usize = 80;

/// The languages of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Russian,
}

impl Language {
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    const fn page(self) -> &'static str {
        match self {
            Self::English => "en.html",
            Self::Russian => "ru.html",
        }
    }
}

/// How a textcoin stands, or why nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It can be claimed.
    Ready,
    /// It was claimed, proven.
    Claimed,
    /// Its time is over.
    Expired,
    /// Its coins have returned, proven.
    TakenBack,
    /// There is none behind this link.
    Unknown,
    /// The words were shown too often just now.
    TooOften,
    /// The database cannot be read.
    Failed,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Claimed => "claimed",
            // For the customer it is over either way.
            Self::Expired | Self::TakenBack => "expired",
            Self::Unknown => "unknown",
            Self::TooOften => "too_often",
            Self::Failed => "failed",
        }
    }
}

/// The words in all their forms.
pub(super) struct Revealed {
    words: Zeroizing<String>,
    link: Zeroizing<String>,
    uri: Zeroizing<String>,
    code: Zeroizing<String>,
}

impl Revealed {
    /// Nothing where the link is too long for a code, which no twelve words are.
    pub(super) fn of(textcoin: &Textcoin, network: Network) -> Option<Self> {
        let link = textcoin.link();
        let code = qr_svg(&link)?;
        Some(Self { words: textcoin.dashed(), uri: textcoin.uri(network), link, code })
    }
}

/// The pages in all languages.
pub(super) struct Pages {
    environment: Environment<'static>,
    habits: [Habits; 2],
    policy: HeaderValue,
}

impl Pages {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.add_filter("plural", plural);
        for (name, text) in [
            ("layout.html", LAYOUT),
            (Language::English.page(), include_str!("pages/en.html")),
            (Language::Russian.page(), include_str!("pages/ru.html")),
        ] {
            environment.add_template(name, text).expect("the built-in pages are tested");
        }
        let hash = BASE64.encode(&Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        let policy = HeaderValue::from_str(&policy).expect("it is ASCII");
        Self { environment, habits: [Habits::english(), Habits::russian()], policy }
    }

    /// What a browser may do with a page.
    pub(super) fn policy(&self) -> &HeaderValue {
        &self.policy
    }

    /// The page of a textcoin.
    pub(super) fn of(
        &self,
        (record, network): (&ClaimRecord, Network),
        state: State,
        revealed: Option<&Revealed>,
        language: Language,
    ) -> String {
        let habits = &self.habits[language as usize];
        let (gbyte, bytes) = said::amount(record.amount, habits);
        let safe = |text: &Zeroizing<String>| Value::from_safe_string(text.to_string());
        self.render(
            language,
            context! {
                state => if revealed.is_some() { "revealed" } else { state.name() },
                test_network => said::test_network(network),
                shop => said::one_line(&record.shop, SHOP_MAX),
                gbyte,
                bytes,
                count => record.amount.get(),
                expires => said::moment(record.expires_at, habits),
                words => revealed.map(|revealed| safe(&revealed.words)),
                link => revealed.map(|revealed| safe(&revealed.link)),
                uri => revealed.map(|revealed| safe(&revealed.uri)),
                code => revealed.map(|revealed| safe(&revealed.code)),
            },
        )
    }

    /// A page that tells nothing but this.
    pub(super) fn without(&self, state: State, language: Language) -> String {
        self.render(language, context! { state => state.name() })
    }

    fn render(&self, language: Language, values: Value) -> String {
        let shared =
            context! { language => language.tag(), style => Value::from_safe_string(STYLE.to_owned()) };
        let page = self.environment.get_template(language.page()).expect("it was added");
        page.render(context! { ..values, ..shared }).expect("the built-in pages are tested with every state")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_every_state_in_every_language() {
        let pages = Pages::new();
        for language in [Language::English, Language::Russian] {
            let mut seen = Vec::new();
            for state in [State::Unknown, State::TooOften, State::Failed] {
                let page = pages.without(state, language);
                assert!(page.contains(&format!("<html lang=\"{}\"", language.tag())));
                assert!(page.contains("<h1>") && !page.contains("<form"), "{page}");
                seen.push(page);
            }
            seen.dedup();
            assert_eq!(seen.len(), 3);
        }
    }

    #[test]
    fn the_policy_knows_the_style_and_nothing_else() {
        let pages = Pages::new();
        let policy = pages.policy().to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        let page = pages.without(State::Unknown, Language::English);
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "to the byte");
        for loads in ["src=", "<script", "style=\"", "url(", "@import", "<link", "<img"] {
            assert!(!page.contains(loads), "{loads}");
        }
    }
}
