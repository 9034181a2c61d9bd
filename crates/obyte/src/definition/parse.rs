//! Reading a definition, and the rules by which it is valid. Error texts are those of the reference
//! (`validateDefinition`), since a hub answers with them.

use serde_json::{Map, Value};

use super::{Expression, ROOT, Weighted};
use crate::base64;

/// How many operators a definition may have.
const MAX_COMPLEXITY: u32 = 100;
/// The highest weight, and the highest weight that may be required.
const MAX_WEIGHT: u64 = 1000;
const HASH_LEN: usize = 44;

/// Operators of the network that look at more than signatures.
const UNSUPPORTED: [&str; 20] = [
    "address",
    "definition template",
    "seen address",
    "seen definition change",
    "has definition change",
    "attested",
    "cosigned by",
    "not",
    "in data feed",
    "in merkle",
    "mci",
    "age",
    "timestamp",
    "has",
    "has one",
    "seen",
    "has equal",
    "has one equal",
    "sum",
    "formula",
];

/// A definition is not valid, or not one that this library can evaluate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// An operator that the network knows and this library does not. The definition may be valid.
    #[error("definitions with the operator {0} are not supported")]
    Unsupported(&'static str),
    /// More than 100 operators.
    #[error("complexity exceeded at {path}")]
    Complexity {
        /// Where in the tree.
        path: String,
    },
    /// The definition breaks a rule of the network.
    #[error("{0}")]
    Invalid(String),
    /// Something other than a signature would be enough to satisfy it.
    #[error("each branch must have a signature")]
    NoSignature,
}

use DefinitionError::{Invalid, NoSignature, Unsupported};

fn invalid<T>(text: impl Into<String>) -> Result<T, DefinitionError> {
    Err(Invalid(text.into()))
}

pub(super) fn parse(value: &Value) -> Result<Expression, DefinitionError> {
    let (expression, has_signature) = Parser { complexity: 0 }.expression(value, ROOT)?;
    if has_signature { Ok(expression) } else { Err(NoSignature) }
}

/// An expression, and whether it can only be satisfied with a signature.
type Parsed = (Expression, bool);

struct Parser {
    complexity: u32,
}

impl Parser {
    /// The depth of the recursion is bounded, since each level counts towards the complexity.
    fn expression(&mut self, value: &Value, path: &str) -> Result<Parsed, DefinitionError> {
        self.complexity += 1;
        if self.complexity > MAX_COMPLEXITY {
            return Err(DefinitionError::Complexity { path: path.to_owned() });
        }
        let Some([operator, args]) = value.as_array().map(Vec::as_slice) else {
            return invalid("expression must be 2-element array");
        };
        let Some(operator) = operator.as_str() else { return invalid("op is not a string") };
        match operator {
            "sig" => sig(args),
            "hash" => hash(args),
            "or" => {
                let (set, signed) = self.options("or", args, path)?;
                let all = signed == set.len();
                Ok((Expression::Or(set), all))
            }
            "and" => {
                let (set, signed) = self.options("and", args, path)?;
                Ok((Expression::And(set), signed > 0))
            }
            "r of set" => self.r_of_set(args, path),
            "weighted and" => self.weighted_and(args, path),
            other => match UNSUPPORTED.iter().find(|known| **known == other) {
                Some(known) => Err(Unsupported(known)),
                None => invalid("unknown op"),
            },
        }
    }

    fn options(
        &mut self,
        operator: &str,
        args: &Value,
        path: &str,
    ) -> Result<(Vec<Expression>, usize), DefinitionError> {
        let Some(options) = args.as_array() else { return invalid(format!("{operator} args must be array")) };
        if options.len() < 2 {
            return invalid(format!("{operator} must have at least 2 options"));
        }
        self.all(options, path)
    }

    /// The options, and how many of them need a signature.
    fn all(&mut self, options: &[Value], path: &str) -> Result<(Vec<Expression>, usize), DefinitionError> {
        let mut signed = 0;
        let mut expressions = Vec::with_capacity(options.len());
        for (index, option) in options.iter().enumerate() {
            let (expression, has_signature) = self.expression(option, &format!("{path}.{index}"))?;
            signed += usize::from(has_signature);
            expressions.push(expression);
        }
        Ok((expressions, signed))
    }

    fn r_of_set(&mut self, args: &Value, path: &str) -> Result<Parsed, DefinitionError> {
        let args = fields("r of set", args, &["required", "set"])?;
        let required = required(args)?;
        let set = set(args)?;
        if required > set.len() as u64 {
            return invalid("required must be <= than set length");
        }
        let (set, signed) = self.all(set, path)?;
        let unsigned = (set.len() - signed) as u64;
        Ok((Expression::ROfSet { required, set }, required > unsigned))
    }

