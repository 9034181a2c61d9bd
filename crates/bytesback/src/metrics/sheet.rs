//! A set of figures, and how they are written.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TEXT_FORMAT, TextEncoder,
};

/// What the text is, for the one who asks.
pub(crate) const CONTENT_TYPE: &str = TEXT_FORMAT;

/// Figures with different names, which stand in this program and are fit for Prometheus.
#[derive(Default)]
pub(super) struct Sheet(Registry);

impl Sheet {
    pub(super) fn counter(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.put(IntCounterVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn gauge(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.put(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    pub(super) fn histogram(&self, name: &str, help: &str, labels: &[&str], ends: &[f64]) -> HistogramVec {
        self.put(HistogramVec::new(HistogramOpts::new(name, help).buckets(ends.to_vec()), labels))
    }

    fn put<C: Collector + Clone + 'static>(&self, figure: prometheus::Result<C>) -> C {
        let figure = figure.expect("the names in this program are fit for Prometheus");
        self.0.register(Box::new(figure.clone())).expect("no name in this program is used twice");
        figure
    }

    pub(super) fn into_registry(self) -> Registry {
        self.0
    }
}

pub(super) fn text(families: &[MetricFamily]) -> String {
    TextEncoder::new().encode_to_string(families).expect("each figure has a name and a kind")
}
