//! Balances that are low: which they are, and saying so once.
//!
//! `announce` is the one place where a person is told, whatever the way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ledger::{Account, Book, PartnerId, Purse};
use obyte::Bytes;
use store::{Endpoint, Provisions, Store};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::mailer::{MailSettings, tell};

/// How often balances are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A balance is well again at so many percent of its threshold: reserves that return with each unit make it swing.
const RECOVERED_PERCENT: u64 = 110;

/// Below which balances something is low; without a threshold never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// The distribution fund.
    pub fund: Option<Bytes>,
    /// The deposit of a partner that has ever had one.
    pub deposit: Option<Bytes>,
}

impl Default for Thresholds {
    /// 1 GBYTE for the fund, nothing for deposits.
    fn default() -> Self {
        Self { fund: Some(Bytes::GBYTE), deposit: None }
    }
}

impl From<Provisions> for Thresholds {
    fn from(provisions: Provisions) -> Self {
        Self { fund: provisions.low_fund, deposit: provisions.low_deposit }
    }
}

impl Thresholds {
    const fn of(&self, purse: Purse) -> Option<Bytes> {
        match purse {
            Purse::Fund => self.fund,
            Purse::Deposit(_) => self.deposit,
        }
    }

    /// What is low in a book, the fund first.
    pub fn low(&self, book: &Book) -> BTreeSet<Purse> {
        purses(book).into_iter().filter(|purse| self.is_below(book, *purse, 100)).collect()
    }

    /// Whether a balance is below so many percent of its threshold.
    fn is_below(&self, book: &Book, purse: Purse, percent: u64) -> bool {
        let held = i128::from(book.balance(purse.account()));
        self.of(purse).is_some_and(|least| held * 100 < i128::from(least) * i128::from(percent))
    }
}

/// The fund, and the deposits that there ever were.
fn purses(book: &Book) -> BTreeSet<Purse> {
    let deposits = book.balances().filter_map(|(account, _)| match account {
        Account::Deposit(partner) => Some(Purse::Deposit(partner)),
        _ => None,
    });
    deposits.chain([Purse::Fund]).collect()
}

/// What changed about a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It has fallen below its threshold.
    Low {
        /// Whose bytes.
        purse: Purse,
        /// How many there are.
        balance: i64,
        /// How many there should be.
        least: Bytes,
    },
    /// It was low, and is so no more.
    Recovered {
        /// Whose bytes.
        purse: Purse,
        /// How many there are.
        balance: i64,
    },
}

/// What was announced of a book.
#[derive(Debug, Default)]
pub struct Announced(BTreeSet<Purse>);

impl Announced {
    /// What is to be announced now: each fall and each recovery once.
    pub fn look(&mut self, thresholds: &Thresholds, book: &Book) -> Vec<Notice> {
        let mut notices = Vec::new();
        for purse in purses(book) {
            let balance = book.balance(purse.account()).get();
            if self.0.contains(&purse) {
                if !thresholds.is_below(book, purse, RECOVERED_PERCENT) {
                    self.0.remove(&purse);
                    notices.push(Notice::Recovered { purse, balance });
                }
            } else if let Some(least) = thresholds.of(purse).filter(|_| thresholds.is_below(book, purse, 100))
            {
                self.0.insert(purse);
                notices.push(Notice::Low { purse, balance, least });
            }
        }
        notices
    }
}

/// Who is told, and from what.
pub(crate) struct People {
    /// Whose balances are looked at.
    pub(crate) store: Arc<dyn Store>,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// How the operator is written to, if at all.
    pub(crate) mail: Option<MailSettings>,
    /// Ends all of it.
    pub(crate) stop: CancellationToken,
}

/// Looks at the balances of an endpoint until it is told to stop.
pub(crate) async fn watch(endpoint: Endpoint, people: People, thresholds: Thresholds) {
    let mut announced = Announced::default();
    // At a start what fills a balance may not be proven yet.
    let mut look = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = people.stop.cancelled() => return,
            _ = look.tick() => {}
        }
        match people.store.balances(endpoint).await {
            Ok(book) => {
                for notice in announced.look(&thresholds, &book) {
                    announce(endpoint, &people, notice).await;
                }
            }
            Err(error) => tracing::warn!(%endpoint, %error, "low balances cannot be looked for"),
        }
    }
}

