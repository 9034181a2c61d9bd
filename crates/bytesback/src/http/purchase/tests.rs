//! Which purchases are understood, and which mistake is named.

use super::*;
use crate::http::body;

const ADDRESS: &str = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";
const UNIT: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";

/// A valid request with these fields behind it.
fn read(more: &str, partner: PartnerKind) -> Result<Purchase, String> {
    let body =
        format!("customer=c1&order_id=1001&address={ADDRESS}&currency=USD&currency_amount=12.50&{more}");
    let fields = body::read(None, body.as_bytes()).expect("readable");
    Purchase::read(&fields, partner).map_err(|error| ErrorText::from(error).to_string())
}

fn merchant_reads(more: &str) -> Result<Purchase, String> {
    read(more, PartnerKind::Merchant)
}

#[test]
fn what_is_optional_may_be_missing() {
    let purchase = merchant_reads("").expect("valid");
    assert_eq!(purchase.order.as_str(), "1001");
    assert_eq!(purchase.merchant, None);
    assert_eq!(purchase.description, "");
    assert_eq!(purchase.recipient.to_string(), ADDRESS);
    assert_eq!(purchase.amount.to_string(), "12.5 USD");
    assert_eq!(purchase.partner_percentage, Percentage::ZERO);
    assert_eq!(purchase.purchase_unit, None);
}

#[test]
fn what_must_be_there_is_missed_by_its_name() {
    for field in ["customer", "order_id", "address", "currency", "currency_amount"] {
        assert_eq!(merchant_reads(&format!("{field}=+")), Err(format!("{field} is missing")));
    }
}

#[test]
fn the_first_mistake_in_the_order_of_the_documentation_is_named() {
    let all =
        "purchase_unit=x&partner_cashback_percentage=x&currency_amount=x&currency=x&address=x&order_id=";
    assert_eq!(merchant_reads(all), Err("order_id is missing".into()));
}

#[test]
fn a_payment_processor_must_name_the_merchant() {
    let refused = read("merchant=", PartnerKind::Processor).expect_err("refused");
    assert!(refused.starts_with("merchant is missing"), "{refused}");
    let purchase = read("merchant=7707083893%2099", PartnerKind::Processor).expect("valid");
    assert_eq!(purchase.merchant.expect("there").as_str(), "7707083893 99");
}

#[test]
fn the_base64_of_a_unit_survives_a_client_that_does_not_encode_it() {
    let lost = UNIT.replace('+', " ");
    for unit in
        [UNIT.replace('+', "%2B").as_str(), UNIT, &lost, &format!("%20{lost}%0A"), &format!("+{UNIT}+")]
    {
        let purchase = merchant_reads(&format!("purchase_unit={unit}")).expect(unit);
        assert_eq!(purchase.purchase_unit.expect("there").as_str(), UNIT);
    }
    let leading = "++AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let purchase = merchant_reads(&format!("purchase_unit={leading}")).expect("valid");
    assert_eq!(purchase.purchase_unit.expect("there").as_str(), leading);
    assert_eq!(merchant_reads("purchase_unit=+%0D+").expect("valid").purchase_unit, None);
}

#[test]
fn what_is_no_unit_is_refused() {
    for bad in ["null", &UNIT[..43], "oj8yEksX9Ubq7lLc-p6F2uyHUuynugeVq4-ikT67X6E=", "%FF"] {
        let refused = merchant_reads(&format!("purchase_unit={bad}")).expect_err("refused");
        assert!(refused.starts_with("purchase_unit "), "{refused}");
    }
}

#[test]
fn a_long_description_is_cut() {
    let purchase = merchant_reads(&format!("description={}", "я".repeat(5000))).expect("valid");
    assert_eq!(purchase.description, "я".repeat(DESCRIPTION_MAX));
    assert_eq!(merchant_reads("description=a%0D%0Ab").expect("valid").description, "a\r\nb");
}

#[test]
fn amounts_percentages_and_currencies_keep_their_own_errors() {
    for (more, start) in [
        ("currency=JPY", "currency is not supported, use one of USD, EUR, RUR (RUB), GBYTE, BTC"),
        ("currency=GB", "currency is not supported"),
        ("currency_amount=0", "currency_amount must be above zero"),
        ("currency_amount=-1", "currency_amount must be above zero"),
        ("currency_amount=0x10", "currency_amount is not a number"),
        ("currency_amount=NaN", "currency_amount is not a number"),
        ("partner_cashback_percentage=101", "partner_cashback_percentage must be between 0 and 100"),
        ("address=QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDE", "address has a wrong checksum"),
        ("address=a@x", "address: the domain"),
        ("customer=a%FF", "customer is not valid UTF-8"),
        ("order_id=a%00b", "order_id must not contain the character U+0000"),
    ] {
        let refused = merchant_reads(more).expect_err(more);
        assert!(refused.starts_with(start), "{more}: {refused}");
    }
    assert_eq!(merchant_reads("currency=rub").expect("valid").amount.to_string(), "12.5 RUR");
    assert_eq!(merchant_reads("currency_amount=6.0E-5").expect("valid").amount.to_string(), "0.00006 USD");
}

#[test]
fn every_error_fits_and_holds_no_markup() {
    let mut errors = vec![
        PurchaseError::Missing(Field::PartnerCashbackPercentage),
        PurchaseError::MissingMerchant,
        PurchaseError::Unit,
        PurchaseError::Email,
        UnknownCurrency.into(),
    ];
    errors.extend(
        [EmailError::Form, EmailError::Local, EmailError::Domain, EmailError::TooLong]
            .map(PurchaseError::NoEmail),
    );
    for field in Field::ALL {
        errors.extend(
            [FieldError::NotText, FieldError::Utf8, FieldError::Nul].map(|e| PurchaseError::Text(field, e)),
        );
        errors.extend([IdError::Empty, IdError::TooLong, IdError::Nul].map(|e| PurchaseError::Id(field, e)));
    }
    errors.extend(
        [
            RecipientError::NoSendingAddress,
            RecipientError::Textcoin,
            RecipientError::Device,
            RecipientError::Attested,
            RecipientError::LowerCase,
            RecipientError::Checksum,
            RecipientError::Form,
            RecipientError::Email(EmailError::Form),
            RecipientError::Email(EmailError::Local),
            RecipientError::Email(EmailError::Domain),
            RecipientError::Email(EmailError::TooLong),
        ]
        .map(PurchaseError::Address),
    );
    for error in errors {
        let text = ErrorText::from(error).to_string();
        let unchanged = text == error.to_string() || text.starts_with("address: ");
        assert!(unchanged && !text.contains('?'), "{text}");
        assert!(text.len() < crate::http::ERROR_TEXT_MAX, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_error_holds_a_copy_of_the_input(
        field in proptest::sample::select(Field::ALL.to_vec()),
        before in "[ -~]{0,40}",
        behind in "\\PC{0,40}",
    ) {
        let value: String = format!("{before}zqx{behind}").bytes().map(|byte| format!("%{byte:02X}")).collect();
        if let Err(text) = merchant_reads(&format!("{field}={value}")) {
            proptest::prop_assert!(!text.contains("zqx"), "{}", text);
        }
    }
}
