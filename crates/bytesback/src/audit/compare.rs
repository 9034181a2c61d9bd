//! What the journal claims of a unit, and what the network shows.

use std::collections::BTreeSet;

use obyte::compose::Coin;
use obyte::history::{ProvenUnit, State};
use obyte::{Address, Bytes, CoinId, UnitHash};
use payout::TextcoinNo;
use store::{EndedTextcoin, SettledUnit};

use super::{NetworkAudit, standing};

/// Something in the journal that the network does not bear out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFault {
    /// A hub does not show a unit that the book settles by.
    #[error("unit {unit} is in the book as good, and the hub does not show it")]
    NotShown {
        /// The unit.
        unit: UnitHash,
    },
    /// It shows it, but not as good for ever.
    #[error("unit {unit} is in the book as good, and on the network it is {standing}")]
    NotGood {
        /// The unit.
        unit: UnitHash,
        /// What it is.
        standing: &'static str,
    },
    /// An output is missing or other than the book says.
    #[error(
        "unit {unit} does not pay {amount} bytes to {address} at output {output} as payout {payout} in the book says"
    )]
    NotPaid {
        /// The unit.
        unit: UnitHash,
        /// Which output.
        output: u32,
        /// The payout.
        payout: i64,
        /// To whom.
        address: Address,
        /// How much.
        amount: Bytes,
    },
    /// The change is not as the book says.
    #[error("the change of unit {unit} is not {amount} bytes at {address} as in the journal")]
    OtherChange {
        /// The unit.
        unit: UnitHash,
        /// Where it should be.
        address: Address,
        /// How much it should be.
        amount: Bytes,
    },
    /// An output that nothing in the book explains.
    #[error(
        "unit {unit} pays {amount} bytes to {address} at output {output}, which nothing in the book explains"
    )]
    Unexplained {
        /// The unit.
        unit: UnitHash,
        /// Which output.
        output: u32,
        /// To whom.
        address: Address,
        /// How much.
        amount: Bytes,
    },
    /// The unit spends other coins.
    #[error("unit {unit} spends other coins than the journal says")]
    OtherInputs {
        /// The unit.
        unit: UnitHash,
    },
    /// The unit costs something else.
    #[error("unit {unit} costs other fees than the book says")]
    OtherFees {
        /// The unit.
        unit: UnitHash,
    },
    /// Somebody else has signed it, too, or it carries more than a payment.
    #[error("unit {unit} is more than a payment of the wallet")]
    MoreThanPayment {
        /// The unit.
        unit: UnitHash,
    },
    /// A credited coin is not there.
    #[error("the coin at output {} of unit {} with {amount} bytes for {address} is not on the network", .id.output_index, .id.unit)]
    NoCoin {
        /// The coin.
        id: CoinId,
        /// What it should hold.
        amount: Bytes,
        /// Whose it should be.
        address: Address,
    },
    /// A coin was credited that the wallet itself has made.
    #[error("the coin at output {} of unit {} was credited, and is the wallet's own", .id.output_index, .id.unit)]
    OwnCoin {
        /// The coin.
        id: CoinId,
    },
    /// A textcoin has ended by a unit that does not spend it.
    #[error("unit {unit} does not spend textcoin {no}, which the book says it {how}")]
    NotSpent {
        /// The unit.
        unit: UnitHash,
        /// The textcoin.
        no: TextcoinNo,
        /// What it is said to have done.
        how: &'static str,
    },
    /// A unit of the wallet that the journal does not hold.
    #[error("unit {unit} ({standing}) is signed by the wallet, and the journal does not hold it; {paid}")]
    Foreign {
        /// The unit.
        unit: UnitHash,
        /// What it is.
        standing: &'static str,
        /// Whom it pays.
        paid: String,
    },
}

/// Holds a unit of the journal against the network.
pub(super) fn check_unit(
    claimed: &SettledUnit,
    found: Option<&ProvenUnit>,
    own: &[Address],
    faults: &mut Vec<NetworkFault>,
) {
    let unit = claimed.unit;
    let Some(found) = found else { return faults.push(NetworkFault::NotShown { unit }) };
    if found.state != State::FinalGood {
        return faults.push(NetworkFault::NotGood { unit, standing: standing(found.state) });
    }
    check_outputs(claimed, found, faults);
    let spent: BTreeSet<_> = found.unit.spent_coins().collect();
    if spent != claimed.inputs.iter().map(|coin| coin.id).collect() {
        faults.push(NetworkFault::OtherInputs { unit });
    }
    let fees = [found.unit.headers_commission(), found.unit.payload_commission(), found.unit.oversize_fee()];
    let tps_fee = found.unit.tps_fee().unwrap_or_default();
    if Bytes::checked_sum(fees) != Some(claimed.fees.size) || tps_fee != claimed.fees.tps {
        faults.push(NetworkFault::OtherFees { unit });
    }
    let is_own = found.unit.authors().iter().all(|author| own.contains(&author.address));
    if !is_own || found.unit.messages().len() != 1 {
        faults.push(NetworkFault::MoreThanPayment { unit });
    }
}

