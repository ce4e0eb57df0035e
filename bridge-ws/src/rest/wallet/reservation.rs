//! `/api/wallet/reservation`: transfers booked for a time.

use axum::Json;
use axum::http::HeaderMap;
use moim_persistence::{Error, NewReservation, ReservationId, ReservationState, Rhythm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request_key;
use super::transaction::ends;
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InPath};
use crate::rest::openapi::Refused;

/// A transfer to be booked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewReservation)]
pub(super) struct New {
    #[serde(rename = "type", default)]
    #[schema(value_type = ReservationType)]
    kind: Option<ReservationType>,
    #[serde(default, deserialize_with = "input::number")]
    #[schema(value_type = u64)]
    wallet_id: Option<u64>,
    #[serde(default, deserialize_with = "input::number")]
    #[schema(value_type = u64)]
    target_wallet_id: Option<u64>,
    /// Whole won, 1 or more.
    #[serde(default, deserialize_with = "input::won")]
    #[schema(value_type = i64)]
    amount: i64,
    /// Of the wallet that will pay.
    #[serde(default, deserialize_with = "input::text")]
    password: String,
    /// The first run, a minute ahead or more: local time of Seoul, or with an offset. Seconds are cut.
    #[serde(default, deserialize_with = "input::text")]
    reservation_time: String,
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum ReservationType {
    Daily,
    Monthly,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = ReservationState)]
enum RunState {
    Reservation,
    Success,
    Failed,
    Cancelled,
}

/// A run of a booked transfer: to come, or over.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reservation {
    id: u64,
    wallet_id: u64,
    target_wallet_id: u64,
    amount: i64,
    /// Local time of Seoul.
    reservation_time: String,
    reservation_type: ReservationType,
    reservation_state: RunState,
    username: String,
    /// The transfer that a run has made.
    transaction_id: Option<u64>,
    /// Why a run has made none.
    failure: Option<String>,
}

impl Reservation {
    pub(super) fn of(run: &moim_persistence::Reservation, username: &str) -> Self {
        Self {
            id: run.id.0,
            wallet_id: run.source.0,
            target_wallet_id: run.target.0,
            amount: run.amount.get(),
            reservation_time: local_time::of_unix_ms(run.run_at_ms),
            reservation_type: match run.rhythm {
                Rhythm::Daily => ReservationType::Daily,
                Rhythm::Monthly => ReservationType::Monthly,
            },
            reservation_state: match run.state {
                ReservationState::Booked => RunState::Reservation,
                ReservationState::Moved => RunState::Success,
                ReservationState::Refused => RunState::Failed,
                ReservationState::Cancelled => RunState::Cancelled,
            },
            username: username.to_owned(),
            transaction_id: run.transfer.map(|transfer| transfer.0),
            failure: run.failure.clone(),
        }
    }
}

/// Runs with the names of those who booked them.
pub(super) async fn named(app: &App, runs: Vec<moim_persistence::Reservation>) -> Result<Vec<Reservation>, Error> {
    let mut named = Vec::with_capacity(runs.len());
    for run in runs {
        // Remembered after the first time.
        let booker = app.people.get(run.actor).await?;
        named.push(Reservation::of(&run, &booker.name));
    }
    Ok(named)
}

/// `POST /wallet/reservation`: each run books the next, a day or a month later. With an `Idempotency-Key` it is booked
/// once.
#[utoipa::path(post, path = "/wallet/reservation", tag = "wallet", request_body = New, params(("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 200, body = Reservation), Refused))]
pub(super) async fn book(
    Money(accounts): Money,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(New { kind, wallet_id, target_wallet_id, amount, password, reservation_time }): Body<New>,
) -> Result<Json<Reservation>, Problem> {
    let rhythm = match kind {
        Some(ReservationType::Daily) => Rhythm::Daily,
        Some(ReservationType::Monthly) => Rhythm::Monthly,
        None => return Err(Problem::bad_request("type: is neither DAILY nor MONTHLY")),
    };
    let (source, target) = ends(wallet_id, target_wallet_id)?;
    let first_ms = local_time::read(&reservation_time).ok_or_else(|| {
        Problem::bad_request("reservationTime: is no time such as 2026-11-22T09:30:00, in Seoul or with an offset")
    })?;
    let (actor, key) = (caller.user, request_key(&headers)?);
    let new = NewReservation { actor, key, source, target, amount, password, rhythm, first_ms };
    let booked = accounts.ledger().book(new).await?;
    Ok(Json(Reservation::of(&booked, &caller.name)))
}

/// `DELETE /wallet/reservation/{id}`: the run that is to come, and with it those after it.
#[utoipa::path(delete, path = "/wallet/reservation/{id}", tag = "wallet", params(("id" = u64, Path, description = "The reservation")), responses((status = 200, body = String, content_type = "application/json"), Refused))]
pub(super) async fn cancel(
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<&'static str>, Problem> {
    accounts.ledger().cancel(caller.user, ReservationId(id)).await?;
    Ok(Json("예약이 취소되었습니다."))
}
