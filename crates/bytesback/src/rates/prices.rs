//! The prices of a moment.

use program::{Currency, GuardedRate, Pair, Rate, RateSource, RateTable, Unusable};
use store::{Endpoint, KeptRate};

/// Whether a price may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The operator has fixed it.
    Fixed(Rate),
    /// The guard has decided.
    Guarded(Result<GuardedRate, Unusable>),
}

impl Verdict {
    /// The price, if it may be used.
    pub fn rate(&self) -> Option<Rate> {
        match self {
            Self::Fixed(rate) => Some(*rate),
            Self::Guarded(verdict) => verdict.as_ref().ok().map(|good| good.rate),
        }
    }
}

/// The prices of a moment: each may be used, or it is said why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices([Verdict; Pair::ALL.len()]);

impl Prices {
    /// In the order of [`Pair::ALL`].
    pub(super) const fn new(verdicts: [Verdict; Pair::ALL.len()]) -> Self {
        Self(verdicts)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Pair, &Verdict)> {
        Pair::ALL.into_iter().zip(&self.0)
    }

    /// Whether one may be used.
    pub fn of(&self, pair: Pair) -> &Verdict {
        self.iter().find(|(of, _)| *of == pair).map(|(_, verdict)| verdict).expect("all pairs are there")
    }

    /// Those that may be used.
    pub fn table(&self) -> RateTable {
        let mut table = RateTable::new();
        for (pair, verdict) in self.iter() {
            table.set(pair, verdict.rate());
        }
        table
    }

    /// What a purchase in this currency is valued at, as it is kept. In GBYTE it may be valued in dollars, too,
    /// since rules name dollars.
    pub fn kept(&self, currency: Currency) -> Vec<KeptRate> {
        let factors = currency.pairs().filter(|pair| *pair != Pair::GbyteUsd);
        factors.chain([Pair::GbyteUsd]).filter_map(|pair| kept(pair, self.of(pair))).collect()
    }

    /// Tells the log what is different from before.
    pub(super) fn log_changes(&self, endpoint: Endpoint, before: Option<&Self>) {
        for (pair, verdict) in self.iter() {
            let before = before.map(|before| before.of(pair));
            log_change(endpoint, pair, before, verdict);
        }
    }
}

fn kept(pair: Pair, verdict: &Verdict) -> Option<KeptRate> {
    match verdict {
        Verdict::Fixed(rate) => Some(KeptRate::fixed(pair, *rate)),
        Verdict::Guarded(Err(_)) => None,
        Verdict::Guarded(Ok(good)) => Some(KeptRate {
            pair,
            rate: good.rate,
            sources: good.sources.clone(),
            at: Some(payout::Timestamp::from_millis(good.at.as_millis())),
        }),
    }
}

/// Names of sources, for people.
pub(crate) fn codes(sources: &[RateSource]) -> String {
    sources.iter().map(|source| source.code()).collect::<Vec<_>>().join(", ")
}

fn log_change(endpoint: Endpoint, pair: Pair, before: Option<&Verdict>, now: &Verdict) {
    let (before, now) = match (before, now) {
        (_, Verdict::Fixed(_)) | (Some(Verdict::Fixed(_)), _) => return,
        (Some(Verdict::Guarded(before)), Verdict::Guarded(now)) => (Some(before), now),
        (None, Verdict::Guarded(now)) => (None, now),
    };
    match (before, now) {
        // At the start nobody has been asked yet.
        (None, Err(Unusable::Silent)) => {}
        (None | Some(Err(_)), Ok(good)) => {
            tracing::info!(%endpoint, %pair, rate = %good.rate, sources = %codes(&good.sources), "the rate can be used");
        }
        (Some(Ok(before)), Ok(good)) if before.dissenters != good.dissenters => {
            tracing::warn!(%endpoint, %pair, rate = %good.rate, sources = %codes(&good.sources),
                dissenters = %codes(&good.dissenters), "the sources of the rate that dissent have changed");
        }
        (Some(Ok(_)), Ok(_)) => {}
        (Some(Err(before)), Err(why)) if before.brief() == why.brief() => {}
        (_, Err(why)) => {
            tracing::warn!(%endpoint, %pair, %why, "the rate cannot be used: purchases that need it are refused");
        }
    }
}
