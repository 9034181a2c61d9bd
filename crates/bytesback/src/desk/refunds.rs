//! Purchases that were returned: what their partner is charged.

use program::Currency;
use store::{MerchantScope, OrderId, PurchaseKey, RefundOrder, RefundRecord, RefundVerdict, StoreError};
use tokio::time::Instant;

use super::{Desk, Refusal, by};
use crate::endpoint::Endpoint;
use crate::http::{Partner, PartnerKind, Refund, RefundAnswer, Refunded};

/// Why a partner is not charged. The texts are answered: at most 100 ASCII characters.
#[derive(Debug, thiserror::Error)]
enum NoRefund {
    #[error("order_id is unknown; only an accepted purchase can be returned")]
    UnknownOrder,
    #[error("order_id was returned before, with another currency_amount")]
    Conflict,
    #[error("the cashback of this purchase is not paid, so there is nothing to return")]
    NeverPaid,
    #[error("currency_amount is more than was paid for the purchase")]
    MoreThanPaid,
    #[error("currency is not {0} for this purchase; send the one it was paid in")]
    OtherCurrency(Currency),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Desk {
    pub(super) async fn charge(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        refund: Refund,
        received: Instant,
    ) -> RefundAnswer {
        match self.book_refund(endpoint, partner, refund, received).await {
            Ok(refunded) => RefundAnswer::Ok(refunded),
            Err(why) => {
                if let NoRefund::Refused(refusal) = &why
                    && let Some(cause) = refusal.cause()
                {
                    tracing::error!(%endpoint, %cause, "a refund could not be decided");
                }
                RefundAnswer::Error(why.to_string().into())
            }
        }
    }

    async fn book_refund(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        refund: Refund,
        received: Instant,
    ) -> Result<Refunded, NoRefund> {
        let order = RefundOrder {
            key: key_of(partner, &refund)?,
            returned: refund.returned,
            currency: refund.currency,
            share: self.settings.rules.refund_share,
            at: self.clock.now(),
        };
        let due = received + self.settings.answer_due;
        match by(due, self.store.refund(endpoint, order)).await? {
            RefundVerdict::Booked(record) => Ok(refunded(&record, false)),
            RefundVerdict::Replay(record) => Ok(refunded(&record, true)),
            RefundVerdict::Conflict => Err(NoRefund::Conflict),
            RefundVerdict::UnknownOrder => Err(NoRefund::UnknownOrder),
            RefundVerdict::NeverPaid => Err(NoRefund::NeverPaid),
            RefundVerdict::MoreThanPaid => Err(NoRefund::MoreThanPaid),
            RefundVerdict::OtherCurrency(currency) => Err(NoRefund::OtherCurrency(currency)),
        }
    }
}

fn refunded(record: &RefundRecord, replayed: bool) -> Refunded {
    Refunded {
        refund_amount: record.claim,
        from_deposit: record.from_deposit,
        receivable: record.receivable(),
        replayed,
    }
}

fn key_of(partner: &Partner, refund: &Refund) -> Result<PurchaseKey, Refusal> {
    let merchant = match (partner.kind, &refund.merchant) {
        (PartnerKind::Processor, Some(merchant)) => Some(MerchantScope::new(merchant.as_str())?),
        _ => None,
    };
    Ok(PurchaseKey { partner: partner.id, merchant, order_id: OrderId::new(refund.order.as_str())? })
}

impl From<StoreError> for NoRefund {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ERROR_TEXT_MAX;

    #[test]
    fn every_reason_fits_into_an_answer() {
        for why in [
            NoRefund::UnknownOrder,
            NoRefund::Conflict,
            NoRefund::NeverPaid,
            NoRefund::MoreThanPaid,
            NoRefund::OtherCurrency(Currency::Gbyte),
        ] {
            assert!(why.to_string().len() <= ERROR_TEXT_MAX, "{why}");
        }
    }
}
