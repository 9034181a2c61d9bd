use mail_parser::{MessageParser, MimeHeaders};
use proptest::prelude::*;

use super::*;
use crate::mail::{Kind, Language, Office, Templates, sample};

fn sender(from: &str) -> Sender {
    Sender::new(from.parse().expect("a mailbox"), None, None).expect("a sender")
}

fn office(sender: Sender) -> Office {
    Office::new(sender, Templates::built_in(), Language::ENGLISH).expect("an office")
}

fn write(letter: &Letter) -> Message {
    office(sender("Corner Coffee <cashback@shop.example>")).write(letter).expect("written")
}

/// The names of the headers of the whole, and the lines under which they stand.
fn headers(message: &Message) -> Vec<String> {
    let text = std::str::from_utf8(message.bytes()).expect("it is ASCII");
    let head = text.split("\r\n\r\n").next().expect("there is a head");
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().expect("it has a name").to_owned()).collect()
}

const HEADERS: [&str; 8] =
    ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

#[test]
fn a_mail_has_its_headers_once_and_its_parts_in_order() {
    let letter = sample(Kind::Textcoin, Language::RUSSIAN);
    let message = write(&letter);
    let mut names = headers(&message);
    names.sort();
    let mut wanted = HEADERS.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(names, wanted);
    let mail = MessageParser::default().parse(message.bytes()).expect("a mail");
    assert_eq!(mail.subject(), Some("Ваш кешбэк: 0,0625 GBYTE (Кофейня «Ромашка»)"));
    assert_eq!(mail.from().and_then(|from| from.first()).and_then(|from| from.name()), Some("Corner Coffee"));
    assert_eq!(mail.to().and_then(|to| to.first()).and_then(|to| to.address()), Some("customer@example.org"));
    assert_eq!(mail.message_id(), Some(format!("{}@shop.example", letter.id).as_str()));
    assert_eq!(mail.date().map(|date| date.to_rfc3339()).as_deref(), Some("2026-11-23T13:25:59Z"));
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    let (text, html) = (mail.body_text(0).expect("a text"), mail.body_html(0).expect("a page"));
    assert!(text.contains(letter.link.as_str()) && text.contains("Три шага"));
    assert!(html.contains(letter.link.as_str()));
    let picture = mail.attachment(0).expect("a picture");
    let id = picture.content_id().expect("it has an id");
    assert!(html.contains(&format!("src=\"cid:{id}\"")), "{id}");
    assert!(picture.contents().starts_with(b"\x89PNG"));
    assert_eq!(picture.content_disposition().map(|disposition| disposition.ctype()), Some("inline"));
    let kinds: Vec<_> = mail.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
    assert_eq!(kinds, ["alternative", "plain", "related", "html", "png"]);
}

#[test]
fn a_mail_about_coins_that_are_no_money_is_marked() {
    let mut letter = sample(Kind::Textcoin, Language::ENGLISH);
    letter.network = obyte::Network::Testnet;
    let message = write(&letter);
    let mail = MessageParser::default().parse(message.bytes()).expect("a mail").into_owned();
    assert_eq!(mail.subject(), Some("[TEST] Your cashback from Corner Coffee: 0.0625 GBYTE"));
}

#[test]
fn a_notice_is_plain_text_and_its_subject_is_one_line() {
    let office = office(sender("Corner Coffee <cashback@shop.example>"));
    let letter = sample(Kind::Textcoin, Language::ENGLISH);
    let subject = "the deposit of x is low\r\nBcc: all@example.org";
    let notice = office.notice(&letter.recipient, subject, "Fill it.\n", letter.id.clone(), letter.date);
    let notice = notice.expect("written");
    assert!(!headers(&notice).contains(&"Bcc".to_owned()), "{:?}", headers(&notice));
    let mail = MessageParser::default().parse(notice.bytes()).expect("a mail");
    assert!(mail.subject().is_some_and(|subject| subject.starts_with("the deposit of x is low")));
    assert_eq!(mail.body_text(0).as_deref().map(str::trim_end), Some("Fill it."));
    assert_eq!(notice.message_id(), format!("<{}@shop.example>", letter.id));
}

