//! What must work for purchases to be taken.

use ledger::Purse;
use obyte_hub::{ConnectionState, Hubs};
use store::Endpoint;

use super::{Desk, Side, nobody};
use crate::http::{Check, Health};

impl Desk {
    pub(super) async fn database_check(&self) -> Check {
        let ok = self.probe.is_written(&self.store).await && self.store.partner(&nobody()).await.is_ok();
        let what_to_do = "see the log; is there space on the disk, does another process lock it?".to_owned();
        Check { name: "database".to_owned(), health: Health::works_if(ok), what_to_do }
    }

    pub(super) fn payer_checks(&self, endpoint: Endpoint) -> [Check; 3] {
        let Side { payer, hubs, .. } = self.side(endpoint);
        let status = payer.status();
        [
            hub_check(endpoint, hubs),
            Check {
                name: format!("wallet of the {endpoint} endpoint"),
                health: Health::works_if(status.synced),
                what_to_do: "wait until its history is proven; if it lasts, see the log".to_owned(),
            },
            Check {
                name: format!("paying at the {endpoint} endpoint"),
                health: Health::works_if(status.paused.is_none()),
                what_to_do: "paying was stopped for a person to look; the log says why".to_owned(),
            },
        ]
    }
}

impl Desk {
    /// Purchases in GBYTE need no price, so a price that cannot be used is no reason to send nobody here.
    pub(super) fn rates_check(&self, endpoint: Endpoint) -> Option<Check> {
        let rates = &self.side(endpoint).rates;
        let missing: Vec<_> =
            rates.missing().into_iter().map(|(pair, why)| format!("{pair}: {why}")).collect();
        rates.asks_anybody().then(|| Check {
            name: format!("rates of the {endpoint} endpoint"),
            health: if missing.is_empty() { Health::Works } else { Health::Degraded },
            what_to_do: format!("{}; see the log, or fix a rate in the configuration", missing.join("; ")),
        })
    }
}

impl Desk {
    /// Purchases are paid as long as there is something, so low balances are no reason to send nobody here. Where
    /// the book cannot be read, the check of the database says so.
    pub(super) async fn balances_check(&self, endpoint: Endpoint) -> Option<Check> {
        let book = self.store.balances(endpoint).await.ok()?;
        let low = self.settings.alerts.low(&book);
        let has_fund = low.contains(&Purse::Fund);
        let deposits = low.len() - usize::from(has_fund);
        let fund = has_fund.then(|| "the fund is low".to_owned());
        let deposits = (deposits > 0).then(|| format!("low deposits of partners: {deposits}"));
        let words: Vec<_> = fund.into_iter().chain(deposits).collect();
        Some(Check {
            name: format!("balances of the {endpoint} endpoint"),
            health: if words.is_empty() { Health::Works } else { Health::Degraded },
            what_to_do: format!("{}; see `bytesback fund status`, and fill them in time", words.join("; ")),
        })
    }
}

impl Desk {
    /// Purchases are paid without mail, and mails are kept.
    pub(super) async fn mails_check(&self, endpoint: Endpoint) -> Option<Check> {
        let name = format!("mail of the {endpoint} endpoint");
        if self.settings.mailboxes.is_some() {
            let trouble = self.side(endpoint).mails.trouble();
            let health = if trouble.is_none() { Health::Works } else { Health::Degraded };
            let why = trouble.unwrap_or_default();
            let what_to_do = format!("{why}; mails are kept and tried again, see [mail] and the log");
            return Some(Check { name, health, what_to_do });
        }
        let waiting = self.store.mail_backlog(endpoint).await.ok()?.waiting;
        let what_to_do = format!("mails that wait: {waiting}; the configuration has no section [mail]");
        (waiting > 0).then_some(Check { name, health: Health::Degraded, what_to_do })
    }
}

/// Why the hub that would be asked is not connected.
fn unreached(hubs: &Hubs) -> String {
    match &*hubs.preferred().state().borrow() {
        ConnectionState::Disconnected(why) | ConnectionState::Refused(why) => why.to_string(),
        _ => "see the log; is the hub's address right, and the network there?".to_owned(),
    }
}

/// A hub in disgrace is asked only when all are. Nothing is believed without proof, so paying goes on as
/// far as the hub lets it.
fn hub_check(endpoint: Endpoint, hubs: &Hubs) -> Check {
    let asked = hubs.stats().into_iter().find(|hub| hub.preferred);
    let (health, what_to_do) = match asked {
        Some(hub) if hub.connected && hub.in_disgrace => (
            Health::Degraded,
            "every hub there is has misbehaved, and this one is asked all the same; see the log".to_owned(),
        ),
        Some(hub) if hub.connected => (Health::Works, String::new()),
        _ => (Health::Broken, unreached(hubs)),
    };
    Check {
        name: format!("hub of the {endpoint} endpoint ({})", hubs.name(hubs.preferred_id())),
        health,
        what_to_do,
    }
}
