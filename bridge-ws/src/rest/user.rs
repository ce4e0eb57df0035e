//! `/api/user`: accounts and logins as the original has them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::future::join_all;
use moim_persistence::{Error, Login, SignUp, User};
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::input::{self, Body};
use super::room_change::{revoke, settle};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::{login_cookies, logout_cookies};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/user/signup", post(sign_up))
        .route("/user/login", post(log_in))
        .route("/user/logout", get(log_out))
        .route("/user", get(show).put(change).delete(delete))
}

/// What signs up, or replaces an account. Absent fields are empty: the store says what is wrong with them.
#[derive(Deserialize)]
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
#[derive(Deserialize)]
pub(super) struct Password {
    #[serde(default, deserialize_with = "input::text")]
    pub(super) email: String,
    #[serde(default, deserialize_with = "input::text")]
    pub(super) password: String,
}

/// An account as its owner sees it: never the password, nor its hash.
#[derive(Serialize)]
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
    if app.config.trial {
        return users.sign_up(account.into()).await;
    }
    // Clients without an address share one.
    let address = address.0.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    users.sign_up_from(account.into(), address).await
}

/// `POST /user/login`: the token travels in headers alone, as the original page expects it.
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
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let max_age_s = login.expires_at_ms.saturating_sub(now_ms) / 1_000;
    let value = |text: String| HeaderValue::try_from(text).map_err(|error| Problem::internal(&error));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, value(format!("Bearer%20{}", login.token))?);
    for cookie in login_cookies(&login.token, max_age_s, app.config.secure_cookies) {
        headers.append(header::SET_COOKIE, value(cookie)?);
    }
    Ok(headers)
}

/// `GET /user`
async fn show(Caller(caller): Caller) -> Json<Shown> {
    Json(Shown { email: caller.email, username: caller.name })
}

/// `PUT /user`: replaces e-mail, name and password. Every login of the account ends, this one too.
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
async fn delete(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Response, Problem> {
    let changes = app.persistence.accounts().users().delete(caller.user).await?;
    app.people.forget(caller.user);
    revoke(&app, caller.user, 0).await;
    // All at once: together they wait no longer than one.
    join_all(changes.into_iter().map(|change| settle(&app, change))).await;
    Ok((forget(&app), Json("회원 탈퇴가 완료되었습니다.")).into_response())
}

/// `GET /user/logout`: ends this login alone.
async fn log_out(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Response, Problem> {
    app.persistence.accounts().logins().log_out(caller.login).await?;
    revoke(&app, caller.user, caller.login).await;
    Ok((forget(&app), Json("로그아웃되었습니다.")).into_response())
}

/// The headers that clear the cookies of a login that has ended.
fn forget(app: &App) -> AppendHeaders<[(header::HeaderName, String); 2]> {
    AppendHeaders(logout_cookies(app.config.secure_cookies).map(|cookie| (header::SET_COOKIE, cookie)))
}
