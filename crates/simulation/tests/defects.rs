//! The test of the test: an engine with a defect is found out, and for the right reason.

use simulation::{Defect, Promise, play};

/// So many seeds are enough to find a defect.
const SEEDS: u64 = 1_000;

/// The promise that an engine with this defect breaks first, in the first seed that shows it.
fn found_out(defect: Defect) -> Promise {
    let broken = (0..SEEDS).find_map(|seed| play(seed, Some(defect), false).broken);
    let broken = broken.unwrap_or_else(|| panic!("{defect:?} is not noticed in {SEEDS} seeds"));
    println!("{broken}");
    broken.promise
}

macro_rules! defects {
    ($($name:ident: $defect:ident => $($promise:ident)|+;)+) => {
        $(
            #[test]
            fn $name() {
                let promise = found_out(Defect::$defect);
                assert!(matches!(promise, $(Promise::$promise)|+), "{promise:?}");
            }
        )+

        #[test]
        fn every_defect_has_its_test() {
            assert_eq!([$(Defect::$defect),+], Defect::ALL);
        }
    };
}

defects! {
    a_version_without_the_anchor_is_found_out: ForgetsTheAnchor => Conflicting;
    posting_before_journaling_is_found_out: PostsFirst => JournaledFirst;
    posting_without_journaling_is_found_out: NeverJournals => JournaledFirst;
    freeing_on_timeout_is_found_out: FreesOnTimeout => Conflicting;
    freeing_on_a_refusal_is_found_out: FreesOnRefusal => Conflicting;
    trusting_what_is_not_proven_is_found_out: TrustsTheHub => Proven;
    taking_silence_for_death_is_found_out: TrustsSilence => Proven;
    crediting_unproven_coins_is_found_out: CreditsUnproven => Proven;
    ok_on_known_without_a_history_is_found_out: KnownIsAccepted => Accepted;
    telling_before_keeping_is_found_out: TellsFirst => Accepted;
    crediting_twice_is_found_out: ForgetsCredits => Books;
    a_store_without_its_tail_is_found_out: LosesTheTail => Proven | Books | Sound;
    paying_a_repeated_purchase_again_is_found_out: PaysRepeats => PaidOnce;
    fees_above_the_ceiling_are_found_out: IgnoresCeilings => Ceiling;
    paying_what_is_paid_is_found_out: ForgetsPaid => Conflicting;
    paying_before_all_coins_moved_is_found_out: SkipsTheSweep => Conflicting;
}
