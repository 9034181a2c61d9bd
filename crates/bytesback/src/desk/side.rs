//! One side of the desk: who pays at an endpoint, and who knows what is needed for that.

use obyte::Bytes;
use obyte_hub::Hubs;
use payout::TextcoinKeys;
use program::Recipient;
use store::AttestedPayee;

use crate::attested::Attestors;
use crate::claim::ClaimSide;
use crate::mailer::MailStatus;
use crate::payer::Payer;
use crate::proof::UnitChecker;
use crate::rates::Rates;

/// One side of the desk.
pub struct Side {
    /// Who pays.
    pub payer: Payer,
    /// The hubs of this side, whose health is shown.
    pub hubs: Hubs,
    /// What the currencies are worth.
    pub rates: Rates,
    /// Who checks purchase units.
    pub units: UnitChecker,
    /// The keys of its textcoins.
    pub textcoins: TextcoinKeys,
    /// Who knows the wallets of mailboxes.
    pub attestors: Attestors,
    /// What is set aside for the network fees of one payout.
    pub fee_reserve: Bytes,
    /// What is set aside for those of a textcoin, and for what it holds above the cashback.
    pub mailbox_reserve: Bytes,
    /// How its mails stand.
    pub mails: MailStatus,
}

impl Side {
    /// What its claim pages need.
    pub(super) fn claims(&self) -> ClaimSide {
        ClaimSide { keys: self.textcoins.clone(), network: self.payer.network() }
    }

    /// A textcoin takes more than an output for a wallet, be that named or attested.
    pub(super) fn reserve_for(&self, recipient: &Recipient, attested: Option<&AttestedPayee>) -> Bytes {
        match (recipient, attested) {
            (Recipient::Address(_), _) | (Recipient::Email(_), Some(_)) => self.fee_reserve,
            (Recipient::Email(_), None) => self.mailbox_reserve,
        }
    }
}
