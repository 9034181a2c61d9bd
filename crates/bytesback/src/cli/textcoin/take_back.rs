//! `textcoin take-back`: a wish that the server finds in the database.

use anyhow::{bail, ensure};
use clap::Args;
use payout::PayoutId;
use serde_json::json;
use store::{Endpoint, OrderId, Recalled, Store};

use crate::cli::DataDir;
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub(in crate::cli) struct TakeBackArgs {
    /// The id of the order whose cashback it is, of any partner.
    #[arg(required_unless_present = "payout", conflicts_with = "payout")]
    order: Option<String>,
    /// The number of the payout.
    #[arg(long, value_name = "NUMBER")]
    payout: Option<i64>,
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
    let payout = payout(&*store, &args).await?;
    let endpoint = args.endpoint;
    let said = match store.recall(endpoint, payout, SystemClock.now()).await? {
        Recalled::Noted => {
            "will be taken back unless it is claimed first; a server that runs begins within seconds"
        }
        Recalled::Already => "is to be taken back already",
        Recalled::NoTextcoin => bail!(
            "payout {payout} of the {endpoint} endpoint is no textcoin that a hub has accepted: nothing is to be taken back"
        ),
        Recalled::Claimed => bail!("the textcoin of payout {payout} was claimed; nothing has changed"),
        Recalled::TakenBack => {
            bail!("the textcoin of payout {payout} was taken back already; nothing has changed")
        }
    };
    if args.json {
        println!("{}", json!({"endpoint": endpoint.code(), "payout": payout.get(), "wished": true}));
    } else {
        println!("the textcoin of payout {payout} {said}");
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