/// Tells people.
async fn announce(endpoint: Endpoint, people: &People, notice: Notice) {
    let (Notice::Low { purse, balance, .. } | Notice::Recovered { purse, balance }) = notice;
    let of = name(&*people.store, purse).await;
    let (subject, text) = match notice {
        Notice::Low { least, .. } => {
            tracing::warn!(%endpoint, of, balance, %least, "a balance is low: fill it in time");
            (
                format!("{of} is low ({endpoint})"),
                format!("It holds {balance} bytes, less than {least}. Fill it in time.\n"),
            )
        }
        Notice::Recovered { .. } => {
            tracing::info!(%endpoint, of, balance, "a balance that was low is well again");
            (format!("{of} is well again ({endpoint})"), format!("It holds {balance} bytes.\n"))
        }
    };
    if let Some(mail) = &people.mail {
        tell(mail, &format!("Cashback: {subject}"), &text, people.clock.now(), people.stop.clone());
    }
}

async fn name(store: &dyn Store, purse: Purse) -> String {
    match purse {
        Purse::Fund => "the fund".to_owned(),
        Purse::Deposit(id) => {
            let partners = store.partners().await.unwrap_or_default();
            let named = partners.iter().find(|partner| partner.id == id);
            named.map_or_else(|| unnamed(id), |partner| format!("the deposit of {}", partner.name))
        }
    }
}

fn unnamed(id: PartnerId) -> String {
    format!("the deposit of partner {id}")
}

#[cfg(test)]
mod tests {
    use ledger::SignedBytes;

    use super::*;

    const SHOP: Purse = Purse::Deposit(PartnerId::new(1));

    fn book(fund: i64, deposit: Option<i64>) -> Book {
        let sources = (Account::OperatorTopUps, SignedBytes::new(-fund - deposit.unwrap_or_default()));
        let deposit = deposit.map(|deposit| (SHOP.account(), SignedBytes::new(deposit)));
        let fund = (Account::Fund, SignedBytes::new(fund));
        Book::of_balances([fund, sources].into_iter().chain(deposit)).expect("it balances")
    }

    const BOTH: Thresholds =
        Thresholds { fund: Some(Bytes::literal(1_000)), deposit: Some(Bytes::literal(500)) };

    #[test]
    fn each_fall_and_each_recovery_is_told_once() {
        let mut announced = Announced::default();
        let mut look = |fund| announced.look(&BOTH, &book(fund, None));
        assert_eq!(look(1_000), [], "just enough");
        let low = Notice::Low { purse: Purse::Fund, balance: 999, least: Bytes::literal(1_000) };
        assert_eq!(look(999), [low]);
        assert_eq!(look(5), []);
        assert_eq!(look(1_099), [], "it only swings");
        assert_eq!(look(1_100), [Notice::Recovered { purse: Purse::Fund, balance: 1_100 }]);
        assert_eq!(look(1_000), []);
        assert_eq!(look(999), [low], "and falls again");
    }

    #[test]
    fn a_deposit_that_never_was_is_not_low() {
        assert_eq!(BOTH.low(&book(1_000, None)), BTreeSet::new());
        assert_eq!(BOTH.low(&book(1_000, Some(499))), [SHOP].into());
        assert_eq!(BOTH.low(&book(0, Some(500))), [Purse::Fund].into());
    }

    #[test]
    fn without_a_threshold_nothing_is_low() {
        let none = Thresholds { fund: None, deposit: None };
        assert_eq!(none.low(&book(0, Some(1))), BTreeSet::new());
        assert_eq!(Announced::default().look(&none, &book(0, Some(1))), []);
        assert_eq!(Thresholds::default().low(&book(999_999_999, Some(1))), [Purse::Fund].into());
    }
}
