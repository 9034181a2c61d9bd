//! Reading a response: pure, from the bytes that came so far.

use std::io;

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body, whole.
    pub body: Vec<u8>,
    /// Whether the connection can be used again.
    pub keeps_alive: bool,
}

/// What came is no response that this client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadResponse(
    /// What is wrong with it.
    pub &'static str,
);

impl From<BadResponse> for io::Error {
    fn from(BadResponse(why): BadResponse) -> Self {
        Self::new(io::ErrorKind::InvalidData, format!("the response {why}"))
    }
}

/// How long the body is.
enum Body {
    Known(usize),
    Chunked,
    UntilClosed,
}

/// The response in `bytes`, or nothing if more must come. `closed` says that nothing more will.
///
/// # Errors
/// [`BadResponse`] where no continuation could make it a response.
pub fn parse(bytes: &[u8], closed: bool) -> Result<Option<Response>, BadResponse> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return incomplete(closed) };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| BadResponse("has a head that is no text"))?;
    let Head { status, length, mut keeps_alive } = Head::parse(head)?;
    let rest = &bytes[end + 4..];
    let body = match length {
        Body::Known(length) => rest.get(..length).map(<[u8]>::to_vec),
        Body::Chunked => unchunk(rest)?,
        Body::UntilClosed => {
            keeps_alive = false;
            closed.then(|| rest.to_vec())
        }
    };
    match body {
        Some(body) => Ok(Some(Response { status, body, keeps_alive: keeps_alive && !closed })),
        None => incomplete(closed),
    }
}

fn incomplete(closed: bool) -> Result<Option<Response>, BadResponse> {
    if closed { Err(BadResponse("ended early")) } else { Ok(None) }
}

struct Head {
    status: u16,
    length: Body,
    keeps_alive: bool,
}

impl Head {
    fn parse(head: &str) -> Result<Self, BadResponse> {
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let rest = first.strip_prefix("HTTP/1.").ok_or(BadResponse("is not HTTP/1"))?;
        let status = rest.get(2..5).and_then(|digits| digits.parse().ok());
        let mut head = Self {
            status: status.ok_or(BadResponse("has no status"))?,
            length: Body::UntilClosed,
            keeps_alive: rest.starts_with('1'),
        };
        for line in lines {
            let (name, value) = line.split_once(':').ok_or(BadResponse("has a broken head"))?;
            head.take(name, value.trim())?;
        }
        Ok(head)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), BadResponse> {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().map_err(|_| BadResponse("has a broken length"))?;
            self.length = Body::Known(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.length = Body::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            self.keeps_alive = !value.eq_ignore_ascii_case("close");
        }
        Ok(())
    }
}

/// The body out of its chunks; nothing if more must come. Trailers are not read.
fn unchunk(mut rest: &[u8]) -> Result<Option<Vec<u8>>, BadResponse> {
    const BROKEN: BadResponse = BadResponse("has a broken chunk");
    let mut body = Vec::new();
    loop {
        let Some(end) = find(rest, b"\r\n") else { return Ok(None) };
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| BROKEN)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        let length = usize::from_str_radix(digits, 16).map_err(|_| BROKEN)?;
        let chunk_end = (end + 2).checked_add(length).ok_or(BROKEN)?;
        let Some(chunk) = rest.get(end + 2..chunk_end) else { return Ok(None) };
        let Some(after) = rest.get(chunk_end..chunk_end + 2) else { return Ok(None) };
        if after != b"\r\n" {
            return Err(BROKEN);
        }
        if length == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk);
        rest = &rest[chunk_end + 2..];
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `parse` makes of every beginning of a whole response, and of the whole.
    fn whole(text: &str) -> Response {
        for end in 0..text.len() {
            assert_eq!(parse(&text.as_bytes()[..end], false), Ok(None), "the first {end} bytes");
        }
        parse(text.as_bytes(), false).expect("a response").expect("whole")
    }

    #[test]
    fn a_length_says_where_the_body_ends() {
        let response = whole("HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\nX: y\r\n\r\n{}");
        assert_eq!(response, Response { status: 200, body: b"{}".to_vec(), keeps_alive: true });
    }

    #[test]
    fn chunks_are_put_together() {
        let response = whole(
            "HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\n\r\n",
        );
        assert_eq!(response, Response { status: 502, body: b"abc0123456789".to_vec(), keeps_alive: true });
    }

    #[test]
    fn without_a_length_the_end_of_the_connection_is_the_end() {
        let text = b"HTTP/1.0 200 OK\r\n\r\nabc";
        assert_eq!(parse(text, false), Ok(None));
        let response = parse(text, true).expect("a response").expect("whole");
        assert_eq!(response, Response { status: 200, body: b"abc".to_vec(), keeps_alive: false });
    }

    #[test]
    fn a_server_that_closes_is_not_asked_again() {
        let response = whole("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        assert!(!response.keeps_alive);
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for bad in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
        ] {
            assert!(parse(bad.as_bytes(), false).is_err(), "{bad:?}");
        }
        for cut in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"] {
            assert_eq!(parse(cut.as_bytes(), true), Err(BadResponse("ended early")), "{cut:?}");
        }
    }
}
