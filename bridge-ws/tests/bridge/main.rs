//! The bridge through its public door: real sockets, real stores in a temporary folder, and in the engine's place a
//! peer that speaks the trunk protocol as the test tells it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod garbage;
mod guard;
mod http_limits;
mod openapi;
mod operations;
mod origin;
mod rest_audit;
mod rest_bank;
mod rest_channel;
mod rest_contact;
mod rest_content;
mod rest_dues;
mod rest_expense;
mod rest_file;
mod rest_message;
mod rest_mock;
mod rest_oauth;
mod rest_office;
mod rest_search;
mod rest_user;
mod rest_v1;
mod rest_wallet;
mod session;
mod slow_reader;
mod stomp_connect;
mod stomp_garbage;
mod stomp_room;
mod stomp_send;
mod stomp_slow_reader;
mod stomp_talk;
mod stop;
mod support;
mod trunk_loss;
mod websocket;
