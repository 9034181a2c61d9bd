//! What holds for every purchase under any rules.

mod exact;

use obyte::Bytes;
use program::{
    BaseShare, Currency, CurrencyAmount, Day, Dollars, Pair, PartnerTerms, Percentage, PeriodTiers, Quote,
    QuoteError, RateTable, Rules, Sale, Tier, Tiers, Turnover, quote,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn read<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("within its range")
}

/// Anything from a fraction of a cent to fortunes, as mantissa and scale.
fn decimals() -> impl Strategy<Value = (u64, u32)> {
    prop_oneof![
        (1..1_000_000u64, 0..12u32),
        (1..10_000_000u64, Just(2)),
        (1..1_000_000_000_000_000_000u64, 3..24u32),
    ]
}

fn dollars() -> impl Strategy<Value = Dollars> {
    decimals().prop_map(|(mantissa, scale)| read(&format!("{mantissa}e-{scale}")))
}

fn percentages() -> impl Strategy<Value = Percentage> {
    let millionths = prop_oneof![0..=100_000_000u64, (0..=100u64).prop_map(|percent| percent * 1_000_000)];
    millionths.prop_map(|millionths| read(&format!("{millionths}e-6")))
}

fn tiers() -> impl Strategy<Value = Tiers> {
    let parts = vec((dollars(), percentages()), 0..5);
    parts.prop_map(|parts| {
        let (mut above, mut counts): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        above.sort();
        above.dedup();
        counts.sort();
        counts.dedup();
        counts.retain(|counts| *counts < Percentage::HUNDRED);
        let tiers = above.into_iter().zip(counts.into_iter().rev());
        Tiers::new(tiers.map(|(above, counts)| Tier { above, counts }).collect()).expect("sorted")
    })
}

fn period() -> impl Strategy<Value = PeriodTiers> {
    (1..=366u16, tiers()).prop_map(|(days, tiers)| PeriodTiers { days, tiers })
}

prop_compose! {
    fn rules()(
        base in percentages(), base_with_purchase_unit in percentages(), match_cap in percentages(),
        tiers in tiers(), period in option::of(period()),
        smallest_purchase in option::weighted(0.2, dollars()),
        least_cashback in option::weighted(0.3, dollars()), most_cashback in option::weighted(0.5, dollars()),
    ) -> Rules {
        Rules {
            base, base_with_purchase_unit, match_cap, tiers, period, smallest_purchase, least_cashback,
            most_cashback, ..Rules::default()
        }
    }
}

prop_compose! {
    fn sales()(
        amount in decimals(), partner_percentage in percentages(), with_unit in any::<bool>(),
        turnover in prop_oneof![0..10_000_000u64, any::<u64>()],
    ) -> Sale {
        Sale {
            price: in_dollars(amount),
            partner_percentage,
            base_share: if with_unit { BaseShare::WithPurchaseUnit } else { BaseShare::Ordinary },
            day: Day::of_millis(0),
            turnover: Turnover::of_cents(turnover),
        }
    }
}

fn in_dollars((mantissa, scale): (u64, u32)) -> CurrencyAmount {
    CurrencyAmount { amount: read(&format!("{mantissa}e-{scale}")), currency: Currency::Usd }
}

fn at_price((mantissa, scale): (u64, u32)) -> RateTable {
    RateTable::new().with(Pair::GbyteUsd, read(&format!("{mantissa}e-{scale}")))
}

/// What a quote gives, where too little is nothing.
fn total(quote: Result<Quote, QuoteError>) -> Result<Bytes, QuoteError> {
    match quote {
        Err(QuoteError::TooSmall | QuoteError::BelowSmallest { .. }) => Ok(Bytes::ZERO),
        other => other.map(|quote| quote.total()),
    }
}

/// `less`, and then `more`; or `more` is more than there can be.
fn rises(less: Result<Bytes, QuoteError>, more: Result<Bytes, QuoteError>) -> Result<(), TestCaseError> {
    match (less, more) {
        (Ok(less), Ok(more)) => prop_assert!(less <= more, "{less} and then {more}"),
        (less, more) => prop_assert!(more == Err(QuoteError::TooLarge), "{less:?} and then {more:?}"),
    }
    Ok(())
}

/// The sums of the shares of purchases that come in this order to one shop.
fn in_order(rules: &Rules, sales: &[Sale], rates: &RateTable) -> [u64; 3] {
    let (mut sums, mut turnover) = ([0; 3], Turnover::ZERO);
    for sale in sales {
        let Ok(quote) = quote(rules, &Sale { turnover, ..*sale }, rates) else { continue };
        turnover = turnover.plus(quote.turnover());
        let shares = [quote.base(), quote.partner(), quote.matched()];
        sums = std::array::from_fn(|share| sums[share] + shares[share].get());
    }
    sums
}

