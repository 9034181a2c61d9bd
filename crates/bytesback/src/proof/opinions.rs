//! What several hubs say about one unit, together. Pure.

use program::{UnitFault, UnitProof};

type View = Result<UnitProof, UnitFault>;

/// What was heard so far.
#[derive(Debug)]
pub(super) struct Opinions {
    /// How many hubs there are, connected or not.
    hubs: usize,
    heard: Vec<View>,
}

impl Opinions {
    /// Of so many hubs, of which none was heard.
    pub(super) const fn of(hubs: usize) -> Self {
        Self { hubs, heard: Vec::new() }
    }

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

    /// The decision, where nothing is proven: all that were heard must agree, and be several where there are.
    pub(super) fn sum_up(self) -> View {
        let is_enough = self.hubs == 1 || self.heard.len() > 1;
        let mut heard = self.heard.into_iter();
        let first = heard.next().unwrap_or(Err(UnitFault::Unchecked));
        let together = heard.fold(first, |one, other| match (one, other) {
            (Err(one), Err(other)) => Err(one.max(other)),
            (one, other) if one == other => one,
            _ => Err(UnitFault::HubsDisagree),
        });
        together.and_then(|proof| if is_enough { Ok(proof) } else { Err(UnitFault::Unchecked) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn proof(is_final: bool) -> View {
        Ok(UnitProof { is_final, forwarded_by: None })
    }

    fn summed(hubs: usize, views: &[View]) -> View {
        let mut opinions = Opinions::of(hubs);
        for view in views {
            assert_eq!(opinions.hear(view.clone()), None, "nothing is proven");
        }
        opinions.sum_up()
    }

    #[test]
    fn what_is_proven_needs_no_other_hub() {
        let mut opinions = Opinions::of(2);
        assert_eq!(opinions.hear(Err(UnitFault::NotFound)), None, "a hub may hide it");
        assert_eq!(opinions.hear(proof(true)), Some(proof(true)));
        assert_eq!(opinions.hear(Err(UnitFault::Void)), Some(Err(UnitFault::Void)));
        assert_eq!(opinions.hear(Err(UnitFault::TooLittle)), Some(Err(UnitFault::TooLittle)));
    }

    #[test]
    fn what_is_not_proven_needs_all_hubs() {
        let (good, hidden) = (proof(false), Err(UnitFault::NotFound));
        assert_eq!(summed(1, std::slice::from_ref(&good)), good, "there is no other to ask");
        assert_eq!(summed(2, &[good.clone(), good.clone()]), good);
        assert_eq!(summed(2, std::slice::from_ref(&good)), Err(UnitFault::Unchecked), "one is silent");
        assert_eq!(summed(2, &[good.clone(), hidden.clone()]), Err(UnitFault::HubsDisagree));
        assert_eq!(summed(3, &[hidden.clone(), good.clone(), good.clone()]), Err(UnitFault::HubsDisagree));
        let other = Ok(UnitProof { is_final: false, forwarded_by: Some(obyte::UnitHash::of("another")) });
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
