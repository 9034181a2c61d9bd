//! The shop that reports purchases: every one different, all of one run recognisable.

use std::time::{SystemTime, UNIX_EPOCH};

use bytesback_client::{PurchaseAnswer, PurchaseRequest};
use obyte::{Address, UnitHash};

use crate::http::{Response, Target};
use crate::options::Options;

/// The longest text of an error that is told apart from others, in bytes.
const MAX_ERROR: usize = 100;

/// Makes requests and reads answers.
#[derive(Clone, Debug)]
pub struct Shop {
    target: Target,
    template: PurchaseRequest,
    run: String,
}

/// What became of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is paid, in this unit.
    Paid(UnitHash),
    /// It is accepted; the unit is not known yet.
    Pending,
    /// It is not paid, or nobody knows.
    Failed(String),
}

impl Shop {
    /// A shop that reports to `target`. No two runs use the same order ids.
    pub fn new(target: Target, options: &Options) -> Self {
        let template = PurchaseRequest {
            partner: options.partner.clone(),
            partner_key: options.partner_key.clone(),
            description: "load".to_owned(),
            currency: "USD".to_owned(),
            currency_amount: options.amount.clone(),
            partner_cashback_percentage: "0".to_owned(),
            ..PurchaseRequest::default()
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = format!("bench-{:x}-{:x}", now.as_nanos(), std::process::id());
        Self { target, template, run }
    }

    /// Where it reports to.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The request of a purchase; the same bytes for the same number. Each customer has an address.
    pub fn request(&self, number: u64) -> Vec<u8> {
        let run = &self.run;
        let purchase = PurchaseRequest {
            customer: format!("customer-{number}"),
            order_id: format!("{run}-{number}"),
            address: Address::of_source(&format!("{run} {number}")).to_string(),
            ..self.template.clone()
        };
        self.target.post_form(&purchase.to_form())
    }
}

impl Answer {
    /// What a response says.
    pub fn of(response: &Response) -> Self {
        match PurchaseAnswer::of_body(&response.body) {
            Some(PurchaseAnswer::Ok { unit, .. }) if response.status == 200 => Self::Paid(unit),
            Some(PurchaseAnswer::Pending { .. }) => Self::Pending,
            Some(PurchaseAnswer::Held { text } | PurchaseAnswer::Error { text }) => Self::failed(&text),
            _ => Self::Failed(format!("status {} without an answer of the API", response.status)),
        }
    }

    /// A failure, its text cut so that failures of one kind count together.
    pub fn failed(text: &str) -> Self {
        let end = text.floor_char_boundary(MAX_ERROR);
        Self::Failed(text[..end].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    const UNIT: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";

    fn shop() -> Shop {
        let target = Target::new("http://127.0.0.1:80", "/test/new_purchase").expect("good");
        Shop::new(target, &Options::parse_from(["bench"]))
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer::of(&Response { status, body: body.as_bytes().to_vec(), keeps_alive: true })
    }

    #[test]
    fn a_repeated_request_is_the_same_and_others_differ_in_order_and_address() {
        let (one, other_run) = (shop(), shop());
        assert_eq!(one.request(1), one.request(1));
        let field = |request: Vec<u8>, name: &str| {
            let text = String::from_utf8(request).expect("ASCII");
            let pair = text.split('&').find(|pair| pair.starts_with(name)).expect("the field");
            pair[name.len() + 1..].to_owned()
        };
        for name in ["order_id", "address"] {
            let values =
                [one.request(1), one.request(2), other_run.request(1)].map(|request| field(request, name));
            assert!(values[0] != values[1] && values[0] != values[2], "{name}: {values:?}");
        }
        assert!(field(one.request(1), "address").parse::<Address>().is_ok());
    }

    #[test]
    fn only_a_unit_means_paid() {
        let paid = format!(r#"{{"result":"ok","cashback_amount":5,"unit":"{UNIT}"}}"#);
        assert_eq!(answer(200, &paid), Answer::Paid(UNIT.parse().expect("a unit")));
        assert!(matches!(answer(500, &paid), Answer::Failed(_)));
        assert_eq!(answer(200, r#"{"result":"error","error":"wait","pending":true}"#), Answer::Pending);
        assert_eq!(answer(200, r#"{"result":"error","error":"no"}"#), Answer::Failed("no".into()));
        assert_eq!(answer(200, "{}"), answer(200, "hello"));
    }

    #[test]
    fn long_errors_are_cut_between_characters() {
        let Answer::Failed(text) = Answer::failed(&"é".repeat(200)) else { panic!("a failure") };
        assert_eq!(text, "é".repeat(50));
    }
}
