//! What is loaded, and who is asked about it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use obyte::UnitHash;

use crate::fees::{Costs, FeeReader};
use crate::http::Target;
use crate::load::{Caller, Load, settle, warm_up};
use crate::options::Options;
use crate::process::Process;
use crate::row::{Row, Watch};
use crate::server::Server;
use crate::shop::Shop;

/// How long the first purchase may take: a fund that was just filled must become stable first.
const FIRST: Duration = Duration::from_secs(120);
/// How long purchases that are pending at a row's end may take.
const SETTLE: Duration = Duration::from_secs(60);

/// A server, its process and its hub.
#[derive(Debug)]
pub struct Subject {
    /// Who reports purchases to it.
    pub caller: Arc<Caller>,
    /// Its process, where it is known.
    pub process: Option<Process>,
    fees: Option<FeeReader>,
    hub: Option<String>,
}

impl Subject {
    /// The server at `url`; what units cost is asked from `hub`.
    ///
    /// # Errors
    /// Where nothing can be reached there.
    pub async fn new(
        url: &str,
        hub: Option<&str>,
        process: Option<Process>,
        options: &Options,
    ) -> anyhow::Result<Self> {
        let target = Target::new(url, options.endpoint.path())?;
        let fees = match hub {
            Some(hub) => Some(FeeReader::connect(hub).await?),
            None => None,
        };
        let caller = Arc::new(Caller::new(Shop::new(target, options)));
        Ok(Self { caller, process, fees, hub: hub.map(str::to_owned) })
    }

    /// A server of our own.
    ///
    /// # Errors
    /// Where its hub cannot be reached.
    pub async fn of(server: &Server, options: &Options) -> anyhow::Result<Self> {
        Self::new(server.url(), Some(server.hub()), Some(server.process()), options).await
    }

    /// Reports a first purchase until it is paid, and until its unit is stable; says how long it took.
    ///
    /// # Errors
    /// Where it is never paid.
    pub async fn warm_up(&self) -> anyhow::Result<()> {
        let (first, unit) = warm_up(&self.caller, FIRST).await?;
        self.costs(&HashMap::from([(unit, 1)])).await?;
        println!("first purchase paid after {:.0} ms", first.as_secs_f64() * 1e3);
        Ok(())
    }

    /// One row.
    ///
    /// # Errors
    /// Where the server is gone.
    pub async fn row(&self, load: Load, lasting: Duration) -> anyhow::Result<Row> {
        let watch = Watch::begin(self.process)?;
        let mut tally = load.run(lasting, &self.caller).await;
        let usage = watch.end()?;
        // So that the next row begins with a server that owes nothing, and units are complete.
        settle(&self.caller, &mut tally, SETTLE).await;
        let costs = self.costs(&tally.units).await?;
        Ok(Row::new(load, lasting, tally, costs, usage))
    }

    /// What the units cost, once they are stable: rows begin when nothing is under way.
    ///
    /// # Errors
    /// Where the hub does not tell.
    pub async fn costs(&self, units: &HashMap<UnitHash, u64>) -> anyhow::Result<Option<Costs>> {
        match &self.fees {
            Some(fees) => fees.read(units).await.map(Some),
            None => Ok(None),
        }
    }

    /// Asks the hub over a new connection, after it was away.
    ///
    /// # Errors
    /// Where it cannot be reached.
    pub async fn reconnect(&mut self) -> anyhow::Result<()> {
        if let Some(hub) = &self.hub {
            self.fees = Some(FeeReader::connect(hub).await?);
        }
        Ok(())
    }
}
