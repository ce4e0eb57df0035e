//! `/api/v1`: what the bridge's own page and scripts need beyond the original's routes. Message ids are strings, so
//! that no reader rounds them.

mod account;
mod audit;
mod bank;
pub(super) mod dues;
mod expense;
mod ledger;
mod oauth;
mod office;
mod room;
mod search;

use std::sync::Arc;

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Refused;
use crate::app::App;
use crate::problem::Problem;
use axum::extract::State;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(about))
        .routes(routes!(account::me))
        .routes(routes!(account::sign_up))
        .routes(routes!(account::log_in))
        .routes(routes!(oauth::offered))
        .routes(routes!(oauth::begin))
        .routes(routes!(oauth::end))
        .routes(routes!(oauth::ways_in))
        .routes(routes!(oauth::connect, oauth::disconnect))
        .routes(routes!(room::mine, room::create))
        .routes(routes!(room::members, room::invite))
        .routes(routes!(room::join))
        .routes(routes!(room::leave))
        .routes(routes!(office::offices))
        .routes(routes!(office::appoint, office::dismiss))
        .routes(routes!(search::search))
        .routes(routes!(ledger::entries))
        .routes(routes!(ledger::head))
        .routes(routes!(audit::of_room))
        .routes(routes!(audit::own))
        .routes(routes!(bank::deposit))
        .routes(routes!(bank::reference))
        .merge(dues::routes())
        .merge(expense::routes())
}

/// How many of a list are asked for, `most` where nothing is said.
fn limit(asked: Option<usize>, most: usize) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(most);
    if (1..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::bad_request(format!("limit: {limit} is not within 1 to {most}")))
}

/// What runs here, for clients that have no session yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct About {
    name: &'static str,
    version: &'static str,
    protocol_version: u8,
    protocol_minor: u16,
    /// Made-up people and rooms.
    trial: bool,
}

#[utoipa::path(get, path = "/about", tag = "v1", security(()), responses((status = 200, body = About), Refused))]
async fn about(State(app): State<Arc<App>>) -> Json<About> {
    Json(About {
        name: "Moim",
        version: env!("CARGO_PKG_VERSION"),
        protocol_version: moim_wire::VERSION,
        protocol_minor: moim_wire::MINOR,
        trial: app.config.trial,
    })
}
