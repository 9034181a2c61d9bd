//! Mailboxes that were mistyped, from the partner's request to the mail in the right one.

use bytesback::textcoin::claim;
use bytesback_client::{
    Correction, CorrectionAnswer, CorrectionRequest, Endpoint, PurchaseAnswer, TextcoinAnswer,
    TextcoinRequest,
};
use obyte::Network;
use payout::Timestamp;
use serde_json::json;
use store::{KeyHash, NewPartner, PartnerKind, TextcoinState};

use crate::common::{CASHBACK, address};
use crate::letter::{Mail, outputs};
use crate::smtp::Smtp;
use crate::stage::{Stage, bought};

fn to(order: &str, email: &str) -> CorrectionRequest {
    CorrectionRequest {
        partner: "demo-shop".into(),
        partner_key: "demo-shop-key".into(),
        order_id: order.into(),
        merchant: String::new(),
        email: email.into(),
    }
}

const OK: CorrectionAnswer = CorrectionAnswer::Ok { replayed: false };
const AGAIN: CorrectionAnswer = CorrectionAnswer::Ok { replayed: true };

impl Stage {
    async fn correct(&self, request: &CorrectionRequest) -> CorrectionAnswer {
        self.inside.client.correct(Endpoint::Test, request).await.expect("answered")
    }

    async fn is_refused(&self, request: &CorrectionRequest, says: &str) {
        let answer = self.correct(request).await;
        assert!(
            matches!(&answer, CorrectionAnswer::Error { text } if text.contains(says)),
            "{answer:?}, not {says:?}"
        );
    }

    /// The one word for order 1, and its corrections.
    async fn told(&self) -> (String, Vec<Correction>) {
        let request = TextcoinRequest {
            partner: "demo-shop".into(),
            partner_key: "demo-shop-key".into(),
            order_id: "1".into(),
            merchant: String::new(),
        };
        match self.inside.client.textcoin(Endpoint::Test, &request).await.expect("answered") {
            TextcoinAnswer::Ok { state, corrections, .. } => (state, corrections),
            other => panic!("{other:?}"),
        }
    }

