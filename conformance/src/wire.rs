//! TCP, and no more of HTTP than answers need.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::reply::Reply;
use crate::stop::{Judged, Stop, fail};
use crate::target::Target;

/// How long an answer is waited for. Clients give up earlier; what comes too late is judged there.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest answer that is read.
const ANSWER_MAX: usize = 256 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
    sent: Instant,
}

impl Connection {
    pub(crate) fn open(target: &Target) -> Judged<Self> {
        let addresses = target.socket().to_socket_addrs().map_err(|error| unreachable(&error))?;
        let mut last = Stop::Fail("the host has no address".to_owned());
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    let ready =
                        stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
                    ready
                        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
                        .map_err(|e| unreachable(&e))?;
                    return Ok(Self { stream, read: Vec::new(), sent: Instant::now() });
                }
                Err(error) => last = unreachable(&error),
            }
        }
        Err(last)
    }

    /// Sends. A server may answer and close before it has read everything: the answer then tells.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Judged<()> {
        self.sent = Instant::now();
        match self.stream.write_all(bytes) {
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                fail(format!("the request could not be sent: {error}"))
            }
            _ => Ok(()),
        }
    }

    /// The next answer.
    pub(crate) fn reply(&mut self) -> Judged<Reply> {
        let mut reply = self.head()?;
        reply.body = self.body(&reply)?;
        reply.took = self.sent.elapsed();
        Ok(reply)
    }

    /// The head of an answer, without its body.
    pub(crate) fn head(&mut self) -> Judged<Reply> {
        let end = self.until(b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&end).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let mut start = lines.next().unwrap_or_default().splitn(3, ' ');
        let version = start.next().unwrap_or_default().to_owned();
        let status = start.next().and_then(|status| status.parse().ok());
        let Some(status) = status.filter(|_| version.starts_with("HTTP/1.")) else {
            return fail("expected an answer in HTTP/1, came something else");
        };
        let pairs = lines.filter_map(|line| line.split_once(':'));
        let headers = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Ok(Reply { version, status, headers: headers.collect(), body: Vec::new(), took: self.sent.elapsed() })
    }

    fn body(&mut self, reply: &Reply) -> Judged<Vec<u8>> {
        if reply.status == 204 || reply.status == 304 {
            return Ok(Vec::new());
        }
        if reply.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        match reply.header("content-length").map(str::parse) {
            Some(Ok(length)) => self.exactly(length),
            Some(Err(_)) => fail("Content-Length is not a number"),
            None => {
                while self.more()? {}
                Ok(std::mem::take(&mut self.read))
            }
        }
    }

    fn chunks(&mut self) -> Judged<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.until(b"\r\n")?;
            let line = String::from_utf8_lossy(&line);
            let length = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16);
            let Ok(length) = length else { return fail("the answer is chunked wrongly") };
            if length > ANSWER_MAX {
                return fail("the answer is too long");
            }
            let chunk = self.exactly(length + 2)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }

    fn exactly(&mut self, length: usize) -> Judged<Vec<u8>> {
        while self.read.len() < length {
            if !self.more()? {
                return fail("the answer is cut off");
            }
        }
        Ok(self.read.drain(..length).collect())
    }

    fn until(&mut self, end: &[u8]) -> Judged<Vec<u8>> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|window| window == end) {
                return Ok(self.read.drain(..at + end.len()).collect());
            }
            if !self.more()? {
                return fail("no answer came: the connection was closed");
            }
        }
    }

    /// Whether the server closes without another byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.read.is_empty() && matches!(self.more(), Ok(false))
    }

    fn more(&mut self) -> Judged<bool> {
        let mut buffer = [0; 8192];
        if self.read.len() > ANSWER_MAX || self.sent.elapsed() > PATIENCE {
            return fail("the answer does not end");
        }
        match self.stream.read(&mut buffer) {
            Ok(length) => {
                self.read.extend_from_slice(&buffer[..length]);
                Ok(length > 0)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                fail(format!("no answer came within {} s", PATIENCE.as_secs()))
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) => fail(format!("no answer came: {error}")),
        }
    }
}

fn unreachable(error: &std::io::Error) -> Stop {
    Stop::Fail(format!("the server cannot be reached: {error}"))
}
