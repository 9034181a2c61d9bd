//! Mail to customers, with a real SMTP server and in a real browser.

mod browser;
#[path = "../common/chromium.rs"]
mod chromium;
mod commands;
mod refusals;
mod relay;
mod smtp;
mod trouble;
