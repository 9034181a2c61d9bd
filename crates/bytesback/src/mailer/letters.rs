//! From a task of the outbox to the letter that it stands for.

use obyte::Network;
use payout::{TextcoinKeys, Timestamp};
use program::{CurrencyAmount, RateTable, about};
use store::{Endpoint, MailKind, MailTask};

use super::MailSettings;
use crate::claim::link_of;
use crate::mail::{Kind, Letter, LetterId};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Why there is no letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the wallet has no textcoin of this number at the address that was paid")]
pub(super) struct OtherWallet;

/// The letter of a task. For the same task it is always the same.
pub(super) fn letter(
    (endpoint, network): (Endpoint, Network),
    task: &MailTask,
    keys: &TextcoinKeys,
    settings: &MailSettings,
) -> Result<Letter, OtherWallet> {
    let textcoin = keys.textcoin(task.textcoin).filter(|textcoin| textcoin.address() == task.address);
    let textcoin = textcoin.ok_or(OtherWallet)?;
    let page = settings.claim_page.as_ref();
    Ok(Letter {
        kind: kind(task),
        language: task.language.clone().unwrap_or_else(|| settings.language.clone()),
        recipient: task.recipient.clone(),
        shop: task.shop.clone(),
        network,
        amount: task.amount,
        about: value(task),
        expires: task.expires_at,
        link: link_of(page, endpoint, keys, task.textcoin, &textcoin),
        id: id(endpoint, task),
        date: task.written_at,
    })
}

fn kind(task: &MailTask) -> Kind {
    match task.kind {
        MailKind::Textcoin => Kind::Textcoin,
        MailKind::Reminder(_) => Kind::Reminder { days_left: days_left(task.written_at, task.expires_at) },
    }
}

/// Days that have begun count.
fn days_left(at: Timestamp, expires_at: Timestamp) -> u32 {
    let millis = expires_at.as_millis().saturating_sub(at.as_millis());
    u32::try_from(millis.div_ceil(DAY)).unwrap_or(u32::MAX)
}

fn value(task: &MailTask) -> Option<CurrencyAmount> {
    let rates = task.rates.iter().fold(RateTable::new(), |table, kept| table.with(kept.pair, kept.rate));
    about(task.amount, task.currency, &rates)
}

/// No other textcoin of any wallet has the address, so no other mail has this id.
fn id(endpoint: Endpoint, task: &MailTask) -> LetterId {
    let MailTask { address, sending, .. } = task;
    match task.kind {
        MailKind::Textcoin => LetterId::of(&format!("{endpoint}/{address}/textcoin/{sending}")),
        MailKind::Reminder(days) => LetterId::of(&format!("{endpoint}/{address}/reminder {days}/{sending}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_has_begun_is_left() {
        let days = |from: u64, to: u64| days_left(Timestamp::from_millis(from), Timestamp::from_millis(to));
        assert_eq!(days(0, 4 * DAY), 4);
        assert_eq!(days(1, 4 * DAY), 4);
        assert_eq!(days(0, 1), 1);
        assert_eq!(days(5, 5), 0);
        assert_eq!(days(6, 5), 0);
    }
}
