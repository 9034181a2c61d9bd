//! Where textcoins stand, for people and for programs. Their words and links are nowhere here.

use std::time::{Duration, UNIX_EPOCH};

use payout::Timestamp;
use serde_json::{Value, json};
use store::{
    CorrectionRecord, CorrectionState, CorrectionVerdict, CorrectionWait, MailKind, MailRecord, MailState,
    ResendVerdict, TextcoinEnd, TextcoinRecord, TextcoinState,
};

/// Where a textcoin stands, in a sentence.
pub(crate) fn state(record: &TextcoinRecord, now: Timestamp) -> String {
    let why = || record.telling_mail().and_then(|mail| mail.reason.clone()).unwrap_or_default();
    match record.state(now) {
        TextcoinState::WaitsForUnit => "waits for its unit".to_owned(),
        TextcoinState::NeverPaid => "never paid".to_owned(),
        TextcoinState::MailWaiting => "accepted, its mail waits to be sent".to_owned(),
        TextcoinState::MailSent => "its mail was taken by the relay".to_owned(),
        TextcoinState::Undeliverable => format!("undeliverable: {}", why()),
        TextcoinState::MailGivenUp => format!("its mail was given up: {}", why()),
        TextcoinState::Claimed => "claimed".to_owned(),
        TextcoinState::ClaimSeen => "being claimed, by a unit that is not proven yet".to_owned(),
        TextcoinState::Expired => "its time is over, its coins return".to_owned(),
        TextcoinState::TakenBack => "taken back".to_owned(),
        TextcoinState::BeingCorrected => {
            record.waiting_correction().map(correction_state).unwrap_or_default()
        }
    }
}

/// A mail in a line.
pub(crate) fn mail(mail: &MailRecord) -> String {
    let kind = match mail.kind {
        MailKind::Textcoin if mail.sending > 0 => "sent once more".to_owned(),
        MailKind::Textcoin => "the first".to_owned(),
        MailKind::Reminder(days) => format!("reminder after {days} days"),
    };
    let asked = mail.asked_by.map(|asker| format!(", asked for by the {}", asker.code())).unwrap_or_default();
    let reason = mail.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let tries = mail.tries;
    match mail.state {
        MailState::Waiting => {
            let next = date(mail.wake_at);
            format!("{kind}{asked}: waits, tries {tries}, the next from {next}{reason}")
        }
        other => {
            let at = mail.ended_at.map(date).unwrap_or_default();
            format!("{kind}{asked}: {}, {at}, tries {tries}{reason}", other.code())
        }
    }
}

/// How a correction stands, in a sentence.
fn correction_state(correction: &CorrectionRecord) -> String {
    match correction.state {
        CorrectionState::Waits(CorrectionWait::Return) => {
            "its mailbox is corrected, its coins are on their way back".to_owned()
        }
        CorrectionState::Waits(CorrectionWait::Nothing) => {
            "its mailbox is corrected, its coins are back and about to be given anew".to_owned()
        }
        CorrectionState::Waits(CorrectionWait::Fund(missing)) => {
            format!("its mailbox is corrected, its coins are back; the fund lacks {missing} bytes")
        }
        CorrectionState::Waits(CorrectionWait::Deposit(missing)) => {
            format!("its mailbox is corrected, its coins are back; the deposit lacks {missing} bytes")
        }
        CorrectionState::Waits(CorrectionWait::Limit(limit)) => {
            format!("its mailbox is corrected, its coins are back; the limit {limit} leaves no room now")
        }
        CorrectionState::Given(payout) => format!("given anew by payout {payout}"),
        CorrectionState::Claimed => "not done: the cashback was claimed first".to_owned(),
        CorrectionState::Replaced => "not done: another mailbox was named".to_owned(),
        CorrectionState::Returned => "not done: the purchase was returned".to_owned(),
        CorrectionState::Rejected => "not done: the cashback was rejected".to_owned(),
    }
}

/// A correction in a line.
pub(crate) fn correction(correction: &CorrectionRecord) -> String {
    let CorrectionRecord { payout, mailbox, asked_by, asked_at, .. } = correction;
    let at = date(*asked_at);
    let stands = correction_state(correction);
    format!("of payout {payout} to {mailbox}, asked for by the {}, {at}: {stands}", asked_by.code())
}

/// All of it for programs.
pub(crate) fn object(record: &TextcoinRecord, now: Timestamp) -> Value {
    let telling = record.telling_mail();
    json!({
        "order_id": record.key.order_id.as_str(),
        "merchant": record.key.merchant.as_ref().map(|merchant| merchant.as_str()),
        "state": record.state(now).code(),
        "amount": record.payout.amount,
        "unit": record.answered.map(|answered| answered.unit),
        "accepted_at": record.times.map(|(accepted, _)| date(accepted)),
        "expires_at": record.times.map(|(_, expires)| date(expires)),
        "claim_seen": record.claim_seen.filter(|_| record.ended.is_none()),
        "ended_at": record.ended.map(|(.., at)| date(at)),
        "ended_by": record.ended.map(|(_, unit, _)| unit),
        "reason": telling.and_then(|mail| mail.reason.as_deref()),
        "mails": record.mails.iter().map(mail_object).collect::<Vec<_>>(),
        "corrections": record.corrections.iter().map(correction_object).collect::<Vec<_>>(),
    })
}

