//! Which unit proves a purchase that was paid in bytes (12).
//!
//! Pure: what a hub has shown comes in, proven or not, and out comes what it proves, or why it proves nothing.
//! Money counts that a unit pays to the partner's addresses; or to any other address from which all of it, but
//! for a fee, went on to them: the one-time address of a gateway.

mod fault;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use obyte::history::{ProvenUnit, State};
use obyte::unit::CoinId;
use obyte::{Address, Bytes, Output, Unit, UnitHash};

pub use self::fault::UnitFault;
use crate::{Amount, Percentage};

/// An amount and what a unit paid for it are no typing error apart, but a unit mistaken, if one is more than
/// so many times the other.
const OUT_OF_PROPORTION: u64 = 100;

/// What the operator asks of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitRules {
    /// How old a unit may be, in seconds.
    pub max_age: u64,
    /// Up to so large a purchase a unit counts before it is proven final. It is at risk with each purchase.
    pub unstable_max: Bytes,
    /// So many hubs must show a unit that is not proven final. One alone could make it up.
    pub hubs_min: NonZeroUsize,
    /// The largest purchase for which a unit counts on the word of a trusted partner, that it was paid.
    pub trusted_max: Bytes,
    /// What a gateway may keep of what it forwards, beside [`Self::gateway_fee_bytes`].
    pub gateway_fee: Percentage,
    /// What a gateway may keep for the fees of its unit.
    pub gateway_fee_bytes: Bytes,
}

impl Default for UnitRules {
    fn default() -> Self {
        Self {
            max_age: 72 * 60 * 60,
            unstable_max: Bytes::GBYTE,
            hubs_min: const { NonZeroUsize::new(2).expect("two is not zero") },
            trusted_max: Bytes::literal(10_000_000_000),
            gateway_fee: Percentage::whole(2),
            gateway_fee_bytes: Bytes::literal(10_000),
        }
    }
}

/// Where a partner receives money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payees {
    /// Its own addresses.
    pub own: BTreeSet<Address>,
    /// Those of gateways that collect for it.
    pub gateways: BTreeSet<Address>,
}

impl Payees {
    /// Whether nothing is registered.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.gateways.is_empty()
    }

    /// Whether an address is registered.
    pub fn contains(&self, address: &Address) -> bool {
        self.own.contains(address) || self.gateways.contains(address)
    }
}

/// What a unit is to prove.
#[derive(Clone, Copy, Debug)]
pub struct UnitClaim<'a> {
    /// How many GBYTE were paid.
    pub amount: Amount,
    /// To whom.
    pub payees: &'a Payees,
    /// Whether the operator vouches for the partner: without registered addresses any payee counts.
    pub is_trusted: bool,
    /// The addresses of this server's wallets.
    pub server: &'a BTreeSet<Address>,
    /// When, in seconds since 1970.
    pub now: u64,
}

/// What a unit proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitProof {
    /// What it paid of what counts; where a gateway forwarded it, what the customer paid.
    pub paid: Bytes,
    /// Whether it can change no more.
    pub is_final: bool,
    /// The unit that forwarded the money, where one did. It proves no other purchase.
    pub forwarded_by: Option<UnitHash>,
}

impl UnitProof {
    /// What was found of the unit, in a line for people, in ASCII.
    pub fn finding(&self, unit: UnitHash) -> String {
        let standing = if self.is_final { "proven final" } else { "shown by hubs, not final yet" };
        let by = self.forwarded_by.map(|by| format!(", forwarded by {by}")).unwrap_or_default();
        format!("purchase unit {unit} paid {} bytes{by}: {standing}", self.paid)
    }
}

