//! Asking services of the web.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use program::{Moment, RateSource};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use rustls::{ClientConfig, RootCertStore};

use super::{Quote, Source, SourceError, SourceSettings, cbr, coingecko, coinpaprika, ecb};

/// The largest answer that is read, in bytes; the usual ones have some ten thousand at most.
pub(super) const ANSWER_MAX: usize = 256 * 1024;
/// How long a whole answer may take.
const ANSWER_DUE: Duration = Duration::from_secs(15);

/// An HTTP client that is careful with what comes.
#[derive(Clone, Debug)]
pub struct Web {
    client: Client,
    due: Duration,
}

impl Web {
    /// A client that trusts the usual roots.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::with_due(ANSWER_DUE)
    }

    /// [`Web::new`], with another limit on how long an answer may take.
    ///
    /// # Errors
    /// As [`Web::new`].
    pub fn with_due(due: Duration) -> Result<Self, reqwest::Error> {
        // Another room may have chosen it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .user_agent(concat!("bytesback/", env!("CARGO_PKG_VERSION")))
            .timeout(due)
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { client, due })
    }

    async fn get(&self, url: &Url) -> Result<Vec<u8>, SourceError> {
        let failed = |error: reqwest::Error| self.failed(error);
        let mut response = self.client.get(url.clone()).send().await.map_err(failed)?;
        check_status(&response)?;
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(failed)? {
            if body.len() + part.len() > ANSWER_MAX {
                return Err(SourceError::TooLarge { max: ANSWER_MAX });
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn failed(&self, error: reqwest::Error) -> SourceError {
        if error.is_timeout() {
            return SourceError::TimedOut(self.due);
        }
        let error = error.without_url();
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        SourceError::Unreachable(causes.last().map(ToString::to_string).unwrap_or_default())
    }
}

fn check_status(response: &Response) -> Result<(), SourceError> {
    match response.status() {
        StatusCode::OK => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => {
            let seconds =
                response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Err(SourceError::TooOften { retry_after: seconds.map(Duration::from_secs) })
        }
        status if status.is_redirection() => Err(SourceError::Moved(status.as_u16())),
        status => Err(SourceError::Status(status.as_u16())),
    }
}

/// How an answer is read.
type Reader = fn(&[u8]) -> Result<Vec<Quote>, SourceError>;

/// A service of the web.
struct WebSource {
    source: RateSource,
    url: Url,
    web: Web,
    reader: Reader,
}

#[async_trait]
impl Source for WebSource {
    fn id(&self) -> RateSource {
        self.source
    }

    async fn read(&self, _: Moment) -> Result<Vec<Quote>, SourceError> {
        (self.reader)(&self.web.get(&self.url).await?)
    }
}

const fn reader(source: RateSource) -> Option<Reader> {
    match source {
        RateSource::CoinGecko => Some(coingecko::read),
        RateSource::CoinPaprika => Some(coinpaprika::read),
        RateSource::Ecb => Some(ecb::read),
        RateSource::Cbr => Some(cbr::read),
        RateSource::Fixed | RateSource::Hub => None,
    }
}

/// What a service of the web tells with this answer; nothing if the source is none.
///
/// # Errors
/// [`SourceError::Malformed`], where it is not of that service's form.
pub fn read_answer(source: RateSource, answer: &[u8]) -> Option<Result<Vec<Quote>, SourceError>> {
    reader(source).map(|read| read(answer))
}

/// The source of these settings, if it is one of the web.
pub fn web_source(settings: &SourceSettings, web: &Web) -> Option<Arc<dyn Source>> {
    let (reader, url) = (reader(settings.source)?, settings.url.clone()?);
    Some(Arc::new(WebSource { source: settings.source, url, web: web.clone(), reader }))
}
