//! How many purchases per second the store accepts, on a real disk with full sync.
//!
//! `cargo run --release -p store --example accept_rate [DIRECTORY] [SECONDS]` prints a line for each number
//! of callers that accept at once. Processor time is that of the whole process, callers included.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger::PartnerId;
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{Change, Origin, Timestamp};
use program::{Currency, CurrencyAmount, Pair, Percentage, Turnover};
use store::sqlite::SqliteStore;
use store::{
    Acceptance, Details, Endpoint, Explanation, KeptRate, NewPartner, OrderId, PartnerKind, PurchaseKey,
    Shares, Store, Terms, Verdict,
};

const CALLERS: [usize; 4] = [1, 32, 128, 512];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| std::env::temp_dir().display().to_string());
    let seconds = Duration::from_secs(arguments.next().map_or(Ok(5), |text| text.parse())?);
    let directory = tempfile::tempdir_in(directory)?;
    let path = directory.path().join("rate.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path)?);
    let partner = prepare(&*store).await?;

    println!("callers  accepted/s  cpu %  bytes/purchase  rows before  peak MiB");
    let mut before = 0;
    for callers in CALLERS {
        let (cpu, start) = (cpu_time()?, Instant::now());
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                tokio::spawn(accept_for(store.clone(), partner, format!("{callers}-{caller}"), seconds))
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

async fn accept_for(store: Arc<dyn Store>, partner: PartnerId, caller: String, time: Duration) -> u64 {
    let end = Instant::now() + time;
    let mut accepted = 0;
    while Instant::now() < end {
        let purchase = purchase(partner, &format!("order {caller} {accepted}"));
        let verdict = store.accept(Endpoint::Test, purchase).await.expect("the store works");
        assert!(matches!(verdict, Verdict::Accepted(_)), "every order is new");
        accepted += 1;
    }
    accepted
}

fn purchase(partner: PartnerId, order: &str) -> Acceptance {
    Acceptance {
        key: PurchaseKey { partner, merchant: None, order_id: OrderId::new(order).expect("a good id") },
        terms: Terms {
            recipient: Address::of_source(order),
            price: CurrencyAmount { amount: "12.50".parse().expect("an amount"), currency: Currency::Usd },
            percentage: Percentage::ZERO,
            purchase_unit: None,
        },
        details: Details {
            customer: "0".to_owned(),
            merchant: "corner shop".to_owned(),
            description: "coffee and cake".to_owned(),
        },
        shares: Shares { base: Bytes::literal(62_500_000), ..Shares::default() },
        rates: vec![KeptRate::fixed(Pair::GbyteUsd, "20.35".parse().expect("a rate"))],
        explanation: Explanation::default(),
        fee_reserve: Bytes::literal(1_000),
        by_period: None,
        sold: Turnover::ZERO,
        limits: None,
        forwarded_by: Vec::new(),
        hold: None,
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
