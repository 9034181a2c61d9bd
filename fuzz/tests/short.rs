//! Each target over its seeds and some thousands of mutations, the same every time.
//!
//! `BYTESBACK_FUZZ_SEED` chooses other mutations; `cargo run -p fuzz` goes on for as long as one likes.

use fuzz::run::{Budget, run};
use fuzz::{TARGETS, target};

fn short(name: &str) {
    let target = target(name).unwrap_or_else(|| panic!("{name} is no target"));
    let seed = std::env::var("BYTESBACK_FUZZ_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    if let Err(failure) = run(target, seed, Budget::Inputs(target.inputs)) {
        panic!("{failure}");
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                short(stringify!($name));
            }
        )*

        #[test]
        fn every_target_has_its_short_run() {
            let tested = [$(stringify!($name)),*];
            assert!(TARGETS.iter().map(|target| target.name).eq(tested), "the same, in the same order");
        }
    };
}

targets! {
    unit history links definition login canonical frame answer refusal hub_url uri ids mnemonic email
    recipient money body purchase purchase_answer wallet_file config rates
}
