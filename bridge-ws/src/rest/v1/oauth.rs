//! Logins by a provider, as a browser goes through them: away to the provider, back to the callback, on to the page. What
//! goes wrong on the way is told by the page, which gets the reason's name.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use moim_persistence::{Error, Login};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::{Credentials, flow_cookie, flow_of};
use crate::oauth::{Flow, Provider, Refusal};
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::input::{self, Body, InPath, InQuery};
use crate::rest::openapi::Refused;
use crate::rest::user::{login_headers, sign_up_address};

/// A provider that one may log in by.
#[derive(Serialize, ToSchema)]
pub(super) struct Offered {
    id: String,
    name: String,
}

/// `GET /oauth`: the providers that one may log in by.
#[utoipa::path(get, path = "/oauth", tag = "v1", security(()), responses((status = 200, body = Vec<Offered>), Refused))]
pub(super) async fn offered(State(app): State<Arc<App>>) -> Json<Vec<Offered>> {
    let offered = |provider: &Provider| Offered { id: provider.id().to_owned(), name: provider.name().to_owned() };
    Json(app.oauth.providers().iter().map(offered).collect())
}

/// `GET /oauth/{provider}/login`: sends the browser to the provider.
#[utoipa::path(get, path = "/oauth/{provider}/login", tag = "v1", security(()), params(("provider" = String, Path)),
    responses((status = 303, description = "To the provider, or to the page with the reason"), Refused))]
pub(super) async fn begin(State(app): State<Arc<App>>, InPath(provider): InPath<String>) -> Result<Response, Problem> {
    let provider = find(&app, &provider)?;
    match start(provider).await {
        Ok((location, flow)) => {
            let keep = HeaderMap::from_iter([(header::SET_COOKIE, keep(&app, Some(&flow))?)]);
            Ok(redirect(&location, keep))
        }
        Err(refusal) => Ok(to_page(&app, provider, Err(refusal), HeaderMap::new())),
    }
}

/// What a provider says when it sends somebody back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    /// The provider, where it says so: another one's answer must not be taken for its.
    iss: Option<String>,
}

/// `GET /oauth/{provider}/callback`: where the provider sends the browser back to; it ends on the page, logged in or with
/// the reason why not.
#[utoipa::path(get, path = "/oauth/{provider}/callback", tag = "v1", security(()), params(("provider" = String, Path), Back),
    responses((status = 303, description = "To the page"), Refused))]
pub(super) async fn end(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    InPath(provider): InPath<String>,
    InQuery(back): InQuery<Back>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let provider = find(&app, &provider)?;
    let mut answer = HeaderMap::new();
    let ended = match finish(&app, provider, address, back, &headers).await {
        Ok(Ended::LoggedIn(login)) => {
            answer = login_headers(&app, &login)?;
            // The token is for scripts of the page that asked; here nobody asked by script.
            answer.remove(header::AUTHORIZATION);
            Ok("in")
        }
        Ok(Ended::Connected) => Ok("connected"),
        Err(refusal) => Err(refusal),
    };
    // Whatever came of it, the login is over: the same callback again finds no cookie.
    answer.append(header::SET_COOKIE, keep(&app, None)?);
    Ok(to_page(&app, provider, ended, answer))
}

/// How the caller may log in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WaysIn {
    has_password: bool,
    providers: Vec<Connection>,
}

/// A provider, and whether the caller's account is connected with one there.
#[derive(Serialize, ToSchema)]
struct Connection {
    id: String,
    name: String,
    connected: bool,
}

/// `GET /me/oauth`: the providers, and by which of them and of a password the caller may log in.
#[utoipa::path(get, path = "/me/oauth", tag = "v1", responses((status = 200, body = WaysIn), Refused))]
pub(super) async fn ways_in(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Json<WaysIn>, Problem> {
    let ways = app.persistence.accounts().users().ways_in(caller.user).await?;
    let connection = |provider: &Provider| Connection {
        id: provider.id().to_owned(),
        name: provider.name().to_owned(),
        connected: ways.issuers.iter().any(|issuer| issuer == provider.issuer()),
    };
    let providers = app.oauth.providers().iter().map(connection).collect();
    Ok(Json(WaysIn { has_password: ways.has_password, providers }))
}

/// Where the page is to go.
#[derive(Serialize, ToSchema)]
pub(super) struct Onward {
    location: String,
}

/// What proves that it is the caller who asks: a session that was left open must not become a way in that lasts.
#[derive(Deserialize, ToSchema)]
pub(super) struct Proof {
    /// The account's, where it has one.
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

/// `POST /me/oauth/{provider}`: begins to connect the caller's account with one of the provider's. The page goes on to
/// the location.
#[utoipa::path(post, path = "/me/oauth/{provider}", tag = "v1", params(("provider" = String, Path)), request_body = Proof,
    responses((status = 200, body = Onward), Refused))]
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    address: ClientAddress,
    Caller(caller): Caller,
    InPath(provider): InPath<String>,
    headers: HeaderMap,
    Body(Proof { password }): Body<Proof>,
) -> Result<Response, Problem> {
    let provider = find(&app, &provider)?;
    app.persistence.accounts().logins().prove(caller.user, &password, address.0).await?;
    let (location, flow) = start(provider).await.map_err(|refusal| {
        count(&app, provider, &refusal);
        // What the provider said is for the log.
        Problem::busy(refusal.name(), 1_000)
    })?;
    let token = Credentials::find(&headers).map(|credentials| credentials.token).unwrap_or_default();
    let keep = keep(&app, Some(&flow.connecting(&token)))?;
    Ok(([(header::SET_COOKIE, keep)], Json(Onward { location })).into_response())
}