impl UnitClaim<'_> {
    /// How many bytes the unit must pay: the amount, rounded up to whole bytes.
    pub fn needed(&self) -> Option<Bytes> {
        let decimal = self.amount.decimal();
        let scale = 10_u128.checked_pow(decimal.scale())?;
        let bytes = (u128::from(decimal.mantissa()) * u128::from(Bytes::GBYTE.get())).div_ceil(scale);
        Bytes::new(u64::try_from(bytes).ok()?).ok()
    }

    /// What stands against it before any unit is looked at.
    ///
    /// # Errors
    /// Without registered addresses, where the partner is not trusted so far.
    pub fn check_payees(&self, rules: &UnitRules) -> Result<(), UnitFault> {
        if !self.payees.is_empty() {
            Ok(())
        } else if !self.is_trusted {
            Err(UnitFault::NoPayee)
        } else if self.needed().is_none_or(|needed| needed > rules.trusted_max) {
            Err(UnitFault::AboveTrusted)
        } else {
            Ok(())
        }
    }

    /// The addresses from which a gateway may have forwarded what the unit paid, where it must have, the
    /// likeliest first.
    pub fn to_follow(&self, unit: &Unit) -> Vec<Address> {
        let needed = self.needed().unwrap_or(Bytes::MAX);
        if self.payees.is_empty() || self.paid_directly(unit) >= needed {
            return Vec::new();
        }
        self.candidates(unit, needed).into_iter().map(|(_, output)| output.address).collect()
    }

    /// What a unit proves, beside all units that touch the addresses [`Self::to_follow`].
    ///
    /// # Errors
    /// Why it proves nothing. [`UnitFault::NotFinal`] tells of a unit that is good but for that.
    pub fn judge(
        &self,
        rules: &UnitRules,
        proven: &ProvenUnit,
        around: &[ProvenUnit],
    ) -> Result<UnitProof, UnitFault> {
        self.check_payees(rules)?;
        let unit = &proven.unit;
        if proven.state == State::FinalBad {
            return Err(UnitFault::Void);
        }
        self.check_origin(rules, unit)?;
        let needed = self.needed().ok_or(UnitFault::FarTooLittle)?;
        let direct = self.paid_directly(unit);
        let proof = if direct >= needed {
            let is_final = proven.state == State::FinalGood;
            UnitProof { paid: direct, is_final, forwarded_by: None }
        } else {
            match self.forwarded(rules, needed, proven, around) {
                Some(forwarded) => forwarded,
                None => return Err(self.lacking(unit, direct, needed)),
            }
        };
        // Without registered addresses a customer's change may be among what was paid.
        let is_known = !self.payees.is_empty();
        if is_known && needed.checked_mul(OUT_OF_PROPORTION).is_some_and(|most| proof.paid > most) {
            Err(UnitFault::FarTooMuch)
        } else if !proof.is_final && needed > rules.unstable_max {
            Err(UnitFault::NotFinal)
        } else {
            Ok(proof)
        }
    }

    /// A unit of a customer, and a new one.
    fn check_origin(&self, rules: &UnitRules, unit: &Unit) -> Result<(), UnitFault> {
        // The oldest units have a timestamp that no hash covers; they are too old in any case.
        let is_dated = unit.format().hashes_json();
        let timestamp = unit.timestamp().filter(|_| is_dated).unwrap_or(0);
        if self.is_from_server(unit) {
            Err(UnitFault::FromServer)
        } else if self.is_from_partner(unit) {
            Err(UnitFault::FromPartner)
        } else if timestamp.saturating_add(rules.max_age) < self.now {
            Err(UnitFault::TooOld)
        } else {
            Ok(())
        }
    }

    fn is_from_server(&self, unit: &Unit) -> bool {
        unit.authors().iter().any(|author| self.server.contains(&author.address))
    }

    fn is_from_partner(&self, unit: &Unit) -> bool {
        unit.authors().iter().any(|author| self.payees.own.contains(&author.address))
    }

    /// What a unit pays to the partner; to anybody but its authors where the partner's word counts.
    fn paid_directly(&self, unit: &Unit) -> Bytes {
        let counts = |address: &Address| {
            !self.server.contains(address)
                && if self.payees.is_empty() {
                    !unit.is_authored_by(address)
                } else {
                    self.payees.contains(address)
                }
        };
        let counted = unit.outputs().filter(|(_, output)| counts(&output.address));
        Bytes::checked_sum(counted.map(|(_, output)| output.amount)).unwrap_or(Bytes::MAX)
    }

    /// Outputs to those who are neither registered nor authors, with their coins.
    fn others<'u>(&'u self, unit: &'u Unit) -> impl Iterator<Item = (CoinId, Output)> + 'u {
        unit.outputs().filter(move |(_, output)| {
            let address = &output.address;
            !self.payees.contains(address) && !unit.is_authored_by(address) && !self.server.contains(address)
        })
    }

    /// What may have been paid to a gateway: what comes next to the amount first, and a customer's change, which
    /// may go on to the partner later, last.
    fn candidates(&self, unit: &Unit, needed: Bytes) -> Vec<(CoinId, Output)> {
        let mut candidates: Vec<_> =
            self.others(unit).filter(|(_, output)| output.amount >= needed).collect();
        candidates.sort_by_key(|(_, output)| output.amount);
        candidates
    }

    /// The payment and what it proves, where one other address got it and sent it on to the partner.
    fn forwarded(
        &self,
        rules: &UnitRules,
        needed: Bytes,
        proven: &ProvenUnit,
        around: &[ProvenUnit],
    ) -> Option<UnitProof> {
        let least = needed.saturating_sub(gateway_fee(rules, needed));
        for (coin, output) in self.candidates(&proven.unit, needed) {
            let next = around.iter().find(|next| {
                next.state != State::FinalBad
                    && next.unit.is_authored_by(&output.address)
                    && next.unit.spent_coins().any(|spent| spent == coin)
                    && self.paid_directly(&next.unit) >= least
                    && !self.is_from_server(&next.unit)
                    && !self.is_from_partner(&next.unit)
            });
            let Some(next) = next else { continue };
            let is_final = [proven, next].iter().all(|proven| proven.state == State::FinalGood);
            return Some(UnitProof { paid: output.amount, is_final, forwarded_by: Some(next.unit.hash()) });
        }
        None
    }

    /// What a unit lacks that pays less than needed.
    fn lacking(&self, unit: &Unit, direct: Bytes, needed: Bytes) -> UnitFault {
        if !direct.is_zero() {
            return match direct.checked_mul(OUT_OF_PROPORTION) {
                Some(most) if needed > most => UnitFault::FarTooLittle,
                _ => UnitFault::TooLittle,
            };
        }
        let may_be_gateway = self.others(unit).any(|(_, output)| output.amount >= needed);
        match self.payees.gateways.is_empty() || !may_be_gateway {
            true => UnitFault::OtherPayee,
            false => UnitFault::NotForwarded,
        }
    }
}

/// What a gateway may keep of an amount, rounded up.
fn gateway_fee(rules: &UnitRules, amount: Bytes) -> Bytes {
    let part = u128::from(amount.get()) * u128::from(rules.gateway_fee.millionths());
    let part = part.div_ceil(u128::from(Percentage::UNIT));
    let part = u64::try_from(part).ok().and_then(|part| Bytes::new(part).ok()).unwrap_or(Bytes::MAX);
    part.checked_add(rules.gateway_fee_bytes).unwrap_or(Bytes::MAX)
}
