//! `application/json`: one object; strings and numbers count by their text.
//!
//! Numbers keep the text that they were written in (`12.50`, `1.0E-5`), so no value ever passes
//! through a float. Strings are read as bytes: an escape of half a surrogate pair is then judged
//! like any other text that is no UTF-8, for its own field only.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{Field, Fields, Value};
use super::{ReadError, without_mark};

pub(super) fn read(body: &[u8]) -> Result<Fields<'_>, ReadError> {
    let text = std::str::from_utf8(without_mark(body)).map_err(|_| ReadError::Json)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = json.deserialize_map(Object).map_err(|_| ReadError::Json)?;
    json.end().map_err(|_| ReadError::Json)?;
    Ok(fields)
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key_seed(Text)? {
            match Field::of(&name) {
                Some(field) => fields.set(field, value(map.next_value::<&RawValue>()?)?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

fn value<E: Error>(raw: &RawValue) -> Result<Value<'_>, E> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => {
            let mut json = serde_json::Deserializer::from_str(text);
            json.deserialize_bytes(Text).map(Value::Text).map_err(E::custom)
        }
        Some(b'-' | b'0'..=b'9') => Ok(Value::Text(text.as_bytes().into())),
        Some(b'n') => Ok(Value::Missing),
        _ => Ok(Value::NotText),
    }
}

/// A string as bytes, borrowed where nothing in it is escaped.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, [u8]>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(bytes.into())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(bytes.to_vec().into())
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(text.as_bytes().into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.as_bytes().to_vec().into())
    }
}
