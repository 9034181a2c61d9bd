//! A hub behind TLS whose certificate has expired, and is then renewed.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::common::until;
use crate::site::HubEntry;
use crate::stage::{Stage, is_paid, network};

/// Signs certificates for `localhost`.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// What speaks TLS with a certificate that is good until this year.
    fn acceptor(&self, until: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows them")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("they belong together");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Takes TLS away in front of a hub, as a reverse proxy does.
struct Front {
    port: u16,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
    accepting: JoinHandle<()>,
}

impl Front {
    async fn start(hub: std::net::SocketAddr, acceptor: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let acceptor = Arc::new(Mutex::new(acceptor));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (current, all) = (Arc::clone(&acceptor), Arc::clone(&connections));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = current.lock().expect("nobody panics with it").clone();
                let passing = tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(stream).await else { return };
                    let mut hub = TcpStream::connect(hub).await.expect("the hub is there");
                    // However a connection ends, it ends.
                    let _ = copy_bidirectional(&mut client, &mut hub).await;
                });
                all.lock().expect("nobody panics with it").push(passing);
            }
        });
        Self { port, acceptor, connections, accepting }
    }

    /// Another certificate from now on; whoever is connected has to come again.
    fn change(&self, acceptor: TlsAcceptor) {
        *self.acceptor.lock().expect("nobody panics with it") = acceptor;
        for connection in self.connections.lock().expect("nobody panics with it").drain(..) {
            connection.abort();
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn write_root(folder: &Path, authority: &Authority) {
    std::fs::create_dir_all(folder).expect("a folder");
    let text = data_encoding::BASE64.encode(authority.0.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    std::fs::write(folder.join("root.pem"), pem).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_of_the_hub_is_said_loses_nothing_and_is_got_over() {
    let authority = Authority::new();
    let (devnet, folder) = network().await;
    let front = Front::start(devnet.local_addr(), authority.acceptor(4000)).await;
    write_root(&folder.path().join("site"), &authority);
    let url = format!("wss://localhost:{}", front.port);
    let entry = HubEntry { url: &url, order_provider: devnet.order_provider(), root: Some("root.pem") };
    let mut stage = Stage::behind(devnet, folder, entry).await;
    let server = stage.site.start();
    stage.fill().await;
    stage.site.is_well().await;
    let before = stage.orders(10);
    assert!(stage.send(&before).await.iter().all(is_paid));

    front.change(authority.acceptor(2001));
    stage.site.complains("certificate expired").await;
    until("the log tells", async || server.log.holds("certificate expired")).await;
    // What is bought meanwhile is owed.
    let during = stage.orders(10);
    assert!(!stage.send(&during).await.iter().any(is_paid));
    assert!(stage.send(&before).await.iter().all(is_paid));

    front.change(authority.acceptor(4000));
    stage.site.is_well().await;
    stage.audit().await;
}
