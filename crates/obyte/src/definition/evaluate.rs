//! Whether authentifiers satisfy a definition (end of 7.4). Error texts begin like those of the
//! reference (section 13).

use std::collections::BTreeMap;

use super::{Expression, ROOT};
use crate::canonical::text_length;
use crate::hash::sha256_base64;

/// Signatures and preimages by their path in the definition's tree: `r`, `r.0`, `r.0.1`, ...
pub type Authentifiers = BTreeMap<String, String>;

/// The longest authentifier in UTF-16 code units (1.1).
const MAX_LEN: u64 = 4096;

/// Authentifiers do not satisfy the definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthentifierError {
    /// There is none.
    #[error("no authentifiers")]
    None,
    /// One is an empty text.
    #[error("authentifiers must be nonempty strings")]
    Empty,
    /// One has more than 4096 characters.
    #[error("authentifier too long")]
    TooLong,
    /// A signature is present and wrong.
    #[error("bad signature at path {path}")]
    BadSignature {
        /// Where in the definition.
        path: String,
    },
    /// A preimage is present and wrong.
    #[error("bad hash at path {path}")]
    BadHash {
        /// Where in the definition.
        path: String,
    },
    /// The definition has no place for some of them.
    #[error("some authentifiers are not used, res={satisfied}, used={}", used.join(","))]
    Unused {
        /// Whether those that were used satisfy the definition.
        satisfied: bool,
        /// The paths that were used.
        used: Vec<String>,
    },
    /// All are valid, and they are not enough.
    #[error("authentifier verification failed")]
    NotEnough,
}

pub(super) fn verify(
    expression: &Expression,
    hash: &[u8; 32],
    authentifiers: &Authentifiers,
) -> Result<(), AuthentifierError> {
    if authentifiers.is_empty() {
        return Err(AuthentifierError::None);
    }
    for authentifier in authentifiers.values() {
        if authentifier.is_empty() {
            return Err(AuthentifierError::Empty);
        }
        if text_length(authentifier) > MAX_LEN {
            return Err(AuthentifierError::TooLong);
        }
    }
    let mut evaluation = Evaluation { hash, authentifiers, used: Vec::new(), bad: None };
    let satisfied = evaluation.evaluate(expression, ROOT);
    if let Some(error) = evaluation.bad {
        return Err(error);
    }
    if evaluation.used.len() != authentifiers.len() {
        return Err(AuthentifierError::Unused { satisfied, used: evaluation.used });
    }
    if satisfied { Ok(()) } else { Err(AuthentifierError::NotEnough) }
}

struct Evaluation<'a> {
    hash: &'a [u8; 32],
    authentifiers: &'a Authentifiers,
    used: Vec<String>,
    /// The last one that was wrong, which the reference names.
    bad: Option<AuthentifierError>,
}

impl<'a> Evaluation<'a> {
    /// Every branch is evaluated, also when the result is already known, so that no wrong signature
    /// hides on a branch that nobody looked at.
    fn evaluate(&mut self, expression: &Expression, path: &str) -> bool {
        match expression {
            Expression::Sig(key) => {
                let Some(signature) = self.take(path) else { return false };
                let valid = key.verify_text(self.hash, signature);
                if !valid {
                    self.bad = Some(AuthentifierError::BadSignature { path: path.to_owned() });
                }
                valid
            }
            Expression::Hash(hash) => {
                let Some(preimage) = self.take(path) else { return false };
                let valid = sha256_base64(preimage) == *hash;
                if !valid {
                    self.bad = Some(AuthentifierError::BadHash { path: path.to_owned() });
                }
                valid
            }
            Expression::Or(options) => self.count(options, path) > 0,
            Expression::And(options) => self.count(options, path) == options.len() as u64,
            Expression::ROfSet { required, set } => self.count(set, path) >= *required,
            Expression::WeightedAnd { required, set } => {
                let options = set.iter().map(|option| (option.weight, &option.value));
                self.weigh(options, path) >= *required
            }
        }
    }

