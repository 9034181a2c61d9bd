//! A customer claims in the very moment in which the server takes the textcoin back.

use std::fmt;
use std::time::{Duration, Instant};

use bytesback::clock::{Clock, SystemClock};
use bytesback::textcoin::claim;
use obyte::Network;
use obyte_hub::Hub;

use crate::customers::{Customers, Intent, mailbox, wallet};
use crate::letter::Mail;
use crate::post::PostBox;
use crate::stage::Stage;

/// How long the hubs may know different things.
const APART_MAX: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// The race begins when so few others are to be taken back before.
const COMES_UP: i64 = 3;

/// How the races went.
#[derive(Debug, Default)]
pub(crate) struct Races {
    count: usize,
    /// In how many a hub had taken the claim and the server had signed a sweep.
    pub(crate) met: usize,
}

impl fmt::Display for Races {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} races, in {} a claim and a sweep met", self.count, self.met)
    }
}

/// Who knows what of whom when both spend the same coin.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// The claim is sent first, and the server hears of it.
    Ahead,
    /// The claim is sent first, to a hub of which the server's hub hears nothing for a while.
    Unheard,
    /// The sweep is signed first, and the customer's hub hears nothing of it.
    Late,
}

const MANNERS: [Manner; 3] = [Manner::Unheard, Manner::Late, Manner::Ahead];

/// Races for each textcoin of those who want that, one after the other in the order in which they expire.
pub(crate) async fn run(stage: &Stage, customers: &Customers, post: &PostBox) -> Races {
    let hub = stage.hub(1).await;
    let mut racers = Vec::new();
    for number in customers.with(Intent::Race) {
        let mail = post.to(&mailbox(&number.to_string()), customers.deadline()).await;
        let records = stage.records().await;
        let record = records.iter().find(|record| record.recipient.as_str() == mail.to);
        let record = record.expect("there is a mail");
        let expires = record.times.expect("a hub has accepted it").1;
        racers.push((expires, record.payout.id, mail));
    }
    racers.sort_by_key(|(expires, payout, _)| (*expires, *payout));
    let mut races = Races::default();
    for (expires, payout, mail) in &racers {
        let payout = payout.to_string();
        while SystemClock.now() < *expires || is_far(stage, &payout) {
            assert!(Instant::now() < customers.deadline(), "{} is not taken back", mail.to);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let manner = MANNERS[races.count % MANNERS.len()];
        let sent = race(stage, &hub, mail, &payout, manner).await;
        races.count += 1;
        races.met += usize::from(sent && is_swept(stage, &payout));
    }
    customers.say("all races are over");
    races
}

/// Whether a hub has taken the claim.
async fn race(stage: &Stage, hub: &Hub, mail: &Mail, payout: &str, manner: Manner) -> bool {
    let claiming = async || {
        let genesis = Some(stage.devnet.genesis_unit());
        claim(hub, Network::Devnet, genesis, &mail.textcoin, wallet(&mail.to)).await.is_ok()
    };
    if let Manner::Ahead = manner {
        return claiming().await;
    }
    hold(stage, true);
    let is_sent = match manner {
        Manner::Late => {
            sweep_is_signed(stage, payout).await;
            claiming().await
        }
        _ => {
            let is_sent = claiming().await;
            sweep_is_signed(stage, payout).await;
            is_sent
        }
    };
    hold(stage, false);
    is_sent
}

async fn sweep_is_signed(stage: &Stage, payout: &str) {
    let until = Instant::now() + APART_MAX;
    while !is_swept(stage, payout) && Instant::now() < until {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Which payouts have units that take their textcoins back.
const SWEPT: &str = "SELECT payouts.id FROM sweeps JOIN payouts USING (endpoint, generation, counter)";

/// Whether many others come before it.
fn is_far(stage: &Stage, payout: &str) -> bool {
    let before = format!(
        "SELECT count(*) FROM textcoins AS this JOIN textcoins AS one ON one.outcome IS NULL AND
         (one.expires_at, one.payout) < (this.expires_at, this.payout)
         WHERE this.payout = ? AND one.payout NOT IN ({SWEPT})"
    );
    stage.number(&before, payout) >= COMES_UP && !is_swept(stage, payout)
}

fn is_swept(stage: &Stage, payout: &str) -> bool {
    stage.number(&format!("SELECT count(*) FROM ({SWEPT}) WHERE id = ?"), payout) > 0
}

/// Keeps the two hubs from telling each other anything, or lets them.
fn hold(stage: &Stage, hold: bool) {
    for (from, to) in [(0, 1), (1, 0)] {
        let relay = stage.devnet.relay(from, to).expect("two hubs");
        if hold { relay.hold() } else { relay.release() }
    }
}
