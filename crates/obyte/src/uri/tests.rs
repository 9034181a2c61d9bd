use proptest::prelude::*;

use super::*;
use crate::address::Address;
use crate::amount::Bytes;

const ADDRESS: &str = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";
const DEVICE: &str = "0BQHH2EQ754G2WF4O5IQACV7KEOWHT3YY";
const ASSET: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";
const WORDS: &str = "leave-future-vital-protect-magnet-trumpet-genius-someone-burger-doctor-cheese-entry";

fn address() -> Address {
    ADDRESS.parse().expect("valid")
}

fn payment(text: &str) -> Result<Payment, UriError> {
    match Uri::parse(text, Network::Livenet)? {
        Uri::Payment(payment) => Ok(payment),
        other => panic!("{text} is no payment but {other:?}"),
    }
}

#[test]
fn each_network_reads_its_own_schemes_and_the_plain_one() {
    for (scheme, networks) in [
        ("obyte", &Network::ALL[..]),
        ("OBYTE", &Network::ALL[..]),
        ("byteball", &[Network::Livenet]),
        ("obyte-tn", &[Network::Testnet]),
        ("ByteBall-TN", &[Network::Testnet]),
        ("obyte-dn", &[Network::Devnet]),
        ("byteball-dn", &[Network::Devnet]),
        ("bitcoin", &[]),
    ] {
        let text = format!("{scheme}:{ADDRESS}");
        for network in Network::ALL {
            let parsed = Uri::parse(&text, network);
            assert_eq!(parsed.is_ok(), networks.contains(&network), "{text} on {network}");
        }
        assert_eq!(Uri::parse_any(&text).is_ok(), !networks.is_empty(), "{text}");
    }
    let error = Uri::parse("byteball:x", Network::Devnet).expect_err("of another network");
    assert_eq!(error.to_string(), "no obyte or obyte-dn prefix");
    for text in ["obyte:", "obyte", "", &format!("obyte:{ADDRESS}\n"), &format!(" obyte:{ADDRESS}")] {
        assert_eq!(Uri::parse(text, Network::Livenet), Err(UriError::Scheme("obyte")), "{text}");
    }
}

#[test]
fn a_payment_names_amount_and_asset() {
    let bytes = Payment::of_bytes(address(), Bytes::literal(5000));
    assert_eq!(payment(&format!("obyte:{ADDRESS}?amount=5000")), Ok(bytes.clone()));
    assert_eq!(payment(&format!("obyte:{ADDRESS}?amount=5000&asset=base")), Ok(bytes.clone()));
    assert_eq!(
        Uri::Payment(bytes).print(Network::Testnet),
        format!("obyte-tn:{ADDRESS}?amount=5000&asset=base")
    );
    assert_eq!(payment(&format!("OBYTE:{ADDRESS}")), Ok(Payment::to(Recipient::Address(address()))));

    let full = payment(&format!(
        "obyte:{ADDRESS}?amount=1&asset={}&amount2=2&amount4=9&device_address={DEVICE}&base64data=aGk%3D\
         &from_address={ADDRESS}&single_address=1&unknown=x&flag",
        percent::encode(ASSET)
    ))
    .expect("valid");
    assert_eq!(full.asset, Some(Asset::Other(ASSET.parse().expect("valid"))));
    assert_eq!(full.more, [(Asset::Base, Bytes::literal(2))]);
    assert_eq!(full.device_address.map(|device| device.to_string()).as_deref(), Some(DEVICE));
    assert_eq!(full.data.as_deref(), Some(&b"hi"[..]));
    assert_eq!((full.from_address, full.single_address), (Some(address()), true));

    let legacy = payment(&format!("obyte:{ADDRESS}?single_address=single{ADDRESS}")).expect("valid");
    assert_eq!((legacy.from_address, legacy.single_address), (Some(address()), true));
}

#[test]
fn what_the_reference_refuses_is_refused() {
    use UriError::*;

    for (query, error) in [
        ("amount=0", Amount("nonpositive")),
        ("amount=", Amount("only digits, without leading zeros")),
        ("amount=-5", Amount("only digits, without leading zeros")),
        ("amount=01", Amount("only digits, without leading zeros")),
        ("amount=1.0", Amount("only digits, without leading zeros")),
        ("amount=1e3", Amount("only digits, without leading zeros")),
        ("amount=%201", Amount("only digits, without leading zeros")),
        ("amount=9000000000000001", Amount("more than there is")),
        ("amount=99999999999999999999999", Amount("more than there is")),
        ("asset=", Asset),
        ("asset=bytes", Asset),
        ("amount=1&amount2=0", Amount("nonpositive")),
        ("amount=1&amount2=2", AssetTwice),
        ("amount=1&amount2=2&asset2=base", AssetTwice),
        ("amount=1&amount2=2&asset2=x", Asset),
        ("device_address=x", DeviceAddress),
        ("base64data=aGk", Base64Data),
        ("from_address=x", FromAddress),
        ("amount=1?asset=base", QuestionMarks),
        ("amount=%", Percent),
    ] {
        assert_eq!(payment(&format!("obyte:{ADDRESS}?{query}")), Err(error), "{query}");
    }
    let lower = ADDRESS.to_lowercase();
    for recipient in [&lower, DEVICE, "data", "data?", "textcoin?", "auth?"] {
        assert_eq!(payment(&format!("obyte:{recipient}")), Err(Recipient), "{recipient}");
    }
    assert_eq!(payment("obyte:%zz"), Err(Percent));
}