    async fn claim(&self, mail: &Mail, by: &str) -> bool {
        let genesis = Some(self.devnet.genesis_unit());
        let hub = self.hub().await;
        claim(&hub, Network::Devnet, genesis, &mail.textcoin, address(by)).await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_delivered_comes_to_the_right_mailbox() {
    let smtp = Smtp::start(json!({ "recipient": [[550, "5.1.1 no such user"], null] }));
    let stage = Stage::behind(&smtp).await;
    let unit = stage.buy("1", "custmer@example.org").await;
    stage.comes_to("1", TextcoinState::Undeliverable).await;
    assert_eq!(stage.correct(&to("1", "Customer@EXAMPLE.org")).await, OK);
    assert_eq!(stage.correct(&to("1", "Customer@example.org")).await, AGAIN);
    let (state, corrections) = stage.told().await;
    let email = "Customer@example.org".to_owned();
    // It may be on its way already.
    assert!(["being_corrected", "waits_for_unit", "mail_waiting"].contains(&state.as_str()), "{state}");
    assert_eq!((corrections.len(), &corrections[0].email), (1, &email));
    stage.comes_to("1", TextcoinState::MailSent).await;
    let mail = Mail::arrived(&smtp.next());
    assert_eq!(mail.to, email);
    let given = stage.record("1").await;
    let anew = given.answered.expect("it is told").unit;
    assert_ne!(anew, unit);
    let outputs = outputs(&stage.hub().await, [anew]).await;
    assert!(outputs.get(&mail.address()).is_some_and(|held| held[0] > CASHBACK), "all of it");
    let told = vec![Correction { state: "given".to_owned(), email }];
    assert_eq!(stage.told().await, ("mail_sent".to_owned(), told));
    assert_eq!(stage.correct(&to("1", "Customer@example.org")).await, AGAIN, "it was done");
    assert!(stage.claim(&mail, "the customer").await);
    stage.comes_to("1", TextcoinState::Claimed).await;
    stage.is_refused(&to("1", "another@example.org"), "was claimed already").await;
    let again = stage.inside.client.new_purchase(Endpoint::Test, &bought("1", "custmer@example.org")).await;
    let PurchaseAnswer::Ok { cashback_amount, unit: told, replayed, .. } = again.expect("answered") else {
        panic!("it was paid")
    };
    assert_eq!((cashback_amount.get(), told, replayed), (CASHBACK, unit, true), "as answered before");
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_words_in_the_wrong_mailbox_are_worth_nothing_afterwards() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "a.stranger@example.org").await;
    let wrong = Mail::arrived(&smtp.next());
    stage.comes_to("1", TextcoinState::MailSent).await;
    for email in ["customr@example.org", "customer@example.org"] {
        assert_eq!(stage.correct(&to("1", email)).await, OK, "a mistake in a correction is mended, too");
    }
    let right = Mail::arrived(&smtp.next());
    assert_eq!(right.to, "customer@example.org");
    assert_ne!(right.address(), wrong.address());
    assert!(!stage.claim(&wrong, "the stranger").await, "nothing lies there");
    assert!(stage.claim(&right, "the customer").await);
    stage.comes_to("1", TextcoinState::Claimed).await;
    let states: Vec<_> = stage.told().await.1.into_iter().map(|one| one.state).collect();
    assert_eq!(states, ["replaced", "given"]);
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_odd_address_of_a_correction_has_a_clear_answer() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "a@example.org").await;
    stage.comes_to("1", TextcoinState::MailSent).await;
    let wallet = address("a wallet").to_string();
    for (email, says) in [
        ("", "email is missing"),
        ("a@example.org\r\nBcc: b@example.org", "email"),
        ("a@example.org\nX: y", "email"),
        ("b@example.org,c@example.org", "email"),
        ("B <b@example.org>", "email"),
        ("\"a b\"@example.org", "before the @ is not valid"),
        ("почта@example.org", "before the @ is not valid"),
        ("b@[127.0.0.1]", "domain of the e-mail address is not valid"),
        ("nobody", "email must be an e-mail address"),
        (wallet.as_str(), "email must be an e-mail address"),
        ("b@x.JUNK.example", "no cashback is sent to the domain"),
        ("a@example.org", "goes to this e-mail address already"),
    ] {
        stage.is_refused(&to("1", email), says).await;
    }
    assert!(stage.record("1").await.corrections.is_empty());
    assert_eq!(stage.correct(&to("1", "mailto:b@пример.org")).await, OK, "as purchases name them");
    assert_eq!(stage.record("1").await.corrections[0].mailbox.as_str(), "b@xn--e1afmkfd.org");
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_partner_of_an_order_corrects_it_and_not_too_often() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    let at = Timestamp::from_millis(1);
    let other = NewPartner {
        name: "other-shop".parse().expect("a name"),
        kind: PartnerKind::Merchant,
        trusted: true,
        at,
    };
    let other = stage.store.add_partner(other).await.expect("added").id;
    stage.store.add_key(other, KeyHash::of("other-key"), "sample", at).await.expect("added");
    stage.buy("1", "a@example.org").await;
    stage.comes_to("1", TextcoinState::MailSent).await;
    let request = to("1", "b@example.org");
    let wrong_key = CorrectionRequest { partner_key: "other-key".into(), ..request.clone() };
    stage.is_refused(&wrong_key, "authentication failed").await;
    let others = CorrectionRequest { partner: "other-shop".into(), ..wrong_key };
    stage.is_refused(&others, "no purchase that was paid to an e-mail address").await;
    let unknown = CorrectionRequest { order_id: "2".into(), ..request };
    stage.is_refused(&unknown, "no purchase that was paid to an e-mail address").await;
    // While it is paused nothing comes back, so that each replaces the one before.
    let why = payout::Alarm::Operator("a test".to_owned());
    stage.store.pause(store::Endpoint::Test, &why, at).await.expect("the store works");
    for email in ["b@example.org", "c@example.org", "d@example.org"] {
        assert_eq!(stage.correct(&to("1", email)).await, OK);
    }
    stage.is_refused(&to("1", "e@example.org"), "corrected too often").await;
    assert_eq!(stage.correct(&to("1", "d@example.org")).await, AGAIN);
    let states: Vec<_> = stage.told().await.1.into_iter().map(|one| one.state).collect();
    assert_eq!(states[..2], ["replaced", "replaced"]);
    stage.inside.end().await;
}
