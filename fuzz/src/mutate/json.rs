//! Changes that keep JSON well-formed, or break it just where decoders differ.

use serde_json::{Value, json};

use crate::Random;

/// Something else in the place of one value, or `None` where the input is no JSON.
pub(super) fn mutate(random: &mut Random, input: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(input).ok()?;
    if random.below(4) == 0 {
        return Some(rewritten(random, document.to_string()).into_bytes());
    }
    let count = count(&document);
    let mut place = random.below(count);
    let donor = nth(&document, &mut random.below(count)).cloned().unwrap_or_default();
    let value = nth_mut(&mut document, &mut place).expect("one of those counted");
    change(random, value, donor);
    Some(document.to_string().into_bytes())
}

fn change(random: &mut Random, value: &mut Value, donor: Value) {
    match random.below(8) {
        0 => *value = odd(random),
        1 => *value = donor,
        2 => drop(value.as_object_mut().and_then(|fields| nth_key(random, fields))),
        3 => match value {
            Value::Array(elements) if !elements.is_empty() => {
                let place = random.below(elements.len());
                drop(elements.remove(place));
            }
            other => near(random, other),
        },
        4 => match value {
            Value::Array(elements) if !elements.is_empty() => {
                let (from, to) = (random.below(elements.len()), random.below(elements.len()));
                elements.swap(from, to);
                elements.push(elements[from].clone());
            }
            other => near(random, other),
        },
        5 => match value {
            Value::Object(fields) => drop(fields.insert((*random.pick(&KEYS)).to_owned(), donor)),
            other => near(random, other),
        },
        _ => near(random, value),
    }
}

/// Keys that some parser knows.
const KEYS: [&str; 16] = [
    "unit",
    "ball",
    "error",
    "",
    "content_hash",
    "asset",
    "definition",
    "is_nonserial",
    "parent_units",
    "type",
    "skiplist_balls",
    "tps_fee",
    "__proto__",
    "aa_responses",
    "required",
    "a\0b",
];

fn nth_key(random: &mut Random, fields: &mut serde_json::Map<String, Value>) -> Option<Value> {
    let key = fields.keys().nth(random.below(fields.len()))?.clone();
    fields.remove(&key)
}

/// A value close to the one that is there.
fn near(random: &mut Random, value: &mut Value) {
    *value = match value {
        Value::Null => json!(false),
        Value::Bool(flag) => json!(!*flag),
        Value::Number(number) => match (number.as_u64(), random.below(4)) {
            (Some(whole), 0) => json!(whole.wrapping_add(1)),
            (Some(whole), 1) => json!(whole.wrapping_sub(1)),
            (Some(whole), 2) => json!(whole.to_string()),
            _ => json!(number.as_f64().unwrap_or_default() * 1.5),
        },
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let place = random.below(characters.len() + 1);
            match (characters.get_mut(place), random.below(3)) {
                (Some(character), 0) => *character = *random.pick(&['A', '2', '=', '\0', '\n', 'é', '😀']),
                (Some(_), 1) => drop(characters.remove(place)),
                _ => characters.insert(place, *random.pick(&['A', '2', '=', ' ', '-', 'é', '😀'])),
            }
            Value::String(characters.into_iter().collect())
        }
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
    }
}

/// A value that is hardly ever expected.
fn odd(random: &mut Random) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => json!([]),
        2 => json!({}),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1e300),
        6 => json!(0.5),
        7 => json!("x".repeat(5000)),
        8 => json!("\0"),
        9 => (0..90).fold(json!(1), |inner, _| json!([inner])),
        10 => (0..90).fold(json!("x"), |inner, _| json!({"a": inner})),
        _ => json!(vec![0; 300]),
    }
}

/// A change of the text that no tree of values can express.
fn rewritten(random: &mut Random, text: String) -> String {
    let (needle, with) = *random.pick(&[
        ("{", "{\"unit\":1,"),
        ("{", "{\"\\u0075nit\":{},"),
        ("{", "{\"error\":\"x\",\"error\":null,"),
        ("\":", "\":1e400,\"x\":"),
        ("\":\"", "\":\"\\ud800"),
        ("\":\"", "\":\"\\udc00\\ud83d"),
        ("\":", "\":-0.0e-0,\"y\":"),
        ("[", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
        ("{", " {\t\r\n"),
        ("\"", "'"),
    ]);
    let places: Vec<_> = text.match_indices(needle).map(|(place, _)| place).collect();
    if places.is_empty() {
        return text;
    }
    let place = *random.pick(&places);
    format!("{}{with}{}", &text[..place], &text[place + needle.len()..])
}

/// How many values there are, itself included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'a>(value: &'a Value, place: &mut usize) -> Option<&'a Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(elements) => elements.iter().find_map(|element| nth(element, place)),
        Value::Object(fields) => fields.values().find_map(|field| nth(field, place)),
        _ => None,
    }
}

fn nth_mut<'a>(value: &'a mut Value, place: &mut usize) -> Option<&'a mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(elements) => elements.iter_mut().find_map(|element| nth_mut(element, place)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth_mut(field, place)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_can_be_reached() {
        let mut document = json!({"a": [1, {"b": 2}], "c": "x"});
        assert_eq!(count(&document), 6);
        let last = nth_mut(&mut document, &mut 5).expect("there are six");
        assert_eq!(*last, json!("x"));
        assert!(nth(&document, &mut 6).is_none());
    }
}
