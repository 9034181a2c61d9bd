//! A service of the web on this machine, which answers as it is told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytesback::rates::SourceSettings;
use program::RateSource;
use reqwest::Url;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is done with a request.
#[derive(Clone, Debug)]
pub(crate) enum Doing {
    /// Answered well, with this body.
    Body(Vec<u8>),
    /// The same, after a while. What is slow has to take its time; a test waits for what comes of it, with a
    /// bound, and not for this pause.
    Late(Duration, Vec<u8>),
    /// Answered with these bytes, whatever they are, and then closed.
    Raw(Vec<u8>),
    /// Not answered.
    Silence,
    /// Begun, and never ended: a body that grows for ever.
    Endless,
    /// Begun, and not ended before the asker hangs up: a byte now and then, so that only a limit on the whole
    /// answer helps, and none on each read.
    Drip,
}

/// The service.
pub(crate) struct Service {
    pub(crate) url: Url,
    doing: Arc<Mutex<Doing>>,
    asked: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Service {
    pub(crate) async fn start(doing: Doing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are ports");
        let port = listener.local_addr().expect("bound").port();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/rates?of=all")).expect("an address");
        let (doing, asked) = (Arc::new(Mutex::new(doing)), Arc::new(Mutex::new(Vec::new())));
        let written = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn({
            let (doing, asked, written) = (Arc::clone(&doing), Arc::clone(&asked), Arc::clone(&written));
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let doing = doing.lock().expect("no panic").clone();
                    let (asked, written) = (Arc::clone(&asked), Arc::clone(&written));
                    tokio::spawn(answer(stream, doing, asked, written));
                }
            }
        });
        Self { url, doing, asked, written, serving }
    }

    /// Does something else from now on.
    pub(crate) fn now(&self, doing: Doing) {
        *self.doing.lock().expect("no panic") = doing;
    }

    /// The heads of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }

    /// How many bytes of bodies without end it got rid of.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// How it is asked, as quickly as a test wants.
    pub(crate) fn settings(&self, source: RateSource) -> SourceSettings {
        SourceSettings { source, url: Some(self.url.clone()), every: Duration::from_millis(10) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An answer with this status line and these headers.
pub(crate) fn raw(status: &str, headers: &str, body: &str) -> Doing {
    Doing::Raw(
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

async fn answer(
    mut stream: TcpStream,
    doing: Doing,
    asked: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    asked.lock().expect("no panic").push(String::from_utf8_lossy(&head).into_owned());
    // What cannot be written was not wanted any more.
    let _ = write(&mut stream, doing, &written).await;
}

async fn write(stream: &mut TcpStream, doing: Doing, written: &AtomicUsize) -> std::io::Result<()> {
    const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    match doing {
        Doing::Body(body) => well(stream, &body).await,
        Doing::Late(pause, body) => {
            tokio::time::sleep(pause).await;
            well(stream, &body).await
        }
        Doing::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Doing::Silence => std::future::pending().await,
        Doing::Endless => {
            stream.write_all(CHUNKED).await?;
            let chunk = [b"1000\r\n".as_slice(), &[b' '; 0x1000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await?;
                written.fetch_add(0x1000, Ordering::Relaxed);
            }
        }
        Doing::Drip => {
            stream.write_all(CHUNKED).await?;
            loop {
                stream.write_all(b"1\r\n \r\n").await?;
                written.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

async fn well(stream: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}
