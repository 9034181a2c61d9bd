//! Amounts, percentages, rates, currencies and fees as people and programs write them.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use obyte::Bytes;
use obyte::answer::fee_rounded_up;
use program::{
    Amount, BaseShare, Currency, CurrencyAmount, Day, Pair, Percentage, QuoteError, Rate, RateTable, Rules,
    Sale, Turnover, quote,
};

use super::{check_error, text};

fn read<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(read) => {
            let printed = read.to_string();
            assert_eq!(printed.parse().ok().as_ref(), Some(&read), "read again: {printed}");
            Some(read)
        }
        Err(error) => {
            check_error(error);
            None
        }
    }
}

/// Up to five lines: an amount, a currency, a percentage and two rates. Each is read as everything.
pub(super) fn money(data: &[u8]) {
    let text = text(data);
    let lines: Vec<_> = text.lines().take(5).collect();
    let line = |number: usize| lines.get(number).copied().unwrap_or_default();
    for text in &lines {
        read::<Pair>(text);
        if let Some(fee) = fee_rounded_up(text) {
            assert!(fee <= Bytes::MAX, "above the cap");
        }
    }
    let amounts: Vec<Amount> = lines.iter().filter_map(|text| read(text)).collect();
    let percentages: Vec<Percentage> = lines.iter().filter_map(|text| read(text)).collect();
    let rates: Vec<Rate> = lines.iter().filter_map(|text| read(text)).collect();
    let currency = read::<Currency>(line(1)).unwrap_or(Currency::Eur);
    let Some((&first, &last)) = rates.first().zip(rates.last()) else { return };
    let table = Pair::ALL.into_iter().fold(RateTable::new(), |table, pair| {
        table.with(pair, if pair == Pair::GbyteUsd { first } else { last })
    });
    for amount in amounts {
        let price = CurrencyAmount { amount, currency };
        let of = |rules: &Rules| {
            let sale = Sale {
                price,
                partner_percentage: Percentage::ZERO,
                base_share: BaseShare::Ordinary,
                day: Day::of_millis(0),
                turnover: Turnover::ZERO,
            };
            quote(rules, &sale, &table).map(|quote| quote.total())
        };
        let whole = of(&Rules { base: Percentage::HUNDRED, ..Rules::default() });
        for base in &percentages {
            match (of(&Rules { base: *base, ..Rules::default() }), &whole) {
                (Ok(share), Ok(whole)) => assert!(share <= *whole, "a share above the whole"),
                (Err(QuoteError::TooLarge), Ok(_)) => panic!("a share out of range of a whole in range"),
                _ => {}
            }
        }
    }
}
