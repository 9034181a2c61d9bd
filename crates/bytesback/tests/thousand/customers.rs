//! Who buys, and who claims with a wallet of its own at another hub than the server's.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytesback::textcoin::{ClaimError, claim};
use bytesback_client::{Client, PurchaseAnswer, PurchaseRequest};
use futures_util::future::join_all;
use obyte::{Address, Network, Textcoin, UnitHash};
use obyte_hub::{Hub, ParentsRequest};

use crate::common::{address, ok, purchase, settle};
use crate::letter::Mail;
use crate::post::PostBox;
use crate::stage::Stage;

/// So many claim at a time.
const CLAIMERS: usize = 4;
/// A customer in no hurry waits while the network asks more for a claim, in bytes.
const FEE_MAX: u64 = 1_000;
/// How long to wait before trying again.
const AGAIN: Duration = Duration::from_millis(100);

/// All who buy: each has a number.
pub(crate) struct Customers {
    count: usize,
    begun: Instant,
    deadline: Instant,
}

/// What a customer is going to do with the textcoin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Claim it as soon as the mail is there.
    Claim,
    /// Nothing.
    Leave,
    /// Claim it in the moment in which the server takes it back.
    Race,
}

/// How claiming went.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    done: usize,
    waited: AtomicUsize,
    dearest: AtomicU64,
}

impl fmt::Display for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (waited, dearest) = (self.waited.load(Ordering::Relaxed), self.dearest.load(Ordering::Relaxed));
        write!(f, "{} claims in time, {waited} pauses for a fee of up to {dearest} bytes", self.done)
    }
}

impl Customers {
    pub(crate) fn new(count: usize, deadline: Instant) -> Self {
        Self { count, begun: Instant::now(), deadline }
    }

    /// Says that something is over.
    pub(crate) fn say(&self, what: &str) {
        println!("{:.0} s: {what}", self.begun.elapsed().as_secs_f64());
    }

    pub(crate) fn with(&self, intent: Intent) -> impl Iterator<Item = usize> {
        (0..self.count).filter(move |number| intent_of(*number) == intent)
    }

    pub(crate) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Everybody buys at once, and repeats it until it is paid; the units.
    pub(crate) async fn buy(&self, stage: &Stage) -> Vec<UnitHash> {
        let client = stage.site.client();
        let buying = (0..self.count).map(|number| self.is_paid(&client, number));
        let units = join_all(buying).await;
        self.say("all is paid");
        units
    }

    async fn is_paid(&self, client: &Client, number: usize) -> UnitHash {
        let request = order(number);
        loop {
            match client.new_purchase(bytesback_client::Endpoint::Test, &request).await {
                Ok(PurchaseAnswer::Pending { .. }) => {}
                Ok(answer) => return ok(answer).1,
                // Nobody is there at the moment.
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
            assert!(Instant::now() < self.deadline, "order {number} is not paid");
        }
    }

    /// Those who want to claim do so when they have got their mails.
    pub(crate) async fn claim(&self, stage: &Stage, post: &PostBox) -> Claims {
        let mut claims = Claims::default();
        let waiting: Mutex<VecDeque<usize>> = Mutex::new(self.with(Intent::Claim).collect());
        let next = || waiting.lock().expect("nobody panics with it").pop_front();
        let claimers = (0..CLAIMERS).map(async |_| {
            let hub = stage.hub(1).await;
            let mut done = 0;
            while let Some(number) = next() {
                let mail = post.to(&mailbox(&number.to_string()), self.deadline).await;
                done += usize::from(self.claim_patiently(stage, &hub, &mail, &claims).await);
            }
            done
        });
        let done = join_all(claimers).await.into_iter().sum();
        self.say("all claims are sent");
        claims.done = done;
        claims
    }

    /// Claims when that is cheap; whether nobody was faster.
    async fn claim_patiently(&self, stage: &Stage, hub: &Hub, mail: &Mail, claims: &Claims) -> bool {
        let to = wallet(&mail.to);
        loop {
            assert!(Instant::now() < self.deadline, "{} is not claimed", mail.to);
            let fee = fee(hub, &mail.textcoin, to).await;
            claims.dearest.fetch_max(fee, Ordering::Relaxed);
            if fee <= FEE_MAX {
                match claim(hub, Network::Devnet, Some(stage.devnet.genesis_unit()), &mail.textcoin, to).await
                {
                    Ok(_) => return true,
                    Err(ClaimError::Already(_) | ClaimError::Unconfirmed(_)) => return false,
                    Err(error) => println!("{}: {error}", mail.to),
                }
            }
            claims.waited.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// The same request gets the same answer.
    pub(crate) async fn repeat(&self, stage: &Stage, units: &[UnitHash]) {
        let client = stage.site.client();
        for (number, unit) in units.iter().enumerate() {
            let answer = settle(&client, bytesback_client::Endpoint::Test, &order(number)).await;
            assert_eq!(ok(answer).1, *unit, "order {number}");
        }
    }
}

/// What the hub asks for a claim now.
async fn fee(hub: &Hub, textcoin: &Textcoin, to: Address) -> u64 {
    let request = ParentsRequest {
        witnesses: None,
        from_addresses: vec![textcoin.address()],
        output_addresses: vec![to],
        max_aa_responses: None,
    };
    hub.parents(&request).await.map_or(u64::MAX, |parents| parents.tps_fee.get())
}

/// Of twenty customers ten claim, eight do not, and two race.
fn intent_of(number: usize) -> Intent {
    match number % 20 {
        9 | 19 => Intent::Race,
        even if even.is_multiple_of(2) => Intent::Claim,
        _ => Intent::Leave,
    }
}

fn order(number: usize) -> PurchaseRequest {
    let order = number.to_string();
    PurchaseRequest {
        address: mailbox(&order),
        partner_cashback_percentage: "5".into(),
        ..purchase(&order, address("nobody"), "1")
    }
}

pub(crate) fn mailbox(order: &str) -> String {
    format!("customer{order}@example.org")
}

/// The wallet of who has this mailbox.
pub(crate) fn wallet(mailbox: &str) -> Address {
    address(&format!("the wallet of {mailbox}"))
}