#[test]
fn the_same_letter_makes_the_same_bytes() {
    let letter = sample(Kind::Textcoin, Language::ENGLISH);
    assert_eq!(write(&letter).bytes(), write(&letter).bytes());
    let other = Letter { id: LetterId::of("another"), ..sample(Kind::Textcoin, Language::ENGLISH) };
    assert_ne!(write(&letter).message_id(), write(&other).message_id());
}

#[test]
fn no_debug_output_and_no_header_has_the_link() {
    let message = write(&sample(Kind::Textcoin, Language::ENGLISH));
    assert!(!format!("{message:?}").contains("abandon"));
    let text = String::from_utf8_lossy(message.bytes());
    assert!(!text.split("\r\n\r\n").next().expect("a head").contains("abandon"));
}

#[test]
fn answers_and_unsubscribing_go_where_they_are_sent() {
    let from: Mailbox = "cashback@shop.example".parse().expect("a mailbox");
    let reply_to = "Help <help@shop.example>".parse().ok();
    let unsubscribe = Some("https://shop.example/unsubscribe?x=1");
    let office = office(Sender::new(from.clone(), reply_to, unsubscribe).expect("a sender"));
    let letter = sample(Kind::Textcoin, Language::ENGLISH);
    let header = |message: &Message, name: &str| {
        let mail = MessageParser::default().parse(message.bytes()).expect("a mail").into_owned();
        mail.header_raw(name).map(|value| value.trim().to_owned())
    };
    let message = office.write(&letter).expect("written");
    assert_eq!(header(&message, "Reply-To").as_deref(), Some("Help <help@shop.example>"));
    let wanted = "<https://shop.example/unsubscribe?x=1>";
    assert_eq!(header(&message, "List-Unsubscribe").as_deref(), Some(wanted));
    for bad in ["http://x.org", "https://x.org/>", "https://x.org/\r\nBcc:a@b.org", "x", "mailto:a b"] {
        assert!(Sender::new(from.clone(), None, Some(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_mailbox_is_an_address_with_or_without_a_name() {
    for (text, name, address) in [
        ("cashback@shop.example", "", "cashback@shop.example"),
        ("Shop <cashback@shop.example>", "Shop", "cashback@shop.example"),
        ("\"Shop, and more\" <a@b.org>", "Shop, and more", "a@b.org"),
        ("Лавка <a@пример.рф>", "Лавка", "a@xn--e1afmkfd.xn--p1ai"),
        ("A\r\nBcc: x@y.org <a@b.org>", "A Bcc: x@y.org", "a@b.org"),
    ] {
        let mailbox: Mailbox = text.parse().expect("a mailbox");
        assert_eq!((mailbox.name.as_str(), mailbox.address.as_str()), (name, address));
    }
    for bad in ["", "Shop", "Shop <>", "Shop a@b.org>", "<a@b.org", "Shop <a@b.org> x", "a@b.org, c@d.org"] {
        assert!(bad.parse::<Mailbox>().is_err(), "{bad}");
    }
}

#[test]
fn a_date_behind_the_year_9999_is_refused() {
    let office = office(sender("a@b.org"));
    for (date, expires) in [(u64::MAX, 0), (0, u64::MAX)] {
        let mut letter = sample(Kind::Textcoin, Language::ENGLISH);
        letter.date = payout::Timestamp::from_millis(date);
        letter.expires = payout::Timestamp::from_millis(expires);
        assert!(office.write(&letter).is_err());
    }
}

#[test]
fn the_longest_address_fits() {
    let domain = format!("{}.{}.{}.org", "a".repeat(63), "b".repeat(63), "c".repeat(57));
    let address = format!("{}@{domain}", "l".repeat(64));
    let mut letter = sample(Kind::Textcoin, Language::ENGLISH);
    letter.recipient = address.parse().expect("254 bytes are allowed");
    let message = write(&letter);
    let mail = MessageParser::default().parse(message.bytes()).expect("a mail");
    assert_eq!(mail.to().and_then(|to| to.first()).and_then(|to| to.address()), Some(address.as_str()));
}

#[test]
fn strange_addresses_are_refused_before_there_is_a_letter_or_sent_to_in_ascii() {
    use program::EmailError;
    let long = format!("{}@{}org", "l".repeat(64), "abcdefghi.".repeat(25) + "a.");
    assert_eq!(long.len(), 320);
    for (address, error) in [
        ("\"a b\"@example.org", EmailError::Local),
        ("\"a@b\"@example.org", EmailError::Form),
        ("почта@example.org", EmailError::Local),
        ("a@[127.0.0.1]", EmailError::Domain),
        (&long, EmailError::TooLong),
    ] {
        assert_eq!(address.parse::<EmailAddress>(), Err(error), "{address}");
    }
    let mut letter = sample(Kind::Textcoin, Language::ENGLISH);
    letter.recipient = "a@Почта.РФ".parse().expect("a domain in another script");
    let message = write(&letter);
    assert_eq!(message.to().to_string(), "a@xn--80a1acny.xn--p1ai");
    assert!(String::from_utf8_lossy(message.bytes()).contains("\r\nTo: a@xn--80a1acny.xn--p1ai\r\n"));
}

fn nasty() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\r\n",
        "\r",
        "\n",
        "\r\nBcc: evil@evil.example\r\n",
        "\r\n\r\n<h1>body</h1>",
        "\0",
        "\u{202e}",
        "\u{2028}",
        "\u{85}",
        "=?utf-8?q?=0D=0ABcc:_x@y.org?=",
        "=",
        "?",
        "\"",
        "<",
        ">",
        ",",
        ";",
        "\\",
        "\t",
        " ",
        "caf\u{e9}",
        "Ромашка",
        "🙂",
        "{{ link }}",
        "{% raw %}",
        "A",
        "--=_a_",
        ".",
        "\r\n.\r\n",
        "(",
        "cid:",
    ]);
    let long = prop_oneof![Just("x".repeat(2000)), Just("я".repeat(1500))];
    prop::collection::vec(
        prop_oneof![20 => pieces.prop_map(str::to_owned), 3 => "\\PC{0,8}", 1 => long],
        0..12,
    )
    .prop_map(|parts| parts.concat())
}

fn address() -> impl Strategy<Value = EmailAddress> {
    "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,10}){0,2}@([a-zя0-9]{1,12}\\.){1,3}(org|рф)"
        .prop_filter_map("a domain", |text| text.parse().ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_from_outside_makes_a_header_or_a_long_line(
        shop in nasty(), name in nasty(), recipient in address(), from in address(),
    ) {
        let from = Mailbox { name: one_line(&name, NAME_MAX), address: from };
        let office = office(Sender::new(from.clone(), None, None).expect("a sender"));
        let mut letter = sample(Kind::Reminder { days_left: 3 }, Language::ENGLISH);
        letter.shop = shop.clone();
        letter.recipient = recipient.clone();
        let message = office.write(&letter).expect("written");
        let mut names = headers(&message);
        names.sort();
        let mut wanted = HEADERS.map(str::to_owned).to_vec();
        wanted.sort();
        prop_assert_eq!(names, wanted);
        let text = std::str::from_utf8(message.bytes()).expect("it is ASCII");
        prop_assert!(text.is_ascii());
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0'])));
        let mail = MessageParser::default().parse(message.bytes()).expect("a mail");
        prop_assert_eq!(mail.to().map(|to| to.as_list().expect("a list").len()), Some(1));
        prop_assert_eq!(mail.to().and_then(|to| to.first()).and_then(|to| to.address()), Some(recipient.as_str()));
        let first = mail.from().and_then(|list| list.first()).expect("a sender");
        prop_assert_eq!(first.address(), Some(from.address.as_str()));
        let shop = one_line(&shop, 80);
        let subject = mail.subject().expect("a subject");
        prop_assert!(subject.contains(&shop) || subject.ends_with('…'), "{} is not in {}", shop, subject);
        prop_assert_eq!(mail.parts.len(), 5, "no part more than there are");
        let picture = mail.attachment(0).and_then(|part| part.content_id()).map(str::to_owned);
        prop_assert_eq!(picture, Some(format!("qr.{}@{}", letter.id, from.address.domain())));
    }

    #[test]
    fn every_accepted_address_can_be_sent_to(address in address()) {
        prop_assert!(super::address(&address).is_ok());
    }
}
