//! The rules of each day and the terms of each partner.

use ledger::PartnerId;
use payout::Timestamp;
use program::PartnerTerms;
use store::{
    Endpoint, Explanation, NewPartner, PartnerKind, RulesRecord, StoreError, TermsRecord, Thing, Verdict,
};

use super::Backend;
use super::world::World;

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) async fn rules_that_change_get_a_number_and_the_old_ones_stay(backend: &impl Backend) {
    let store = backend.open();
    assert_eq!(store.rules().await.expect("the store works"), []);
    let enact = async |text, millis| store.enact(text, at(millis)).await.expect("the store works");
    let first = enact("base = 10\nmatch = 5", 1).await;
    assert_eq!(enact("base = 10\nmatch = 5", 2).await, first, "they are in force already");
    let second = enact("base = 5", 3).await;
    let third = enact("base = 10\nmatch = 5", 4).await;
    assert!(first < second && second < third, "what returns comes into force anew");
    drop(store);
    let record =
        |version, text: &str, millis| RulesRecord { version, text: text.to_owned(), since: at(millis) };
    assert_eq!(
        backend.open().rules().await.expect("the store works"),
        [
            record(first, "base = 10\nmatch = 5", 1),
            record(second, "base = 5", 3),
            record(third, "base = 10\nmatch = 5", 4)
        ]
    );
}

pub(crate) async fn a_purchase_keeps_its_rules_and_its_explanation(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let rules = world.store.enact("base = 10", world.now()).await.expect("the store works");
    let lines = vec!["12.50 USD is worth 1 byte".to_owned(), "base share: \u{e9}".to_owned()];
    let explanation = Explanation { rules: Some(rules), lines };
    let mut purchase = world.purchase("1", 1_000);
    purchase.explanation = explanation.clone();
    let Verdict::Accepted(accepted) = world.accept(purchase).await else {
        panic!("nothing stands against it")
    };
    assert_eq!(accepted.explanation, explanation);
    world.store.enact("base = 5", world.now()).await.expect("the store works");
    let world = world.restart(backend).await;
    assert_eq!(world.record("1").await.explanation, explanation);
}

pub(crate) async fn an_explanation_by_unknown_rules_is_not_kept(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut purchase = world.purchase("1", 1_000);
    purchase.explanation.rules = Some(store::RulesVersion::new(7));
    assert!(world.store.accept(Endpoint::Test, purchase).await.is_err());
    assert_eq!(world.snapshot().await.queue, []);
    world.check_book().await;
}

pub(crate) async fn the_newest_terms_of_a_partner_hold_and_the_old_ones_stay(backend: &impl Backend) {
    let store = backend.open();
    let new = |name: &str| NewPartner {
        name: name.parse().expect("a good name"),
        kind: PartnerKind::Merchant,
        trusted: false,
        at: at(1),
    };
    let shop = store.add_partner(new("demo-shop")).await.expect("the name is free");
    let other = store.add_partner(new("other-shop")).await.expect("the name is free");
    assert_eq!(shop.terms, PartnerTerms::default());
    let strict = PartnerTerms {
        max_partner_percentage: "2.5".parse().ok(),
        smallest_purchase: "10".parse().ok(),
        most_cashback: "0.000001".parse().ok(),
    };
    let loose = PartnerTerms { max_partner_percentage: None, ..strict };
    store.agree(shop.id, strict, at(2)).await.expect("the partner is there");
    store.agree(shop.id, loose, at(3)).await.expect("the partner is there");
    let found = store.partner(&shop.name).await.expect("the store works").expect("it is there");
    assert_eq!(found.terms, loose);
    let history = store.terms(shop.id).await.expect("the store works");
    let expected = [(strict, at(2)), (loose, at(3))].map(|(terms, since)| TermsRecord { terms, since });
    assert_eq!(history, expected);
    let all = store.partners().await.expect("the store works");
    assert_eq!(all.iter().map(|partner| partner.terms).collect::<Vec<_>>(), [loose, PartnerTerms::default()]);
    assert_eq!(store.terms(other.id).await.expect("the store works"), []);
    let nobody = store.agree(PartnerId::new(7), strict, at(4)).await;
    assert!(matches!(nobody, Err(StoreError::Unknown(Thing::Partner))), "{nobody:?}");
}
