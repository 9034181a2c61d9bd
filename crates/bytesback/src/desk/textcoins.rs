//! What partners ask of the cashback of mailboxes.

use program::Recipient;
use store::{
    Asker, CorrectionOrder, CorrectionVerdict, Endpoint, MerchantScope, OrderId, PurchaseKey, ResendOrder,
};
use tokio::time::Instant;

use super::{CORRECTIONS, Desk, RESENDS_PER_DAY, Refusal, by};
use crate::http::{Correction, ErrorText, Partner, PartnerKind, TextcoinStanding, WhichPurchase};
use crate::textcoin_words;

const NONE: &str = "order_id is no purchase that was paid to an e-mail address";

impl Desk {
    pub(super) async fn standing(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        which: &WhichPurchase,
    ) -> Result<TextcoinStanding, ErrorText> {
        let key = key_of(partner, which).map_err(|error| said(endpoint, &error))?;
        let due = Instant::now() + self.settings.answer_due;
        let found = by(due, self.store.textcoin(endpoint, &key)).await;
        let record = found.map_err(|error| said(endpoint, &error))?.ok_or(NONE)?;
        Ok(TextcoinStanding { record, now: self.clock.now() })
    }

    pub(super) async fn send_again(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        which: &WhichPurchase,
    ) -> Result<(), ErrorText> {
        let key = key_of(partner, which).map_err(|error| said(endpoint, &error))?;
        let mailboxes = self.settings.mailboxes.as_ref();
        let per_day = mailboxes.map_or(RESENDS_PER_DAY, |mailboxes| mailboxes.resends_per_day);
        let order = ResendOrder { key, by: Asker::Partner, per_day, at: self.clock.now() };
        let due = Instant::now() + self.settings.answer_due;
        let verdict = by(due, self.store.resend_mail(endpoint, order)).await;
        let verdict = verdict.map_err(|error| said(endpoint, &error))?;
        textcoin_words::no_resend(&verdict).map_or(Ok(()), |why| Err(why.into()))
    }

    /// Tells whether it was asked for before.
    pub(super) async fn correct_mailbox(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        Correction { which, mailbox }: Correction,
    ) -> Result<bool, ErrorText> {
        let key = key_of(partner, &which).map_err(|error| said(endpoint, &error))?;
        let recipient = Recipient::Email(mailbox.clone());
        self.check_recipient(&recipient).map_err(|error| said(endpoint, &error))?;
        let mailboxes = self.settings.mailboxes.as_ref();
        let order = CorrectionOrder {
            key,
            mailbox,
            by: Asker::Partner,
            most: mailboxes.map_or(CORRECTIONS, |mailboxes| mailboxes.corrections),
            limits: self.settings.limits.clone(),
            at: self.clock.now(),
        };
        let due = Instant::now() + self.settings.answer_due;
        let verdict = by(due, self.store.correct(endpoint, order)).await;
        let verdict = verdict.map_err(|error| said(endpoint, &error))?;
        match textcoin_words::no_correction(&verdict) {
            Some(why) => Err(why.into()),
            None => Ok(verdict == CorrectionVerdict::Replay),
        }
    }
}

fn said(endpoint: Endpoint, refusal: &Refusal) -> ErrorText {
    if let Some(cause) = refusal.cause() {
        tracing::error!(%endpoint, %cause, "a question about a textcoin cannot be answered");
    }
    refusal.to_string().into()
}

fn key_of(partner: &Partner, which: &WhichPurchase) -> Result<PurchaseKey, Refusal> {
    let merchant = match (partner.kind, &which.merchant) {
        (PartnerKind::Processor, Some(merchant)) => Some(MerchantScope::new(merchant.as_str())?),
        _ => None,
    };
    Ok(PurchaseKey { partner: partner.id, merchant, order_id: OrderId::new(which.order.as_str())? })
}
