//! The client against a peer that fails it: one file for each failure staged.

#![allow(clippy::unwrap_used, reason = "the lint spares test functions only; everything here is a test")]

mod broken_connection;
mod busy;
mod gap;
mod goodbye;
mod handshake;
mod model;
mod payment;
mod peer;
mod resend_refused;
mod reset;
mod silent_server;
mod slow_reader;
