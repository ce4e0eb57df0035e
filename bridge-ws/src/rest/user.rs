//! `/api/user`: accounts and logins as the original has them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use moim_persistence::{Error, Login, SignUp, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{Caller, Money};
use super::input::{self, Body};
use super::openapi::Refused;
use super::room_change::{revoke, settle_all};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::clock::now_ms;
use crate::credentials::{login_cookies, logout_cookies};
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(sign_up))
        .routes(routes!(log_in))
        .routes(routes!(log_out))
        .routes(routes!(show, change, delete))
}

/// What signs up, or replaces an account. Absent fields are empty: the store says what is wrong with them.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewAccount)]
pub(super) struct Account {
    #[serde(default, deserialize_with = "input::text")]
    email: String,
    #[serde(default, deserialize_with = "input::text")]
    username: String,
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

impl From<Account> for SignUp {
    fn from(Account { email, username, password }: Account) -> Self {
        Self { email, username, password }
    }
}

/// What logs in.
#[derive(Deserialize, ToSchema)]
#[schema(as = EmailAndPassword)]
pub(super) struct Password {
    #[serde(default, deserialize_with = "input::text")]
    pub(super) email: String,
    #[serde(default, deserialize_with = "input::text")]
    pub(super) password: String,
}

/// An account as its owner sees it: never the password, nor its hash.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
struct Shown {
    email: String,
    username: String,
}

impl From<User> for Shown {
    fn from(user: User) -> Self {
        Self { email: user.email, username: user.name }
    }
}

/// `POST /user/signup`: a new account; it is not logged in yet.
#[utoipa::path(post, path = "/user/signup", tag = "user", security(()), request_body = Account, responses((status = 200, body = Shown), Refused))]
async fn sign_up(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Body(account): Body<Account>,
) -> Result<Json<Shown>, Problem> {
    let user = create(&app, address, account).await?;
    Ok(Json(user.into()))
}

/// Creates an account, limited by the client's address except in a trial, whose people may all come from one.
pub(super) async fn create(app: &App, address: ClientAddress, account: Account) -> Result<User, Error> {
    let users = app.persistence.accounts().users();
    match sign_up_address(app, address) {
        None => users.sign_up(account.into()).await,
        Some(address) => users.sign_up_from(account.into(), address).await,
    }
}

/// The address by which sign-ups are limited; none in a trial. Clients without an address share one.
pub(super) fn sign_up_address(app: &App, address: ClientAddress) -> Option<IpAddr> {
    (!app.config.trial).then(|| address.0.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

/// `POST /user/login`: the token travels in headers alone, as the original page expects it.
#[utoipa::path(post, path = "/user/login", tag = "user", security(()), request_body = Password, responses((status = 200, body = Shown, headers(("Authorization" = String, description = "`Bearer%20` and the token"))), Refused))]
async fn log_in(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Body(Password { email, password }): Body<Password>,
) -> Result<Response, Problem> {
    let login = app.persistence.accounts().logins().log_in(&email, &password, address.0).await?;
    let headers = login_headers(&app, &login)?;
    Ok((headers, Json(Shown::from(login.user))).into_response())
}

/// The headers of a login: the token for the original's page, and our own page's cookie.
pub(super) fn login_headers(app: &App, login: &Login) -> Result<HeaderMap, Problem> {
    let max_age_s = login.expires_at_ms.saturating_sub(now_ms()) / 1_000;
    let value = |text: String| HeaderValue::try_from(text).map_err(|error| Problem::internal(&error));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, value(format!("Bearer%20{}", login.token))?);
    for cookie in login_cookies(&login.token, max_age_s, app.config.secure_cookies) {
        headers.append(header::SET_COOKIE, value(cookie)?);
    }
    Ok(headers)
}

/// `GET /user`
#[utoipa::path(get, path = "/user", tag = "user", responses((status = 200, body = Shown), Refused))]
async fn show(Caller(caller): Caller) -> Json<Shown> {
    Json(Shown { email: caller.email, username: caller.name })
}

/// `PUT /user`: replaces e-mail, name and password. Every login of the account ends, this one too.
#[utoipa::path(put, path = "/user", tag = "user", request_body = Account, responses((status = 200, body = Shown), Refused))]
async fn change(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Body(account): Body<Account>,
) -> Result<Response, Problem> {
    let user = app.persistence.accounts().users().change(caller.user, account.into()).await?;
    app.people.forget(caller.user);
    revoke(&app, caller.user, 0).await;
    Ok((forget(&app), Json(Shown::from(user))).into_response())
}

/// `DELETE /user`: the account leaves its rooms; their members see it go.
#[utoipa::path(delete, path = "/user", tag = "user", responses((status = 200, body = String, content_type = "application/json"), Refused))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
) -> Result<Response, Problem> {
    let changes = accounts.users().delete(caller.user).await?;
    app.people.forget(caller.user);
    revoke(&app, caller.user, 0).await;
    settle_all(&app, changes).await;
    Ok((forget(&app), Json("회원 탈퇴가 완료되었습니다.")).into_response())
}

/// `GET /user/logout`: ends this login alone.
#[utoipa::path(get, path = "/user/logout", tag = "user", responses((status = 200, body = String, content_type = "application/json"), Refused))]
async fn log_out(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Response, Problem> {
    app.persistence.accounts().logins().log_out(caller.login).await?;
    revoke(&app, caller.user, caller.login).await;
    Ok((forget(&app), Json("로그아웃되었습니다.")).into_response())
}

/// The headers that clear the cookies of a login that has ended.
fn forget(app: &App) -> AppendHeaders<[(header::HeaderName, String); 2]> {
    AppendHeaders(logout_cookies(app.config.secure_cookies).map(|cookie| (header::SET_COOKIE, cookie)))
}
