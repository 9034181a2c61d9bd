//! Ends the server as a power cut would, at random moments, and starts it again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use obyte::Address;
use simulation::Random;

use crate::letter::Mail;
use crate::site::{Log, Serve, Site};

/// The longest of the short lives, in milliseconds: some end before they have done much.
const SHORT_LIFE: u64 = 500;
/// The longest time that it stays away, in milliseconds.
const DOWN_MAX: u64 = 400;

/// Kills until it is told to leave off.
pub(crate) struct Killer {
    closing: Arc<AtomicBool>,
    killing: JoinHandle<(Serve, Vec<Log>)>,
}

impl Killer {
    pub(crate) fn begin(site: Arc<Site>, mut serve: Serve, life_max: u64, mut random: Random) -> Self {
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let killing = std::thread::spawn(move || {
            let mut lives = vec![serve.log.clone()];
            loop {
                let is_short = lives.len() == 1 || random.chance(250);
                let life = random.between(0, if is_short { SHORT_LIFE } else { life_max });
                let end = Instant::now() + Duration::from_millis(life);
                while Instant::now() < end {
                    if closed.load(Ordering::Relaxed) {
                        return (serve, lives);
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
                serve.kill();
                // The moment is the point of it.
                std::thread::sleep(Duration::from_millis(random.between(0, DOWN_MAX)));
                serve = site.start();
                lives.push(serve.log.clone());
            }
        });
        Self { closing, killing }
    }

    /// Leaves off; the server that runs, and what each of them has logged.
    pub(crate) fn end(self) -> (Serve, Vec<Log>) {
        self.closing.store(true, Ordering::Relaxed);
        self.killing.join().expect("every server starts")
    }
}

/// No words of a textcoin, and nobody's address, are in what was logged.
pub(crate) fn tells_no_secret(lives: &[Log], mails: &BTreeMap<Address, Vec<Mail>>) {
    let logged = lives.iter().flat_map(Log::lines).collect::<Vec<_>>().join("\n");
    assert!(!logged.contains("textcoin?") && !logged.contains("@example.org"), "{logged}");
    for mail in mails.values().flatten() {
        let words = mail.textcoin.mnemonic().words().take(3).collect::<Vec<_>>();
        assert!(!logged.contains(&words.join(" ")) && !logged.contains(&words.join("-")), "{logged}");
    }
}
