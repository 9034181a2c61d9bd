//! Balls: stable units with their place in the past (7.2).

use obyte::BallHash;
use obyte::unit::Ball;
use obyte::validate::context::Sequence;

use super::{Dag, Id, Mci};

/// The indexes that a ball of the main chain skips to.
fn skipped(mci: Mci) -> impl Iterator<Item = Mci> {
    let powers = std::iter::successors(Some(10), |power: &Mci| power.checked_mul(10));
    powers.take_while(move |power| mci > 0 && mci.is_multiple_of(*power)).map(move |power| mci - power)
}

impl Dag {
    /// The ball of a stable unit with all that its hash covers.
    pub(crate) fn ball(&self, id: Id) -> Ball {
        let node = self.node(id);
        let mut parent_balls: Vec<_> = node.parents.iter().map(|&parent| self.ball_hash(parent)).collect();
        parent_balls.sort_unstable();
        let mut skiplist_balls: Vec<_> = self.skiplist(id).map(|unit| self.ball_hash(unit)).collect();
        skiplist_balls.sort_unstable();
        let is_nonserial = node.sequence == Sequence::FinalBad;
        Ball { unit: node.hash(), parent_balls, skiplist_balls, is_nonserial }
    }

    /// The units that the ball of a stable unit skips to, newest first.
    pub(crate) fn skiplist(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let node = self.node(id);
        let mci = node.mci.filter(|_| node.is_on_main_chain).unwrap_or(0);
        skipped(mci).map(|mci| self.main_chain[mci as usize])
    }

    pub(super) fn make_ball(&mut self, id: Id) {
        let digest = self.ball(id).hash().digest();
        self.node_mut(id).ball = digest;
    }

    fn ball_hash(&self, id: Id) -> BallHash {
        self.node(id).ball().expect("what a stable unit includes is stable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skiplists_jump_by_powers_of_ten() {
        let list = |mci| skipped(mci).collect::<Vec<_>>();
        assert_eq!(list(0), [0; 0]);
        assert_eq!(list(7), [0; 0]);
        assert_eq!(list(10), [0]);
        assert_eq!(list(120), [110]);
        assert_eq!(list(3000), [2990, 2900, 2000]);
    }
}
