//! The WebSocket client of an Obyte hub.
