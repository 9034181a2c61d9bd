//! When a unit must reveal the definition of its author (4.7).

use crate::Network;

/// The first good unit that an address authored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstUnit {
    /// There is none.
    None,
    /// There is one, and it has no main chain index yet.
    Unplaced,
    /// There is one with this main chain index, perhaps not stable yet.
    At(u64),
}

/// Whether a unit with a last ball at `last_ball_mci` must reveal its author's definition. When it must
/// not, it may not.
///
/// Without a race: ask for parents first, then for the address's first unit; its main chain index can
/// then only be younger than the parents' last ball, never the other way round.
pub fn definition_needed(first: FirstUnit, last_ball_mci: u64, network: Network) -> bool {
    let (unstable_suffices_from, until_stable_again_from) = upgrades(network);
    let unstable_suffices = (unstable_suffices_from..until_stable_again_from).contains(&last_ball_mci);
    match first {
        FirstUnit::None => true,
        FirstUnit::Unplaced => !unstable_suffices,
        FirstUnit::At(mci) => mci > last_ball_mci && !unstable_suffices,
    }
}

/// `unstableInitialDefinitionUpgradeMci` and `pemCurvesFixMci` (section 1).
const fn upgrades(network: Network) -> (u64, u64) {
    match network {
        Network::Livenet => (5_494_000, 12_155_000),
        Network::Testnet => (1_358_300, 3_935_000),
        Network::Devnet => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_repeated_until_the_first_unit_is_below_the_last_ball() {
        let needed = |first| definition_needed(first, 100, Network::Devnet);
        assert!(needed(FirstUnit::None));
        assert!(needed(FirstUnit::Unplaced));
        assert!(needed(FirstUnit::At(101)));
        assert!(!needed(FirstUnit::At(100)));
    }

    #[test]
    fn in_the_middle_age_of_livenet_any_first_unit_suffices() {
        let needed = |first, mci| definition_needed(first, mci, Network::Livenet);
        assert!(needed(FirstUnit::None, 6_000_000));
        assert!(!needed(FirstUnit::Unplaced, 6_000_000));
        assert!(!needed(FirstUnit::At(6_000_001), 6_000_000));
        assert!(needed(FirstUnit::Unplaced, 12_155_000));
        assert!(needed(FirstUnit::Unplaced, 5_493_999));
    }
}