#[test]
fn recipients_may_be_more_than_addresses() {
    for (text, recipient) in [
        ("joe%40example.org", Recipient::Email("joe@example.org".into())),
        ("joe@example.org", Recipient::Email("joe@example.org".into())),
        ("reddit/joe?amount=1", Recipient::Account("reddit/joe".into())),
        ("+123456789", Recipient::Phone("+123456789".into())),
    ] {
        assert_eq!(payment(&format!("obyte:{text}")).expect("valid").recipient, recipient);
    }
}

#[test]
fn textcoins_stand_behind_their_word_or_alone() {
    let textcoin = Uri::Textcoin(WORDS.replace('-', " ").parse().expect("valid"));
    assert_eq!(textcoin.print(Network::Devnet), format!("obyte-dn:textcoin?{WORDS}"));
    for text in [format!("obyte:{WORDS}"), format!("obyte:textcoin?{WORDS}")] {
        assert_eq!(Uri::parse_any(&text), Ok(textcoin.clone()));
    }
    for text in
        [WORDS.to_uppercase(), format!("textcoin?{}", &WORDS[6..]), WORDS.replacen("entry", "about", 1)]
    {
        assert_eq!(Uri::parse_any(&format!("obyte:{text}")), Err(UriError::Mnemonic), "{text}");
    }
}

#[test]
fn pairing_codes_and_the_rest_are_told_apart() {
    let key = "A7UYSlJtrGq9o9jVSlQUcc6D6MImDVZwYFPieAkiMZ9e";
    let pairing = Pairing {
        device: key.parse().expect("44 characters"),
        hub: "obyte.org/bb".into(),
        secret: "0000".into(),
    };
    for separator in ["#", "%23"] {
        let text = format!("obyte:{key}@obyte.org/bb{separator}0000");
        assert_eq!(Uri::parse_any(&text), Ok(Uri::Pairing(pairing.clone())));
    }
    assert_eq!(Uri::parse_any("obyte:auth?url=https://example.org"), Ok(Uri::Auth));
    assert_eq!(Uri::parse_any("obyte:data?app=text"), Ok(Uri::Data));
}

fn any_payment() -> impl Strategy<Value = Payment> {
    let recipient = prop_oneof![
        any::<String>().prop_map(|source| Recipient::Address(Address::of_source(&source))),
        "[a-z]{1,9}(\\.[a-z+%&?#]{1,9})?@[a-z-]{1,9}\\.[a-z]{2,5}".prop_map(Recipient::Email),
        "(reddit/|@)[^@\n\r\u{2028}\u{2029}]{3,9}".prop_map(Recipient::Account),
        "\\+[0-9]{9,14}".prop_map(Recipient::Phone),
    ];
    let asset = || {
        prop_oneof![
            Just(Asset::Base),
            any::<[u8; 32]>().prop_map(|digest| Asset::Other(crate::hash::UnitHash::from_digest(&digest))),
        ]
    };
    let amount = || (1..=Bytes::MAX.get()).prop_map(Bytes::literal);
    let assets =
        (asset(), proptest::option::of(amount()), proptest::collection::vec((asset(), amount()), 0..4));
    let text = || proptest::option::of(any::<String>());
    (
        recipient,
        proptest::option::of(assets),
        text(),
        proptest::option::of(proptest::collection::vec(any::<u8>(), 1..50)),
        text(),
        any::<bool>(),
    )
        .prop_map(|(recipient, assets, device, data, from, single_address)| {
            let (asset, amount, mut more) =
                assets.map_or((None, None, Vec::new()), |(asset, amount, more)| (Some(asset), amount, more));
            more.retain(|(other, _)| amount.is_some() && Some(*other) != asset);
            more.sort_by_key(|(asset, _)| *asset);
            more.dedup_by_key(|(asset, _)| *asset);
            let from_address = from.map(|source| Address::of_source(&source));
            let device_address = device.map(|key| crate::address::DeviceAddress::of_public_key(&key));
            Payment { recipient, amount, asset, more, device_address, data, from_address, single_address }
        })
}

fn any_uri() -> impl Strategy<Value = Uri> {
    prop_oneof![
        4 => any_payment().prop_map(Uri::Payment),
        1 => any::<[u8; 16]>().prop_filter_map("wallets disagree", |entropy| {
            Mnemonic::from_entropy(&entropy).ok().map(Uri::Textcoin)
        }),
        1 => ("[A-Za-z0-9+/]{44}", "[a-z0-9.:/-]{1,20}", "[^\n\r\u{2028}\u{2029}]{1,9}(%23)?x").prop_map(
            |(device, hub, secret)| {
                Uri::Pairing(Pairing { device: device.parse().expect("44 characters"), hub, secret })
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_printed_reads_back_the_same(uri in any_uri(), network in proptest::sample::select(&Network::ALL)) {
        // Twelve parts are read as a textcoin, whatever they were meant to be.
        prop_assume!(uri.content().split('-').count() != 12);
        let text = uri.print(network);
        prop_assert_eq!(Uri::parse(&text, network), Ok(uri.clone()));
        prop_assert_eq!(Uri::parse_any(&text), Ok(uri));
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(text in "(obyte:)?.{0,60}") {
        if let Ok(uri) = Uri::parse_any(&text)
            && !matches!(uri, Uri::Auth | Uri::Data)
        {
            prop_assert_eq!(Uri::parse_any(&uri.print(Network::Livenet)), Ok(uri));
        }
    }
}