/// What counts of a dollar behind this many, by a list of whole dollars.
fn counts_behind(dollar: u64, tiers: &[(u64, u64)]) -> u64 {
    tiers.iter().rev().find(|(above, _)| *above <= dollar).map_or(100, |(_, counts)| *counts)
}

fn whole_tiers() -> impl Strategy<Value = Vec<(u64, u64)>> {
    vec(1..400u64, 0..4).prop_map(|mut above| {
        above.sort_unstable();
        above.dedup();
        above.into_iter().zip([70, 40, 5]).collect()
    })
}

fn tiers_of(list: &[(u64, u64)]) -> Tiers {
    let tier = |(above, counts): &(u64, u64)| Tier {
        above: read(&above.to_string()),
        counts: read(&counts.to_string()),
    };
    Tiers::new(list.iter().map(tier).collect()).expect("sorted")
}

proptest! {
    #[test]
    fn shares_never_exceed_what_the_rules_allow(rules in rules(), sale in sales(), price in decimals()) {
        let rates = at_price(price);
        let Ok(quote) = quote(&rules, &sale, &rates) else { return Ok(()) };
        let worth = exact::worth(sale.price, &rates);
        let dollars = |dollars: Dollars| {
            let amount = CurrencyAmount { amount: dollars.amount(), currency: Currency::Usd };
            exact::worth(amount, &rates).share(Percentage::HUNDRED)
        };
        let base = match sale.base_share {
            BaseShare::Ordinary => rules.base,
            BaseShare::WithPurchaseUnit => rules.base_with_purchase_unit,
        };
        prop_assert!(Some(quote.partner()) <= worth.share(sale.partner_percentage));
        prop_assert!(Some(quote.matched()) <= worth.share(rules.match_cap.min(sale.partner_percentage)));
        prop_assert!(quote.matched() <= quote.partner());
        if Some(quote.base()) > worth.share(base) {
            // It was raised: then the cashback is not above the least, nor above the purchase.
            let least = rules.least_cashback.expect("nothing else raises it");
            prop_assert!(dollars(least).is_none_or(|least| quote.total() <= least));
            prop_assert!(Some(quote.total()) <= worth.share(Percentage::HUNDRED));
        }
        if let Some(most) = rules.most_cashback.and_then(dollars) {
            prop_assert!(quote.total() <= most);
        }
        let sum = [quote.base(), quote.partner(), quote.matched()].into_iter().sum::<Bytes>();
        prop_assert_eq!(quote.total(), sum);
    }

    /// Beside a second computation that goes over a purchase dollar by dollar.
    #[test]
    fn each_dollar_counts_as_its_slice_says(
        amount in 1..600u64, before in 0..600u64, own in whole_tiers(), of_period in whole_tiers(),
        gbyte_cents in 1..100_000u64, percent in 0..=20u64,
    ) {
        let rules = Rules {
            tiers: tiers_of(&own),
            period: Some(PeriodTiers { days: 30, tiers: tiers_of(&of_period) }),
            ..Rules::default()
        };
        let sale = Sale {
            price: in_dollars((amount, 0)),
            partner_percentage: read(&percent.to_string()),
            base_share: BaseShare::Ordinary,
            day: Day::of_millis(0),
            turnover: Turnover::of_cents(before * 100),
        };
        let each = (0..amount).map(|dollar| {
            counts_behind(dollar, &own).min(counts_behind(before + dollar, &of_period))
        });
        let hundredths: u64 = each.sum();
        let share = |hundredths: u64, percent: u64| {
            let exact = u128::from(hundredths) * u128::from(percent) * 1_000_000_000 * 100;
            u64::try_from(exact / (u128::from(gbyte_cents) * 10_000)).expect("small")
        };
        let quote = quote(&rules, &sale, &at_price((gbyte_cents, 2))).expect("worth a byte");
        let shares = [quote.base(), quote.partner(), quote.matched()].map(Bytes::get);
        let expected = [share(hundredths, 10), share(amount * 100, percent), share(hundredths, percent.min(10))];
        prop_assert_eq!(shares, expected);
    }

    #[test]
    fn more_purchase_never_gives_less(
        rules in rules(), sale in sales(), price in decimals(), more in decimals(),
    ) {
        let rates = at_price(price);
        let larger = Sale { price: in_dollars(more), ..sale };
        let (small, large) = if larger.price.amount < sale.price.amount { (larger, sale) } else { (sale, larger) };
        rises(total(quote(&rules, &small, &rates)), total(quote(&rules, &large, &rates)))?;
    }

    /// In every currency, by the terms of any partner, and whatever its shop has sold.
    #[test]
    fn more_of_any_currency_never_gives_less(
        rules in rules(), sale in sales(), prices in (decimals(), decimals()), amounts in (decimals(), decimals()),
        which in prop::sample::select(Currency::ALL.to_vec()), smallest in option::of(dollars()),
        most in option::of(dollars()),
    ) {
        let terms = PartnerTerms { smallest_purchase: smallest, most_cashback: most, ..PartnerTerms::default() };
        let rules = rules.on(terms);
        let rate = |(mantissa, scale): (u64, u32)| read(&format!("{mantissa}e-{scale}"));
        let others = [Pair::BtcUsd, Pair::EurUsd, Pair::RubUsd];
        let rates = others.into_iter().fold(at_price(prices.0), |table, pair| table.with(pair, rate(prices.1)));
        let of = |amount| {
            let price = CurrencyAmount { currency: which, ..in_dollars(amount) };
            total(quote(&rules, &Sale { price, ..sale }, &rates))
        };
        let is_less = in_dollars(amounts.0).amount < in_dollars(amounts.1).amount;
        let (less, more) = if is_less { amounts } else { (amounts.1, amounts.0) };
        match (of(less), of(more)) {
            // What looks like bytes is refused, and what is more does, too.
            (_, Err(QuoteError::LooksLikeBytes)) => prop_assert_eq!(which, Currency::Gbyte),
            (less, more) => rises(less, more)?,
        }
    }

    /// Where a slice begins, a cliff would show.
    #[test]
    fn a_cent_more_never_gives_less(
        rules in rules(), own in whole_tiers(), which in any::<prop::sample::Index>(), sale in sales(),
        price in decimals(),
    ) {
        prop_assume!(!own.is_empty());
        let rules = Rules { tiers: tiers_of(&own), ..rules };
        let (rates, boundary) = (at_price(price), which.get(&own).0 * 100);
        let at = |cents| total(quote(&rules, &Sale { price: in_dollars((cents, 2)), ..sale }, &rates));
        for cents in boundary - 2..boundary + 2 {
            rises(at(cents), at(cents + 1))?;
        }
    }

    #[test]
    fn a_higher_percentage_never_gives_less(
        rules in rules(), sale in sales(), price in decimals(), other in percentages(),
    ) {
        let rates = at_price(price);
        let (low, high) = (sale.partner_percentage.min(other), sale.partner_percentage.max(other));
        let at = |partner_percentage| total(quote(&rules, &Sale { partner_percentage, ..sale }, &rates));
        rises(at(low), at(high))?;
    }

    #[test]
    fn without_a_period_the_order_of_purchases_changes_no_sum(
        rules in rules(), (sales, shuffled) in vec(sales(), 1..8).prop_flat_map(|sales| {
            (Just(sales.clone()), Just(sales).prop_shuffle())
        }),
        price in decimals(),
    ) {
        let (rules, rates) = (Rules { period: None, ..rules }, at_price(price));
        prop_assert_eq!(in_order(&rules, &sales, &rates), in_order(&rules, &shuffled, &rates));
    }

    #[test]
    fn a_period_that_is_not_full_changes_nothing(
        amounts in vec(1..100_000u64, 1..8).prop_flat_map(|amounts| (Just(amounts.clone()), Just(amounts).prop_shuffle())),
        percent in percentages(),
    ) {
        // Eight purchases of a thousand dollars at the most.
        let tiers = Tiers::new(vec![Tier { above: read("8000"), counts: Percentage::ZERO }]).expect("one");
        let rules = Rules { period: Some(PeriodTiers { days: 30, tiers }), ..Rules::default() };
        let rates = at_price((1, 1));
        let sales = |amounts: &[u64]| -> Vec<_> {
            amounts.iter().map(|cents| Sale {
                price: in_dollars((*cents, 2)),
                partner_percentage: percent,
                base_share: BaseShare::Ordinary,
                day: Day::of_millis(0),
                turnover: Turnover::ZERO,
            }).collect()
        };
        let (one, other) = (sales(&amounts.0), sales(&amounts.1));
        let plain = in_order(&Rules::default(), &one, &rates);
        prop_assert_eq!(in_order(&rules, &one, &rates), plain);
        prop_assert_eq!(in_order(&rules, &other, &rates), plain);
    }

    /// Two purchases come to what one does, but for the rounding of each.
    #[test]
    fn parting_a_purchase_gains_nothing_within_a_period(
        period in period(), cents in (1..10_000_000u64, 1..10_000_000u64), price in decimals(), before in 0..10_000_000u64,
    ) {
        let rules = Rules { period: Some(period), ..Rules::default() };
        let rates = at_price(price);
        let base = |cents, before| {
            let sale = Sale {
                price: in_dollars((cents, 2)),
                partner_percentage: Percentage::ZERO,
                base_share: BaseShare::Ordinary,
                day: Day::of_millis(0),
                turnover: Turnover::of_cents(before),
            };
            total(quote(&rules, &sale, &rates))
        };
        let Ok(whole) = base(cents.0 + cents.1, before) else { return Ok(()) };
        let first = base(cents.0, before).expect("less than the whole").get();
        let second = base(cents.1, before + cents.0).expect("less than the whole").get();
        prop_assert!(first + second <= whole.get() && whole.get() <= first + second + 1);
    }
}
