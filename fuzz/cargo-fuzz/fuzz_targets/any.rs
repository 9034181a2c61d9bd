//! One program for every target: its own name says which one it is.
#![no_main]

use std::sync::LazyLock;

use fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let program = std::env::current_exe().expect("a program knows where it stands");
    let name = program.file_name().and_then(|name| name.to_str()).expect("a name of a target");
    fuzz::target(name).expect("programs are named as targets")
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
