//! From an address to an open WebSocket: TCP, TLS, the opening of the WebSocket.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as SocketError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use crate::{HubConfig, HubError, HubText};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a WebSocket within [`HubConfig::connect_timeout`].
pub(crate) async fn connect(config: &HubConfig) -> Result<Socket, HubError> {
    tokio::time::timeout(config.connect_timeout, open(config))
        .await
        .unwrap_or_else(|_| Err(HubError::Connect(HubText::new("it took too long"))))
}

async fn open(config: &HubConfig) -> Result<Socket, HubError> {
    let (host, port) = host_and_port(config)?;
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(connect_error)?;
    // Requests are small and waited for.
    stream.set_nodelay(true).map_err(connect_error)?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(config.max_message_bytes))
        .max_frame_size(Some(config.max_message_bytes));
    let secure = config.url.scheme() == "wss";
    let connector = if secure { Connector::Rustls(tls(config)?) } else { Connector::Plain };
    let opened =
        client_async_tls_with_config(config.url.as_str(), stream, Some(limits), Some(connector)).await;
    let (socket, _) = opened.map_err(|error| opening_error(&error, secure))?;
    Ok(socket)
}

fn host_and_port(config: &HubConfig) -> Result<(String, u16), HubError> {
    let host = match config.url.host() {
        Some(url::Host::Ipv6(address)) => address.to_string(),
        Some(host) => host.to_string(),
        None => return Err(HubError::BadUrl("it names no host")),
    };
    let port = config.url.port_or_known_default().ok_or(HubError::BadUrl("it names no port"))?;
    Ok((host, port))
}

fn tls(config: &HubConfig) -> Result<Arc<ClientConfig>, HubError> {
    // Whoever came first may have installed another provider; that is fine too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(der) = &config.extra_root {
        let root = CertificateDer::from(der.as_slice());
        let refused = |_| HubError::Tls(HubText::new("the additional root certificate cannot be read"));
        roots.add(root).map_err(refused)?;
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

fn connect_error(error: std::io::Error) -> HubError {
    HubError::Connect(HubText::new(&error.to_string()))
}

fn opening_error(error: &SocketError, secure: bool) -> HubError {
    let text = HubText::new(&error.to_string());
    match error {
        SocketError::Tls(_) => HubError::Tls(text),
        // What rustls finds wrong comes as an input/output error that holds the real one.
        SocketError::Io(io) if secure && io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            HubError::Tls(text)
        }
        _ => HubError::Connect(text),
    }
}

/// What an error of an open socket means.
pub(crate) fn reading_error(error: &SocketError, limit: usize) -> HubError {
    match error {
        SocketError::Capacity(CapacityError::MessageTooLong { .. }) => HubError::MessageTooLarge { limit },
        SocketError::Utf8(_) => HubError::MalformedFrame("it is no UTF-8"),
        SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => HubError::Disconnected,
        SocketError::Protocol(_) => HubError::MalformedFrame("it breaks the rules of WebSocket"),
        _ => HubError::Disconnected,
    }
}
