//! The rules of the programme.

use std::fmt;

use crate::{Day, Dollars, Percentage, PeriodTiers, Tier, Tiers};

/// The rules of the programme, as they hold on one day.
///
/// [`fmt::Display`] gives all that is set, a line for each key, just as the configuration names it. So two
/// sets of rules are the same exactly if their texts are, and the rules of an old day can be read and used
/// again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The base share of an ordinary purchase, from the fund.
    pub base: Percentage,
    /// The base share of a purchase with a verified purchase unit, from the fund.
    pub base_with_purchase_unit: Percentage,
    /// The fund gives the partner's percentage again, for at most this much.
    pub match_cap: Percentage,
    /// The most that a partner may ask to be taken from its deposit.
    pub max_partner_percentage: Percentage,
    /// What counts for the fund's shares of a large purchase.
    pub tiers: Tiers,
    /// What counts for them when the shop has sold much within a period.
    pub period: Option<PeriodTiers>,
    /// Purchases below this get nothing.
    pub smallest_purchase: Option<Dollars>,
    /// Where the shares are less than this, the fund adds what is missing, but no more than the purchase is
    /// worth.
    pub least_cashback: Option<Dollars>,
    /// Where the shares are more than this, the match is cut, then the partner's share, then the base share.
    pub most_cashback: Option<Dollars>,
    /// Of what the fund gave for a purchase, its partner is charged so much when it is returned.
    pub refund_share: Percentage,
    /// There is no cashback before this day (UTC).
    pub first_day: Option<Day>,
    /// There is no cashback behind this day (UTC).
    pub last_day: Option<Day>,
}

impl Default for Rules {
    /// The programme as it is announced: base 10 %, 20 % with a purchase unit, match for at most 10
    /// points, all of it to be returned with the purchase, and no limit to anything.
    fn default() -> Self {
        Self {
            base: Percentage::whole(10),
            base_with_purchase_unit: Percentage::whole(20),
            match_cap: Percentage::whole(10),
            max_partner_percentage: Percentage::HUNDRED,
            tiers: Tiers::default(),
            period: None,
            smallest_purchase: None,
            least_cashback: None,
            most_cashback: None,
            refund_share: Percentage::HUNDRED,
            first_day: None,
            last_day: None,
        }
    }
}

/// What holds for one partner instead of the rules for all; nothing where those hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartnerTerms {
    /// [`Rules::max_partner_percentage`].
    pub max_partner_percentage: Option<Percentage>,
    /// [`Rules::smallest_purchase`].
    pub smallest_purchase: Option<Dollars>,
    /// [`Rules::most_cashback`].
    pub most_cashback: Option<Dollars>,
}

impl Rules {
    /// The rules for a partner with these terms.
    #[must_use]
    pub fn on(&self, terms: PartnerTerms) -> Self {
        Self {
            max_partner_percentage: terms.max_partner_percentage.unwrap_or(self.max_partner_percentage),
            smallest_purchase: terms.smallest_purchase.or(self.smallest_purchase),
            most_cashback: terms.most_cashback.or(self.most_cashback),
            ..self.clone()
        }
    }

    /// Whether they name an amount of dollars, so that nothing can be quoted without their price.
    pub(crate) fn need_dollars(&self) -> bool {
        let amounts = [self.smallest_purchase, self.least_cashback, self.most_cashback];
        !self.tiers.is_empty() || self.period.is_some() || amounts.iter().any(Option::is_some)
    }
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "base_percentage = \"{}\"", self.base)?;
        write!(f, "\npurchase_unit_percentage = \"{}\"", self.base_with_purchase_unit)?;
        write!(f, "\nmatch_percentage_max = \"{}\"", self.match_cap)?;
        write!(f, "\npartner_percentage_max = \"{}\"", self.max_partner_percentage)?;
        write!(f, "\nrefund_share = \"{}\"", self.refund_share)?;
        for (name, amount) in [
            ("purchase_min_usd", self.smallest_purchase),
            ("cashback_min_usd", self.least_cashback),
            ("cashback_max_usd", self.most_cashback),
        ] {
            if let Some(amount) = amount {
                write!(f, "\n{name} = \"{}\"", amount.amount())?;
            }
        }
        for (name, day) in [("first_day", self.first_day), ("last_day", self.last_day)] {
            if let Some(day) = day {
                write!(f, "\n{name} = \"{day}\"")?;
            }
        }
        if !self.tiers.is_empty() {
            write!(f, "\ntiers = {}", List(self.tiers.list()))?;
        }
        if let Some(PeriodTiers { days, tiers }) = &self.period {
            write!(f, "\nperiod_days = {days}\nperiod_tiers = {}", List(tiers.list()))?;
        }
        Ok(())
    }
}

struct List<'a>(&'a [Tier]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tier = |tier: &Tier| {
            format!("{{ above_usd = \"{}\", counts = \"{}\" }}", tier.above.amount(), tier.counts)
        };
        let tiers: Vec<_> = self.0.iter().map(tier).collect();
        write!(f, "[{}]", tiers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_all_that_is_set() {
        assert_eq!(
            Rules::default().to_string(),
            "base_percentage = \"10\"\npurchase_unit_percentage = \"20\"\nmatch_percentage_max = \"10\"\n\
             partner_percentage_max = \"100\"\nrefund_share = \"100\""
        );
    }

    #[test]
    fn a_partners_terms_hold_instead_of_the_rules() {
        let dollars = |text: &str| text.parse::<Dollars>().ok();
        let rules =
            Rules { most_cashback: dollars("50"), smallest_purchase: dollars("1"), ..Rules::default() };
        assert_eq!(rules.on(PartnerTerms::default()), rules);
        let terms = PartnerTerms {
            max_partner_percentage: Some(Percentage::whole(5)),
            most_cashback: dollars("80"),
            ..PartnerTerms::default()
        };
        let expected = Rules {
            max_partner_percentage: Percentage::whole(5),
            most_cashback: dollars("80"),
            ..rules.clone()
        };
        assert_eq!(rules.on(terms), expected);
    }
}
