//! Mail to customers, with a real SMTP server and in a real browser.

mod browser;
mod commands;
mod refusals;
mod relay;
mod smtp;
mod trouble;
