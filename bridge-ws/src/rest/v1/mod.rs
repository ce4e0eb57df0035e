//! `/api/v1`: what the bridge's own page and scripts need beyond the original's routes. Message ids are strings, so
//! that no reader rounds them.

mod account;
mod room;

use std::sync::Arc;

use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Serialize;

use crate::app::App;
use axum::extract::State;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/about", get(about))
        .route("/me", get(account::me))
        .route("/signup", post(account::sign_up))
        .route("/login", post(account::log_in))
        .route("/rooms", get(room::mine).post(room::create))
        .route("/rooms/{id}/members", get(room::members))
        .route("/rooms/{id}/join", post(room::join))
        .route("/rooms/{id}/membership", delete(room::leave))
}

/// What runs here, for clients that have no session yet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct About {
    name: &'static str,
    version: &'static str,
    protocol_version: u8,
    protocol_minor: u16,
    /// Made-up people and rooms.
    trial: bool,
}

async fn about(State(app): State<Arc<App>>) -> Json<About> {
    Json(About {
        name: "Moim",
        version: env!("CARGO_PKG_VERSION"),
        protocol_version: moim_wire::VERSION,
        protocol_minor: moim_wire::MINOR,
        trial: app.config.trial,
    })
}