fn mail_object(mail: &MailRecord) -> Value {
    let kind = match mail.kind {
        MailKind::Textcoin if mail.sending > 0 => "resend".to_owned(),
        MailKind::Textcoin => "textcoin".to_owned(),
        MailKind::Reminder(days) => format!("reminder_{days}"),
    };
    json!({
        "kind": kind,
        "state": mail.state.code(),
        "asked_by": mail.asked_by.map(store::Asker::code),
        "tries": mail.tries,
        "code": mail.code,
        "reason": mail.reason,
        "at": mail.ended_at.map(date),
        "next_try": (mail.state == MailState::Waiting).then(|| date(mail.wake_at)),
    })
}

fn correction_object(correction: &CorrectionRecord) -> Value {
    let (missing, limit) = match correction.state {
        CorrectionState::Waits(CorrectionWait::Fund(missing) | CorrectionWait::Deposit(missing)) => {
            (Some(missing), None)
        }
        CorrectionState::Waits(CorrectionWait::Limit(limit)) => (None, Some(limit.code())),
        _ => (None, None),
    };
    json!({
        "state": correction.state.code(),
        "email": correction.mailbox.as_str(),
        "asked_by": correction.asked_by.code(),
        "asked_at": date(correction.asked_at),
        "ended_at": correction.ended_at.map(date),
        "missing": missing,
        "limit": limit,
    })
}

/// Why no mailbox is corrected; nothing if one is, or was before. At most 100 ASCII characters.
pub(crate) fn no_correction(verdict: &CorrectionVerdict) -> Option<String> {
    Some(match verdict {
        CorrectionVerdict::Noted | CorrectionVerdict::Replay => return None,
        CorrectionVerdict::NoTextcoin => {
            "order_id is no purchase that was paid to an e-mail address".to_owned()
        }
        CorrectionVerdict::SameMailbox => "the cashback goes to this e-mail address already".to_owned(),
        CorrectionVerdict::WaitsForUnit => "the cashback is not sent yet; correct it when it is".to_owned(),
        CorrectionVerdict::NeverPaid => "the cashback of this purchase is never paid".to_owned(),
        CorrectionVerdict::Claimed => "the cashback was claimed already".to_owned(),
        CorrectionVerdict::Returned => {
            "this purchase was returned; its cashback is not given anew".to_owned()
        }
        CorrectionVerdict::TooOften => {
            "the e-mail address was corrected too often; please ask the operator".to_owned()
        }
        CorrectionVerdict::Stopped(stop) => stop.to_string(),
    })
}

/// Why no mail is sent once more; nothing if one is. At most 100 ASCII characters.
pub(crate) fn no_resend(verdict: &ResendVerdict) -> Option<String> {
    Some(match verdict {
        ResendVerdict::Queued => return None,
        ResendVerdict::NoTextcoin => "order_id is no purchase that was paid to an e-mail address".to_owned(),
        ResendVerdict::WaitsForUnit => "the cashback is not sent yet; its mail comes with it".to_owned(),
        ResendVerdict::OnItsWay => "a mail for this purchase waits to be sent already".to_owned(),
        ResendVerdict::BeingCorrected => {
            "its e-mail address is being corrected; a mail goes to the new one".to_owned()
        }
        ResendVerdict::Ended(TextcoinEnd::Claimed) => "the cashback was claimed already".to_owned(),
        ResendVerdict::Ended(TextcoinEnd::TakenBack) => {
            "the cashback was not claimed in time and returned".to_owned()
        }
        ResendVerdict::Expired => "the time to claim the cashback is over, and it returns".to_owned(),
        ResendVerdict::TooOften { again_at } => {
            format!("it was sent too often within 24 hours; the next time from {}", date(*again_at))
        }
    })
}

fn date(at: Timestamp) -> String {
    let moment = UNIX_EPOCH.checked_add(Duration::from_millis(at.as_millis()));
    // Behind the year 9999 it has no such date.
    let moment = moment.filter(|_| at.as_millis() < 253_402_300_800_000);
    moment.map_or_else(
        || format!("{} ms", at.as_millis()),
        |at| humantime::format_rfc3339_seconds(at).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use program::{Limit, Retry, Stop};

    use super::*;
    use crate::http::ERROR_TEXT_MAX;

    #[test]
    fn every_reason_fits_into_an_answer() {
        for verdict in [
            ResendVerdict::NoTextcoin,
            ResendVerdict::WaitsForUnit,
            ResendVerdict::OnItsWay,
            ResendVerdict::BeingCorrected,
            ResendVerdict::Ended(TextcoinEnd::Claimed),
            ResendVerdict::Ended(TextcoinEnd::TakenBack),
            ResendVerdict::Expired,
            ResendVerdict::TooOften { again_at: Timestamp::from_millis(1_795_440_359_000) },
        ] {
            let text = no_resend(&verdict).expect("a reason");
            assert!(text.len() <= ERROR_TEXT_MAX && text.is_ascii(), "{text}");
        }
        for verdict in [
            CorrectionVerdict::NoTextcoin,
            CorrectionVerdict::SameMailbox,
            CorrectionVerdict::WaitsForUnit,
            CorrectionVerdict::NeverPaid,
            CorrectionVerdict::Claimed,
            CorrectionVerdict::Returned,
            CorrectionVerdict::TooOften,
            CorrectionVerdict::Stopped(Stop { limit: Limit::RecipientTotal, retry: Retry::Never }),
        ] {
            let text = no_correction(&verdict).expect("a reason");
            assert!(text.len() <= ERROR_TEXT_MAX && text.is_ascii(), "{text}");
        }
    }
}
