//! The tables, one file each.

mod drain;
mod growth;
mod rows;
mod sustained;

use crate::layout::Section;
use crate::options::Options;
use crate::plan::Part;

/// Measures one part, and prints it as it comes.
///
/// # Errors
/// Where there is nothing to load, or nothing can be measured. A server that pays nothing is a row.
pub async fn run(part: Part, options: &Options) -> anyhow::Result<Section> {
    match part {
        Part::Rows { rates, clients, fees } => rows::run(&rates, &clients, fees, options).await,
        Part::Sustained { rate, minutes, fees } => sustained::run(rate, minutes, fees, options).await,
        Part::Drain { payouts, fees } => drain::run(payouts, fees, options).await,
        Part::Growth { purchases, fees } => growth::run(purchases, fees, options).await,
    }
}

/// Of a ratio.
fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("x {ratio:.2}"))
}

/// How many times `before` is in `after`, where both were measured.
fn ratio(before: Option<f64>, after: Option<f64>) -> Option<f64> {
    before.zip(after).filter(|(before, _)| *before > 0.0).map(|(before, after)| after / before)
}
