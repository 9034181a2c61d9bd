//! Listening: connections, their limits, and the end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::cashier::Cashier;
use super::routes::routes;
use crate::claim::Peer;
use crate::metrics::Metrics;

/// What one client may ask of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// How long the head of a request may take, and a connection stay idle.
    pub head: Duration,
    /// How long a body may take.
    pub body: Duration,
    /// How long requests may go on once the server is told to stop.
    pub shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head: Duration::from_secs(30),
            body: Duration::from_secs(10),
            shutdown: Duration::from_secs(10),
        }
    }
}

/// The longest head of a request; the rest of the buffer is for bodies.
const BUFFER: usize = 32 * 1024;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// An address that is taken, and where nobody is let in yet: until there is somebody to answer,
/// connections are refused rather than left waiting.
#[derive(Debug)]
pub struct Reserved(TcpSocket);

impl Reserved {
    /// Takes the address.
    ///
    /// # Errors
    /// Where it is not to be had.
    pub fn at(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // What is left of connections to an earlier process is not in the way.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self(socket))
    }

    /// The address, with the port that the system chose where it was asked to.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Lets connections in from now on.
    ///
    /// # Errors
    /// Where another process has begun to listen there.
    pub fn listen(self) -> io::Result<TcpListener> {
        self.0.listen(BACKLOG)
    }
}

/// Serves the API with the usual limits until `shutdown` is ready, and then until the requests
/// that are under way are answered.
pub async fn serve(
    listener: TcpListener,
    cashier: Arc<dyn Cashier>,
    metrics: Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) {
    serve_within(Limits::default(), listener, cashier, metrics, shutdown).await;
}

/// [`serve`] with limits of one's own.
pub async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    cashier: Arc<dyn Cashier>,
    metrics: Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) {
    let purchases = TaskTracker::new();
    let service = TowerToHyperService::new(routes(cashier, metrics, purchases.clone(), limits.body));
    let mut server = http1::Builder::new();
    // A client may close its own direction once it has sent all and still read the answer.
    server.timer(TokioTimer::new()).header_read_timeout(limits.head).half_close(true).max_buf_size(BUFFER);
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(limits.connections));
    let accepting = async {
        loop {
            let (stream, peer, permit) = accept(&listener, &connections).await;
            let service = service.clone();
            let told = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(Peer(peer.ip()));
                service.call(request)
            });
            let connection = server.serve_connection(TokioIo::new(stream), told);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // Why a connection broke is the client's affair.
                let _ = connection.await;
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown => {}
    }
    drop(listener);
    purchases.close();
    let finished = async {
        graceful.shutdown().await;
        purchases.wait().await;
    };
    if timeout(limits.shutdown, finished).await.is_err() {
        tracing::warn!("some requests were still under way when the server stopped");
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let permit = Arc::clone(connections).acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection went before it was served");
                    continue;
                }
                return (stream, peer, permit);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Most likely there are no file descriptors left; some will be.
                tracing::error!(%error, "no connections can be accepted; raise the limit of open files");
                sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