    fn weighted_and(&mut self, args: &Value, path: &str) -> Result<Parsed, DefinitionError> {
        let args = fields("weighted and", args, &["required", "set"])?;
        let required = required(args)?;
        if required > MAX_WEIGHT {
            return invalid("required must be <= 1000");
        }
        let (mut set, mut total, mut signed) = (Vec::new(), 0, 0);
        for (index, option) in self::set(args)?.iter().enumerate() {
            let option = fields("weighted set element", option, &["value", "weight"])?;
            let Some(weight) = option.get("weight").and_then(positive_integer) else {
                return invalid("weight must be positive int");
            };
            if weight > MAX_WEIGHT {
                return invalid("weight must be <= 1000");
            }
            let value = option.get("value").unwrap_or(&Value::Null);
            let (value, has_signature) = self.expression(value, &format!("{path}.{index}"))?;
            total += weight;
            signed += if has_signature { weight } else { 0 };
            set.push(Weighted { weight, value });
        }
        if required > total {
            return invalid("required must be <= than total weight");
        }
        Ok((Expression::WeightedAnd { required, set }, required > total - signed))
    }
}

fn sig(args: &Value) -> Result<Parsed, DefinitionError> {
    let args = fields("sig", args, &["algo", "pubkey"])?;
    no_algorithm("sig", args, "secp256k1")?;
    match args.get("pubkey").and_then(Value::as_str).map(str::parse) {
        Some(Ok(key)) => Ok((Expression::Sig(key), true)),
        _ => invalid("wrong pubkey length"),
    }
}

fn hash(args: &Value) -> Result<Parsed, DefinitionError> {
    let args = fields("hash", args, &["algo", "hash"])?;
    no_algorithm("hash", args, "sha256")?;
    match args.get("hash").and_then(Value::as_str) {
        Some(hash) if hash.len() == HASH_LEN && base64::decode(hash).is_some() => {
            Ok((Expression::Hash(hash.to_owned()), false))
        }
        _ => invalid("wrong base64 hash"),
    }
}

fn no_algorithm(operator: &str, args: &Map<String, Value>, default: &str) -> Result<(), DefinitionError> {
    match args.get("algo") {
        None => Ok(()),
        Some(algorithm) if algorithm == default => invalid("default algo must not be explicitly specified"),
        Some(_) => invalid(format!("unsupported {operator} algo")),
    }
}

fn fields<'a>(
    what: &str,
    value: &'a Value,
    allowed: &[&str],
) -> Result<&'a Map<String, Value>, DefinitionError> {
    let object = value.as_object().filter(|object| !object.is_empty());
    let Some(object) = object else {
        let args = if what == "weighted set element" { "" } else { " args" };
        return invalid(format!("{what}{args} must be a non-empty object"));
    };
    if object.keys().any(|key| !allowed.contains(&key.as_str())) {
        return invalid(format!("unknown fields in {what}"));
    }
    Ok(object)
}

fn required(args: &Map<String, Value>) -> Result<u64, DefinitionError> {
    match args.get("required").and_then(positive_integer) {
        Some(required) => Ok(required),
        None => invalid("required must be positive"),
    }
}

fn set(args: &Map<String, Value>) -> Result<&[Value], DefinitionError> {
    let Some(set) = args.get("set").and_then(Value::as_array) else { return invalid("set must be array") };
    if set.len() < 2 { invalid("set must have at least 2 options") } else { Ok(set) }
}

