//! What the SMTP server is handed, as the customers read it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use obyte::Address;
use serde_json::json;

use crate::letter::Mail;
use crate::smtp::Smtp;

/// The mails that have arrived, by the addresses that their words open.
pub(crate) struct PostBox {
    pub(crate) port: u16,
    smtp: Mutex<Smtp>,
    arrived: Mutex<BTreeMap<Address, Vec<Mail>>>,
}

impl PostBox {
    pub(crate) fn open() -> Self {
        let smtp = Smtp::start(json!({ "slow": { "at": "data", "ms": 5 } }));
        Self { port: smtp.port, smtp: Mutex::new(smtp), arrived: Mutex::default() }
    }

    /// Reads what has come since the last look.
    pub(crate) fn look(&self) -> MutexGuard<'_, BTreeMap<Address, Vec<Mail>>> {
        let new = self.smtp.lock().expect("nobody panics with it").rest();
        let mut arrived = self.arrived.lock().expect("nobody panics with it");
        for mail in new {
            let mail = Mail::arrived(&mail);
            arrived.entry(mail.address()).or_default().push(mail);
        }
        arrived
    }

    /// The mail to a mailbox, once it is there.
    pub(crate) async fn to(&self, mailbox: &str, deadline: Instant) -> Mail {
        loop {
            let found = self.look().values().flatten().find(|mail| mail.to == mailbox).cloned();
            if let Some(mail) = found {
                return mail;
            }
            assert!(Instant::now() < deadline, "waited in vain for the mail to {mailbox}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All mails, once there is one for each purchase: each mailbox gets a textcoin of its own, and what comes twice is
    /// the same mail.
    pub(crate) async fn all(&self, count: usize, deadline: Instant) -> BTreeMap<Address, Vec<Mail>> {
        while self.look().len() < count {
            assert!(Instant::now() < deadline, "waited in vain for the mails");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let arrived = self.look().clone();
        assert_eq!(arrived.len(), count, "no words but those of an order");
        let mut mailboxes: Vec<_> = arrived.values().map(|mails| mails[0].to.as_str()).collect();
        mailboxes.sort_unstable();
        mailboxes.dedup();
        assert_eq!(mailboxes.len(), count, "no mailbox gets two textcoins");
        for mails in arrived.values() {
            let first = &mails[0];
            assert!(
                mails.iter().all(|mail| (&mail.id, &mail.bytes) == (&first.id, &first.bytes)),
                "twice the same"
            );
        }
        arrived
    }

    pub(crate) fn has_nothing_new(&self, known: &BTreeMap<Address, Vec<Mail>>) {
        let count = |mails: &BTreeMap<Address, Vec<Mail>>| mails.values().map(Vec::len).sum::<usize>();
        assert_eq!(count(&self.look()), count(known), "what was paid before is not mailed again");
    }
}
