//! Bodies of purchases and refunds, and the answers to them.

use bytesback::http::body::{Field, read};
use bytesback::http::{DESCRIPTION_MAX, ERROR_TEXT_MAX, ErrorText, ID_MAX, PartnerKind, Purchase, Refund};
use bytesback_client::{PurchaseAnswer, RefundAnswer};

use super::texts::check_recipient;
use super::{check_error, check_text};

/// A content type in the first line, and a body behind it.
pub(super) fn body(data: &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let (content_type, body) = (&data[..end], &data[(end + 1).min(data.len())..]);
    let content_type = std::str::from_utf8(content_type).ok();
    judge(content_type, body);
    // What is not declared is guessed.
    judge(None, body);
}

/// A form.
pub(super) fn purchase(data: &[u8]) {
    judge(Some("application/x-www-form-urlencoded"), data);
}

fn judge(content_type: Option<&str>, body: &[u8]) {
    let fields = match read(content_type, body) {
        Ok(fields) => fields,
        Err(error) => {
            let text = error.to_string();
            assert_eq!(ErrorText::new(text.clone()).as_str(), text, "an error that a client can show");
            return;
        }
    };
    for field in Field::ALL {
        for value in [fields.text(field), fields.untrimmed(field)] {
            match value {
                Ok(Some(text)) => {
                    assert!(text.len() <= body.len() && !text.contains('\0'), "more than the body has");
                }
                Ok(None) => {}
                Err(error) => check_error(error),
            }
        }
        if let Ok(text) = fields.free_text(field) {
            assert!(!text.contains('\0'), "a NUL in free text");
        }
    }
    for kind in [PartnerKind::Merchant, PartnerKind::Processor] {
        match Purchase::read(&fields, kind) {
            Ok(purchase) => check_purchase(&purchase, kind),
            Err(error) => check_said(&ErrorText::from(error)),
        }
        match Refund::read(&fields, kind) {
            Ok(refund) => {
                assert!(refund.merchant.is_some() || kind == PartnerKind::Merchant, "no merchant");
                assert!(refund.order.as_str().chars().count() <= ID_MAX, "too long an identity");
            }
            Err(error) => check_said(&ErrorText::from(error)),
        }
    }
}

fn check_said(said: &ErrorText) {
    assert!(said.as_str().len() <= ERROR_TEXT_MAX && !said.as_str().is_empty(), "{said}");
    assert!(!said.as_str().contains('?'), "nothing had to be replaced: {said}");
}

fn check_purchase(purchase: &Purchase, kind: PartnerKind) {
    let merchant = purchase.merchant.as_ref().map(|merchant| merchant.as_str());
    assert!(merchant.is_some() || kind == PartnerKind::Merchant, "a processor without merchant");
    for id in [purchase.order.as_str(), purchase.customer.as_str()].into_iter().chain(merchant) {
        assert!(!id.is_empty() && id.trim() == id && !id.contains('\0'), "an identity that is none");
        assert!(id.chars().count() <= ID_MAX, "too long an identity");
    }
    assert!(purchase.description.chars().count() <= DESCRIPTION_MAX, "too long a description");
    check_recipient(&purchase.recipient);
    let amount = purchase.amount.amount;
    assert_eq!(amount.to_string().parse(), Ok(amount), "an amount read again");
}

/// What a server answers to a purchase or a refund.
pub(super) fn answer(data: &[u8]) {
    if let Some(RefundAnswer::Error { text }) = RefundAnswer::of_body(data) {
        check_text(&text, 1000);
    }
    match PurchaseAnswer::of_body(data) {
        // They end on a terminal.
        Some(
            PurchaseAnswer::Pending { text } | PurchaseAnswer::Held { text } | PurchaseAnswer::Error { text },
        ) => check_text(&text, 1000),
        Some(PurchaseAnswer::Ok { .. }) | None => {}
    }
}
