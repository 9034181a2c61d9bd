//! The cashier's desk: decides purchases by the rules, the book and the payer.
//!
//! The order is the way of a purchase: what can never be paid is refused; what was accepted before is
//! answered as it was; the rest is quoted, accepted in one transaction, handed to the payer, and
//! answered when the hub has accepted its unit, or when the answer is due.

mod answering;
mod attested;
mod health;
mod probe;
mod quoting;
mod refunds;
mod refusal;
mod settings;
mod side;
mod textcoins;
mod units;

use std::sync::Arc;

use async_trait::async_trait;
use obyte::Address;
use program::{BaseShare, Recipient, UnitFault, UnitProof, quote};
use store::{
    Acceptance, AttestedPayee, Details, Endpoint, Explanation, KeyHash, MerchantScope, OrderId, PartnerName,
    PeriodQuote, PurchaseKey, RulesVersion, Shares, Store, StoreError, Terms, Verdict,
};
use tokio::time::{Instant, timeout_at};

use self::probe::Probe;
use self::quoting::sale;
pub use self::refusal::Refusal;
pub use self::settings::{CORRECTIONS, DeskSettings, Mailboxes, RESENDS_PER_DAY, TEXTCOIN_EXPIRY};
pub use self::side::Side;
use crate::claim::ClaimPages;
use crate::clock::Clock;
use crate::http::{
    Answer, Cashier, Check, Correction, ErrorText, Inquiry, MerchantId, Partner, PartnerKind, Purchase,
    Refund, RefundAnswer, TextcoinStanding, Unavailable, WhichPurchase,
};

/// What hubs have proven of a purchase.
struct Found {
    proof: Option<UnitProof>,
    attested: Option<AttestedPayee>,
}

/// Both sides, and what they share.
pub struct Desk {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: DeskSettings,
    /// The number of the rules in the settings.
    version: RulesVersion,
    probe: Probe,
    claims: Option<Arc<ClaimPages>>,
    live: Side,
    test: Side,
}

