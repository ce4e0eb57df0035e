//! Who makes a request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use moim_persistence::Identity;

use crate::app::App;
use crate::credentials::Credentials;
use crate::problem::Problem;

/// The user of a request's token.
pub(super) struct Caller(pub(super) Identity);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let credentials = Credentials::find(&parts.headers).ok_or_else(|| Problem::unauthorized("log in first"))?;
        Ok(Self(app.persistence.accounts().logins().authenticate(&credentials.token).await?))
    }
}
