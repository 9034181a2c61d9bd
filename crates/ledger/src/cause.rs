//! What an entry was booked for.

use std::fmt;
use std::str::FromStr;

use obyte::UnitHash;

use crate::account::{CodeError, canonical};

/// The number of a payout, as the store gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayoutNumber(i64);

impl PayoutNumber {
    /// The payout with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for PayoutNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One output on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputRef {
    /// The unit that holds it.
    pub unit: UnitHash,
    /// The index of its message, from 0.
    pub message: u32,
    /// Its index in the message's payment, from 0.
    pub output: u32,
}

impl fmt::Display for OutputRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.unit, self.message, self.output)
    }
}

/// The id of an operator's command: 1 to 64 of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(String);

/// The text cannot be the id of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a command has 1 to 64 letters, digits, dots, underscores or hyphens")]
pub struct CommandIdError;

impl FromStr for CommandId {
    type Err = CommandIdError;

    fn from_str(text: &str) -> Result<Self, CommandIdError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CommandIdError)
        }
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The event behind an entry.
///
/// Its code is unique per event: with a unique index over codes, nothing is ever booked twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// An output of the operator arrived at the fund address and is proven.
    FundReceived(OutputRef),
    /// An output of a partner arrived at its deposit address and is proven.
    DepositReceived(OutputRef),
    /// An operator booked bytes of the fund as a partner's deposit.
    DepositBooked(CommandId),
    /// A purchase was accepted: its payout is owed.
    PurchaseAccepted(PayoutNumber),
    /// An accepted payout will never be paid.
    PayoutCancelled(PayoutNumber),
    /// A partner reported that the purchase of a payout was returned.
    PurchaseRefunded(PayoutNumber),
    /// A returned purchase turned out never to be paid: its refund is taken back.
    RefundUndone(PayoutNumber),
    /// A unit of the wallet is proven stable and good.
    UnitSettled(UnitHash),
    /// The TPS fee that a settled unit finally cost became known (4.10).
    TpsFeeCharged(UnitHash),
    /// A coin that the book counted on is spent by a unit that the book does not know.
    CoinLost(OutputRef),
    /// A unit that the book does not know made a coin of the wallet.
    CoinFound(OutputRef),
    /// The fund made up for what was missing; numbered.
    MissingCovered(u64),
    /// The fund got what was found beyond that; numbered.
    SurplusFound(u64),
    /// A unit that the book does not know paid what is owed.
    PaidElsewhere(PayoutNumber),
    /// Bytes of a deposit or of the fund are to leave: their payout is owed.
    WithdrawalAccepted(PayoutNumber),
    /// A withdrawal will never be paid.
    WithdrawalCancelled(PayoutNumber),
    /// The textcoin of a payout is proven claimed.
    TextcoinClaimed(PayoutNumber),
    /// The textcoin of a payout is proven taken back.
    TextcoinTakenBack(PayoutNumber),
    /// A coin came back of a textcoin that a unit which the book does not know had given.
    TextcoinFound(OutputRef),
}

