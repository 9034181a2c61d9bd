//! How a cashback came about, line by line.

use obyte::Bytes;

use crate::quote::{Split, Story};
use crate::value::Part;
use crate::{BaseShare, Currency, Pair, Percentage};

/// The lines, in ASCII, the cashback in the last one.
pub(crate) fn lines(story: &Story<'_>, total: Bytes) -> Vec<String> {
    let mut lines = vec![worth(story)];
    lines.extend(tiers(story));
    lines.extend(shares(story));
    lines.extend(least(story));
    lines.extend(most(story));
    lines.push(format!("cashback: {total} bytes"));
    lines
}

fn worth(story: &Story<'_>) -> String {
    let Story { sale, value, whole, .. } = story;
    // Where rules speak of dollars, a reader wants to compare.
    let dollars = if story.rules.need_dollars() && sale.price.currency != Currency::Usd {
        format!("{} USD, ", value.whole())
    } else {
        String::new()
    };
    format!("{}{} is worth {dollars}{whole} bytes", sale.price, prices(story))
}

/// The prices that a purchase was valued at. One in GBYTE takes a price only for rules that speak of dollars.
fn prices(Story { sale, rates, rules, .. }: &Story<'_>) -> String {
    let (factor, divisor) = sale.price.currency.prices();
    let divisor = divisor.or_else(|| rules.need_dollars().then_some(Pair::GbyteUsd));
    let known = factor.into_iter().chain(divisor).filter_map(|pair| Some((pair, rates.get(pair)?)));
    let listed: Vec<_> = known.map(|(pair, rate)| format!("{pair} {rate}")).collect();
    if listed.is_empty() { String::new() } else { format!(" at {}", listed.join(", ")) }
}

/// A line for the period and one for each slice, where less than all counts or might have.
fn tiers(Story { sale, rules, slices, .. }: &Story<'_>) -> Vec<String> {
    let period = rules
        .period
        .as_ref()
        .map(|period| format!("the shop sold for {} before, within {} days", sale.turnover, period.days));
    let mut lines: Vec<_> = period.into_iter().collect();
    if slices.iter().all(|slice| slice.counts == Percentage::HUNDRED) {
        return lines;
    }
    lines.extend(slices.iter().map(|slice| {
        let size = slice.to.minus(slice.from);
        let which = if slice.from == Part::ZERO { "the first" } else { "the next" };
        match slice.counts {
            Percentage::HUNDRED => format!("{which} {size} USD count in full"),
            counts => format!("{which} {size} USD count at {counts} %: {} USD", size.counted(counts)),
        }
    }));
    lines
}

fn shares(Story { sale, slices, counted, percentages, by_percentages, .. }: &Story<'_>) -> [String; 3] {
    let all_counts = slices.iter().all(|slice| slice.counts == Percentage::HUNDRED);
    let of = if all_counts { String::new() } else { format!(" of {counted} USD") };
    let Split { base, partner, matched } = by_percentages;
    let why = match sale.base_share {
        BaseShare::Ordinary => "",
        BaseShare::WithPurchaseUnit => " for a purchase unit",
    };
    [
        format!("base share {} %{of} from the fund{why}: {base} bytes", percentages.base),
        format!("partner's share {} % from the deposit: {partner} bytes", percentages.partner),
        format!("match {} %{of} from the fund: {matched} bytes", percentages.matched),
    ]
}

fn least(Story { rules, by_percentages, raised, whole, .. }: &Story<'_>) -> Option<String> {
    let least = rules.least_cashback.filter(|_| raised.base > by_percentages.base)?;
    let bound = if Bytes::checked_sum([raised.base, raised.partner, raised.matched]) == Some(*whole) {
        ", but no more than the purchase is worth"
    } else {
        ""
    };
    let base = raised.base;
    Some(format!("the least cashback is {least}{bound}: base share raised to {base} bytes"))
}

fn most(Story { rules, raised, split, .. }: &Story<'_>) -> Vec<String> {
    let Some(most) = rules.most_cashback.filter(|_| raised != split) else { return Vec::new() };
    let kept = Bytes::checked_sum([split.base, split.partner, split.matched]).unwrap_or(Bytes::MAX);
    let mut lines = vec![format!("the most cashback is {most}: {kept} bytes")];
    for (share, before, after) in [
        ("match", raised.matched, split.matched),
        ("partner's share", raised.partner, split.partner),
        ("base share", raised.base, split.base),
    ] {
        if after < before {
            lines.push(format!("{share} cut from {before} to {after} bytes"));
        }
    }
    lines
}
