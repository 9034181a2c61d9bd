//! A self-hosted cashback server for the Obyte network.

pub mod alerts;
pub mod attested;
pub mod audit;
pub mod claim;
pub mod cli;
pub mod clock;
pub mod config;
pub mod desk;
pub mod dev;
pub mod endpoint;
pub mod http;
pub mod mail;
pub mod mailer;
pub mod metrics;
pub mod payer;
pub mod proof;
pub mod rates;
pub mod server;
pub mod textcoin;
mod textcoin_words;
pub mod wallet;
pub mod wallet_file;
