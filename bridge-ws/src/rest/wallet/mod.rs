//! `/api/wallet`: wallets, transfers and reservations as the original names and shapes them.

mod group;
mod member;
mod reservation;
mod transaction;

use std::sync::Arc;

use axum::http::HeaderMap;
use moim_persistence::RequestKey;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::Problem;

pub(super) use transaction::Page;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(member::show, member::open, member::close))
        .routes(routes!(member::top_up))
        .routes(routes!(member::transactions))
        .routes(routes!(member::groups))
        .routes(routes!(member::reservations))
        .routes(routes!(group::open))
        .routes(routes!(group::show, group::join, group::close))
        .routes(routes!(group::transactions))
        .routes(routes!(group::participants))
        .routes(routes!(group::of_channel))
        .routes(routes!(group::reservations))
        .routes(routes!(transaction::pay))
        .routes(routes!(reservation::book))
        .routes(routes!(reservation::cancel))
}

/// The header by which a request that is sent again is known.
const KEY: &str = "idempotency-key";

/// The key that a caller gave, or one of its own for a request without.
pub(super) fn request_key(headers: &HeaderMap) -> Result<RequestKey, Problem> {
    let given = headers.get(KEY).map(|value| value.to_str().unwrap_or_default());
    let key = match given {
        Some(given) => RequestKey::given(given).map_err(moim_persistence::Error::from)?,
        None => RequestKey::drawn()?,
    };
    Ok(key)
}
