//! From the bytes of a body to the values of its fields.
//!
//! Three encodings are read: forms, JSON and multipart. The content type decides where it names
//! one of them; where it is missing or names something else, the first bytes decide. Parameters
//! of the media type are ignored but for a boundary.
//!
//! All three readers are of one shape: bounded time and memory for any input, borrowed values
//! where nothing is escaped, the last of a repeated field, unknown fields ignored. What the values
//! mean is not decided here.

mod fields;
mod form;
mod json;
mod multipart;

pub use fields::{Field, FieldError, Fields};

/// Why a body cannot be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Broken, or something else than one object.
    #[error("the request could not be read: the body is not a JSON object in UTF-8")]
    Json,
    /// No boundary, no end, or a part without its headers.
    #[error("the request could not be read: the body is not valid multipart/form-data")]
    Multipart,
    /// `Content-Encoding`.
    #[error("the request could not be read: compressed bodies are not supported")]
    Compressed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Form,
    Json,
    Multipart,
}

/// Reads a body of the given content type.
pub fn read<'a>(content_type: Option<&str>, body: &'a [u8]) -> Result<Fields<'a>, ReadError> {
    let content_type = content_type.unwrap_or_default();
    match declared(content_type) {
        Some(Encoding::Json) => json::read(body),
        Some(Encoding::Multipart) => multipart::read(multipart::boundary_of(content_type), body),
        // No field begins with a brace, so this takes nothing from any form: it helps who sends
        // JSON with the content type that his library adds by itself.
        Some(Encoding::Form) if sniffed(body) == Encoding::Json => {
            json::read(body).or_else(|_| Ok(form::read(body)))
        }
        Some(Encoding::Form) => Ok(form::read(body)),
        None => match sniffed(body) {
            Encoding::Json => json::read(body),
            Encoding::Multipart => multipart::read(None, body),
            Encoding::Form => Ok(form::read(body)),
        },
    }
}

/// Reads the query of a URL, which is written as a form is.
pub fn read_query(query: &str) -> Fields<'_> {
    form::read(query.as_bytes())
}

fn declared(content_type: &str) -> Option<Encoding> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    let suffix = essence.len().checked_sub("+json".len()).and_then(|start| essence.get(start..));
    if is("application/x-www-form-urlencoded") {
        Some(Encoding::Form)
    } else if is("multipart/form-data") {
        Some(Encoding::Multipart)
    } else if is("application/json")
        || is("text/json")
        || suffix.is_some_and(|end| end.eq_ignore_ascii_case("+json"))
    {
        Some(Encoding::Json)
    } else {
        None
    }
}

fn sniffed(body: &[u8]) -> Encoding {
    let start = without_mark(body).trim_ascii_start();
    if start.starts_with(b"{") {
        Encoding::Json
    } else if start.starts_with(b"--") && second_line(start).starts_with(b"content-") {
        Encoding::Multipart
    } else {
        Encoding::Form
    }
}

/// The start of the second line, in lower case.
fn second_line(text: &[u8]) -> Vec<u8> {
    let line = text.iter().position(|&byte| byte == b'\n').map_or(&[][..], |end| &text[end + 1..]);
    line[..line.len().min(8)].to_ascii_lowercase()
}

/// Without the byte order mark that some editors and libraries write.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

#[cfg(test)]
mod tests;
