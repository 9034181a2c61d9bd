//! Taking a body off the wire, bounded in size and time.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

/// The longest body that is read, in bytes.
pub const BODY_MAX: usize = 64 * 1024;
/// How much of a longer body is swallowed, so that its sender gets to read the answer.
pub const DRAIN_MAX: usize = 4 * 1024 * 1024;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotReceived {
    /// Longer than [`BODY_MAX`].
    TooLarge,
    /// Not whole when the time was over.
    TooSlow,
    /// The connection broke, or the framing is wrong.
    Broken,
}

/// The whole body, or what is wrong with it.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Body,
    deadline: Duration,
) -> Result<Bytes, NotReceived> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large = announced.is_some_and(|length| length > BODY_MAX as u64);
    if too_large && headers.contains_key(EXPECT) {
        // The client waits for leave to send; it gets the answer instead.
        return Err(NotReceived::TooLarge);
    }
    let mut stream = body.into_data_stream();
    let whole =
        async { if too_large { Err(drain(&mut stream, 0).await) } else { collect(&mut stream).await } };
    tokio::time::timeout(deadline, whole).await.unwrap_or(Err(NotReceived::TooSlow))
}

async fn collect(stream: &mut BodyDataStream) -> Result<Bytes, NotReceived> {
    let Some(first) = stream.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(|_| NotReceived::Broken)?;
    if first.len() > BODY_MAX {
        return Err(drain(stream, first.len()).await);
    }
    let mut body = None;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| NotReceived::Broken)?;
        let body = body.get_or_insert_with(|| BytesMut::from(first.as_ref()));
        if body.len() + chunk.len() > BODY_MAX {
            return Err(drain(stream, body.len() + chunk.len()).await);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.map_or(first, BytesMut::freeze))
}

async fn drain(stream: &mut BodyDataStream, mut seen: usize) -> NotReceived {
    while seen <= DRAIN_MAX {
        match stream.next().await {
            Some(Ok(chunk)) => seen += chunk.len(),
            Some(Err(_)) => return NotReceived::Broken,
            None => break,
        }
    }
    NotReceived::TooLarge
}
