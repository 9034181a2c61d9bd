//! As much of HTTP/1.1 as a load generator needs: one request after another on a connection.

mod response;

use std::io;
use std::net::SocketAddr;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

pub use response::{BadResponse, Response, parse};

/// The longest response that is read, in bytes.
const MAX_RESPONSE: usize = 1024 * 1024;

/// What is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    host: String,
    path: String,
}

impl Target {
    /// The endpoint at `path` of the server at `base`, on the own machine. A path in `base` is kept.
    ///
    /// # Errors
    /// Anything but a plain HTTP address of the own machine: others are not ours to load.
    pub fn new(base: &str, path: &str) -> anyhow::Result<Self> {
        let url: Url = base.parse().context("--url is no URL")?;
        ensure!(url.scheme() == "http", "--url must begin with http://");
        let host = url.host_str().context("--url names no host")?;
        let port = url.port_or_known_default().context("--url names no port")?;
        let addresses = url.socket_addrs(|| None).context("the host of --url is unknown")?;
        let address = addresses.into_iter().find(|address| address.ip().is_loopback());
        Ok(Self {
            address: address.context("only a server on the own machine is loaded, such as 127.0.0.1")?,
            host: format!("{host}:{port}"),
            path: format!("{}{path}", url.path().trim_end_matches('/')),
        })
    }

    /// A POST request with a form as its body.
    pub fn post_form(&self, form: &str) -> Vec<u8> {
        let Self { path, host, .. } = self;
        let length = form.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{form}"
        )
        .into_bytes()
    }
}

/// A connection that is kept between requests.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Those of the operating system.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(1024) })
    }

    /// Sends a request and reads its response. After an error the connection is of no use.
    ///
    /// # Errors
    /// A broken connection, or a response that cannot be read.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Response> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        loop {
            let closed = self.stream.read_buf(&mut self.buffer).await? == 0;
            if let Some(response) = parse(&self.buffer, closed)? {
                return Ok(response);
            }
            if self.buffer.len() > MAX_RESPONSE {
                return Err(BadResponse("is too long").into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_on_the_own_machine_are_loaded() {
        for bad in ["", "127.0.0.1:8080", "https://127.0.0.1", "http://192.0.2.1:80", "ws://127.0.0.1"] {
            assert!(Target::new(bad, "/x").is_err(), "{bad}");
        }
        assert!(Target::new("http://127.0.0.1:8080", "/x").is_ok());
    }

    #[test]
    fn a_request_names_host_path_and_length() {
        let target = Target::new("http://127.0.0.1:8080/shop/", "/test/new_purchase").expect("good");
        let request = String::from_utf8(target.post_form("a=b")).expect("ASCII");
        assert!(request.starts_with("POST /shop/test/new_purchase HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
        assert!(request.ends_with("\r\nContent-Length: 3\r\n\r\na=b"), "{request}");
    }
}
