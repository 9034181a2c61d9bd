//! What several hubs say about one unit, together. Pure.

use std::num::NonZeroUsize;

use program::{UnitFault, UnitProof};

type View = Result<UnitProof, UnitFault>;

/// What was heard so far.
#[derive(Debug, Default)]
pub(super) struct Opinions {
    heard: Vec<View>,
}

impl Opinions {
    /// Hears a hub; the decision, where no other hub needs to be heard.
    pub(super) fn hear(&mut self, view: View) -> Option<View> {
        match view {
            Ok(proof) if proof.is_final => Some(Ok(proof)),
            Err(fault) if fault.is_certain() => Some(Err(fault)),
            view => {
                self.heard.push(view);
                None
            }
        }
    }

    /// The decision, where nothing is proven: so many must show it, and all that were heard agree.
    pub(super) fn sum_up(self, hubs_min: NonZeroUsize) -> View {
        let is_enough = self.heard.len() >= hubs_min.get();
        let mut heard = self.heard.into_iter();
        let first = heard.next().unwrap_or(Err(UnitFault::Unchecked));
        let together = heard.fold(first, |one, other| match (one, other) {
            (Err(one), Err(other)) => Err(one.max(other)),
            (one, other) if one == other => one,
            _ => Err(UnitFault::HubsDisagree),
        });
        together.and_then(|proof| if is_enough { Ok(proof) } else { Err(UnitFault::TooFewHubs) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn proof(is_final: bool) -> View {
        Ok(UnitProof { paid: obyte::Bytes::GBYTE, is_final, forwarded_by: None })
    }

    fn summed(hubs_min: usize, views: &[View]) -> View {
        let mut opinions = Opinions::default();
        for view in views {
            assert_eq!(opinions.hear(view.clone()), None, "nothing is proven");
        }
        opinions.sum_up(NonZeroUsize::new(hubs_min).expect("not zero"))
    }

    #[test]
    fn what_is_proven_needs_no_other_hub() {
        let mut opinions = Opinions::default();
        assert_eq!(opinions.hear(Err(UnitFault::NotFound)), None, "a hub may hide it");
        assert_eq!(opinions.hear(proof(true)), Some(proof(true)));
        assert_eq!(opinions.hear(Err(UnitFault::Void)), Some(Err(UnitFault::Void)));
        assert_eq!(opinions.hear(Err(UnitFault::TooLittle)), Some(Err(UnitFault::TooLittle)));
    }

    #[test]
    fn what_is_not_proven_needs_several_hubs_that_agree() {
        let (good, hidden) = (proof(false), Err(UnitFault::NotFound));
        assert_eq!(summed(1, std::slice::from_ref(&good)), good, "one was said to be enough");
        assert_eq!(summed(2, &[good.clone(), good.clone()]), good);
        let alone = summed(2, std::slice::from_ref(&good));
        assert_eq!(alone, Err(UnitFault::TooFewHubs), "the other is silent, or there is none");
        let two_of_three = summed(3, &[good.clone(), good.clone()]);
        assert_eq!(two_of_three, Err(UnitFault::TooFewHubs));
        let one_hides = summed(1, &[good.clone(), hidden.clone()]);
        assert_eq!(one_hides, Err(UnitFault::HubsDisagree), "even where one is enough");
        assert_eq!(summed(2, &[good.clone(), hidden.clone()]), Err(UnitFault::HubsDisagree));
        assert_eq!(summed(3, &[hidden.clone(), good.clone(), good.clone()]), Err(UnitFault::HubsDisagree));
        let other = good
            .clone()
            .map(|proof| UnitProof { forwarded_by: Some(obyte::UnitHash::of("another")), ..proof });
        assert_eq!(summed(2, &[good, other]), Err(UnitFault::HubsDisagree));
        assert_eq!(summed(2, &[]), Err(UnitFault::Unchecked));
    }

    #[test]
    fn of_several_faults_the_one_that_knows_most_is_told() {
        let faults = [UnitFault::NotFinal, UnitFault::NotFound, UnitFault::OtherPayee].map(Err);
        assert_eq!(summed(3, &faults), Err(UnitFault::NotFinal));
        assert_eq!(summed(3, &faults[1..]), Err(UnitFault::OtherPayee));
    }
}
