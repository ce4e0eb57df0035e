//! Who makes a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use moim_persistence::{Accounts, Identity, Origin, Via};

use crate::app::App;
use crate::client_address::ClientAddress;
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

/// The accounts, for a request that does something with money: its audit line says where it came from.
pub(super) struct Money(pub(super) Accounts);

impl FromRequestParts<Arc<App>> for Money {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, app).await?;
        Ok(Self(app.persistence.accounts().by_way_of(Origin { via: Via::Rest, address })))
    }
}