/// `DELETE /me/oauth/{provider}`: one does not log in by the provider any more, and the caller's other logins end; the
/// engine looks for such every second.
#[utoipa::path(delete, path = "/me/oauth/{provider}", tag = "v1", params(("provider" = String, Path)),
    responses((status = 204), Refused))]
pub(super) async fn disconnect(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(provider): InPath<String>,
) -> Result<StatusCode, Problem> {
    let issuer = find(&app, &provider)?.issuer();
    let offered = app.oauth.providers().iter().map(|provider| provider.issuer().to_owned()).collect();
    app.persistence.accounts().users().disconnect_external(&caller, issuer, offered).await?;
    Ok(StatusCode::NO_CONTENT)
}

enum Ended {
    LoggedIn(Login),
    Connected,
}

async fn start(provider: &Provider) -> Result<(String, Flow), Refusal> {
    let _turn = provider.turn()?;
    provider.begin().await
}

async fn finish(
    app: &App,
    provider: &Provider,
    address: ClientAddress,
    back: Back,
    headers: &HeaderMap,
) -> Result<Ended, Refusal> {
    let Back { code, state, error, error_description, iss } = back;
    let cookie = flow_of(headers, app.config.secure_cookies);
    let flow = cookie.and_then(|cookie| app.oauth.flow(cookie)).ok_or(Refusal::Stale)?;
    if !flow.is_of(provider.id(), state.as_deref().unwrap_or_default()) {
        return Err(Refusal::Stale);
    }
    if iss.is_some_and(|iss| iss != provider.issuer()) {
        return Err(Refusal::Untrue("another provider's answer".to_owned()));
    }
    let code = match (code, error) {
        (Some(code), None) => code,
        (_, Some(error)) => return Err(Refusal::Denied(error_description.unwrap_or(error))),
        _ => return Err(Refusal::Stale),
    };
    let token = Credentials::find(headers).map(|credentials| credentials.token).unwrap_or_default();
    // Logged out, or in as somebody else, meanwhile.
    if flow.is_connecting() && !flow.connects(&token) {
        return Err(Refusal::Stale);
    }
    let connects = flow.is_connecting();
    let accounts = app.persistence.accounts();
    accounts.logins().take_external(address.0)?;
    // Not held while the accounts' store works.
    let turn = provider.turn()?;
    let vouched = provider.vouch(flow, code).await?;
    drop(turn);
    accounts.logins().external_succeeded(address.0);
    if connects {
        let caller = accounts.logins().authenticate(&token).await?;
        accounts.users().connect_external(caller.user, vouched.account).await?;
        return Ok(Ended::Connected);
    }
    let user = match accounts.users().by_external(vouched.account.clone()).await? {
        Some(user) => user,
        None => {
            let turn = provider.turn()?;
            let sign_up = provider.introduce(vouched).await?;
            drop(turn);
            accounts.users().sign_up_external(sign_up, sign_up_address(app, address)).await?
        }
    };
    Ok(Ended::LoggedIn(accounts.logins().issue(user.id).await?))
}

fn find<'a>(app: &'a App, id: &str) -> Result<&'a Provider, Problem> {
    let unknown = || {
        let known: Vec<_> = app.oauth.providers().iter().map(Provider::id).collect();
        let message = format!("there is no provider \"{id}\"; there are: {}", known.join(", "));
        Problem::new(StatusCode::BAD_REQUEST, "NoSuchProvider", message)
    };
    app.oauth.provider(id).ok_or_else(unknown)
}

/// The cookie that keeps a flow in the browser, or that clears it.
fn keep(app: &App, flow: Option<&Flow>) -> Result<HeaderValue, Problem> {
    let cookie = flow_cookie(flow.map(|flow| app.oauth.cookie(flow)).as_deref(), app.config.secure_cookies);
    HeaderValue::try_from(cookie).map_err(|error| Problem::internal(&error))
}

/// To the page, which tells how it ended.
fn to_page(app: &App, provider: &Provider, ended: Result<&'static str, Refusal>, headers: HeaderMap) -> Response {
    let outcome = match ended {
        Ok(outcome) => {
            app.counters.oauth_done.one();
            outcome
        }
        Err(refusal) => {
            count(app, provider, &refusal);
            refusal.name()
        }
    };
    redirect(&format!("/?oauth={outcome}&provider={}", provider.id()), headers)
}

fn count(app: &App, provider: &Provider, refusal: &Refusal) {
    app.counters.oauth_refused.one();
    match refusal {
        Refusal::Busy => app.counters.oauth_busy.one(),
        Refusal::Store(error) if !is_no(error) => {
            tracing::error!(provider = provider.id(), %error, "a login by a provider failed");
        }
        // Anybody can bring these about, as often as he likes; what its provider does wrong was told there.
        _ => tracing::debug!(provider = provider.id(), %refusal, "a login by a provider was refused"),
    }
}

/// Whether the store says no, rather than failing.
const fn is_no(error: &Error) -> bool {
    use Error::{
        EmailTaken, ExternalTaken, InvalidField, NoSuchUser, TokenExpired, TokenInvalid, TokenRevoked, TooManyAttempts,
    };
    matches!(
        error,
        EmailTaken
            | ExternalTaken
            | InvalidField { .. }
            | NoSuchUser(_)
            | TooManyAttempts { .. }
            | TokenExpired
            | TokenInvalid
            | TokenRevoked
    )
}

fn redirect(location: &str, headers: HeaderMap) -> Response {
    (headers, Redirect::to(location)).into_response()
}
