//! Who looks after a room's money: its treasurer and its auditors.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use moim_persistence::{Accounts, Error, Office, OfficeHolder};
use moim_wire::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InPath};
use crate::rest::openapi::Refused;
use crate::rest::room_change::settle_all;

/// A member who has an office.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OfficeHolder)]
pub(super) struct Holder {
    id: u32,
    name: String,
    /// `TREASURER` or `AUDITOR`.
    office: &'static str,
    /// Unix time in milliseconds.
    since_ms: u64,
}

impl From<OfficeHolder> for Holder {
    fn from(OfficeHolder { user, name, office, since_ms }: OfficeHolder) -> Self {
        Self { id: user.0, name, office: office_name(office), since_ms }
    }
}

/// Which office.
#[derive(Deserialize, ToSchema)]
pub(super) struct Appointment {
    /// `TREASURER` or `AUDITOR`.
    #[serde(default, deserialize_with = "input::text")]
    office: String,
}

pub(super) const fn office_name(office: Office) -> &'static str {
    match office {
        Office::Treasurer => "TREASURER",
        Office::Auditor => "AUDITOR",
    }
}

fn office_named(name: &str) -> Result<Office, Problem> {
    match name.trim() {
        "TREASURER" => Ok(Office::Treasurer),
        "AUDITOR" => Ok(Office::Auditor),
        other => Err(Problem::bad_request(format!("office: \"{other}\" is none; write TREASURER or AUDITOR"))),
    }
}

/// `GET /rooms/{id}/offices`: the treasurer first; for members alone.
#[utoipa::path(get, path = "/rooms/{id}/offices", tag = "v1", params(("id" = u32, Path, description = "The room")), responses((status = 200, body = Vec<Holder>), Refused))]
pub(super) async fn offices(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u32>,
) -> Result<Json<Vec<Holder>>, Problem> {
    let (rooms, room) = (app.persistence.accounts().rooms(), RoomId(id));
    if !rooms.is_member(room, caller.user).await? {
        rooms.get(room).await?;
        return Err(Error::NotAMember { room, user: caller.user }.into());
    }
    Ok(Json(rooms.offices(room).await?.into_iter().map(Holder::from).collect()))
}

/// `PUT /rooms/{id}/offices/{user}`: by an admin; the treasurer may make another the treasurer. A room has one.
#[utoipa::path(put, path = "/rooms/{id}/offices/{user}", tag = "v1", params(("id" = u32, Path, description = "The room"), ("user" = u32, Path, description = "A member")), request_body = Appointment, responses((status = 204), Refused))]
pub(super) async fn appoint(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((id, user)): InPath<(u32, u32)>,
    Body(Appointment { office }): Body<Appointment>,
) -> Result<StatusCode, Problem> {
    set(&app, &accounts, caller.user, RoomId(id), UserId(user), Some(office_named(&office)?)).await
}

/// `DELETE /rooms/{id}/offices/{user}`: by an admin, or the holder himself.
#[utoipa::path(delete, path = "/rooms/{id}/offices/{user}", tag = "v1", params(("id" = u32, Path, description = "The room"), ("user" = u32, Path, description = "A member")), responses((status = 204), Refused))]
pub(super) async fn dismiss(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((id, user)): InPath<(u32, u32)>,
) -> Result<StatusCode, Problem> {
    set(&app, &accounts, caller.user, RoomId(id), UserId(user), None).await
}

async fn set(
    app: &App,
    accounts: &Accounts,
    actor: UserId,
    room: RoomId,
    user: UserId,
    office: Option<Office>,
) -> Result<StatusCode, Problem> {
    let changes = accounts.rooms().set_office(actor, room, user, office).await?;
    settle_all(app, changes).await;
    Ok(StatusCode::NO_CONTENT)
}
