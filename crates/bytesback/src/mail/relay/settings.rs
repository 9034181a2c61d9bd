//! How the relay is reached.

use std::fmt;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use reqwest::Url;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::{Relay, Security};

/// The ports of RFC 6409 and RFC 8314.
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

/// How the relay is reached.
pub struct RelaySettings {
    /// `smtp://HOST[:PORT]` with STARTTLS, or `smtps://HOST[:PORT]`. On a loopback address `smtp://` is
    /// without TLS, unless there is a [`Self::root`].
    pub url: String,
    /// User name and password.
    pub login: Option<(String, Zeroizing<String>)>,
    /// Certificates in PEM to trust beside the public ones.
    pub root: Option<Vec<u8>>,
    /// How long each step may take.
    pub timeout: Duration,
    /// The most connections at a time.
    pub connections: usize,
    /// The name with which we greet: a domain.
    pub hello: String,
}

/// Settings that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// The address of the relay.
    #[error("write smtp://HOST:PORT or smtps://HOST:PORT; user name and password have keys of their own")]
    Url,
    /// The number of connections.
    #[error("connections must be between 1 and 50")]
    Connections,
    /// The time limit.
    #[error("timeout must be at least 1 millisecond")]
    Timeout,
    /// The certificates.
    #[error("ca_file holds no certificate in PEM")]
    Root,
    /// TLS as such.
    #[error("TLS with this host cannot be set up")]
    Tls,
}

impl RelaySettings {
    pub(super) fn build(self) -> Result<Relay, RelayError> {
        if !(1..=50).contains(&self.connections) {
            return Err(RelayError::Connections);
        }
        if self.timeout.is_zero() {
            return Err(RelayError::Timeout);
        }
        let url = Url::parse(&self.url).map_err(|_| RelayError::Url)?;
        let (host, port, security) = place(&url, self.root.is_some()).ok_or(RelayError::Url)?;
        let tls = match security {
            Security::None => None,
            Security::StartTls | Security::Implicit => Some(tls(&host, self.root.as_deref())?),
        };
        let credentials =
            |(user, password): (String, Zeroizing<String>)| Credentials::new(user, password.to_string());
        Ok(Relay {
            host,
            port,
            security,
            tls,
            login: self.login.map(credentials),
            hello: ClientId::Domain(self.hello),
            due: self.timeout,
            places: Semaphore::new(self.connections),
            idle: Mutex::default(),
        })
    }
}

fn place(url: &Url, own_root: bool) -> Option<(String, u16, Security)> {
    let bare = url.username().is_empty()
        && url.password().is_none()
        && matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none();
    let host = url.host_str().filter(|host| bare && !host.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    match url.scheme() {
        "smtps" => Some((host, url.port().unwrap_or(SUBMISSIONS), Security::Implicit)),
        "smtp" => {
            let plain = is_loopback(&host) && !own_root;
            let security = if plain { Security::None } else { Security::StartTls };
            Some((host, url.port().unwrap_or(SUBMISSION), security))
        }
        _ => None,
    }
}

/// Whether what is sent there leaves the machine. A name is asked of whoever answers names, so it is
/// believed only if it is the one that never leaves the machine (RFC 6761).
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn tls(host: &str, root: Option<&[u8]>) -> Result<TlsParameters, RelayError> {
    // Another room may have chosen it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder =
        TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::WebpkiRoots);
    if let Some(pem) = root {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let mut some = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| RelayError::Root)?;
            let certificate = Certificate::from_der(certificate.to_vec()).map_err(|_| RelayError::Root)?;
            builder = builder.add_root_certificate(certificate);
            some = true;
        }
        if !some {
            return Err(RelayError::Root);
        }
    }
    builder.build_rustls().map_err(|_| RelayError::Tls)
}

/// Without user name and password.
impl fmt::Debug for RelaySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelaySettings").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> RelaySettings {
        RelaySettings {
            url: url.into(),
            login: Some(("user".into(), "hunter2".to_owned().into())),
            root: None,
            timeout: Duration::from_secs(1),
            connections: 2,
            hello: "shop.example".into(),
        }
    }

    #[test]
    fn only_a_loopback_address_is_reached_without_tls() {
        for (url, own_root, wanted) in [
            ("smtp://mail.example.org", false, Some(("mail.example.org", 587, Security::StartTls))),
            ("smtp://mail.example.org:25", true, Some(("mail.example.org", 25, Security::StartTls))),
            ("smtps://mail.example.org/", false, Some(("mail.example.org", 465, Security::Implicit))),
            ("smtp://127.0.0.1:25", false, Some(("127.0.0.1", 25, Security::None))),
            ("smtp://[::1]:25", false, Some(("::1", 25, Security::None))),
            ("smtp://localhost:25", false, Some(("localhost", 25, Security::None))),
            ("smtp://localhost:25", true, Some(("localhost", 25, Security::StartTls))),
            ("smtp://localhost.example.org", false, Some(("localhost.example.org", 587, Security::StartTls))),
            ("smtp://10.0.0.1", false, Some(("10.0.0.1", 587, Security::StartTls))),
            ("smtp://user@mail.example.org", false, None),
            ("smtp://u:p@mail.example.org", false, None),
            ("smtp://mail.example.org/x", false, None),
            ("smtp://mail.example.org?tls=none", false, None),
            ("http://mail.example.org", false, None),
            ("smtp:", false, None),
        ] {
            let place = Url::parse(url).ok().and_then(|url| place(&url, own_root));
            let wanted = wanted.map(|(host, port, security)| (host.to_owned(), port, security));
            assert_eq!(place, wanted, "{url}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_no_secret_is_shown() {
        assert_eq!(Relay::new(settings("mail.example.org")).err(), Some(RelayError::Url));
        let none = RelaySettings { connections: 0, ..settings("smtp://x.org") };
        assert_eq!(Relay::new(none).err(), Some(RelayError::Connections));
        let root = RelaySettings { root: Some(b"nothing".to_vec()), ..settings("smtp://x.org") };
        assert_eq!(Relay::new(root).err(), Some(RelayError::Root));
        let shown = format!("{:?}", settings("smtp://x.org"));
        let relay = Relay::new(settings("smtps://x.org")).expect("it can be");
        assert!(!format!("{shown}{relay:?}").contains("hunter2"));
    }
}
