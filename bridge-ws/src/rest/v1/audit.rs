//! Audit lines: who did what with money, when, and from where.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use moim_persistence::AuditLine;
use moim_wire::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::limit;
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::input::{InPath, InQuery};
use crate::rest::openapi::Refused;

const LINES_MAX: usize = 100;

/// An audit line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditLine)]
pub(super) struct Line {
    id: u64,
    /// In UTC, as RFC 3339 writes it.
    at: String,
    /// 0: nobody, but the operator, the server or the bank.
    actor: u32,
    /// The actor's name now.
    actor_name: String,
    /// `rest`, `native`, `bank`, `operator`, `server`, or `unknown` of what was done before such lines were kept.
    via: &'static str,
    /// Of what others did in a room, the network alone; empty where there is none to tell.
    address: String,
    /// What was done, as `duesPaid`; more may come.
    action: &'static str,
    /// The room whose money it is about, if it is a room's.
    room: Option<u32>,
    /// The number of what it is about: a transfer, a plan, a charge, as the action says.
    subject: u64,
    /// Whole won; 0 where it is about none.
    amount: i64,
    /// What else there is to say of it, as a title, a reason, or from which wallet to which.
    detail: String,
}

impl From<AuditLine> for Line {
    fn from(line: AuditLine) -> Self {
        Self {
            id: line.id,
            at: local_time::utc(line.at_ms),
            actor: line.actor.0,
            actor_name: line.actor_name,
            via: line.via.name(),
            address: line.address,
            action: line.action.name(),
            room: line.room.map(|room| room.0),
            subject: line.subject,
            amount: line.amount.get(),
            detail: line.detail,
        }
    }
}

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Numbers below this.
    before: Option<u64>,
    /// At most 100, which is also the default.
    limit: Option<usize>,
}

/// `GET /rooms/{room}/audit`: the newest first, for the room's treasurer, auditors and admins.
#[utoipa::path(get, path = "/rooms/{room}/audit", tag = "v1", params(("room" = u32, Path, description = "The room"), Page), responses((status = 200, body = Vec<Line>), Refused))]
pub(super) async fn of_room(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Line>>, Problem> {
    let audit = app.persistence.accounts().audit();
    let lines = audit.of_room(caller.user, RoomId(room), page.before, limit(page.limit, LINES_MAX)?).await?;
    Ok(Json(lines.into_iter().map(Line::from).collect()))
}

/// `GET /ledger/audit`: what the caller did with money, in all rooms; the newest first.
#[utoipa::path(get, path = "/ledger/audit", tag = "v1", params(Page), responses((status = 200, body = Vec<Line>), Refused))]
pub(super) async fn own(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Line>>, Problem> {
    let audit = app.persistence.accounts().audit();
    let lines = audit.of_user(caller.user, page.before, limit(page.limit, LINES_MAX)?).await?;
    Ok(Json(lines.into_iter().map(Line::from).collect()))
}
