//! `textcoin take-back`: a wish that the server finds in the database.

use anyhow::{bail, ensure};
use clap::Args;
use payout::{PayoutId, TextcoinNo};
use serde_json::json;
use store::{Endpoint, OrderId, Recalled, Store};

use crate::cli::DataDir;
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub(in crate::cli) struct TakeBackArgs {
    /// The id of the order whose cashback it is, of any partner.
    #[arg(required_unless_present_any = ["payout", "textcoin"], conflicts_with_all = ["payout", "textcoin"])]
    order: Option<String>,
    /// The number of the payout.
    #[arg(long, value_name = "NUMBER")]
    payout: Option<i64>,
    /// The number of a textcoin of a lost database that was found, as `textcoin list` shows it.
    #[arg(long, value_name = "NUMBER", conflicts_with = "payout")]
    textcoin: Option<TextcoinNo>,
    /// live or test.
    #[arg(long, default_value = "live")]
    endpoint: Endpoint,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn take_back(args: TakeBackArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let (endpoint, now) = (args.endpoint, SystemClock.now());
    let (name, mut said, recalled) = if let Some(no) = args.textcoin {
        let recalled = store.recall_found(endpoint, no, now).await?;
        (format!("the found textcoin {no}"), json!({"textcoin": no.to_string()}), recalled)
    } else {
        let payout = payout(&*store, &args).await?;
        let recalled = store.recall(endpoint, payout, now).await?;
        (format!("the textcoin of payout {payout}"), json!({"payout": payout.get()}), recalled)
    };
    let wish = match recalled {
        Recalled::Noted => {
            "will be taken back unless it is claimed first; a server that runs begins within seconds"
        }
        Recalled::Already => "is to be taken back already",
        Recalled::NoTextcoin => bail!(
            "{name} is not there at the {endpoint} endpoint, or no hub has accepted it: nothing is to be taken back"
        ),
        Recalled::Claimed => bail!("{name} was claimed; nothing has changed"),
        Recalled::TakenBack => bail!("{name} was taken back already; nothing has changed"),
    };
    if args.json {
        said["endpoint"] = endpoint.code().into();
        said["wished"] = true.into();
        println!("{said}");
    } else {
        println!("{name} {wish}");
    }
    Ok(())
}

async fn payout(store: &dyn Store, args: &TakeBackArgs) -> anyhow::Result<PayoutId> {
    if let Some(number) = args.payout {
        return Ok(PayoutId::new(number));
    }
    let text = args.order.as_deref().unwrap_or_default();
    let order = OrderId::new(text)?;
    let payouts = store.payouts_of_order(args.endpoint, &order).await?;
    ensure!(!payouts.is_empty(), "there is no order {text:?} at the {} endpoint", args.endpoint);
    match payouts.as_slice() {
        [one] => Ok(*one),
        many => {
            let numbers: Vec<String> = many.iter().map(|payout| format!("--payout {payout}")).collect();
            bail!("several partners have an order {text:?}; say which: {}", numbers.join(", "))
        }
    }
}
