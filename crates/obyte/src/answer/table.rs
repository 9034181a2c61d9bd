//! The texts of the table of section 13.

use super::{FeeTooLow, MaybeAccepted, PostAnswer, Transient, UnitError};
use crate::{Address, Bytes};

/// How a text of the table is compared with a hub's.
enum Pattern {
    /// The whole text.
    Exact(&'static str),
    /// The beginning.
    Start(&'static str),
    /// Some part.
    Part(&'static str),
    /// A beginning and some part behind it.
    StartAndPart(&'static str, &'static str),
}

use Pattern::{Exact, Part, Start, StartAndPart};

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Exact(whole) => text == *whole,
            Start(start) => text.starts_with(start),
            Part(part) => text.contains(part),
            StartAndPart(start, part) => text.strip_prefix(start).is_some_and(|rest| rest.contains(part)),
        }
    }
}

const fn maybe(how: MaybeAccepted) -> PostAnswer {
    PostAnswer::MaybeAccepted(how)
}

const fn transient(why: Transient) -> PostAnswer {
    PostAnswer::Transient(why)
}

const fn unit(why: UnitError) -> PostAnswer {
    PostAnswer::UnitError(why)
}

const NO_FEE: FeeTooLow = FeeTooLow { address: None, required: None };

/// Which text means what; the first that matches counts.
const TABLE: &[(PostAnswer, &[Pattern])] = &[
    (PostAnswer::Accepted, &[Exact("accepted")]),
    (maybe(MaybeAccepted::Known), &[Exact("known")]),
    (maybe(MaybeAccepted::KnownUnverified), &[Exact("known unverified")]),
    (unit(UnitError::KnownBad), &[Exact("known bad")]),
    (maybe(MaybeAccepted::AlreadyExists), &[StartAndPart("unit ", " already exists")]),
    (maybe(MaybeAccepted::AlreadyHandling), &[Start("already handling this unit")]),
    (
        maybe(MaybeAccepted::NoAnswer),
        &[Start("[internal] response timeout"), Start("[internal] connection closed")],
    ),
    (transient(Transient::CatchingUp), &[Start("catching up")]),
    (transient(Transient::UnknownParents), &[Start("unknown parents")]),
    (transient(Transient::NeedHashTree), &[Start("need hash tree")]),
    (transient(Transient::LastBallAdvanced), &[Start("last ball just advanced")]),
    (transient(Transient::LastBallNotStable), &[Part("is not stable in view of your parents")]),
    (transient(Transient::TimestampAhead), &[Start("timestamp is too far into the future")]),
    (transient(Transient::FeeTooLow(NO_FEE)), &[StartAndPart("tps fee on address ", " must be at least ")]),
    (unit(UnitError::FeeTooLow(NO_FEE)), &[StartAndPart("tps_fee ", " less than required ")]),
    (
        transient(Transient::ComposedWrongly),
        &[
            Start("version is too old"),
            Start("possible AA"),
            Start("max_aa_responses too large"),
            Start("max_aa_responses=0 not allowed in new units"),
            Start("will not validate unit signed by AA"),
            Start("data not found in temp_data"),
        ],
    ),
    (PostAnswer::Conflict, &[Start("The transaction would be non-serial")]),
    (unit(UnitError::CoinSpent), &[Part("conflicting divisible input in inner unit")]),
    (
        unit(UnitError::SourceNotGood),
        &[
            Part("spending a stable final-bad output"),
            StartAndPart("stable input unit ", " is not serial"),
            StartAndPart("input unit ", " is not serial"),
        ],
    ),
    (
        unit(UnitError::SourceUnknown),
        &[StartAndPart("input unit ", " not found"), StartAndPart("output being spent ", " not found")],
    ),
    (unit(UnitError::SourceNotAncestor), &[StartAndPart("input ", " is not in your genes")]),
    (
        unit(UnitError::WrongCoin),
        &[
            Part("output owner is not among authors"),
            StartAndPart("input ", " already used"),
            Part("asset mismatch"),
        ],
    ),
    (
        unit(UnitError::DefinitionMissing),
        &[
            StartAndPart("definition ", " not found before last ball"),
            StartAndPart("definition ", " is not defined"),
        ],
    ),
    (unit(UnitError::DefinitionRepeated), &[Start("duplicate definition of address")]),
    (
        unit(UnitError::DefinitionPending),
        &[Start("you can't send anything before your last"), Part("keychange")],
    ),
    (
        unit(UnitError::Signature),
        &[
            Start("bad signature at path"),
            Start("some authentifiers are not used"),
            Part("authentifier verification failed"),
            Start("no authentifiers"),
        ],
    ),
    (unit(UnitError::Unbalanced), &[Start("inputs and outputs do not balance")]),
    (
        unit(UnitError::Version),
        &[
            Start("no tps_fee field"),
            Start("bad tps_fee"),
            Start("should have no witness_list_unit since version"),
            Start("should have no per-unit witnesses since version"),
            StartAndPart("version ", " should be used since mci"),
            Start("wrong version"),
            Start("wrong alt"),
        ],
    ),
    (
        unit(UnitError::Agents),
        &[
            Start("max_aa_responses should not be there"),
            Start("no outputs to AAs, max_aa_responses should not be there"),
            Start("more than 1 primary AA trigger"),
            Start("more than 1 output to the same AA"),
        ],
    ),
    (
        unit(UnitError::Parents),
        &[
            StartAndPart("last ball unit ", " not found"),
            StartAndPart("last ball ", " is not on MC"),
            StartAndPart("last_ball ", " do not match"),
            Part("last ball mci must not retreat"),
            StartAndPart("last ball unit ", " is not included in parents"),
            StartAndPart("parent unit ", " is related to one of the other parent units"),
            Start("some addresses found more than once in parents"),
            Start("witnessed level retreats from parent"),
            Start("no best parent"),
            Start("timestamp decreased from parent"),
            Start("non-AA unit should have at least one non-AA parent"),
            Start("some of the unit's parents are known bad"),
        ],
    ),
    (
        PostAnswer::JointError,
        &[
            Start("wrong unit hash"),
            Start("wrong headers commission"),
            Start("wrong payload commission"),
            Start("wrong payload hash"),
            Start("oversize_fee mismatch"),
            Start("zero oversize fee should be omitted"),
            Start("missing payload"),
            Start("unknown fields in unit-joint"),
            Start("unit contains invalid string"),
            Start("unit is too deeply nested"),
            Start("no headers_commission"),
            Start("bad oversize_fee"),
        ],
    ),
    (
        PostAnswer::RequestError,
        &[
            Start("joint is too deeply nested"),
            Exact("no unit"),
            Start("unsigned unit"),
            Start("no ball via post_joint"),
            Exact("invalid unit"),
            Exact("invalid version"),
            Start("AA unit cannot be broadcast"),
            Start("tag too long"),
        ],
    ),
    (PostAnswer::Blocked, &[Start("you are blocked")]),
    (
        unit(UnitError::Form),
        &[
            Start("output addresses not sorted"),
            Start("output amounts for same address not sorted"),
            Start("author addresses not sorted"),
            Start("parent units not ordered"),
            Start("too many "),
            Part("amount must be positive integer"),
            StartAndPart("output address ", " invalid"),
            Start("unknown fields in "),
            Start("bad input type"),
            Start("invalid payment message"),
            Start("no base payment message"),
            Start("can have only one base payment"),
            Start("must specify earned_headers_commission_recipients"),
            Start("sum of earned_headers_commission_share is not 100"),
            Start("recipient list must be sorted by address"),
        ],
    ),
];

pub(super) fn classify(text: &str) -> PostAnswer {
    let meaning = TABLE.iter().find(|(_, patterns)| patterns.iter().any(|pattern| pattern.matches(text)));
    match meaning.map(|(answer, _)| *answer) {
        None => PostAnswer::Unknown,
        Some(PostAnswer::Transient(Transient::FeeTooLow(_))) => {
            transient(Transient::FeeTooLow(fee(text, " on address ", "must be at least ")))
        }
        Some(PostAnswer::UnitError(UnitError::FeeTooLow(_))) => {
            unit(UnitError::FeeTooLow(fee(text, " for address ", "less than required ")))
        }
        Some(answer) => answer,
    }
}

fn fee(text: &str, before_address: &str, before_amount: &str) -> FeeTooLow {
    FeeTooLow {
        address: word_after(text, before_address).and_then(|word| word.parse::<Address>().ok()),
        required: word_after(text, before_amount).and_then(rounded_up),
    }
}

fn word_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split([' ', ',']).next().unwrap_or(rest))
}

pub(super) fn rounded_up(decimal: &str) -> Option<Bytes> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Bytes::new(whole.parse::<u64>().ok()?.checked_add(more)?).ok()
}

#[cfg(test)]
mod tests;
