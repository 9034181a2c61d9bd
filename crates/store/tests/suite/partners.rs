//! Partners and their keys.

use ledger::PartnerId;
use payout::Timestamp;
use program::Language;
use store::{KeyHash, KeyId, NewPartner, PartnerKind, Store, StoreError, Thing};

use super::Backend;

fn new(name: &str, kind: PartnerKind) -> NewPartner {
    NewPartner { name: name.parse().expect("a good name"), kind, trusted: false, at: at(1) }
}

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn found(store: &dyn Store, name: &str) -> store::Partner {
    let name = name.parse().expect("a good name");
    store.partner(&name).await.expect("the store works").expect("the partner is there")
}

pub(crate) async fn a_partner_is_found_with_its_keys(backend: &impl Backend) {
    let store = backend.open();
    let shop = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await.expect("the name is free");
    let other = store.add_partner(new("demo-processor", PartnerKind::Processor)).await.expect("free as well");
    let first = store.add_key(shop.id, KeyHash::of("one"), "till", at(2)).await.expect("a new key");
    store.add_key(shop.id, KeyHash::of("two"), "", at(3)).await.expect("a new key");
    store.add_key(other.id, KeyHash::of("three"), "", at(3)).await.expect("a new key");

    let known = found(&*store, "demo-shop").await;
    assert_eq!((known.id, known.kind, known.added_at), (shop.id, PartnerKind::Merchant, at(1)));
    assert_eq!(known.keys.len(), 2);
    assert_eq!((known.keys[0].id, known.keys[0].label.as_str()), (first, "till"));
    assert!(known.accepts(&KeyHash::of("one")) && known.accepts(&KeyHash::of("two")));
    assert!(!known.accepts(&KeyHash::of("three")));

    let all = store.partners().await.expect("the store works");
    assert_eq!(all, [known, found(&*store, "demo-processor").await]);
    let nobody = store.partner(&"nobody".parse().expect("a good name")).await;
    assert_eq!(nobody.expect("the store works"), None);
}

pub(crate) async fn a_name_is_given_once(backend: &impl Backend) {
    let store = backend.open();
    let shop = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await.expect("the name is free");
    let again = store.add_partner(new("demo-shop", PartnerKind::Processor)).await;
    assert!(matches!(again, Err(StoreError::Taken(Thing::Partner))), "{again:?}");
    store.disable_partner(shop.id, at(2)).await.expect("the partner is there");
    let again = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await;
    assert!(matches!(again, Err(StoreError::Taken(Thing::Partner))), "{again:?}");
    assert_eq!(found(&*store, "demo-shop").await.kind, PartnerKind::Merchant);
}

pub(crate) async fn a_key_is_known_once(backend: &impl Backend) {
    let store = backend.open();
    let shop = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await.expect("the name is free");
    let other = store.add_partner(new("other-shop", PartnerKind::Merchant)).await.expect("the name is free");
    store.add_key(shop.id, KeyHash::of("one"), "", at(2)).await.expect("a new key");
    let again = store.add_key(other.id, KeyHash::of("one"), "", at(3)).await;
    assert!(matches!(again, Err(StoreError::Taken(Thing::Key))), "{again:?}");
}

pub(crate) async fn what_is_disabled_stays_so(backend: &impl Backend) {
    let store = backend.open();
    let shop = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await.expect("the name is free");
    let key = store.add_key(shop.id, KeyHash::of("one"), "", at(2)).await.expect("a new key");
    for now in [at(3), at(4)] {
        store.disable_key(key, now).await.expect("the key is there");
        store.disable_partner(shop.id, now).await.expect("the partner is there");
    }
    let known = found(&*store, "demo-shop").await;
    assert_eq!((known.disabled_at, known.keys[0].disabled_at), (Some(at(3)), Some(at(3))));
    assert!(!known.accepts(&KeyHash::of("one")));
}

pub(crate) async fn customers_are_written_to_in_the_language_that_was_said_last(backend: &impl Backend) {
    let store = backend.open();
    let shop = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await.expect("the name is free");
    assert_eq!(shop.language, None);
    for language in [Some(Language::RUSSIAN), Some("pt-br".parse().expect("a tag")), None] {
        store.set_language(shop.id, language.clone()).await.expect("the partner is there");
        assert_eq!(found(&*store, "demo-shop").await.language, language);
    }
}

pub(crate) async fn a_partner_is_told_where_it_has_said_last(backend: &impl Backend) {
    let store = backend.open();
    let shop = store.add_partner(new("demo-shop", PartnerKind::Merchant)).await.expect("the name is free");
    assert_eq!(shop.contact, None);
    for contact in [Some("till@shop.example"), Some("me@shop.example"), None] {
        let contact = contact.map(|text| text.parse().expect("a mailbox"));
        store.set_contact(shop.id, contact.clone()).await.expect("the partner is there");
        assert_eq!(found(&*store, "demo-shop").await.contact, contact);
    }
}

pub(crate) async fn what_does_not_exist_is_unknown(backend: &impl Backend) {
    let store = backend.open();
    let nobody = PartnerId::new(7);
    let disabled = store.disable_partner(nobody, at(1)).await;
    assert!(matches!(disabled, Err(StoreError::Unknown(Thing::Partner))), "{disabled:?}");
    let said = store.set_language(nobody, Some(Language::ENGLISH)).await;
    assert!(matches!(said, Err(StoreError::Unknown(Thing::Partner))), "{said:?}");
    let said = store.set_contact(nobody, None).await;
    assert!(matches!(said, Err(StoreError::Unknown(Thing::Partner))), "{said:?}");
    let added = store.add_key(nobody, KeyHash::of("one"), "", at(1)).await;
    assert!(matches!(added, Err(StoreError::Unknown(Thing::Partner))), "{added:?}");
    let disabled = store.disable_key(KeyId::new(7), at(1)).await;
    assert!(matches!(disabled, Err(StoreError::Unknown(Thing::Key))), "{disabled:?}");
}
