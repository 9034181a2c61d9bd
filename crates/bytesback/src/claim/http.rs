//! Two paths: what is read shows how a textcoin stands, what is posted shows its words.
//!
//! Whatever a program does that follows links, be it GET, HEAD or OPTIONS, or posts without being told to by a person,
//! only a POST reveals. The path is a secret and never logged, here or elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Shared};
use axum::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    REFERRER_POLICY, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use store::Endpoint;

use super::pages::{Language, Revealed, State};
use super::{Claim, ClaimPages};

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

const METHODS: &str = "GET, HEAD, POST, OPTIONS";
const AGAIN_SECONDS: &str = "600";

/// The pages of both endpoints.
pub(crate) fn routes(pages: Arc<ClaimPages>) -> Router {
    Router::new()
        .route("/claim/{token}", route(Endpoint::Live))
        .route("/test/claim/{token}", route(Endpoint::Test))
        .with_state(pages)
}

fn route(endpoint: Endpoint) -> MethodRouter<Arc<ClaimPages>> {
    let show = async move |Shared(pages): Shared<Arc<ClaimPages>>, token: Token, headers: HeaderMap| {
        pages.show(endpoint, &text_of(token), language(&headers)).await
    };
    let reveal = async move |Shared(pages): Shared<Arc<ClaimPages>>, token: Token, request: Request| {
        let (peer, language) = (peer(&request), language(request.headers()));
        pages.reveal(endpoint, &text_of(token), peer, language).await
    };
    get(show).post(reveal).fallback(async || no_method())
}

type Token = Result<Path<String>, PathRejection>;

/// What is no text is no token either.
fn text_of(token: Token) -> String {
    token.map(|Path(token)| token).unwrap_or_default()
}

impl ClaimPages {
    async fn show(&self, endpoint: Endpoint, token: &str, language: Language) -> Response {
        match self.find(endpoint, token).await {
            Ok(found) => self.page(found.as_ref(), None, language),
            Err(error) => self.failed(endpoint, &error, language),
        }
    }

    async fn reveal(
        &self,
        endpoint: Endpoint,
        token: &str,
        peer: Option<IpAddr>,
        language: Language,
    ) -> Response {
        let claim = match self.find(endpoint, token).await {
            Ok(Some(claim)) if claim.state == State::Ready => claim,
            Ok(found) => return self.page(found.as_ref(), None, language),
            Err(error) => return self.failed(endpoint, &error, language),
        };
        if !self.may_reveal(token, peer) {
            let mut response = self.of_state(State::TooOften, language, StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(AGAIN_SECONDS));
            return response;
        }
        self.page(Some(&claim), Revealed::of(&claim.textcoin, claim.network), language)
    }

    fn page(&self, claim: Option<&Claim>, revealed: Option<Revealed>, language: Language) -> Response {
        match claim {
            None => self.of_state(State::Unknown, language, StatusCode::NOT_FOUND),
            Some(claim) => {
                let text =
                    self.pages.of((&claim.record, claim.network), claim.state, revealed.as_ref(), language);
                self.answer(StatusCode::OK, text, language)
            }
        }
    }

    fn failed(&self, endpoint: Endpoint, error: &store::StoreError, language: Language) -> Response {
        tracing::error!(%endpoint, %error, "a textcoin of the claim page cannot be looked up");
        self.of_state(State::Failed, language, StatusCode::SERVICE_UNAVAILABLE)
    }

    fn of_state(&self, state: State, language: Language, status: StatusCode) -> Response {
        self.answer(status, self.pages.without(state, language), language)
    }

    /// No cache, index, frame or referrer gets to know of it, and nothing is loaded.
    fn answer(&self, status: StatusCode, text: String, language: Language) -> Response {
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store, private"),
            (CONTENT_LANGUAGE, language.tag()),
            (VARY, "Accept-Language"),
            (REFERRER_POLICY, "no-referrer"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_SECURITY_POLICY, self.pages.policy().clone());
        response
    }
}

fn no_method() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// Who asks: the other end of the connection, or whom the reverse proxy there names last. Nobody where it names nobody:
/// all come from there, and one must not use up what is allowed to the others.
fn peer(request: &Request) -> Option<IpAddr> {
    let Peer(peer) = *request.extensions().get::<Peer>()?;
    if !is_inside(peer) {
        return Some(peer);
    }
    let named = request.headers().get_all("x-forwarded-for").iter().next_back()?;
    let named = named.to_str().ok()?.rsplit(',').next()?.trim();
    named.parse().ok().or_else(|| named.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// Whether a reverse proxy may be there: nobody comes from such an address over the Internet.
fn is_inside(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// The language that is wanted most of those that there are.
fn language(headers: &HeaderMap) -> Language {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (0.0, Language::English);
    for part in wanted.split(',').take(32) {
        let (tag, quality) = part.split_once(';').unwrap_or((part, "q=1"));
        let language = match tag.trim().split('-').next().unwrap_or_default() {
            tag if tag.eq_ignore_ascii_case("ru") => Language::Russian,
            tag if tag.eq_ignore_ascii_case("en") => Language::English,
            _ => continue,
        };
        let quality = quality.trim().strip_prefix("q=").and_then(|text| text.parse().ok()).unwrap_or(0.0_f32);
        if quality > best.0 {
            best = (quality, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(text).expect("a header"));
        language(&headers)
    }

    #[test]
    fn the_language_wanted_most_is_spoken() {
        for text in
            ["ru", "RU-ru", "ru-RU,ru;q=0.9,en-US;q=0.8", "de, en;q=0.2, ru;q=0.3", "en;q=0, ru;q=0.1"]
        {
            assert_eq!(wanted(text), Language::Russian, "{text}");
        }
        for text in ["", "de", "en", "en,ru", "ru;q=0.5,en;q=0.6", "ru;q=0", "ru;q=x", "rubbish", ";;,,q="] {
            assert_eq!(wanted(text), Language::English, "{text}");
        }
    }

    #[test]
    fn only_a_proxy_inside_says_who_asks() {
        let asks = |at: &str, named: Option<&str>| {
            let mut request = Request::new(Body::empty());
            request.extensions_mut().insert(Peer(at.parse().expect("an address")));
            if let Some(named) = named {
                let named = HeaderValue::from_str(named).expect("a header");
                request.headers_mut().insert("x-forwarded-for", named);
            }
            peer(&request).map(|peer| peer.to_string())
        };
        let is = |peer: &str| Some(peer.to_owned());
        assert_eq!(asks("127.0.0.1", Some("192.0.2.1, 198.51.100.7")), is("198.51.100.7"));
        assert_eq!(asks("10.0.0.3", Some("2001:db8::1")), is("2001:db8::1"));
        assert_eq!(asks("10.0.0.3", Some("198.51.100.7:50000")), is("198.51.100.7"));
        assert_eq!(asks("192.0.2.1", Some("198.51.100.7")), is("192.0.2.1"));
        assert_eq!(asks("192.0.2.1", None), is("192.0.2.1"));
        for unnamed in [None, Some("nonsense"), Some("")] {
            assert_eq!(asks("127.0.0.1", unnamed), None, "it may be anybody");
        }
    }
}