impl Cause {
    /// What kind of event it is: the code before the colon.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FundReceived(_) => "fund-received",
            Self::DepositReceived(_) => "deposit-received",
            Self::DepositBooked(_) => "deposit-booked",
            Self::PurchaseAccepted(_) => "purchase-accepted",
            Self::PayoutCancelled(_) => "payout-cancelled",
            Self::PurchaseRefunded(_) => "purchase-refunded",
            Self::RefundUndone(_) => "refund-undone",
            Self::UnitSettled(_) => "unit-settled",
            Self::TpsFeeCharged(_) => "tps-fee-charged",
            Self::CoinLost(_) => "coin-lost",
            Self::CoinFound(_) => "coin-found",
            Self::MissingCovered(_) => "missing-covered",
            Self::SurplusFound(_) => "surplus-found",
            Self::PaidElsewhere(_) => "paid-elsewhere",
            Self::WithdrawalAccepted(_) => "withdrawal-accepted",
            Self::WithdrawalCancelled(_) => "withdrawal-cancelled",
            Self::TextcoinClaimed(_) => "textcoin-claimed",
            Self::TextcoinTakenBack(_) => "textcoin-taken-back",
            Self::TextcoinFound(_) => "textcoin-found",
        }
    }

    /// The payout that it is about, if it is about one.
    pub const fn payout(&self) -> Option<PayoutNumber> {
        match self {
            Self::PurchaseAccepted(payout)
            | Self::PayoutCancelled(payout)
            | Self::PurchaseRefunded(payout)
            | Self::RefundUndone(payout)
            | Self::PaidElsewhere(payout)
            | Self::WithdrawalAccepted(payout)
            | Self::WithdrawalCancelled(payout)
            | Self::TextcoinClaimed(payout)
            | Self::TextcoinTakenBack(payout) => Some(*payout),
            Self::FundReceived(_)
            | Self::DepositReceived(_)
            | Self::DepositBooked(_)
            | Self::UnitSettled(_)
            | Self::TpsFeeCharged(_)
            | Self::CoinLost(_)
            | Self::CoinFound(_)
            | Self::MissingCovered(_)
            | Self::SurplusFound(_)
            | Self::TextcoinFound(_) => None,
        }
    }
}

impl fmt::Display for Cause {
    /// The stable code in the database. [`FromStr`] reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind())?;
        match self {
            Self::FundReceived(output)
            | Self::DepositReceived(output)
            | Self::CoinLost(output)
            | Self::CoinFound(output)
            | Self::TextcoinFound(output) => output.fmt(f),
            Self::DepositBooked(command) => command.fmt(f),
            Self::PurchaseAccepted(payout)
            | Self::PayoutCancelled(payout)
            | Self::PurchaseRefunded(payout)
            | Self::RefundUndone(payout)
            | Self::PaidElsewhere(payout)
            | Self::WithdrawalAccepted(payout)
            | Self::WithdrawalCancelled(payout)
            | Self::TextcoinClaimed(payout)
            | Self::TextcoinTakenBack(payout) => payout.fmt(f),
            Self::UnitSettled(unit) | Self::TpsFeeCharged(unit) => unit.fmt(f),
            Self::MissingCovered(number) | Self::SurplusFound(number) => number.fmt(f),
        }
    }
}

impl FromStr for Cause {
    type Err = CodeError;

    fn from_str(code: &str) -> Result<Self, CodeError> {
        let (kind, what) = code.split_once(':').ok_or(CodeError)?;
        match kind {
            "fund-received" => output(what).map(Self::FundReceived),
            "deposit-received" => output(what).map(Self::DepositReceived),
            "deposit-booked" => what.parse().map(Self::DepositBooked).map_err(|_| CodeError),
            "purchase-accepted" => payout(what).map(Self::PurchaseAccepted),
            "payout-cancelled" => payout(what).map(Self::PayoutCancelled),
            "purchase-refunded" => payout(what).map(Self::PurchaseRefunded),
            "refund-undone" => payout(what).map(Self::RefundUndone),
            "unit-settled" => unit(what).map(Self::UnitSettled),
            "tps-fee-charged" => unit(what).map(Self::TpsFeeCharged),
            "coin-lost" => output(what).map(Self::CoinLost),
            "coin-found" => output(what).map(Self::CoinFound),
            "missing-covered" => canonical(what).map(Self::MissingCovered),
            "surplus-found" => canonical(what).map(Self::SurplusFound),
            "paid-elsewhere" => payout(what).map(Self::PaidElsewhere),
            "withdrawal-accepted" => payout(what).map(Self::WithdrawalAccepted),
            "withdrawal-cancelled" => payout(what).map(Self::WithdrawalCancelled),
            "textcoin-claimed" => payout(what).map(Self::TextcoinClaimed),
            "textcoin-taken-back" => payout(what).map(Self::TextcoinTakenBack),
            "textcoin-found" => output(what).map(Self::TextcoinFound),
            _ => Err(CodeError),
        }
    }
}