/// A number that JavaScript takes for an integer above zero, so also `2.0`; the largest saturate.
fn positive_integer(value: &Value) -> Option<u64> {
    let integer = value.as_u64().or_else(|| {
        let double = value.as_f64()?;
        (double > 0.0 && double.fract() == 0.0).then_some(double as u64)
    })?;
    (integer > 0).then_some(integer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Definition;
    use super::*;

    const KEY: &str = "A6rrUt10lMNhBJ3mfMaA6D68u72+sTY32SzYRfcDCK9e";
    const HASH: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";

    fn sig() -> Value {
        json!(["sig", {"pubkey": KEY}])
    }

    fn hash() -> Value {
        json!(["hash", {"hash": HASH}])
    }

    fn error(value: Value) -> String {
        Definition::parse(&value).expect_err("must be refused").to_string()
    }

    #[test]
    fn every_supported_operator_is_read_and_written_unchanged() {
        for value in [
            sig(),
            json!(["or", [sig(), sig()]]),
            json!(["and", [hash(), sig()]]),
            json!(["r of set", {"required": 2, "set": [sig(), sig(), hash()]}]),
            json!(["weighted and", {"required": 50, "set": [
                {"weight": 40, "value": sig()}, {"weight": 60, "value": ["or", [sig(), sig()]]},
            ]}]),
        ] {
            let definition = Definition::parse(&value).expect("valid");
            assert_eq!(definition.to_value(), value);
            assert_eq!(definition.chash(), crate::definition::chash(&value).expect("canonical"));
        }
    }

    #[test]
    fn the_rules_of_validity_hold() {
        let set = |required: Value, set: Value| json!(["r of set", {"required": required, "set": set}]);
        for (value, text) in [
            (json!("sig"), "expression must be 2-element array"),
            (json!(["sig", {"pubkey": KEY}, 1]), "expression must be 2-element array"),
            (json!([1, {}]), "op is not a string"),
            (json!(["sig", {}]), "sig args must be a non-empty object"),
            (json!(["sig", {"pubkey": KEY, "x": 1}]), "unknown fields in sig"),
            (
                json!(["sig", {"pubkey": KEY, "algo": "secp256k1"}]),
                "default algo must not be explicitly specified",
            ),
            (json!(["sig", {"pubkey": KEY, "algo": "ed25519"}]), "unsupported sig algo"),
            (json!(["sig", {"pubkey": &KEY[1..]}]), "wrong pubkey length"),
            (json!(["sig", {"pubkey": KEY.replace('6', "\0")}]), "wrong pubkey length"),
            (json!(["or", [sig()]]), "or must have at least 2 options"),
            (json!(["and", {}]), "and args must be array"),
            (json!(["and", [sig(), ["hash", {"hash": "x"}]]]), "wrong base64 hash"),
            (set(json!(0), json!([sig(), sig()])), "required must be positive"),
            (set(json!(1.5), json!([sig(), sig()])), "required must be positive"),
            (set(json!(3), json!([sig(), sig()])), "required must be <= than set length"),
            (set(json!(1), json!([sig()])), "set must have at least 2 options"),
            (set(json!(1), json!("x")), "set must be array"),
            (json!(["weighted and", {"required": 1001, "set": []}]), "required must be <= 1000"),
            (
                json!(["weighted and", {"required": 9, "set": [
                    {"weight": 4, "value": sig()}, {"weight": 4, "value": sig()}]}]),
                "required must be <= than total weight",
            ),
            (
                json!(["weighted and", {"required": 9, "set": [{"weight": 0, "value": sig()}, {}]}]),
                "weight must be positive int",
            ),
            (
                json!(["weighted and", {"required": 9, "set": [[], []]}]),
                "weighted set element must be a non-empty object",
            ),
            (json!(["xor", [sig(), sig()]]), "unknown op"),
        ] {
            assert_eq!(error(value.clone()), text, "{value}");
        }
    }

    #[test]
    fn what_needs_no_signature_is_refused() {
        let weighted = |required: u64| {
            json!(["weighted and", {"required": required, "set": [
                {"weight": 5, "value": sig()}, {"weight": 5, "value": hash()}]}])
        };
        for value in [
            hash(),
            json!(["or", [sig(), hash()]]),
            json!(["and", [hash(), hash()]]),
            json!(["r of set", {"required": 1, "set": [sig(), hash()]}]),
            weighted(5),
        ] {
            assert_eq!(error(value.clone()), "each branch must have a signature", "{value}");
        }
        assert!(Definition::parse(&weighted(6)).is_ok());
    }

    #[test]
    fn a_hundred_operators_are_allowed_and_not_one_more() {
        let of = |count: usize| json!(["or", vec![sig(); count]]);
        assert!(Definition::parse(&of(99)).is_ok());
        assert_eq!(error(of(100)), "complexity exceeded at r.99");
    }

    #[test]
    fn operators_that_look_at_the_network_are_told_apart() {
        let value = json!(["and", [sig(), ["address", "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD"]]]);
        assert_eq!(Definition::parse(&value), Err(DefinitionError::Unsupported("address")));
        assert_eq!(Definition::parse(&json!(["formula", "1"])), Err(DefinitionError::Unsupported("formula")));
    }

    #[test]
    fn an_integer_written_as_a_fraction_is_the_integer_as_in_javascript() {
        let value = json!(["r of set", {"required": 2.0, "set": [sig(), sig()]}]);
        let whole = json!(["r of set", {"required": 2, "set": [sig(), sig()]}]);
        assert_eq!(Definition::parse(&value), Definition::parse(&whole));
        assert_eq!(crate::definition::chash(&value), crate::definition::chash(&whole));
    }
}
