//! Purchase units: what proves that a purchase was paid in bytes.

use std::collections::BTreeSet;

use obyte::{Address, UnitHash};
use program::{Currency, CurrencyAmount, Payees, UnitClaim, UnitFault, UnitProof};
use store::{Endpoint, ReceivingRole};
use tokio::time::Instant;

use super::{Desk, Refusal, by};
use crate::http::Partner;

impl Desk {
    /// What a purchase unit proves. Claims nothing.
    pub(super) async fn proof_of(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        price: CurrencyAmount,
        unit: UnitHash,
        due: Instant,
    ) -> Result<UnitProof, Refusal> {
        if price.currency != Currency::Gbyte {
            return Err(UnitFault::OtherCurrency.into());
        }
        let payees = self.payees(endpoint, partner, due).await?;
        let claim = UnitClaim {
            amount: price.amount,
            payees: &payees,
            is_trusted: self.is_trusted(partner, due).await?,
            server: &self.own_addresses()?,
            now: self.clock.now().as_millis() / 1000,
        };
        let until = due.min(Instant::now() + self.settings.unit_check);
        let checker = &self.side(endpoint).units;
        Ok(checker.check(&self.settings.units, unit, &claim, until).await?)
    }

    /// The same, for a purchase that is not reported yet.
    pub(super) async fn free_proof_of(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        price: CurrencyAmount,
        unit: UnitHash,
    ) -> Result<(), Refusal> {
        let due = Instant::now() + self.settings.answer_due;
        let proof = self.proof_of(endpoint, partner, price, unit, due).await?;
        let units: Vec<_> = std::iter::once(unit).chain(proof.forwarded_by).collect();
        let is_used = by(due, self.store.is_any_unit_used(endpoint, &units)).await?;
        if is_used { Err(UnitFault::Used.into()) } else { Ok(()) }
    }

    async fn payees(&self, endpoint: Endpoint, partner: &Partner, due: Instant) -> Result<Payees, Refusal> {
        let mut payees = Payees::default();
        for listed in by(due, self.store.receiving_addresses(endpoint, partner.id)).await? {
            match listed.role {
                ReceivingRole::Own => payees.own.insert(listed.address),
                ReceivingRole::Gateway => payees.gateways.insert(listed.address),
            };
        }
        Ok(payees)
    }

    async fn is_trusted(&self, partner: &Partner, due: Instant) -> Result<bool, Refusal> {
        let Ok(name) = partner.name.parse() else { return Err(Refusal::Internal) };
        Ok(by(due, self.store.partner(&name)).await?.is_some_and(|partner| partner.trusted))
    }

    /// The addresses of both wallets, once both payers have told theirs.
    fn own_addresses(&self) -> Result<BTreeSet<Address>, UnitFault> {
        let mut addresses = BTreeSet::new();
        for side in [&self.live, &self.test] {
            let own = side.payer.status().own;
            if own.is_empty() {
                return Err(UnitFault::Unchecked);
            }
            addresses.extend(own.iter().copied().chain([side.payer.address()]));
        }
        Ok(addresses)
    }
}
