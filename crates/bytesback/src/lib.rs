//! A self-hosted cashback server for the Obyte network.