impl Desk {
    /// A desk over a store and two sides; `version` is the number of the rules in the settings.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        settings: DeskSettings,
        version: RulesVersion,
        live: Side,
        test: Side,
    ) -> Self {
        let claims =
            settings.mailboxes.as_ref().and_then(|mailboxes| mailboxes.mail.claim_page.as_ref()).map(|_| {
                let [live, test] = [&live, &test].map(Side::claims);
                Arc::new(ClaimPages::new(Arc::clone(&store), Arc::clone(&clock), live, test))
            });
        Self { store, clock, settings, version, probe: Probe::default(), claims, live, test }
    }

    const fn side(&self, endpoint: Endpoint) -> &Side {
        match endpoint {
            Endpoint::Live => &self.live,
            Endpoint::Test => &self.test,
        }
    }

    async fn decide(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        purchase: Purchase,
        due: Instant,
    ) -> Result<Answer, Refusal> {
        let key = key_of(partner, &purchase)?;
        let terms = Terms {
            recipient: purchase.recipient.clone(),
            price: purchase.amount,
            percentage: purchase.partner_percentage,
            purchase_unit: purchase.purchase_unit,
        };
        if let Some(record) = by(due, self.store.purchase(endpoint, &key)).await? {
            return match record.terms.differs_in(&terms) {
                Some(term) => Err(Refusal::Conflict(term)),
                None => self.answer_again(endpoint, record, due).await,
            };
        }
        self.check_payee(endpoint, &terms.recipient)?;
        let proving = async {
            match terms.purchase_unit {
                Some(unit) => self.proof_of(endpoint, partner, terms.price, unit, due).await.map(Some),
                None => Ok(None),
            }
        };
        let (proof, attested) = tokio::join!(proving, self.attested(endpoint, &terms.recipient, due));
        let found = Found { proof: proof?, attested };
        let acceptance = self.quoted(endpoint, partner, key, terms, purchase, found)?;
        let (verdict, unit) = self.accept(endpoint, acceptance, due).await?;
        match verdict {
            Verdict::Accepted(record) => self.answer_first(endpoint, &record, unit, due).await,
            Verdict::Held(_) => Ok(Answer::Held),
            Verdict::Replay(record) => self.answer_again(endpoint, *record, due).await,
            Verdict::Conflict(term) => Err(Refusal::Conflict(term)),
            Verdict::UnitUsed => Err(UnitFault::Used.into()),
            Verdict::NoCashback(error) => Err(Refusal::Quote(error)),
            Verdict::Stopped(stop) => Err(Refusal::Limit(stop)),
            Verdict::MerchantRefused(why) => Err(Refusal::Merchant(why)),
            Verdict::FundTooLow { .. } => Err(Refusal::FundTooLow),
            Verdict::DepositTooLow { .. } => Err(Refusal::DepositTooLow),
        }
    }

    /// What can be said about the payee and the payer before anything is set aside.
    fn check_payee(&self, endpoint: Endpoint, payee: &Recipient) -> Result<(), Refusal> {
        self.check_recipient(payee)?;
        let status = self.side(endpoint).payer.status();
        if status.superseded {
            return Err(Refusal::Superseded);
        }
        if status.queued >= self.settings.queue_max { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// The address must be none of this server's; to the mailbox mail must be sent.
    fn check_recipient(&self, payee: &Recipient) -> Result<(), Refusal> {
        match (payee, &self.settings.mailboxes) {
            (Recipient::Address(address), _) => self.check_foreign(address),
            (Recipient::Email(_), None) => Err(Refusal::NoMail),
            (Recipient::Email(email), Some(mailboxes)) if mailboxes.blocked.blocks(email) => {
                Err(Refusal::BlockedMailbox)
            }
            (Recipient::Email(_), Some(_)) => Ok(()),
        }
    }

    fn check_foreign(&self, payee: &Address) -> Result<(), Refusal> {
        let is_own = [&self.live, &self.test].iter().any(|side| side.payer.owns(payee));
        if is_own { Err(Refusal::OwnWallet) } else { Ok(()) }
    }

    fn quoted(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        key: PurchaseKey,
        terms: Terms,
        purchase: Purchase,
        Found { proof, attested }: Found,
    ) -> Result<Acceptance, Refusal> {
        let side = self.side(endpoint);
        let prices = side.rates.prices();
        let at = self.clock.now();
        let base_share = if proof.is_some() { BaseShare::WithPurchaseUnit } else { BaseShare::Ordinary };
        let sale = sale(terms.price, terms.percentage, base_share, at);
        let (rules, table) = (self.settings.rules.on(partner.terms), prices.table());
        let quote = quote(&rules, &sale, &table).map_err(|error| Refusal::of_quote(error, &prices))?;
        let rates = prices.kept(terms.price.currency);
        let textcoin_expiry = self.settings.textcoin_expiry();
        let fee_reserve = side.reserve_for(&terms.recipient, attested.as_ref());
        let unit_found = terms.purchase_unit.zip(proof.as_ref()).map(|(unit, proof)| proof.finding(unit));
        let details = Details {
            customer: purchase.customer.as_str().to_owned(),
            merchant: purchase.merchant.map(|merchant| merchant.as_str().to_owned()).unwrap_or_default(),
            description: purchase.description,
        };
        Ok(Acceptance {
            key,
            terms,
            details,
            shares: Shares::from(&quote),
            rates,
            explanation: Explanation { rules: Some(self.version), lines: quote.explanation().to_vec() },
            fee_reserve,
            by_period: rules.period.is_some().then(|| Box::new(PeriodQuote { rules, sale, rates: table })),
            sold: quote.turnover(),
            limits: self.settings.limits.clone(),
            forwarded_by: proof.and_then(|proof| proof.forwarded_by).into_iter().collect(),
            unit_found,
            attested,
            hold: None,
            textcoin_expiry,
            at,
        })
    }
}

#[async_trait]
impl Cashier for Desk {
    async fn authenticate(&self, name: &str, key: &str) -> Result<Option<Partner>, Unavailable> {
        let hash = KeyHash::of(key);
        // A name that nobody can have is looked up like any other, so that it takes as long.
        let wanted: PartnerName = name.parse().unwrap_or_else(|_| nobody());
        let due = Instant::now() + self.settings.answer_due;
        let found = by(due, self.store.partner(&wanted)).await.map_err(|refusal| {
            tracing::error!(cause = refusal.cause(), "partners cannot be looked up");
            Unavailable
        })?;
        Ok(found.filter(|partner| partner.accepts(&hash)).map(|partner| Partner {
            id: partner.id,
            name: partner.name.as_str().into(),
            kind: match partner.kind {
                store::PartnerKind::Merchant => PartnerKind::Merchant,
                store::PartnerKind::Processor => PartnerKind::Processor,
            },
            terms: partner.terms,
        }))
    }

    async fn purchase(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        purchase: Purchase,
        received: Instant,
    ) -> Answer {
        let due = received + self.settings.answer_due;
        match self.decide(endpoint, partner, purchase, due).await {
            Ok(answer) => answer,
            Err(refusal) => {
                if let Some(cause) = refusal.cause() {
                    tracing::error!(%endpoint, %cause, "a purchase could not be decided");
                }
                Answer::error(refusal.to_string())
            }
        }
    }

    async fn quote(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        inquiry: Inquiry,
    ) -> Result<program::Quote, ErrorText> {
        let quoted = self.quote_for(endpoint, partner, &inquiry).await;
        quoted.map_err(|refusal| {
            if let Some(cause) = refusal.cause() {
                tracing::error!(%endpoint, %cause, "a quote could not be made");
            }
            ErrorText::from(refusal.to_string())
        })
    }

    async fn refund(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        refund: Refund,
        received: Instant,
    ) -> RefundAnswer {
        self.charge(endpoint, partner, refund, received).await
    }

    async fn textcoin(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        which: WhichPurchase,
    ) -> Result<TextcoinStanding, ErrorText> {
        self.standing(endpoint, partner, &which).await
    }

    async fn resend(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        which: WhichPurchase,
    ) -> Result<(), ErrorText> {
        self.send_again(endpoint, partner, &which).await
    }

    async fn correct(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        correction: Correction,
    ) -> Result<bool, ErrorText> {
        self.correct_mailbox(endpoint, partner, correction).await
    }

    fn claim_pages(&self) -> Option<Arc<ClaimPages>> {
        self.claims.clone()
    }

    async fn readiness(&self) -> Vec<Check> {
        let mut checks = vec![self.database_check().await];
        for endpoint in Endpoint::ALL {
            checks.extend(self.payer_checks(endpoint));
            checks.extend(self.rates_check(endpoint));
            checks.extend(self.balances_check(endpoint).await);
            checks.extend(self.mails_check(endpoint).await);
        }
        checks
    }
}

/// What the store answers, if it does before the answer is due.
async fn by<T>(due: Instant, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, Refusal> {
    Ok(timeout_at(due, answer).await.map_err(|_| Refusal::Late)??)
}

fn nobody() -> PartnerName {
    "nobody-at-all".parse().expect("it is a name")
}

fn key_of(partner: &Partner, purchase: &Purchase) -> Result<PurchaseKey, Refusal> {
    let merchant = scope_of(partner, purchase.merchant.as_ref())?;
    Ok(PurchaseKey { partner: partner.id, merchant, order_id: OrderId::new(purchase.order.as_str())? })
}

/// Only the merchants of a payment processor have order ids and a turnover of their own.
fn scope_of(partner: &Partner, merchant: Option<&MerchantId>) -> Result<Option<MerchantScope>, Refusal> {
    match (partner.kind, merchant) {
        (PartnerKind::Processor, Some(merchant)) => Ok(Some(MerchantScope::new(merchant.as_str())?)),
        _ => Ok(None),
    }
}
