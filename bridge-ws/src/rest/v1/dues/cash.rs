//! Cash that the treasurer was given, and the second person who says so.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use moim_persistence::{ChargeId, NewReceipt, ReceiptEntry, ReceiptId, ReceiptState};
use moim_wire::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Made, dues, made};
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InPath, InQuery};
use crate::rest::openapi::Refused;
use crate::rest::room_change::{settle, settle_all};
use crate::rest::wallet::request_key;

/// Cash that was received.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewDuesReceipt)]
pub(super) struct New {
    /// Whole won.
    #[serde(default, deserialize_with = "input::won")]
    #[schema(value_type = i64)]
    amount: i64,
    #[serde(default, deserialize_with = "input::text")]
    note: String,
}

/// A receipt of cash.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesReceipt)]
pub(super) struct Receipt {
    id: u64,
    charge: u64,
    /// Who paid.
    user: u32,
    /// Whole won.
    amount: i64,
    note: String,
    recorded_by: u32,
    /// Local time of Seoul.
    recorded_at: String,
    /// `waiting`, `confirmed` or `denied`.
    state: &'static str,
    /// The second person.
    settled_by: Option<u32>,
}

impl From<ReceiptEntry> for Receipt {
    fn from(receipt: ReceiptEntry) -> Self {
        Self {
            id: receipt.id.0,
            charge: receipt.charge.0,
            user: receipt.user.0,
            amount: receipt.amount.get(),
            note: receipt.note,
            recorded_by: receipt.recorded_by.0,
            recorded_at: local_time::of_unix_ms(receipt.recorded_at_ms),
            state: match receipt.state {
                ReceiptState::Waiting => "waiting",
                ReceiptState::Confirmed => "confirmed",
                ReceiptState::Denied => "denied",
            },
            settled_by: receipt.settled_by.map(|user| user.0),
        }
    }
}

/// `POST /rooms/{room}/dues/charges/{charge}/cash`: by the treasurer; it counts once a second member confirms it.
#[utoipa::path(post, path = "/rooms/{room}/dues/charges/{charge}/cash", tag = "dues", request_body = New, params(("room" = u32, Path, description = "The room"), ("charge" = u64, Path, description = "The charge"), ("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 201, body = Receipt), Refused))]
pub(super) async fn record(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, charge)): InPath<(u32, u64)>,
    headers: HeaderMap,
    Body(New { amount, note }): Body<New>,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let (actor, key) = (caller.user, request_key(&headers)?);
    let new = NewReceipt { actor, key, room: RoomId(room), charge: ChargeId(charge), amount, note };
    let (receipt, told) = accounts.dues().record_cash(new).await?;
    settle_all(&app, told).await;
    Ok((StatusCode::CREATED, Json(receipt.into())))
}

/// Which receipts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Those that do not wait, of numbers below this alone.
    before: Option<u64>,
}

/// `GET /rooms/{room}/dues/cash`: all that wait for a second person, at most 500, then the newest 500 others; the
/// newest of each first.
#[utoipa::path(get, path = "/rooms/{room}/dues/cash", tag = "dues", params(("room" = u32, Path, description = "The room"), Page), responses((status = 200, body = Vec<Receipt>), Refused))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Receipt>>, Problem> {
    let receipts = dues(&app).receipts(caller.user, RoomId(room), page.before.map(ReceiptId)).await?;
    Ok(Json(receipts.into_iter().map(Receipt::from).collect()))
}

/// `POST /rooms/{room}/dues/cash/{receipt}/confirmation`: by a member other than who recorded it.
#[utoipa::path(post, path = "/rooms/{room}/dues/cash/{receipt}/confirmation", tag = "dues", params(("room" = u32, Path, description = "The room"), ("receipt" = u64, Path, description = "The receipt")), responses((status = 200, body = Made), Refused))]
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, receipt)): InPath<(u32, u64)>,
) -> Result<Json<Made>, Problem> {
    made(&app, accounts.dues().confirm_cash(caller.user, RoomId(room), ReceiptId(receipt)).await?).await
}

/// `POST /rooms/{room}/dues/cash/{receipt}/denial`: it was not received; by any member.
#[utoipa::path(post, path = "/rooms/{room}/dues/cash/{receipt}/denial", tag = "dues", params(("room" = u32, Path, description = "The room"), ("receipt" = u64, Path, description = "The receipt")), responses((status = 204), Refused))]
pub(super) async fn deny(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, receipt)): InPath<(u32, u64)>,
) -> Result<StatusCode, Problem> {
    let told = accounts.dues().deny_cash(caller.user, RoomId(room), ReceiptId(receipt)).await?;
    settle(&app, told).await;
    Ok(StatusCode::NO_CONTENT)
}
