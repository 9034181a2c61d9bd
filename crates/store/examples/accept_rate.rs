//! How many purchases per second the store accepts, on a real disk with full sync.
//!
//! `cargo run --release -p store --example accept_rate [DIRECTORY] [SECONDS]` prints a line for each number
//! of callers that accept at once. Processor time is that of the whole process, callers included.
//!
//! With a third argument, COUNT, 32 callers accept so many each and nothing is timed: for counting
//! instructions, which do not depend on who else uses the machine (`valgrind --tool=callgrind`, once with a
//! small count and once with a large one: the difference is what the purchases between cost).

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::PartnerId;
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{Change, Origin, Timestamp};
use program::{Currency, CurrencyAmount, LimitRules, LimitSetting, Pair, Percentage, Turnover};
use store::sqlite::SqliteStore;
use store::{
    Acceptance, Details, Endpoint, Explanation, KeptRate, NewPartner, OrderId, PartnerKind, PurchaseKey,
    Shares, Store, Terms, Verdict,
};

/// Of the length that a quote has.
const EXPLANATION: [&str; 3] = [
    "12.50 USD are 0.625 GBYTE at 20 USD for 1 GBYTE",
    "base share: 10 % of it are 62,500,000 bytes, from the fund",
    "partner's share and match: 0 % are 0 bytes each",
];
const CALLERS: [usize; 4] = [1, 32, 128, 512];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| std::env::temp_dir().display().to_string());
    let seconds = Duration::from_secs(arguments.next().map_or(Ok(5), |text| text.parse())?);
    let count: Option<u64> = arguments.next().map(|text| text.parse()).transpose()?;
    let directory = tempfile::tempdir_in(directory)?;
    let path = directory.path().join("rate.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path)?);
    let partner = prepare(&*store).await?;
    let limits = Arc::new(limits()?);
    if let Some(count) = count {
        let callers = (0..32).map(|caller| {
            let (store, limits) = (store.clone(), limits.clone());
            tokio::spawn(async move {
                for number in 0..count {
                    accept(&*store, purchase(partner, &format!("order {caller} {number}"), &limits)).await;
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await?;
        }
        return Ok(());
    }

    println!("callers  accepted/s  cpu %  bytes/purchase  rows before  peak MiB");
    let mut before = 0;
    for callers in CALLERS {
        let (cpu, start) = (cpu_time()?, Instant::now());
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let caller = format!("{callers}-{caller}");
                tokio::spawn(accept_for(store.clone(), partner, limits.clone(), caller, seconds))
            })
            .collect();
        let mut accepted = 0;
        for task in tasks {
            accepted += task.await?;
        }
        let (cpu, elapsed) = (cpu_time()? - cpu, start.elapsed());
        println!(
            "{callers:7}  {:10.0}  {:5.0}  {:14}  {before:11}  {:8}",
            accepted as f64 / elapsed.as_secs_f64(),
            100.0 * cpu.as_secs_f64() / elapsed.as_secs_f64(),
            std::fs::metadata(&path)?.len() / (before + accepted),
            peak_kib()? / 1024,
        );
        before += accepted;
    }
    let start = Instant::now();
    let check = store.verify_book(Endpoint::Test).await?;
    println!("{} entries verified in {:?}, sound: {}", check.entries, start.elapsed(), check.is_sound());
    let start = Instant::now();
    let queued = store.snapshot(Endpoint::Test).await?.queue.len();
    println!("snapshot of {queued} queued payouts in {:?}, peak {} MiB", start.elapsed(), peak_kib()? / 1024);
    Ok(())
}

async fn prepare(store: &dyn Store) -> Result<PartnerId, Box<dyn Error>> {
    let at = Timestamp::from_millis(1);
    let new = NewPartner { name: "demo-shop".parse()?, kind: PartnerKind::Merchant, trusted: true, at };
    let partner = store.add_partner(new).await?;
    let coin = Coin {
        id: CoinId { unit: UnitHash::of("funding"), message_index: 0, output_index: 0 },
        amount: Bytes::MAX,
        address: Address::of_source("payer"),
    };
    let lock = store.lock_payer(Endpoint::Test).await?;
    store
        .apply(&lock, vec![Change::CoinProven { coin, origin: Origin::Others, reserve: Bytes::ZERO, at }])
        .await?;
    Ok(partner.id)
}

/// Every limit there is by default, and none that is ever reached.
fn limits() -> Result<LimitRules, Box<dyn Error>> {
    let mut rules = LimitRules::default();
    for setting in rules.settings() {
        if !matches!(setting.name(), "hold" | "proportion" | "fund_reserve") {
            rules.set(&LimitSetting::read(setting.name(), &Bytes::MAX.to_string())?);
        }
    }
    Ok(rules)
}

async fn accept_for(
    store: Arc<dyn Store>,
    partner: PartnerId,
    limits: Arc<LimitRules>,
    caller: String,
    time: Duration,
) -> u64 {
    let end = Instant::now() + time;
    let mut accepted = 0;
    while Instant::now() < end {
        accept(&*store, purchase(partner, &format!("order {caller} {accepted}"), &limits)).await;
        accepted += 1;
    }
    accepted
}

async fn accept(store: &dyn Store, purchase: Acceptance) {
    let verdict = store.accept(Endpoint::Test, purchase).await.expect("the store works");
    assert!(matches!(verdict, Verdict::Accepted(_)), "every order is new: {verdict:?}");
}

/// As a shop sends it: a customer with a name, a deposit that gives nothing.
fn purchase(partner: PartnerId, order: &str, limits: &Arc<LimitRules>) -> Acceptance {
    Acceptance {
        key: PurchaseKey { partner, merchant: None, order_id: OrderId::new(order).expect("a good id") },
        terms: Terms {
            recipient: Address::of_source(order).into(),
            price: CurrencyAmount { amount: "12.50".parse().expect("an amount"), currency: Currency::Usd },
            percentage: Percentage::ZERO,
            purchase_unit: None,
        },
        details: Details {
            customer: format!("customer of {order}"),
            merchant: "corner shop".to_owned(),
            description: "coffee and cake".to_owned(),
        },
        shares: Shares { base: Bytes::literal(62_500_000), ..Shares::default() },
        rates: vec![KeptRate::fixed(Pair::GbyteUsd, "20.35".parse().expect("a rate"))],
        explanation: Explanation { rules: None, lines: EXPLANATION.map(str::to_owned).to_vec() },
        fee_reserve: Bytes::literal(1_000),
        by_period: None,
        sold: Turnover::of_cents(1_250),
        limits: Some(Arc::clone(limits)),
        forwarded_by: Vec::new(),
        unit_found: None,
        attested: None,
        hold: None,
        textcoin_expiry: Duration::from_secs(7 * 24 * 60 * 60),
        at: Timestamp::from_millis(2),
    }
}

/// Of all threads, in user and kernel.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string(Path::new("/proc/self/stat"))?;
    let behind_name = stat.rsplit(')').next().ok_or("no such field")?;
    let ticks: Vec<u64> =
        behind_name.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    // Linux counts a hundred ticks per second for every program.
    Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}

fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no such field")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}
