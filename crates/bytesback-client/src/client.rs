//! Sending purchases and refunds.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{StatusCode, Url};

use crate::answer::PurchaseAnswer;
use crate::correction::{CorrectionAnswer, CorrectionRequest};
use crate::quote::QuoteAnswer;
use crate::refund::{RefundAnswer, RefundRequest};
use crate::request::PurchaseRequest;
use crate::textcoin::{ResendAnswer, TextcoinAnswer, TextcoinRequest};

/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// The two endpoints of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/new_purchase`.
    Live,
    /// `/test/new_purchase`.
    Test,
}

/// Why there is no answer of the API.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not `http://...` or `https://...`.
    #[error("the URL of the server must look like https://cashback.example.org")]
    Url,
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Setup(#[source] reqwest::Error),
    /// No connection, or a broken one. The purchase may have been taken: repeat the same request.
    #[error("the server could not be reached ({0}); repeating the same request is safe")]
    Transport(Reason),
    /// What the API itself does not decide: too large, too fast, a proxy's error.
    #[error("the server answered with status {status}{}", .text.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Status {
        /// The status of HTTP.
        status: u16,
        /// The error in the body, if there is one.
        text: Option<String>,
    },
    /// Something else than this API.
    #[error("the answer is not one of the cashback API; check the URL")]
    NotUnderstood,
}

/// What went wrong on the way, with its causes.
#[derive(Debug)]
pub struct Reason(reqwest::Error);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let innermost =
            std::iter::successors(Some(&self.0 as &dyn std::error::Error), |error| error.source());
        match innermost.last() {
            Some(error) => write!(f, "{error}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        Self::Transport(Reason(error.without_url()))
    }
}

/// A client of one server. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    live: Places,
    test: Places,
}

impl Client {
    /// A client of the server at this URL, such as `http://127.0.0.1:8080` or
    /// `https://cashback.example.org`. A path in it is kept.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        let mut base: Url = base_url.trim().parse().map_err(|_| ClientError::Url)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(ClientError::Url);
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let join = |path: &str| base.join(path).map_err(|_| ClientError::Url);
        let places = |endpoint: &str| {
            let purchases = join(&format!("{endpoint}new_purchase"))?;
            let refunds = join(&format!("{endpoint}v1/refund"))?;
            let quotes = join(&format!("{endpoint}v1/quote"))?;
            let textcoins = join(&format!("{endpoint}v1/textcoin"))?;
            let resends = join(&format!("{endpoint}v1/textcoin/resend"))?;
            let corrections = join(&format!("{endpoint}v1/textcoin/correct"))?;
            Ok::<_, ClientError>(Places { purchases, refunds, quotes, textcoins, resends, corrections })
        };
        Ok(Self { live: places("")?, test: places("test/")?, http: http_client(&base)? })
    }

    /// Reports a purchase. Where this fails the purchase may have been taken all the same: repeat the
    /// same request, it is paid once.
    pub async fn new_purchase(
        &self,
        endpoint: Endpoint,
        request: &PurchaseRequest,
    ) -> Result<PurchaseAnswer, ClientError> {
        let (status, body) = self.post(&self.place(endpoint).purchases, request.to_form()).await?;
        let answer = PurchaseAnswer::of_body(&body);
        let text = match &answer {
            Some(PurchaseAnswer::Error { text }) => Some(text.clone()),
            _ => None,
        };
        decided(status, answer, text)
    }

    /// Reports that a purchase was returned. Where this fails it may have been booked all the same: repeat
    /// the same request, it is booked once.
    pub async fn refund(
        &self,
        endpoint: Endpoint,
        request: &RefundRequest,
    ) -> Result<RefundAnswer, ClientError> {
        let (status, body) = self.post(&self.place(endpoint).refunds, request.to_form()).await?;
        let answer = RefundAnswer::of_body(&body);
        let text = match &answer {
            Some(RefundAnswer::Error { text }) => Some(text.clone()),
            _ => None,
        };
        decided(status, answer, text)
    }

    /// Asks what a purchase would get. Of the request only what matters for that must be there; nothing is
    /// paid.
    pub async fn quote(
        &self,
        endpoint: Endpoint,
        request: &PurchaseRequest,
    ) -> Result<QuoteAnswer, ClientError> {
        let mut url = self.place(endpoint).quotes.clone();
        // URLs end up in logs, so name and key go in a header.
        let unnamed =
            PurchaseRequest { partner: String::new(), partner_key: String::new(), ..request.clone() };
        url.set_query(Some(&unnamed.to_form()));
        let asked = self.http.get(url).basic_auth(&request.partner, Some(&request.partner_key));
        let response = asked.send().await?;
        let (status, body) = (response.status(), read(response).await?);
        let answer = QuoteAnswer::of_body(&body);
        let text = match &answer {
            Some(QuoteAnswer::Error { text }) => Some(text.clone()),
            _ => None,
        };
        decided(status, answer, text)
    }

    /// Asks where the cashback of an e-mail address stands. Nothing changes.
    pub async fn textcoin(
        &self,
        endpoint: Endpoint,
        request: &TextcoinRequest,
    ) -> Result<TextcoinAnswer, ClientError> {
        let mut url = self.place(endpoint).textcoins.clone();
        url.set_query(Some(&request.to_query()));
        let asked = self.http.get(url).basic_auth(&request.partner, Some(&request.partner_key));
        let response = asked.send().await?;
        let (status, body) = (response.status(), read(response).await?);
        let answer = TextcoinAnswer::of_body(&body);
        let text = match &answer {
            Some(TextcoinAnswer::Error { text }) => Some(text.clone()),
            _ => None,
        };
        decided(status, answer, text)
    }

    /// Has its mail sent once more; the server limits how often.
    pub async fn resend(
        &self,
        endpoint: Endpoint,
        request: &TextcoinRequest,
    ) -> Result<ResendAnswer, ClientError> {
        let (status, body) = self.post(&self.place(endpoint).resends, request.to_form()).await?;
        let answer = ResendAnswer::of_body(&body);
        let text = match &answer {
            Some(ResendAnswer::Error { text }) => Some(text.clone()),
            _ => None,
        };
        decided(status, answer, text)
    }

    /// Has the cashback go to another e-mail address, once it has come back from the one that was mistyped. Repeating
    /// the same request is safe.
    pub async fn correct(
        &self,
        endpoint: Endpoint,
        request: &CorrectionRequest,
    ) -> Result<CorrectionAnswer, ClientError> {
        let (status, body) = self.post(&self.place(endpoint).corrections, request.to_form()).await?;
        let answer = CorrectionAnswer::of_body(&body);
        let text = match &answer {
            Some(CorrectionAnswer::Error { text }) => Some(text.clone()),
            _ => None,
        };
        decided(status, answer, text)
    }

    const fn place(&self, endpoint: Endpoint) -> &Places {
        match endpoint {
            Endpoint::Live => &self.live,
            Endpoint::Test => &self.test,
        }
    }

    async fn post(&self, url: &Url, body: String) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let response = self.http.post(url.clone()).header(CONTENT_TYPE, form).body(body).send().await?;
        Ok((response.status(), read(response).await?))
    }
}

