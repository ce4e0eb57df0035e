//! Who one is, and logins whose token comes in the body.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use moim_persistence::Login;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::input::Body;
use crate::rest::openapi::Refused;
use crate::rest::user::{Account, Password, create, login_headers};

/// The caller.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    id: u32,
    email: String,
    username: String,
    /// Unix time in milliseconds at which the token ends.
    expires_at_ms: u64,
}

/// A login for clients that keep the token themselves; the cookies are set as well.
#[derive(Serialize, ToSchema)]
struct LoggedIn {
    token: String,
    #[serde(flatten)]
    me: Me,
}

/// `GET /me`
#[utoipa::path(get, path = "/me", tag = "v1", responses((status = 200, body = Me), Refused))]
pub(super) async fn me(Caller(caller): Caller) -> Json<Me> {
    let expires_at_ms = caller.expires_at_ms;
    Json(Me { id: caller.user.0, email: caller.email, username: caller.name, expires_at_ms })
}

/// `POST /signup`: a new account, logged in.
#[utoipa::path(post, path = "/signup", tag = "v1", security(()), request_body = Account, responses((status = 200, body = LoggedIn), Refused))]
pub(super) async fn sign_up(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Body(account): Body<Account>,
) -> Result<Response, Problem> {
    let user = create(&app, address, account).await?;
    let login = app.persistence.accounts().logins().issue(user.id).await?;
    answer(&app, login)
}

/// `POST /login`
#[utoipa::path(post, path = "/login", tag = "v1", security(()), request_body = Password, responses((status = 200, body = LoggedIn), Refused))]
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Body(Password { email, password }): Body<Password>,
) -> Result<Response, Problem> {
    let login = app.persistence.accounts().logins().log_in(&email, &password, address.0).await?;
    answer(&app, login)
}

fn answer(app: &App, login: Login) -> Result<Response, Problem> {
    let headers = login_headers(app, &login)?;
    let Login { token, user, expires_at_ms, .. } = login;
    let me = Me { id: user.id.0, email: user.email, username: user.name, expires_at_ms };
    Ok((headers, Json(LoggedIn { token, me })).into_response())
}
