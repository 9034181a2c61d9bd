//! The payout engine, pure: from events to what to persist and what to send.