/// Where an endpoint takes what.
#[derive(Clone, Debug)]
struct Places {
    purchases: Url,
    refunds: Url,
    quotes: Url,
    textcoins: Url,
    resends: Url,
    corrections: Url,
}

/// The answer, where the API decided; `text` is its error.
fn decided<T>(status: StatusCode, answer: Option<T>, text: Option<String>) -> Result<T, ClientError> {
    match answer {
        Some(answer) if status == StatusCode::OK => Ok(answer),
        None if status == StatusCode::OK => Err(ClientError::NotUnderstood),
        _ => Err(ClientError::Status { status: status.as_u16(), text }),
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(ClientError::NotUnderstood);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn http_client(base: &Url) -> Result<reqwest::Client, ClientError> {
    // An error only says that the process has chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("bytesback-client/", env!("CARGO_PKG_VERSION")));
    // A proxy of the environment cannot reach this machine.
    let is_local = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let builder = if is_local { builder.no_proxy() } else { builder };
    builder.build().map_err(ClientError::Setup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stand_behind_the_base() {
        for (base, live) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/new_purchase"),
            ("http://x.org/", "http://x.org/new_purchase"),
            ("https://x.org/cashback", "https://x.org/cashback/new_purchase"),
        ] {
            let client = Client::new(base).expect("a client");
            assert_eq!(client.live.purchases.as_str(), live);
            assert_eq!(client.test.purchases.as_str(), live.replace("/new_purchase", "/test/new_purchase"));
            assert_eq!(client.test.refunds.as_str(), live.replace("/new_purchase", "/test/v1/refund"));
        }
    }

    #[test]
    fn what_is_no_url_of_a_server_is_refused() {
        for bad in ["", "x.org", "ftp://x.org", "http://"] {
            assert!(matches!(Client::new(bad), Err(ClientError::Url)), "{bad}");
        }
    }
}
