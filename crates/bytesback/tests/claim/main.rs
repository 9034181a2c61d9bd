//! The claim page: what is only opened shows no words, what a person asks for by a button does.

mod browser;
#[path = "../common/chromium.rs"]
mod chromium;
mod click;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/devtools.rs"]
mod devtools;
#[path = "../common/inside.rs"]
mod inside;
mod secrets;
mod stage;
mod states;
