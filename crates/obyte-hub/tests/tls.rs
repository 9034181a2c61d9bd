//! TLS: who is trusted and who is not.

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use obyte::Network;
use obyte_hub::{ConnectionState, Hub, HubConfig, HubError};
use rcgen::generate_simple_self_signed;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::accept_async;

use support::{BOUND, Peer, state};

/// A hub with a certificate for `localhost` that nobody else signed.
struct TlsHub {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    /// The certificate, in DER.
    certificate: Vec<u8>,
}

impl TlsHub {
    async fn start() -> Self {
        let made = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("they belong together");
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port"),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: certificate.to_vec(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("bound")
    }

    /// One client, if it trusts us.
    async fn accept(&self) -> Option<Peer<TlsStream<TcpStream>>> {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        let secure = self.acceptor.accept(stream).await.ok()?;
        accept_async(secure).await.ok().map(Peer::new)
    }

    fn config(&self, host: &str) -> HubConfig {
        let url = format!("wss://{host}:{}/bb", self.address().port());
        HubConfig::new(&url, Network::Devnet).expect("an address")
    }
}

/// How connecting fails.
async fn failure(server: &TlsHub, config: HubConfig) -> HubError {
    let (hub, _events) = Hub::start(config);
    assert!(server.accept().await.is_none(), "the client must not trust");
    match state(&hub, |state| matches!(state, ConnectionState::Disconnected(_))).await {
        ConnectionState::Disconnected(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hub_with_a_trusted_certificate_is_talked_to_over_tls() {
    let server = TlsHub::start().await;
    let mut config = server.config("localhost");
    config.extra_root = Some(server.certificate.clone());
    let (hub, _events) = Hub::start(config);
    let mut peer = server.accept().await.expect("the client trusts us");
    peer.greet(Network::Devnet).await;
    hub.wait_connected(BOUND).await.expect("connected");
    let serve = async {
        let asked = peer.request("get_last_mci").await;
        peer.answer(&asked, json!(9)).await;
    };
    let (mci, ()) = tokio::join!(hub.last_mci(), serve);
    assert_eq!(mci, Ok(9));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let server = TlsHub::start().await;
    let why = failure(&server, server.config("localhost")).await;
    assert!(matches!(why, HubError::Tls(_)), "{why:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let server = TlsHub::start().await;
    let mut config = server.config("127.0.0.1");
    config.extra_root = Some(server.certificate.clone());
    let why = failure(&server, config).await;
    assert!(matches!(why, HubError::Tls(_)), "{why:?}");
}

#[tokio::test]
async fn an_unreadable_root_certificate_is_told() {
    let server = TlsHub::start().await;
    let mut config = server.config("localhost");
    config.extra_root = Some(vec![1, 2, 3]);
    let (hub, _events) = Hub::start(config);
    let down = state(&hub, |state| matches!(state, ConnectionState::Disconnected(_))).await;
    assert!(matches!(down, ConnectionState::Disconnected(HubError::Tls(_))), "{down:?}");
}
