//! Which prices can be used, and how their sources do.

use program::Moment;

use super::sheet::Sheet;
use super::{Watched, whole};
use crate::rates::{Prices, SourceHealth, Verdict};

/// Notes how prices and sources stand.
pub(super) fn look(sheet: &Sheet, watched: &[Watched]) {
    let prices = |watched: &Watched| (watched.endpoint.code(), watched.rates.prices());
    note_prices(sheet, &watched.iter().map(prices).collect::<Vec<_>>());
    let sources = |watched: &Watched| (watched.endpoint.code(), watched.rates.sources());
    note_sources(sheet, &watched.iter().map(sources).collect::<Vec<_>>());
}

fn note_prices(sheet: &Sheet, prices: &[(&str, Prices)]) {
    let labels = ["endpoint", "pair"];
    let usable = sheet.gauge(
        "bytesback_rate_usable",
        "Whether the price can be used; where not, purchases that need it are refused.",
        &labels,
    );
    let agree = sheet.gauge("bytesback_rate_sources", "Sources that agree on the price.", &labels);
    let dissent = sheet.gauge(
        "bytesback_rate_dissenters",
        "Sources whose price is fresh and far from the one that is used.",
        &labels,
    );
    let since = sheet.gauge(
        "bytesback_rate_timestamp_seconds",
        "Since when the price holds, by the oldest of its sources; 0 where it is fixed or not used.",
        &labels,
    );
    let all = prices.iter().flat_map(|(endpoint, prices)| prices.iter().map(move |one| (*endpoint, one)));
    for (endpoint, (pair, verdict)) in all {
        let of = [endpoint, pair.code()];
        usable.with_label_values(&of).set(i64::from(verdict.rate().is_some()));
        let good = match verdict {
            Verdict::Guarded(Ok(good)) => Some(good),
            Verdict::Fixed(_) | Verdict::Guarded(Err(_)) => None,
        };
        agree.with_label_values(&of).set(good.map_or(0, |good| whole(good.sources.len() as u64)));
        dissent.with_label_values(&of).set(good.map_or(0, |good| whole(good.dissenters.len() as u64)));
        since.with_label_values(&of).set(good.map_or(0, |good| seconds(good.at)));
    }
}

fn note_sources(sheet: &Sheet, sources: &[(&str, Vec<SourceHealth>)]) {
    let labels = ["endpoint", "source"];
    let answers =
        sheet.counter("bytesback_rate_source_answers_total", "Answers that were understood.", &labels);
    let failures = sheet.counter(
        "bytesback_rate_source_failures_total",
        "Questions that were not answered, or not so that it was understood.",
        &labels,
    );
    let answered = sheet.gauge(
        "bytesback_rate_source_answered_timestamp_seconds",
        "When the source was understood last; 0 if never.",
        &labels,
    );
    for (endpoint, health) in
        sources.iter().flat_map(|(endpoint, all)| all.iter().map(move |health| (*endpoint, health)))
    {
        let of = [endpoint, health.source.code()];
        answers.with_label_values(&of).inc_by(health.answers);
        failures.with_label_values(&of).inc_by(health.failures);
        answered.with_label_values(&of).set(health.answered_at.map_or(0, seconds));
    }
}

fn seconds(at: Moment) -> i64 {
    whole(at.as_millis() / 1000)
}
