//! `/api/v1/rooms/{room}/dues`: what a room asks of its members, who has paid, and paying.

mod board;
mod cash;
mod export;
mod paying;
mod plan;

pub use export::{DuesLanguage, DuesTable};

use std::sync::Arc;

use moim_persistence::{Dues, Outcome};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;
use crate::rest::room_change::settle_all;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(plan::open, plan::list))
        .routes(routes!(plan::change, plan::end))
        .routes(routes!(board::requests))
        .routes(routes!(board::request))
        .routes(routes!(board::entries))
        .routes(routes!(board::balances))
        .routes(routes!(board::own))
        .routes(routes!(export::export))
        .routes(routes!(paying::pay))
        .routes(routes!(paying::refund))
        .routes(routes!(paying::return_credit))
        .routes(routes!(paying::waive))
        .routes(routes!(cash::record))
        .routes(routes!(cash::list))
        .routes(routes!(cash::confirm))
        .routes(routes!(cash::deny))
}

fn dues(app: &App) -> Dues {
    app.persistence.accounts().dues()
}

/// A transfer that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesTransfer)]
struct Made {
    transfer: u64,
    /// Whole won.
    amount: i64,
    /// It was made before, by the same request.
    repeated: bool,
}

/// Answers once the room was told.
async fn made(app: &App, outcome: Outcome) -> Result<axum::Json<Made>, Problem> {
    settle_all(app, outcome.notices).await;
    let (transfer, amount) = (outcome.transfer.id.0, outcome.transfer.amount.get());
    Ok(axum::Json(Made { transfer, amount, repeated: outcome.repeated }))
}
