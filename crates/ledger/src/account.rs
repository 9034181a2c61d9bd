//! The accounts of a book, and their text codes in the database.

use std::fmt;
use std::str::FromStr;

/// The number of a partner, as the store gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerId(i64);

impl PartnerId {
    /// The partner with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for PartnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place where bytes stand, or through which they entered or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The distribution fund: the operator's bytes, free to be promised.
    Fund,
    /// What a partner sent in advance and has not given away yet.
    Deposit(PartnerId),
    /// Cashback that was accepted and is not proven paid.
    Owed,
    /// Set aside from the fund for the network fees of what is owed.
    FeeReserve,
    /// Fees that the network has taken for good: size fees, and TPS fees finally charged; and what textcoins held for
    /// the fees of claiming them.
    NetworkFees,
    /// TPS fees paid in advance less those finally charged: the wallet's `tps_fees_balance` on the
    /// network (4.10). A claim that cannot be paid out; below zero it is a debt.
    PrepaidTps,
    /// Textcoins that were given and are neither claimed nor taken back: cashback, and what claiming it takes. Their
    /// coins lie at addresses of their own.
    TextcoinsOut,
    /// Cashback proven to have reached the customers.
    Paid,
    /// The source of what the operator put into the fund: minus all of it.
    OperatorTopUps,
    /// The source of what partners sent: minus all of it.
    DepositsReceived,
    /// What a partner owes to the fund for purchases that were returned, since its deposit lacked it. A
    /// claim, no coins; its next deposits settle it first.
    Receivable(PartnerId),
    /// The other side of what partners owe: minus all receivables.
    RefundClaims,
    /// Coins that the book counted on and that the wallet does not hold: minus all of it. Units that the
    /// book does not know have spent them, before a database was lost. Above zero only while a wallet is restored,
    /// and more was found than is gone.
    Missing,
    /// What units that the book does not know took out of the wallet, less what they brought in.
    Elsewhere,
    /// What partners and the operator took back out, proven to have arrived.
    Withdrawn,
}

impl Account {
    /// Whether the balance may be negative: true of the sources, of the claims, of the prepaid TPS fee, and of
    /// what is missing.
    pub const fn may_be_negative(self) -> bool {
        match self {
            Self::OperatorTopUps
            | Self::DepositsReceived
            | Self::RefundClaims
            | Self::PrepaidTps
            | Self::Missing
            | Self::Elsewhere => true,
            Self::Fund
            | Self::Deposit(_)
            | Self::Owed
            | Self::FeeReserve
            | Self::NetworkFees
            | Self::TextcoinsOut
            | Self::Paid
            | Self::Withdrawn
            | Self::Receivable(_) => false,
        }
    }

    /// Whether the wallet holds coins on the network for what stands here. What is missing counts against it.
    pub const fn is_held_in_coins(self) -> bool {
        matches!(self, Self::Fund | Self::Deposit(_) | Self::Owed | Self::FeeReserve | Self::Missing)
    }
}

/// The text is not the code of an account or a cause of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code is unknown: the book was written by a newer version, or is damaged")]
pub struct CodeError;

impl fmt::Display for Account {
    /// The stable code in the database. [`FromStr`] reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fund => f.write_str("fund"),
            Self::Deposit(partner) => write!(f, "deposit:{partner}"),
            Self::Owed => f.write_str("owed"),
            Self::FeeReserve => f.write_str("fee-reserve"),
            Self::NetworkFees => f.write_str("network-fees"),
            Self::PrepaidTps => f.write_str("prepaid-tps"),
            Self::TextcoinsOut => f.write_str("textcoins-out"),
            Self::Paid => f.write_str("paid"),
            Self::OperatorTopUps => f.write_str("operator-top-ups"),
            Self::DepositsReceived => f.write_str("deposits-received"),
            Self::Receivable(partner) => write!(f, "receivable:{partner}"),
            Self::RefundClaims => f.write_str("refund-claims"),
            Self::Missing => f.write_str("missing"),
            Self::Elsewhere => f.write_str("elsewhere"),
            Self::Withdrawn => f.write_str("withdrawn"),
        }
    }
}

