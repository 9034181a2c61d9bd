//! The European Central Bank's daily reference rates.
//!
//! `<gesmes:Envelope><Cube><Cube time='2026-11-20'><Cube currency='USD' rate='1.1012'/>…`, in units of the
//! currency for a euro, published on working days. The rouble is not among them.

use program::Pair;

use super::{Quote, SourceError, date, xml};

/// The address that is asked.
pub(super) const URL: &str = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml";

/// Reads the price of a euro.
pub(super) fn read(answer: &[u8]) -> Result<Vec<Quote>, SourceError> {
    let text = str::from_utf8(answer).map_err(|_| SourceError::Malformed("it is no UTF-8"))?;
    let document = xml::document(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "Envelope" {
        return Err(SourceError::Malformed("it is no envelope of rates"));
    }
    let day = xml::only_child(xml::only_child(root, "Cube")?, "Cube")?;
    let at = date::day(day.attribute("time").unwrap_or_default())?;
    let mut dollars = xml::children(day, "Cube").filter(|one| one.attribute("currency") == Some("USD"));
    let (Some(dollar), None) = (dollars.next(), dollars.next()) else {
        return Err(SourceError::Malformed("the dollar is missing, or there more than once"));
    };
    let rate = dollar.attribute("rate").unwrap_or_default().parse();
    let rate = rate.map_err(|_| SourceError::Malformed("the rate of the dollar is none"))?;
    Ok(vec![Quote { pair: Pair::EurUsd, rate, at }])
}
