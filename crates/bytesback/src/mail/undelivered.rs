//! What a partner is told of cashback that reaches nobody; the operator in place of one that gave no address.

use minijinja::{Environment, UndefinedBehavior, Value};
use payout::Timestamp;
use program::EmailAddress;

use super::Language;
use super::clean::one_line;
use super::letter::LetterId;
use super::plural::plural;

/// The built-in wording: the subject is the first line.
const WORDING: [(Language, &str); 2] = [
    (Language::ENGLISH, include_str!("notices/undelivered.en.txt")),
    (Language::RUSSIAN, include_str!("notices/undelivered.ru.txt")),
];
/// The longest text from outside, in characters.
const FOREIGN_MAX: usize = 120;

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The partner that has reported the purchases.
    Partner,
    /// Who runs the server.
    Operator,
}

/// A notice about mails that reach nobody. It holds no secret.
#[derive(Clone, Debug)]
pub struct UndeliveredNotice {
    /// Where it goes.
    pub to: EmailAddress,
    /// Who reads it there.
    pub reader: Reader,
    /// In which language, if there is wording for it.
    pub language: Option<Language>,
    /// Whose purchases these are.
    pub partner: String,
    /// The name of the endpoint that they were reported to.
    pub endpoint: &'static str,
    /// What stands before `/v1` in the paths of that endpoint.
    pub path: &'static str,
    /// The mails.
    pub mails: Vec<UndeliveredLine>,
    /// The Message-ID is made of it.
    pub id: LetterId,
    /// The date of the notice.
    pub date: Timestamp,
}

/// One mail that reaches nobody.
#[derive(Clone, Debug)]
pub struct UndeliveredLine {
    /// The order. A text from outside.
    pub order: String,
    /// Where it was bought, if that is not the partner itself. A text from outside; may be empty.
    pub merchant: String,
    /// For whom it was.
    pub recipient: EmailAddress,
    /// Why it does not arrive, in our words.
    pub reason: String,
}

impl UndeliveredNotice {
    /// Subject and text, in the first of these languages for which there is wording: the notice's own, the usual one,
    /// English.
    pub(super) fn words(&self, usual: &Language) -> Result<(String, String), minijinja::Error> {
        let wanted = [self.language.as_ref(), Some(usual)].into_iter().flatten();
        let wording = |language: &Language| WORDING.iter().find(|(of, _)| of == language);
        let (_, wording) = wanted.filter_map(wording).next().unwrap_or(&WORDING[0]);
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_filter("plural", plural);
        let made = environment.render_str(wording, self.values())?;
        let (subject, text) = made.split_once('\n').unwrap_or((&made, ""));
        Ok((subject.to_owned(), format!("{}\n", text.trim())))
    }

    fn values(&self) -> Value {
        let mails: Vec<Value> = self.mails.iter().map(UndeliveredLine::values).collect();
        Value::from_pairs([
            ("partner", Value::from(one_line(&self.partner, FOREIGN_MAX))),
            ("endpoint", self.endpoint.into()),
            ("path", self.path.into()),
            ("is_operator", (self.reader == Reader::Operator).into()),
            ("mails", mails.into()),
        ])
    }
}

impl UndeliveredLine {
    fn values(&self) -> Value {
        Value::from_pairs([
            ("order", one_line(&self.order, FOREIGN_MAX)),
            ("merchant", one_line(&self.merchant, FOREIGN_MAX)),
            ("recipient", self.recipient.as_str().to_owned()),
            ("reason", one_line(&self.reason, FOREIGN_MAX)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(reader: Reader, language: Option<Language>) -> UndeliveredNotice {
        let line = |order: &str, merchant: &str| UndeliveredLine {
            order: order.to_owned(),
            merchant: merchant.to_owned(),
            recipient: "customer@exmaple.org".parse().expect("a mailbox"),
            reason: "there is no such recipient (550 5.1.1, at RCPT TO)".to_owned(),
        };
        UndeliveredNotice {
            to: "till@shop.example".parse().expect("a mailbox"),
            reader,
            language,
            partner: "demo-shop".to_owned(),
            endpoint: "test",
            path: "/test",
            mails: vec![line("1001", ""), line("10\r\n02 <b>", "Corner\u{202e} Coffee")],
            id: LetterId::of("1"),
            date: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn a_partner_is_told_which_orders_for_whom_why_and_what_to_do() {
        let (subject, text) = notice(Reader::Partner, None).words(&Language::ENGLISH).expect("written");
        assert_eq!(subject, "Cashback that reaches nobody: 2 orders of demo-shop (test)");
        let wanted = "\n  order 1001\n    for customer@exmaple.org\n    there is no such recipient (550 5.1.1, at RCPT TO)\n\
            \n  order 10 02 <b> of Corner Coffee\n    for customer@exmaple.org\n";
        assert!(text.contains(wanted), "{text}");
        assert!(
            text.contains("POST /test/v1/textcoin/correct") && !text.contains("bytesback textcoin"),
            "{text}"
        );
    }

    #[test]
    fn an_operator_is_told_the_command() {
        let (_, text) = notice(Reader::Operator, None).words(&Language::ENGLISH).expect("written");
        let command =
            "\n\n  bytesback textcoin correct ORDER --partner demo-shop --endpoint test --email RIGHT\n\n";
        assert!(text.contains(command) && !text.contains("POST"), "{text}");
    }

    #[test]
    fn it_is_written_in_the_first_language_that_has_wording() {
        let german: Language = "de".parse().expect("a tag");
        for (own, usual, subject) in [
            (Some(Language::RUSSIAN), Language::ENGLISH, "2 заказа, demo-shop (test)"),
            (Some(german.clone()), Language::RUSSIAN, "2 заказа, demo-shop (test)"),
            (None, german.clone(), "2 orders of demo-shop (test)"),
        ] {
            let (made, _) = notice(Reader::Partner, own).words(&usual).expect("written");
            assert!(made.ends_with(subject), "{made}");
        }
    }
}