impl FromStr for Account {
    type Err = CodeError;

    fn from_str(code: &str) -> Result<Self, CodeError> {
        match code {
            "fund" => Ok(Self::Fund),
            "owed" => Ok(Self::Owed),
            "fee-reserve" => Ok(Self::FeeReserve),
            "network-fees" => Ok(Self::NetworkFees),
            "prepaid-tps" => Ok(Self::PrepaidTps),
            "textcoins-out" => Ok(Self::TextcoinsOut),
            "paid" => Ok(Self::Paid),
            "operator-top-ups" => Ok(Self::OperatorTopUps),
            "deposits-received" => Ok(Self::DepositsReceived),
            "refund-claims" => Ok(Self::RefundClaims),
            "missing" => Ok(Self::Missing),
            "elsewhere" => Ok(Self::Elsewhere),
            "withdrawn" => Ok(Self::Withdrawn),
            _ => match code.split_once(':') {
                Some(("deposit", partner)) => {
                    canonical(partner).map(|number| Self::Deposit(PartnerId(number)))
                }
                Some(("receivable", partner)) => {
                    canonical(partner).map(|number| Self::Receivable(PartnerId(number)))
                }
                _ => Err(CodeError),
            },
        }
    }
}

/// Reads a number in the only form in which it is printed, so that each code has one spelling.
pub(crate) fn canonical<T: FromStr + fmt::Display>(text: &str) -> Result<T, CodeError> {
    let number: T = text.parse().map_err(|_| CodeError)?;
    if number.to_string() == text { Ok(number) } else { Err(CodeError) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: [Account; 13] = [
        Account::Fund,
        Account::Owed,
        Account::FeeReserve,
        Account::NetworkFees,
        Account::PrepaidTps,
        Account::Paid,
        Account::OperatorTopUps,
        Account::DepositsReceived,
        Account::RefundClaims,
        Account::Missing,
        Account::Elsewhere,
        Account::Withdrawn,
        Account::TextcoinsOut,
    ];

    #[test]
    fn every_account_is_read_back_from_its_code() {
        for account in PLAIN {
            assert_eq!(account.to_string().parse(), Ok(account));
        }
    }

    #[test]
    fn the_codes_never_change() {
        let codes: Vec<_> = PLAIN.iter().map(ToString::to_string).collect();
        assert_eq!(
            codes.join(" "),
            "fund owed fee-reserve network-fees prepaid-tps paid operator-top-ups deposits-received \
             refund-claims missing elsewhere withdrawn textcoins-out"
        );
        assert_eq!(Account::Deposit(PartnerId::new(7)).to_string(), "deposit:7");
        assert_eq!(Account::Receivable(PartnerId::new(7)).to_string(), "receivable:7");
    }

    #[test]
    fn a_code_has_one_spelling() {
        for code in ["", "Fund", "fund ", "deposit", "deposit:", "deposit:07", "deposit:+7", "deposit: 7"] {
            assert_eq!(code.parse::<Account>(), Err(CodeError), "{code:?}");
        }
    }

    #[test]
    fn what_is_held_in_coins_never_goes_below_zero_unless_it_is_missing() {
        let deposit = Account::Deposit(PartnerId::new(1));
        for account in PLAIN.into_iter().chain([deposit]).filter(|account| account.is_held_in_coins()) {
            assert_eq!(account.may_be_negative(), account == Account::Missing, "{account}");
        }
    }

    proptest! {
        #[test]
        fn every_account_of_a_partner_is_read_back_from_its_code(number in any::<i64>()) {
            let partner = PartnerId::new(number);
            for account in [Account::Deposit(partner), Account::Receivable(partner)] {
                prop_assert_eq!(account.to_string().parse(), Ok(account));
            }
        }

        #[test]
        fn whatever_is_read_is_printed_the_same(code in "(deposit:|receivable:)?[-+0-9a-z]{0,20}") {
            if let Ok(account) = code.parse::<Account>() {
                prop_assert_eq!(account.to_string(), code);
            }
        }
    }
}
