//! A self-hosted cashback server for the Obyte network.

pub mod email;
pub mod endpoint;
pub mod http;
pub mod wallet_file;
