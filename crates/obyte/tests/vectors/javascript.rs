//! A little reader of JavaScript literals, for vectors that JSON cannot express.
//!
//! It reads what JSON has, and single quotes, bare and computed keys, trailing commas, signed numbers,
//! `undefined`, `NaN`, `Infinity` and empty functions. An expression with anything else is not read.

use serde_json::{Map, Number, Value};

/// Why most of the values that we cannot hold are none of ours.
pub(crate) const LONE_SURROGATE: &str = "a lone surrogate is no Unicode text";
const NOT_JSON: &str = "undefined and functions are no values of JSON";
const NOT_FINITE: &str = "NaN and Infinity are no numbers of JSON";

/// What an expression means.
#[derive(Debug, PartialEq)]
pub(crate) enum Literal {
    /// A value of ours.
    Value(Value),
    /// A value that our model cannot hold, and why.
    Foreign(&'static str),
}

/// What reading a part gives: nothing where it is not understood.
type Read<T> = Option<Result<T, &'static str>>;

/// What the expression means, if it is one that this reader reads.
pub(crate) fn read(expression: &str) -> Option<Literal> {
    let mut reader = Reader { rest: expression };
    let value = reader.value()?;
    reader.skip_space();
    reader.rest.is_empty().then(|| value.map_or_else(Literal::Foreign, Literal::Value))
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Read<Value> {
        for (token, value) in [
            ("null", Ok(Value::Null)),
            ("true", Ok(true.into())),
            ("false", Ok(false.into())),
            ("undefined", Err(NOT_JSON)),
            ("function(){}", Err(NOT_JSON)),
            ("function () {}", Err(NOT_JSON)),
            ("() => {}", Err(NOT_JSON)),
            ("NaN", Err(NOT_FINITE)),
            ("Infinity", Err(NOT_FINITE)),
            ("-Infinity", Err(NOT_FINITE)),
        ] {
            if self.eat(token) {
                return Some(value);
            }
        }
        match self.rest.chars().next()? {
            '(' => {
                self.eat("(");
                let value = self.value()?;
                self.eat(")").then_some(value)
            }
            '[' => self.array(),
            '{' => self.object(),
            '"' | '\'' => Some(self.string()?.map(Value::String)),
            _ => self.number(),
        }
    }

    fn array(&mut self) -> Read<Value> {
        self.eat("[");
        let (mut elements, mut foreign) = (Vec::new(), None);
        while !self.eat("]") {
            match self.value()? {
                Ok(element) => elements.push(element),
                Err(reason) => foreign = Some(reason),
            }
            self.separator("]")?;
        }
        Some(foreign.map_or(Ok(Value::Array(elements)), Err))
    }

    fn object(&mut self) -> Read<Value> {
        self.eat("{");
        let (mut fields, mut foreign) = (Map::new(), None);
        while !self.eat("}") {
            let key = self.key()?;
            if !self.eat(":") {
                return None;
            }
            match (key, self.value()?) {
                // Written so, it sets the prototype and is no key.
                (Ok((key, Key::Plain)), _) if key == "__proto__" => return None,
                (Ok((key, _)), Ok(value)) => drop(fields.insert(key, value)),
                (Err(reason), _) | (_, Err(reason)) => foreign = Some(reason),
            }
            self.separator("}")?;
        }
        Some(foreign.map_or(Ok(Value::Object(fields)), Err))
    }

    fn separator(&mut self, end: &str) -> Option<()> {
        self.skip_space();
        (self.eat(",") || self.rest.starts_with(end)).then_some(())
    }

    fn key(&mut self) -> Read<(String, Key)> {
        if self.eat("[") {
            let key = self.string()?;
            return self.eat("]").then(|| key.map(|key| (key, Key::Computed)));
        }
        self.skip_space();
        if self.rest.starts_with(['"', '\'']) {
            return Some(self.string()?.map(|key| (key, Key::Plain)));
        }
        let word = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$'));
        let (key, rest) = self.rest.split_at(self.rest.find(word)?);
        self.rest = rest;
        (!key.is_empty()).then(|| Ok((key.to_owned(), Key::Plain)))
    }

    fn string(&mut self) -> Read<String> {
        self.skip_space();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let mut units = Vec::new();
        let mut characters = self.rest[1..].char_indices();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.rest = &self.rest[1 + at + 1..];
                return Some(String::from_utf16(&units).map_err(|_| LONE_SURROGATE));
            }
            if character == '\\' {
                units.push(escape(&mut characters)?);
            } else {
                units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
            }
        }
        None
    }

    fn number(&mut self) -> Read<Value> {
        let end = self.rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let double: f64 = digits.parse().ok()?;
        Some(match serde_json::from_str::<Number>(digits) {
            Ok(number) => Ok(number.into()),
            Err(_) => Number::from_f64(double).map(Value::Number).ok_or(NOT_FINITE),
        })
    }
}

enum Key {
    Plain,
    Computed,
}

/// The code unit behind a backslash.
fn escape(characters: &mut std::str::CharIndices<'_>) -> Option<u16> {
    let (_, kind) = characters.next()?;
    let digits = match kind {
        'u' => 4,
        'x' => 2,
        _ => {
            let plain = match kind {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'v' => '\u{b}',
                '0' => '\0',
                '"' | '\'' | '\\' | '/' => kind,
                _ => return None,
            };
            return u16::try_from(u32::from(plain)).ok();
        }
    };
    let hex: String = characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
    if hex.len() == digits { u16::from_str_radix(&hex, 16).ok() } else { None }
}

#[test]
fn literals_are_read_and_anything_else_is_not() {
    use serde_json::json;

    for (expression, value) in [
        ("{a: -0}", json!({"a": -0.0})),
        (r#"{"a\u0000b": 1, 'c': [1.5, 1e21,], }"#, json!({"a\0b": 1, "c": [1.5, 1e21]})),
        (r#"{["__proto__"]: 1, a: 2}"#, json!({"__proto__": 1, "a": 2})),
        (r#"({s: "\ud83d\ude00\x41é\n"})"#, json!({"s": "😀Aé\n"})),
        ("[true, null, {}]", json!([true, null, {}])),
    ] {
        assert_eq!(read(expression), Some(Literal::Value(value)), "{expression}");
    }
    for (expression, reason) in [
        ("[undefined]", NOT_JSON),
        ("{a: function(){}}", NOT_JSON),
        ("{a: -Infinity, b: NaN}", NOT_FINITE),
        ("[1e999]", NOT_FINITE),
        (r#"{s: "\ude00x"}"#, LONE_SURROGATE),
        (r#"{"\ud800": 1}"#, LONE_SURROGATE),
    ] {
        assert_eq!(read(expression), Some(Literal::Foreign(reason)), "{expression}");
    }
    for expression in ["", "new Date()", "{a: 1", "1n", "Symbol()", "{a: b}", "{__proto__: 1}", "[1] + [2]"] {
        assert_eq!(read(expression), None, "{expression}");
    }
}
