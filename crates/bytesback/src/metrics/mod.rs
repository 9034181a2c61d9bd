//! What an operator watches, as Prometheus reads it.
//!
//! What happens at the API is counted as it happens; how payers, hubs and books stand is looked up when
//! somebody asks. No figure names a customer, a partner or an order, and none holds a key. Hubs appear by
//! their [`obyte_hub::HubName`].

mod mails;
mod process;
mod rates;
mod sheet;
mod sides;

use std::sync::Arc;
use std::time::Duration;

use obyte_hub::Hubs;
use prometheus::{HistogramVec, IntCounterVec, Registry};
use store::{Endpoint, Store};

pub(crate) use self::sheet::CONTENT_TYPE;
use self::sheet::Sheet;
use crate::alerts::Thresholds;
use crate::mailer::MailStatus;
use crate::payer::Payer;
use crate::rates::Rates;

/// How answer times are sorted, in seconds: shops give up after five.
const ANSWER_SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 10.0];

/// What became of a request for cashback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Paid, and told for the first time.
    Paid,
    /// Told again.
    Replayed,
    /// Owed, and the unit not known in time.
    Pending,
    /// Owed, and held for review.
    Held,
    /// Refused: the request is wrong, or the rules, the fund or the queue do not allow it.
    Refused,
    /// The partner or its key is wrong.
    Unauthenticated,
    /// The body did not come, or cannot be read.
    Unreadable,
    /// The server could not decide.
    Failed,
}

impl Outcome {
    const ALL: [Self; 8] = [
        Self::Paid,
        Self::Replayed,
        Self::Pending,
        Self::Held,
        Self::Refused,
        Self::Unauthenticated,
        Self::Unreadable,
        Self::Failed,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Replayed => "replayed",
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Refused => "refused",
            Self::Unauthenticated => "unauthenticated",
            Self::Unreadable => "unreadable",
            Self::Failed => "failed",
        }
    }
}

/// One endpoint that is watched.
pub struct Watched {
    /// Which one.
    pub endpoint: Endpoint,
    /// Who pays there.
    pub payer: Payer,
    /// Its hubs.
    pub hubs: Hubs,
    /// What its currencies are worth.
    pub rates: Rates,
    /// Where its book is.
    pub store: Arc<dyn Store>,
    /// When its balances are low.
    pub alerts: Thresholds,
    /// How its mails stand.
    pub mails: MailStatus,
}

/// All figures of a server.
pub struct Metrics {
    counted: Registry,
    purchases: IntCounterVec,
    answer_seconds: HistogramVec,
    watched: Vec<Watched>,
}

impl Default for Metrics {
    /// Only what is counted at the API.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Metrics {
    /// The figures of these endpoints.
    pub fn new(watched: Vec<Watched>) -> Self {
        let sheet = Sheet::default();
        let purchases = sheet.counter(
            "bytesback_purchases_total",
            "Requests for cashback by what became of them.",
            &["endpoint", "outcome"],
        );
        let answer_seconds = sheet.histogram(
            "bytesback_purchase_answer_seconds",
            "From the last byte of a request for cashback to its answer.",
            &["endpoint"],
            &ANSWER_SECONDS,
        );
        let started = sheet.gauge("process_start_time_seconds", "When the process began.", &[]);
        started.with_label_values::<&str>(&[]).set(process::now_seconds());
        let build = sheet.gauge("bytesback_build_info", "Which version runs.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        // What has not happened yet is there too, so that a first time is seen as a rise.
        for endpoint in Endpoint::ALL {
            answer_seconds.with_label_values(&[endpoint.code()]);
            for outcome in Outcome::ALL {
                purchases.with_label_values(&[endpoint.code(), outcome.label()]);
            }
        }
        Self { counted: sheet.into_registry(), purchases, answer_seconds, watched }
    }

    /// A request for cashback was answered, so long after its last byte had come.
    pub(crate) fn answered(&self, endpoint: Endpoint, outcome: Outcome, after: Duration) {
        self.purchases.with_label_values(&[endpoint.code(), outcome.label()]).inc();
        self.answer_seconds.with_label_values(&[endpoint.code()]).observe(after.as_secs_f64());
    }

    /// The body of a request for cashback did not come.
    pub(crate) fn not_received(&self, endpoint: Endpoint) {
        self.purchases.with_label_values(&[endpoint.code(), Outcome::Unreadable.label()]).inc();
    }

    /// All figures as they stand, in the text format of Prometheus.
    pub async fn text(&self) -> String {
        let sheet = Sheet::default();
        process::look(&sheet);
        sides::look(&sheet, &self.watched).await;
        rates::look(&sheet, &self.watched);
        mails::look(&sheet, &self.watched).await;
        let mut families = self.counted.gather();
        families.extend(sheet.into_registry().gather());
        families.sort_by(|one, other| one.name().cmp(other.name()));
        sheet::text(&families)
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_happened_is_counted_and_what_did_not_is_there_as_nothing() {
        let metrics = Metrics::default();
        metrics.answered(Endpoint::Live, Outcome::Paid, Duration::from_millis(7));
        metrics.answered(Endpoint::Live, Outcome::Paid, Duration::from_millis(70));
        metrics.answered(Endpoint::Test, Outcome::Refused, Duration::from_secs(60));
        metrics.not_received(Endpoint::Test);
        let text = metrics.text().await;
        for line in [
            "# TYPE bytesback_purchases_total counter",
            r#"bytesback_purchases_total{endpoint="live",outcome="paid"} 2"#,
            r#"bytesback_purchases_total{endpoint="live",outcome="refused"} 0"#,
            r#"bytesback_purchases_total{endpoint="test",outcome="refused"} 1"#,
            r#"bytesback_purchases_total{endpoint="test",outcome="unreadable"} 1"#,
            "# TYPE bytesback_purchase_answer_seconds histogram",
            r#"bytesback_purchase_answer_seconds_bucket{endpoint="live",le="0.01"} 1"#,
            r#"bytesback_purchase_answer_seconds_bucket{endpoint="live",le="0.1"} 2"#,
            r#"bytesback_purchase_answer_seconds_bucket{endpoint="test",le="10"} 0"#,
            r#"bytesback_purchase_answer_seconds_count{endpoint="test"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[tokio::test]
    async fn every_figure_is_explained_once() {
        let text = Metrics::default().text().await;
        let mut names: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        assert!(names.iter().any(|name| name.starts_with("process_resident_memory_bytes ")), "{text}");
        let count = names.len();
        assert_eq!(text.lines().filter(|line| line.starts_with("# HELP ")).count(), count);
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
