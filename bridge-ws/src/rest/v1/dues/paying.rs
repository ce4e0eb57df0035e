//! Charges are paid, given back and let go.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use moim_persistence::{ChargeId, ChargePayment, Refund, UserId, Way};
use moim_wire::RoomId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Made, made};
use crate::app::App;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InPath};
use crate::rest::openapi::Refused;
use crate::rest::room_change::settle;
use crate::rest::wallet::request_key;

/// A payment of a charge.
#[derive(Deserialize, ToSchema)]
#[schema(as = DuesPayment)]
pub(super) struct Payment {
    /// Whole won: less than is open, or more, which is credit.
    #[serde(default, deserialize_with = "input::won")]
    #[schema(value_type = i64)]
    amount: i64,
    /// Of the caller's wallet.
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesWay)]
enum By {
    Wallet,
    Cash,
}

impl From<By> for Way {
    fn from(by: By) -> Self {
        match by {
            By::Wallet => Self::Wallet,
            By::Cash => Self::Cash,
        }
    }
}

/// What is given back.
#[derive(Deserialize, ToSchema)]
#[schema(as = DuesRefund)]
pub(super) struct Back {
    /// Whole won.
    #[serde(default, deserialize_with = "input::won")]
    #[schema(value_type = i64)]
    amount: i64,
    by: By,
}

/// Why nothing more is to be paid.
#[derive(Deserialize, ToSchema)]
#[schema(as = DuesWaiver)]
pub(super) struct Why {
    #[serde(default, deserialize_with = "input::text")]
    reason: String,
}

/// `POST /rooms/{room}/dues/charges/{charge}/payments`: by its member. With an `Idempotency-Key` it is done once.
#[utoipa::path(post, path = "/rooms/{room}/dues/charges/{charge}/payments", tag = "dues", request_body = Payment, params(("room" = u32, Path, description = "The room"), ("charge" = u64, Path, description = "The charge"), ("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 200, body = Made), Refused))]
pub(super) async fn pay(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, charge)): InPath<(u32, u64)>,
    headers: HeaderMap,
    Body(Payment { amount, password }): Body<Payment>,
) -> Result<Json<Made>, Problem> {
    let (actor, key) = (caller.user, request_key(&headers)?);
    let (room, charge) = (RoomId(room), ChargeId(charge));
    made(&app, accounts.dues().pay(ChargePayment { actor, key, room, charge, amount, password }).await?).await
}

/// `POST /rooms/{room}/dues/charges/{charge}/refunds`: by the treasurer; the charge is open again by as much.
#[utoipa::path(post, path = "/rooms/{room}/dues/charges/{charge}/refunds", tag = "dues", request_body = Back, params(("room" = u32, Path, description = "The room"), ("charge" = u64, Path, description = "The charge"), ("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 200, body = Made), Refused))]
pub(super) async fn refund(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, charge)): InPath<(u32, u64)>,
    headers: HeaderMap,
    Body(Back { amount, by }): Body<Back>,
) -> Result<Json<Made>, Problem> {
    let (actor, key) = (caller.user, request_key(&headers)?);
    let refund = Refund { actor, key, room: RoomId(room), of: ChargeId(charge), amount, way: by.into() };
    made(&app, accounts.dues().refund(refund).await?).await
}

/// `POST /rooms/{room}/dues/members/{user}/refunds`: of a member's credit, by the treasurer.
#[utoipa::path(post, path = "/rooms/{room}/dues/members/{user}/refunds", tag = "dues", request_body = Back, params(("room" = u32, Path, description = "The room"), ("user" = u32, Path, description = "The member, or former one"), ("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 200, body = Made), Refused))]
pub(super) async fn return_credit(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, user)): InPath<(u32, u32)>,
    headers: HeaderMap,
    Body(Back { amount, by }): Body<Back>,
) -> Result<Json<Made>, Problem> {
    let (actor, key) = (caller.user, request_key(&headers)?);
    let refund = Refund { actor, key, room: RoomId(room), of: UserId(user), amount, way: by.into() };
    made(&app, accounts.dues().return_credit(refund).await?).await
}

/// `POST /rooms/{room}/dues/charges/{charge}/waiver`: lets go what is open, by the treasurer.
#[utoipa::path(post, path = "/rooms/{room}/dues/charges/{charge}/waiver", tag = "dues", request_body = Why, params(("room" = u32, Path, description = "The room"), ("charge" = u64, Path, description = "The charge")), responses((status = 204), Refused))]
pub(super) async fn waive(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, charge)): InPath<(u32, u64)>,
    Body(Why { reason }): Body<Why>,
) -> Result<StatusCode, Problem> {
    let change = accounts.dues().waive(caller.user, RoomId(room), ChargeId(charge), &reason).await?;
    settle(&app, change).await;
    Ok(StatusCode::NO_CONTENT)
}
