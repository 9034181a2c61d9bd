//! The Bank of Russia's daily official rates.
//!
//! `<ValCurs Date="21.11.2026" …><Valute ID="R01235">…<CharCode>USD</CharCode><Nominal>1</Nominal>
//! <Value>80,1234</Value>…`: so many roubles for so many units, set on working days for the day after. In
//! windows-1251; all that is read here is ASCII, which that encoding contains.

use program::{Pair, Rate};
use roxmltree::Node;

use super::{Quote, SourceError, date, xml};

/// The address that is asked; without a date it tells the rates set last.
pub(super) const URL: &str = "https://www.cbr.ru/scripts/XML_daily.asp";

/// Reads the price of a rouble.
pub(super) fn read(answer: &[u8]) -> Result<Vec<Quote>, SourceError> {
    let ascii: String =
        answer.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    let document = xml::document(&ascii)?;
    let root = document.root_element();
    if root.tag_name().name() != "ValCurs" {
        return Err(SourceError::Malformed("it is no list of rates"));
    }
    let at = day(root.attribute("Date").unwrap_or_default())?;
    let is_dollar =
        |one: &Node<'_, '_>| xml::only_child(*one, "CharCode").is_ok_and(|code| code.text() == Some("USD"));
    let mut dollars = xml::children(root, "Valute").filter(is_dollar);
    let (Some(dollar), None) = (dollars.next(), dollars.next()) else {
        return Err(SourceError::Malformed("the dollar is missing, or there more than once"));
    };
    let rate = number(dollar, "Nominal")?.over(number(dollar, "Value")?);
    let rate = rate.ok_or(SourceError::Malformed("the rate of the dollar is none"))?;
    Ok(vec![Quote { pair: Pair::RubUsd, rate, at }])
}

/// A day like `21.11.2026`.
fn day(text: &str) -> Result<program::Moment, SourceError> {
    match text.split('.').collect::<Vec<_>>()[..] {
        [day, month, year] => date::day(&format!("{year}-{month}-{day}")),
        _ => Err(SourceError::Malformed("its day is none")),
    }
}

/// A number like `80,1234`.
fn number(of: Node<'_, '_>, name: &str) -> Result<Rate, SourceError> {
    let text = xml::only_child(of, name)?.text().unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    let rate = if is_plain { text.replacen(',', ".", 1).parse().ok() } else { None };
    rate.ok_or(SourceError::Malformed("the rate of the dollar is none"))
}