/// Every output is a payout of the book or the change, and all of these are there.
fn check_outputs(claimed: &SettledUnit, found: &ProvenUnit, faults: &mut Vec<NetworkFault>) {
    let unit = claimed.unit;
    let output = |index: u32| {
        let mut outputs = found.unit.outputs();
        outputs.find(|(id, _)| id.output_index == index).map(|(_, output)| (output.address, output.amount))
    };
    for paid in &claimed.paid {
        let (address, amount) = (paid.address, paid.amount);
        if output(paid.output_index) != Some((address, amount)) {
            let (payout, output) = (paid.payout, paid.output_index);
            faults.push(NetworkFault::NotPaid { unit, output, payout, address, amount });
        }
    }
    let (address, amount) = (claimed.change.address, claimed.change.amount);
    if output(claimed.change.id.output_index) != Some((address, amount)) {
        faults.push(NetworkFault::OtherChange { unit, address, amount });
    }
    let explained: BTreeSet<u32> =
        claimed.paid.iter().map(|paid| paid.output_index).chain([claimed.change.id.output_index]).collect();
    let more = found.unit.outputs().filter(|(id, _)| !explained.contains(&id.output_index));
    faults.extend(more.map(|(id, output)| NetworkFault::Unexplained {
        unit,
        output: id.output_index,
        address: output.address,
        amount: output.amount,
    }));
}

/// Holds a coin of the journal against the network. One that was found when the wallet was restored may be of the
/// wallet's own making.
pub(super) fn check_coin(
    coin: &Coin,
    found: Option<&ProvenUnit>,
    own: &[Address],
    may_be_own: bool,
    faults: &mut Vec<NetworkFault>,
) {
    let unit = coin.id.unit;
    let Some(found) = found else { return faults.push(NetworkFault::NotShown { unit }) };
    if found.state != State::FinalGood {
        return faults.push(NetworkFault::NotGood { unit, standing: standing(found.state) });
    }
    let is_there = found
        .unit
        .outputs()
        .any(|(id, output)| id == coin.id && output.address == coin.address && output.amount == coin.amount);
    if !is_there {
        faults.push(NetworkFault::NoCoin { id: coin.id, amount: coin.amount, address: coin.address });
    }
    if !may_be_own && found.unit.authors().iter().any(|author| own.contains(&author.address)) {
        faults.push(NetworkFault::OwnCoin { id: coin.id });
    }
}

/// Holds the end of a textcoin against the network.
pub(super) fn check_ended(ended: &EndedTextcoin, found: Option<&ProvenUnit>, faults: &mut Vec<NetworkFault>) {
    let (unit, no) = (ended.unit, ended.no);
    let Some(found) = found else { return faults.push(NetworkFault::NotShown { unit }) };
    if found.state != State::FinalGood {
        return faults.push(NetworkFault::NotGood { unit, standing: standing(found.state) });
    }
    if !found.unit.spent_coins().any(|coin| coin == ended.coin.id) {
        let how = if ended.claimed { "claimed" } else { "took back" };
        faults.push(NetworkFault::NotSpent { unit, no, how });
    }
}

/// Judges a unit that neither the journal nor the book knows.
pub(super) fn check_unknown(found: &ProvenUnit, own: &[Address], audit: &mut NetworkAudit) {
    let unit = found.unit.hash();
    let standing = standing(found.state);
    if found.unit.authors().iter().any(|author| own.contains(&author.address)) {
        let outputs = found.unit.outputs().filter(|(_, output)| !own.contains(&output.address));
        let paid: Vec<_> =
            outputs.map(|(_, output)| format!("{} bytes to {}", output.amount, output.address)).collect();
        let paid = if paid.is_empty() { "it pays nobody else".to_owned() } else { paid.join(", ") };
        audit.faults.push(NetworkFault::Foreign { unit, standing, paid });
    } else if found.state == State::FinalGood {
        let coming = found.unit.outputs().filter(|(_, output)| own.contains(&output.address));
        let sum: u64 = coming.map(|(_, output)| output.amount.get()).sum();
        audit.notes.push(format!("{sum} bytes came with unit {unit} and are not in the book yet"));
    }
}
