//! The HTTP interface: `/api` as the original's clients know it, `/api/v1` for what the bridge's own page needs beyond.

mod caller;
mod channel;
mod contact;
mod content;
mod file;
mod guard;
mod input;
mod message;
mod mock;
mod openapi;
mod room_change;
mod search;
mod user;
mod v1;
mod wallet;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::problem::Problem;

pub use file::Types as FileTypes;
pub(crate) use file::is_upload;
pub(crate) use openapi::Document;
pub use v1::dues::{DuesLanguage, DuesTable};

/// All routes below `/api`, and what the document says of them.
pub(crate) fn router(app: &Arc<App>) -> (Router<Arc<App>>, OpenApi) {
    let (routes, document) = OpenApiRouter::new()
        .merge(user::routes())
        .merge(channel::routes())
        .merge(contact::routes())
        .merge(content::routes())
        .merge(message::routes())
        .merge(file::routes(app))
        .merge(mock::routes())
        .merge(search::routes())
        .merge(wallet::routes())
        .nest("/v1", v1::routes())
        .split_for_parts();
    let routes = routes
        .fallback(|| async { Problem::of_status(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::of_status(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(DefaultBodyLimit::max(app.config.limits.body_bytes_max))
        .layer(middleware::from_fn_with_state(app.clone(), guard::same_site))
        .layer(cors(app));
    (routes, document)
}

/// Lets scripts of the configured origins, and no others, read answers and send their credentials along.
fn cors(app: &App) -> CorsLayer {
    let headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        HeaderName::from_static("contactemail"),
        HeaderName::from_static("idempotency-key"),
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(app.origins.allowed().iter().cloned()))
        .allow_credentials(true)
        .allow_methods(AllowMethods::list([Method::GET, Method::POST, Method::PUT, Method::DELETE]))
        .allow_headers(AllowHeaders::list(headers))
        .expose_headers([header::AUTHORIZATION, header::CONTENT_DISPOSITION])
}
