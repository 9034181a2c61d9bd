//! What a purchase gets, or would get.

use payout::Timestamp;
use program::{BaseShare, CurrencyAmount, Day, Percentage, Quote, Rules, Sale, Turnover, quote};
use store::{Endpoint, Shop};
use tokio::time::Instant;

use super::{Desk, Refusal, by, scope_of};
use crate::http::{Inquiry, Partner};

impl Desk {
    /// What a purchase would get now. Neither the fund, nor deposits, nor limits are looked at: they are as
    /// they are when the purchase comes. A purchase unit is checked, and not claimed.
    pub(super) async fn quote_for(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        inquiry: &Inquiry,
    ) -> Result<Quote, Refusal> {
        if let Some(payee) = &inquiry.recipient {
            self.check_recipient(payee)?;
        }
        let base_share = match inquiry.purchase_unit {
            Some(unit) => {
                self.free_proof_of(endpoint, partner, inquiry.amount, unit).await?;
                BaseShare::WithPurchaseUnit
            }
            None => BaseShare::Ordinary,
        };
        let sale = sale(inquiry.amount, inquiry.partner_percentage, base_share, self.clock.now());
        let rules = self.settings.rules.on(partner.terms);
        let turnover = self.turnover(endpoint, partner, inquiry, &rules, sale.day).await?;
        let prices = self.side(endpoint).rates.prices();
        quote(&rules, &Sale { turnover, ..sale }, &prices.table())
            .map_err(|error| Refusal::of_quote(error, &prices))
    }

    /// What the shop has sold within the period of the rules.
    async fn turnover(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        inquiry: &Inquiry,
        rules: &Rules,
        day: Day,
    ) -> Result<Turnover, Refusal> {
        let Some(period) = &rules.period else { return Ok(Turnover::ZERO) };
        let merchant = scope_of(partner, inquiry.merchant.as_ref())?;
        let shop = Shop { partner: partner.id, merchant };
        let due = Instant::now() + self.settings.answer_due;
        by(due, self.store.turnover(endpoint, &shop, day.first_of(period.days))).await
    }
}

pub(super) fn sale(
    price: CurrencyAmount,
    partner_percentage: Percentage,
    base_share: BaseShare,
    at: Timestamp,
) -> Sale {
    Sale {
        price,
        partner_percentage,
        base_share,
        day: Day::of_millis(at.as_millis()),
        turnover: Turnover::ZERO,
    }
}
