//! A foreign page must not act with its visitor's cookie.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::credentials::Credentials;
use crate::origin::Source;
use crate::problem::Problem;

/// Refuses what changes something, carries no token in its `Authorization` header and comes from a foreign page. A
/// foreign page cannot add that header: the browser would ask by CORS first, and be refused; one of another kind, as
/// for a proxy's password, the browser adds by itself. Sign-up and login are covered too, so that no page logs its
/// visitor in as somebody else.
pub(super) async fn same_site(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let by_header = Credentials::find(request.headers()).is_some_and(|found| !found.by_cookie);
    if changes(&request) && !by_header && app.origins.source(request.headers()) == Source::Foreign {
        return Problem::forbidden("pages of this origin may not act here; add it to the allowed origins")
            .into_response();
    }
    next.run(request).await
}

/// The original's logout is a GET, and so is reading a channel, which marks it read.
fn changes(request: &Request) -> bool {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let path = request.uri().path();
    let marks_read = path.ends_with("/content") || path.contains("/channel-content/");
    !is_read || marks_read || path.ends_with("/logout")
}
