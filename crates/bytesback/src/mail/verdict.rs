//! What a relay's answer means for a message. docs/mail.md has the table.
//!
//! Giving up is for ever, and the customer's only mail; trying once more costs nothing. So a recipient is
//! given up only where the answer is about the recipient beyond doubt.

use std::fmt;
use std::str::FromStr;

use super::post::{Cause, Reason, Refusal};

/// How far a conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Reaching the relay: TCP, TLS, greeting.
    Connect,
    /// User name and password.
    Login,
    /// `MAIL FROM`
    Sender,
    /// `RCPT TO`
    Recipient,
    /// `DATA` and the message.
    Data,
    /// Writing a file.
    File,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "connecting",
            Self::Login => "logging in",
            Self::Sender => "at MAIL FROM",
            Self::Recipient => "at RCPT TO",
            Self::Data => "at DATA",
            Self::File => "in the folder",
        })
    }
}

/// An enhanced status code (RFC 3463), such as `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// 4 or 5.
    pub class: u16,
    /// What it is about.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

/// The text is no enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no enhanced status code, such as 5.1.1")]
pub struct NoStatus;

impl FromStr for Status {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| {
            let is_one = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            is_one.then(|| part.parse().ok()).flatten().ok_or(NoStatus)
        };
        let parts: Vec<_> = text.split('.').map(number).collect::<Result<_, _>>()?;
        match parts[..] {
            [class @ (4 | 5), subject, detail] => Ok(Self { class, subject, detail }),
            _ => Err(NoStatus),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Judges a negative answer. The text is looked at and not kept.
pub(super) fn judge(stage: Stage, code: u16, text: &str) -> Refusal {
    let first = text.split_whitespace().next().unwrap_or_default();
    let status = first.parse::<Status>().ok().filter(|status| status.class == code / 100);
    let reason = |cause| Reason { cause, stage, code: Some(code), status };
    if code / 100 != 5 {
        return Refusal::Later(reason(Cause::Busy));
    }
    let cause = match stage {
        Stage::Connect | Stage::File => Cause::Policy,
        Stage::Login => Cause::Authentication,
        Stage::Sender | Stage::Recipient | Stage::Data if needs_login(code, status) => Cause::Authentication,
        Stage::Sender => Cause::Sender,
        Stage::Recipient | Stage::Data => match status {
            Some(status) => by_status(status),
            None if stage == Stage::Recipient => by_code(code, text),
            None => Cause::Policy,
        },
    };
    match cause {
        Cause::NoRecipient => Refusal::Never(reason(cause)),
        _ => Refusal::Later(reason(cause)),
    }
}

/// 530 and 535 exist for this only; 5.7.0 and 5.7.8 go with them.
fn needs_login(code: u16, status: Option<Status>) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
        || status.is_some_and(|status| (status.subject, status.detail) == (7, 8))
}

fn by_status(status: Status) -> Cause {
    match (status.subject, status.detail) {
        // The address of the sender, not of the recipient.
        (1, 7 | 8) => Cause::Sender,
        // Of either: Postfix, which refuses senders at `RCPT TO`, says so of one that it does not know.
        (1, 0) => Cause::Policy,
        (1, _) => Cause::NoRecipient,
        // Disabled, or a list that cannot be expanded.
        (2, 1 | 4) => Cause::NoRecipient,
        (2, 2) => Cause::Full,
        _ => Cause::Policy,
    }
}

/// What relays call a recipient that does not exist.
const RECIPIENT: [&str; 10] = [
    "recipient",
    "user",
    "mailbox",
    "account",
    "unknown",
    "no such",
    "not exist",
    "n't exist",
    "not found",
    "routeable",
];
/// What else they refuse with the same code: how we send, what, from where, or how much.
const OTHER: &str = "relay authenti sender spam block black policy denied prohibit access verif spf dkim dmarc helo host \
    reputation list quota exceed limit content";

/// Without an enhanced status code. Relays say 550 both for unknown recipients and for whatever else they do not like,
/// so a recipient is given up where the text speaks of one, and of nothing else.
fn by_code(code: u16, text: &str) -> Cause {
    if code == 552 {
        return Cause::Full;
    }
    let text = without_addresses(text);
    let is_of_recipient = RECIPIENT.iter().any(|word| text.contains(word));
    let is_of_other = OTHER.split_whitespace().any(|word| text.contains(word));
    if matches!(code, 550 | 551 | 553) && is_of_recipient && !is_of_other {
        Cause::NoRecipient
    } else {
        Cause::Policy
    }
}

/// In lower case, and without addresses that it quotes, which can hold any word.
fn without_addresses(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().filter(|word| !word.contains('@')).collect();
    words.join(" ").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_the_table_says() {
        use Cause::*;
        use Stage::{Connect, Data, Login, Recipient};
        for (stage, code, text, never, cause, operator) in [
            (Recipient, 550, "5.1.1 No such user", true, NoRecipient, false),
            (Recipient, 550, "5.1.10 null MX", true, NoRecipient, false),
            (Recipient, 553, "5.1.3 bad syntax", true, NoRecipient, false),
            (Recipient, 550, "5.2.1 disabled", true, NoRecipient, false),
            (Data, 550, "5.1.1 No such user", true, NoRecipient, false),
            (Recipient, 550, "User unknown", true, NoRecipient, false),
            (Recipient, 551, "User not local", true, NoRecipient, false),
            (Recipient, 552, "5.2.2 over quota", false, Full, false),
            (Recipient, 552, "over quota", false, Full, false),
            (Recipient, 550, "5.7.1 Relaying denied", false, Policy, true),
            (Recipient, 550, "relay not permitted", false, Policy, true),
            (Recipient, 550, "Blocked by a list", false, Policy, true),
            (Recipient, 550, "<blocky@x.org> User unknown", true, NoRecipient, false),
            (Recipient, 550, "Mailbox unavailable", true, NoRecipient, false),
            (Recipient, 550, "your host is blacklisted", false, Policy, true),
            (Recipient, 550, "SPF check failed for <user@x.org>", false, Policy, true),
            (Recipient, 550, "Verification failed for <a@x.org> No such user here", false, Policy, true),
            (Recipient, 550, "Administrative prohibition", false, Policy, true),
            (Recipient, 550, "", false, Policy, true),
            (Recipient, 554, "no", false, Policy, true),
            (Recipient, 550, "5.4.1 Access denied", false, Policy, true),
            (Recipient, 553, "5.1.8 sender's domain not found", false, Sender, true),
            (Recipient, 550, "5.1.0 <a@b.org>: Sender address rejected", false, Policy, true),
            (Recipient, 530, "5.7.0 log in first", false, Authentication, true),
            (Data, 530, "log in", false, Authentication, true),
            (Recipient, 530, "5.7.8 log in", false, Authentication, true),
            (Recipient, 530, "log in", false, Authentication, true),
            (Stage::Sender, 550, "5.1.1 you", false, Cause::Sender, true),
            (Stage::Sender, 553, "", false, Cause::Sender, true),
            (Stage::Sender, 530, "5.7.0 Must issue STARTTLS", false, Authentication, true),
            (Login, 535, "5.7.8 wrong", false, Authentication, true),
            (Login, 550, "5.1.1", false, Authentication, true),
            (Connect, 554, "5.1.1 go away", false, Policy, true),
            (Data, 552, "5.3.4 too big", false, Policy, true),
            (Data, 552, "too big", false, Policy, true),
            (Data, 550, "no such user, or so", false, Policy, true),
            (Data, 554, "5.6.0 content", false, Policy, true),
            (Recipient, 451, "4.7.1 greylisted", false, Busy, false),
            (Recipient, 450, "4.1.1 for now", false, Busy, false),
            (Stage::Sender, 421, "", false, Busy, false),
            (Login, 454, "4.7.0 later", false, Busy, false),
            // A class that contradicts the code means nothing.
            (Recipient, 554, "4.1.1 which is it", false, Policy, true),
        ] {
            let refusal = judge(stage, code, text);
            assert_eq!(matches!(refusal, Refusal::Never(_)), never, "{stage} {code} {text}");
            assert_eq!(refusal.reason().cause, cause, "{stage} {code} {text}");
            assert_eq!(refusal.reason().is_for_operator(), operator, "{stage} {code} {text}");
            assert_eq!(refusal.reason().code, Some(code));
        }
    }

    #[test]
    fn nothing_of_the_answer_is_kept_but_its_codes() {
        let refusal =
            judge(Stage::Data, 554, "5.6.0 I do not like https://obyte.org/#textcoin?abandon-ability");
        for shown in [refusal.to_string(), format!("{refusal:?}")] {
            assert!(!shown.contains("abandon") && !shown.contains("obyte"), "{shown}");
        }
        assert!(refusal.to_string().contains("554 5.6.0"), "{refusal}");
    }

    #[test]
    fn a_status_is_three_numbers() {
        assert_eq!("5.1.10".parse(), Ok(Status { class: 5, subject: 1, detail: 10 }));
        for bad in ["", "5.1", "5.1.1.1", "2.1.1", "5.1.x", "5.1.1000", "5..1", "+5.1.1"] {
            assert!(bad.parse::<Status>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_at_login_or_about_the_sender_gives_up_a_recipient(code in 0u16..700, text in "\\PC{0,40}") {
            for stage in [Stage::Connect, Stage::Login, Stage::Sender] {
                proptest::prop_assert!(matches!(judge(stage, code, &text), Refusal::Later(_)));
            }
        }

        #[test]
        fn only_a_permanent_answer_gives_up_a_recipient(code in 200u16..500, text in "([45]\\.[0-9]\\.[0-9] )?\\PC{0,40}") {
            for stage in [Stage::Recipient, Stage::Data] {
                proptest::prop_assert!(matches!(judge(stage, code, &text), Refusal::Later(_)));
            }
        }
    }
}