    fn take(&mut self, path: &str) -> Option<&'a str> {
        let authentifier = self.authentifiers.get(path)?;
        self.used.push(path.to_owned());
        Some(authentifier)
    }

    fn count(&mut self, options: &[Expression], path: &str) -> u64 {
        self.weigh(options.iter().map(|option| (1, option)), path)
    }

    fn weigh<'e>(&mut self, options: impl Iterator<Item = (u64, &'e Expression)>, path: &str) -> u64 {
        options
            .enumerate()
            .map(
                |(index, (weight, option))| {
                    if self.evaluate(option, &format!("{path}.{index}")) { weight } else { 0 }
                },
            )
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use serde_json::{Value, json};

    use super::super::Definition;
    use crate::hash::sha256;
    use crate::signature::SecretKey;

    const HASH: [u8; 32] = [9; 32];

    fn key(number: u8) -> SecretKey {
        SecretKey::from_bytes(&[number; 32]).expect("below the order of the curve")
    }

    fn sig(number: u8) -> Value {
        json!(["sig", {"pubkey": key(number).public_key()}])
    }

    fn signed(number: u8) -> String {
        key(number).sign(&HASH).to_string()
    }

    fn check<const N: usize>(definition: &Value, authentifiers: [(&str, String); N]) -> Result<(), String> {
        let authentifiers =
            authentifiers.into_iter().map(|(path, authentifier)| (path.to_owned(), authentifier)).collect();
        let definition = Definition::parse(definition).expect("valid");
        definition.verify(&HASH, &authentifiers).map_err(|error| error.to_string())
    }

    #[test]
    fn a_single_signature_stands_at_the_root() {
        assert_eq!(check(&sig(1), [("r", signed(1))]), Ok(()));
        assert_eq!(check(&sig(1), [("r", signed(2))]), Err("bad signature at path r".into()));
        assert_eq!(
            check(&sig(1), [("r.0", signed(1))]),
            Err("some authentifiers are not used, res=false, used=".into())
        );
        assert_eq!(
            check(&sig(1), [("r", signed(1)), ("r.0", signed(1))]),
            Err("some authentifiers are not used, res=true, used=r".into())
        );
        assert_eq!(check(&sig(1), []), Err("no authentifiers".into()));
        assert_eq!(
            check(&sig(1), [("r", String::new())]),
            Err("authentifiers must be nonempty strings".into())
        );
        assert_eq!(check(&sig(1), [("r", "A".repeat(4097))]), Err("authentifier too long".into()));
    }

    #[test]
    fn one_option_is_enough_for_or_and_a_wrong_second_one_spoils_it() {
        let definition = json!(["or", [sig(1), ["and", [sig(2), sig(3)]]]]);
        assert_eq!(check(&definition, [("r.0", signed(1))]), Ok(()));
        assert_eq!(check(&definition, [("r.1.0", signed(2)), ("r.1.1", signed(3))]), Ok(()));
        assert_eq!(
            check(&definition, [("r.1.0", signed(2))]),
            Err("authentifier verification failed".into())
        );
        assert_eq!(
            check(&definition, [("r.0", signed(1)), ("r.1.1", signed(9))]),
            Err("bad signature at path r.1.1".into())
        );
    }

    #[test]
    fn a_set_needs_as_many_as_required() {
        let definition = json!(["r of set", {"required": 2, "set": [sig(1), sig(2), sig(3)]}]);
        assert_eq!(check(&definition, [("r.0", signed(1)), ("r.2", signed(3))]), Ok(()));
        assert_eq!(check(&definition, [("r.1", signed(2))]), Err("authentifier verification failed".into()));
    }

    #[test]
    fn weights_are_added_up() {
        let definition = json!(["weighted and", {"required": 50, "set": [
            {"weight": 20, "value": sig(1)}, {"weight": 30, "value": sig(2)}, {"weight": 49, "value": sig(3)},
        ]}]);
        assert_eq!(check(&definition, [("r.0", signed(1)), ("r.1", signed(2))]), Ok(()));
        assert_eq!(check(&definition, [("r.2", signed(3))]), Err("authentifier verification failed".into()));
    }

    #[test]
    fn a_preimage_opens_a_hash() {
        let definition = json!(["and", [["hash", {"hash": BASE64.encode(&sha256(b"secret"))}], sig(1)]]);
        assert_eq!(check(&definition, [("r.0", "secret".into()), ("r.1", signed(1))]), Ok(()));
        assert_eq!(
            check(&definition, [("r.0", "guess".into()), ("r.1", signed(1))]),
            Err("bad hash at path r.0".into())
        );
    }
}
