//! Why a unit proves nothing.

/// Why a unit proves nothing, in the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum UnitFault {
    /// Nothing to go by.
    #[error("purchase_unit could not be checked right now, please repeat later")]
    Unchecked,
    /// No hub shows it.
    #[error("purchase_unit was not found; check the hash, or repeat in a minute")]
    NotFound,
    /// It pays somebody else, as far as is known.
    #[error("purchase_unit pays none of the partner's registered addresses")]
    OtherPayee,
    /// It pays somebody else, who may be a gateway that has not forwarded yet.
    #[error("purchase_unit pays no registered address; if a gateway is to forward it, repeat later")]
    NotForwarded,
    /// Its signatures cannot be judged by a light wallet.
    #[error("purchase_unit cannot be judged before it is final, please repeat later")]
    NotJudged,
    /// Some hubs show it, some do not.
    #[error("purchase_unit is not known to all hubs yet, please repeat later")]
    HubsDisagree,
    /// Fewer hubs show it than [`super::UnitRules::hubs_min`].
    #[error("purchase_unit is not final yet, and too few hubs confirm it; please repeat in some minutes")]
    TooFewHubs,
    /// Too much is at stake.
    #[error("purchase_unit is not final yet, and the amount too large to do without; please repeat later")]
    NotFinal,
    /// Another currency.
    #[error("purchase_unit goes with currency GBYTE only; leave it empty")]
    OtherCurrency,
    /// The partner cannot have units checked.
    #[error("purchase_unit needs a registered receiving address; please ask the operator to add yours")]
    NoPayee,
    /// Above [`super::UnitRules::trusted_max`].
    #[error("purchase_unit of so large a purchase needs a registered receiving address; ask the operator")]
    AboveTrusted,
    /// Proven bad.
    #[error("purchase_unit is a double spend that lost: nothing was paid by it")]
    Void,
    /// Older than [`super::UnitRules::max_age`].
    #[error("purchase_unit is too old; report a purchase soon after it was paid")]
    TooOld,
    /// Cashback itself.
    #[error("purchase_unit was sent by this cashback server; send the unit that the customer paid by")]
    FromServer,
    /// The partner pays itself.
    #[error("purchase_unit was sent by the partner; send the unit that the customer paid by")]
    FromPartner,
    /// Less than the amount.
    #[error("purchase_unit paid less than currency_amount; send the amount that was paid, in GBYTE")]
    TooLittle,
    /// A hundredth of the amount, or less.
    #[error("currency_amount is far above what purchase_unit paid; send GBYTE, not bytes")]
    FarTooLittle,
    /// A hundred times the amount, or more.
    #[error("currency_amount is far below what purchase_unit paid; send GBYTE")]
    FarTooMuch,
    /// It has proven another purchase.
    #[error("purchase_unit was used for another purchase; each unit counts once")]
    Used,
}

impl UnitFault {
    /// Whether it follows from what the unit says, which its hash covers, or from a proof: no other hub and no
    /// waiting can change it.
    pub const fn is_certain(self) -> bool {
        match self {
            Self::Unchecked
            | Self::NotFound
            | Self::OtherPayee
            | Self::NotForwarded
            | Self::NotJudged
            | Self::HubsDisagree
            | Self::TooFewHubs
            | Self::NotFinal => false,
            Self::OtherCurrency
            | Self::NoPayee
            | Self::AboveTrusted
            | Self::Void
            | Self::TooOld
            | Self::FromServer
            | Self::FromPartner
            | Self::TooLittle
            | Self::FarTooLittle
            | Self::FarTooMuch
            | Self::Used => true,
        }
    }
}