fn unit(text: &str) -> Result<UnitHash, CodeError> {
    text.parse().map_err(|_| CodeError)
}

fn payout(text: &str) -> Result<PayoutNumber, CodeError> {
    canonical(text).map(PayoutNumber)
}

fn output(text: &str) -> Result<OutputRef, CodeError> {
    let mut parts = text.split(':');
    let mut part = || parts.next().ok_or(CodeError);
    let found = OutputRef { unit: unit(part()?)?, message: canonical(part()?)?, output: canonical(part()?)? };
    if parts.next().is_none() { Ok(found) } else { Err(CodeError) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn causes() -> impl Strategy<Value = Cause> {
        let unit = || any::<[u8; 32]>().prop_map(|digest| UnitHash::from_digest(&digest));
        let payout = || any::<i64>().prop_map(PayoutNumber::new);
        let command = "[A-Za-z0-9._-]{1,64}".prop_map(|text| text.parse().expect("plain characters"));
        let output = || {
            (unit(), any::<u32>(), any::<u32>()).prop_map(|(unit, message, output)| OutputRef {
                unit,
                message,
                output,
            })
        };
        prop_oneof![
            output().prop_map(Cause::FundReceived),
            output().prop_map(Cause::DepositReceived),
            output().prop_map(Cause::CoinLost),
            output().prop_map(Cause::CoinFound),
            any::<u64>().prop_map(Cause::MissingCovered),
            any::<u64>().prop_map(Cause::SurplusFound),
            payout().prop_map(Cause::PaidElsewhere),
            payout().prop_map(Cause::WithdrawalAccepted),
            payout().prop_map(Cause::WithdrawalCancelled),
            payout().prop_map(Cause::TextcoinClaimed),
            payout().prop_map(Cause::TextcoinTakenBack),
            output().prop_map(Cause::TextcoinFound),
            command.prop_map(Cause::DepositBooked),
            payout().prop_map(Cause::PurchaseAccepted),
            payout().prop_map(Cause::PayoutCancelled),
            payout().prop_map(Cause::PurchaseRefunded),
            payout().prop_map(Cause::RefundUndone),
            unit().prop_map(Cause::UnitSettled),
            unit().prop_map(Cause::TpsFeeCharged),
        ]
    }

    proptest! {
        #[test]
        fn every_cause_is_read_back_from_its_code(cause in causes()) {
            prop_assert_eq!(cause.to_string().parse(), Ok(cause));
        }

        #[test]
        fn causes_differ_as_their_codes_differ(one in causes(), other in causes()) {
            prop_assert_eq!(one == other, one.to_string() == other.to_string());
        }
    }

    #[test]
    fn a_code_has_one_spelling() {
        let unit = UnitHash::of("a unit");
        for code in [
            "purchase-accepted".to_owned(),
            "purchase-accepted:".to_owned(),
            "purchase-accepted:07".to_owned(),
            "deposit-booked:".to_owned(),
            "deposit-booked:a b".to_owned(),
            format!("fund-received:{unit}:0"),
            format!("fund-received:{unit}:0:00"),
            format!("fund-received:{unit}:0:0:0"),
            format!("Unit-settled:{unit}"),
            format!("unit-settled:{unit} "),
        ] {
            assert_eq!(code.parse::<Cause>(), Err(CodeError), "{code:?}");
        }
    }

    #[test]
    fn the_id_of_a_command_is_short_and_plain() {
        assert!("2026-01-31.deposit_7".parse::<CommandId>().is_ok());
        for text in ["", "a:b", "a\n", "\u{e9}", &"a".repeat(65)] {
            assert_eq!(text.parse::<CommandId>(), Err(CommandIdError), "{text:?}");
        }
    }
}
