//! Partners and their keys.

use std::fmt;
use std::str::FromStr;

use ledger::PartnerId;
use payout::Timestamp;
use program::{EmailAddress, Language, PartnerTerms};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The name of a partner: 5 to 100 of `A-Z a-z 0-9 _ -`, and not `null`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerName(String);

/// The text cannot be the name of a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a partner's name has 5 to 100 letters, digits, underscores or hyphens, and is not null")]
pub struct PartnerNameError;

impl PartnerName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PartnerName {
    type Err = PartnerNameError;

    fn from_str(text: &str) -> Result<Self, PartnerNameError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let named = (5..=100).contains(&text.len()) && text.bytes().all(plain);
        // Shorter than five today; said all the same, for the day on which shorter names are allowed.
        if named && text != "null" { Ok(Self(text.to_owned())) } else { Err(PartnerNameError) }
    }
}

impl fmt::Display for PartnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a partner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartnerKind {
    /// Reports its own purchases.
    Merchant,
    /// A payment processor, which reports for many merchants.
    Processor,
}

impl PartnerKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Merchant, Self::Processor];

    /// The stable code, `merchant` or `processor`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Processor => "processor",
        }
    }
}

/// The text names no kind of partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a partner is either a merchant or a processor")]
pub struct UnknownPartnerKind;

impl FromStr for PartnerKind {
    type Err = UnknownPartnerKind;

    fn from_str(code: &str) -> Result<Self, UnknownPartnerKind> {
        Self::ALL.into_iter().find(|kind| kind.code() == code).ok_or(UnknownPartnerKind)
    }
}

impl fmt::Display for PartnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The SHA-256 of a partner key: all that is ever stored of it.
///
/// Equality takes the same time wherever the hashes differ.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a key as it was sent.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// A hash as it was written down.
    pub const fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The 32 bytes.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

impl ConstantTimeEq for KeyHash {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for KeyHash {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for KeyHash {}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// The number of a partner key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(i64);

impl KeyId {
    /// The key with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One key of a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerKey {
    /// Its number.
    pub id: KeyId,
    /// Its hash.
    pub hash: KeyHash,
    /// What the operator calls it.
    pub label: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// Since when it is of no use.
    pub disabled_at: Option<Timestamp>,
}

/// A partner that is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPartner {
    /// Its name, which no other partner has or had.
    pub name: PartnerName,
    /// What it is.
    pub kind: PartnerKind,
    /// Whether the operator vouches for its purchase units.
    pub trusted: bool,
    /// When it is added.
    pub at: Timestamp,
}

/// A partner with all its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// Its number.
    pub id: PartnerId,
    /// Its name.
    pub name: PartnerName,
    /// What it is.
    pub kind: PartnerKind,
    /// Whether the operator vouches for its purchase units.
    pub trusted: bool,
    /// What holds for it instead of the programme's rules.
    pub terms: PartnerTerms,
    /// In which language its customers are written to; in the usual one of the server without it.
    pub language: Option<Language>,
    /// Where it is told of cashback that reaches nobody.
    pub contact: Option<EmailAddress>,
    /// When it was added.
    pub added_at: Timestamp,
    /// Since when it may report nothing.
    pub disabled_at: Option<Timestamp>,
    /// Its keys, oldest first, the disabled ones among them.
    pub keys: Vec<PartnerKey>,
}

impl Partner {
    /// Whether this key opens the door: the partner is not disabled, and one of its keys that is not
    /// disabled has this hash. All keys are compared, whichever fits.
    pub fn accepts(&self, hash: &KeyHash) -> bool {
        let mut found = Choice::from(0);
        for key in self.keys.iter().filter(|key| key.disabled_at.is_none()) {
            found |= key.hash.ct_eq(hash);
        }
        bool::from(found) && self.disabled_at.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["demo-shop", "A_b-9", &"x".repeat(100)] {
            assert_eq!(name.parse::<PartnerName>().map(|name| name.to_string()), Ok(name.to_owned()));
        }
        for name in ["", "null", "shop", "de mo", "caf\u{e9}s", "a.b.c", &"x".repeat(101)] {
            assert_eq!(name.parse::<PartnerName>(), Err(PartnerNameError), "{name:?}");
        }
    }

    #[test]
    fn a_disabled_key_or_partner_opens_no_door() {
        let key = |id, secret, disabled_at| PartnerKey {
            id: KeyId::new(id),
            hash: KeyHash::of(secret),
            label: String::new(),
            added_at: Timestamp::from_millis(1),
            disabled_at,
        };
        let now = Timestamp::from_millis(2);
        let mut partner = Partner {
            id: PartnerId::new(1),
            name: "demo-shop".parse().expect("a good name"),
            kind: PartnerKind::Merchant,
            trusted: false,
            terms: PartnerTerms::default(),
            language: None,
            contact: None,
            added_at: now,
            disabled_at: None,
            keys: vec![key(1, "old", Some(now)), key(2, "new", None)],
        };
        assert!(partner.accepts(&KeyHash::of("new")));
        assert!(!partner.accepts(&KeyHash::of("old")));
        assert!(!partner.accepts(&KeyHash::of("")));
        partner.disabled_at = Some(now);
        assert!(!partner.accepts(&KeyHash::of("new")));
    }

    #[test]
    fn a_hash_is_not_printed() {
        assert_eq!(format!("{:?}", KeyHash::of("secret")), "KeyHash(..)");
    }
}
