//! Many purchases for mailboxes at once, on the real stack: a server that is killed again and again, a network of two
//! hubs, an SMTP server. Half of the textcoins are claimed and half come back, and for some both are tried in the
//! same second. What the network proves at the end is what the book says, to the byte.
//!
//! `BYTESBACK_SEED` repeats the decisions of a run. What the processes make of them is up to the machine.

#[path = "../common/mod.rs"]
mod common;
#[path = "../outbox/letter.rs"]
mod letter;
#[path = "../common/site.rs"]
mod site;
#[path = "../mail/smtp.rs"]
mod smtp;

mod customers;
mod ends;
mod killer;
mod post;
mod race;
mod stage;

use std::time::{Duration, Instant, SystemTime};

use simulation::Random;

use crate::customers::Customers;
use crate::killer::Killer;
use crate::post::PostBox;
use crate::stage::Stage;

/// How much of it there is.
struct Plan {
    purchases: usize,
    /// How long a textcoin is there to be claimed: so long that the claims of half of them are through before.
    expiry: Duration,
    /// In so many races at least a claim and a sweep meet. Where there are few of them luck may let none meet.
    met_min: usize,
    /// The longest time between a start of the server and its end, in milliseconds.
    life_max: u64,
    /// How long all of it may take.
    patience: Duration,
}

const SHORT: Plan = Plan {
    purchases: 60,
    expiry: Duration::from_secs(22),
    met_min: 0,
    life_max: 5_000,
    patience: Duration::from_secs(240),
};
const LONG: Plan = Plan {
    purchases: 1_000,
    expiry: Duration::from_secs(240),
    met_min: 20,
    life_max: 20_000,
    patience: Duration::from_secs(1_200),
};

/// Goal: each of them ends once, claimed or taken back, whatever moment the power goes.
///
/// With `./test --long` a thousand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_textcoins_each_is_mailed_and_ends_once_whoever_is_faster() {
    let long = std::env::var("BYTESBACK_LONG_TESTS").is_ok_and(|long| long == "1");
    let (plan, seed) = (if long { LONG } else { SHORT }, seed());
    println!("BYTESBACK_SEED={seed}, {} purchases", plan.purchases);
    let deadline = Instant::now() + plan.patience;
    let post = PostBox::open();
    let (stage, serve) = Stage::set(&plan, &post).await;
    let killer = Killer::begin(stage.site.clone(), serve, plan.life_max, Random::new(seed));
    let customers = Customers::new(plan.purchases, deadline);

    let claiming = customers.claim(&stage, &post);
    let racing = race::run(&stage, &customers, &post);
    let (units, claims, races) = tokio::join!(customers.buy(&stage), claiming, racing);
    stage.all_have_ended(plan.purchases, deadline).await;
    let (serve, lives) = killer.end();
    customers.say(&format!("all have ended, and the server was killed {} times", lives.len() - 1));

    stage.is_settled(deadline).await;
    let mails = post.all(plan.purchases, deadline).await;
    let ends = ends::look(&stage, &mails, deadline).await;
    ends.agree_with_the_book(&stage).await;
    stage.balances_to_the_byte(&ends).await;
    stage.audit_is_sound(plan.purchases);
    customers.repeat(&stage, &units).await;
    post.has_nothing_new(&mails);
    killer::tells_no_secret(&lives, &mails);
    serve.interrupt();

    let claimed = ends.claimed();
    println!(
        "{} units paid; {claimed} claimed, {} taken back; {} mails came more than once; {claims}; {races}",
        units.iter().collect::<std::collections::BTreeSet<_>>().len(),
        plan.purchases - claimed,
        mails.values().filter(|mails| mails.len() > 1).count(),
    );
    assert!(units.len() == plan.purchases && claimed * 4 >= plan.purchases, "about half of them is claimed");
    assert!((plan.purchases - claimed) * 4 >= plan.purchases, "about half of them comes back");
    assert!(races.met >= plan.met_min, "claims and sweeps have met");
}

fn seed() -> u64 {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    match std::env::var("BYTESBACK_SEED") {
        Ok(seed) => seed.parse().expect("BYTESBACK_SEED is a number"),
        Err(_) => u64::try_from(now()).expect("not so far in the future"),
    }
}
