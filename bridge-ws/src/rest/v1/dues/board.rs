//! Who paid what and when.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use moim_persistence::{
    BalanceEntry, Charge, ChargeEntry, DuesEntry, EntriesQuery, Fund, OwnCharge, RequestId, UserId, Won,
};
use moim_wire::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::limit;
use super::dues;
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::input::{InPath, InQuery};
use crate::rest::openapi::Refused;

const REQUESTS_MAX: usize = 100;
const ENTRIES_MAX: usize = 1_000;

/// A request: a period of a plan, as it was asked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesRequest)]
pub(super) struct Request {
    id: u64,
    plan: u64,
    title: String,
    /// `2026-12-05`, in Seoul.
    due: String,
    grace_days: u32,
    /// Whole won.
    late_fee: i64,
    /// Of a shared sum: how many pay one won more.
    odd_won: u32,
    /// Local time of Seoul.
    asked_at: String,
    /// Of how many members something is asked.
    asked_of: u32,
    /// How many of them have paid all of it.
    paid_by: u32,
    collected: i64,
}

impl From<moim_persistence::Request> for Request {
    fn from(request: moim_persistence::Request) -> Self {
        Self {
            id: request.id.0,
            plan: request.plan.0,
            title: request.title,
            due: request.due.to_string(),
            grace_days: request.grace_days,
            late_fee: request.late_fee.get(),
            odd_won: request.odd_won,
            asked_at: local_time::of_unix_ms(request.asked_at_ms),
            asked_of: request.counts.asked_of,
            paid_by: request.counts.paid_by,
            collected: request.counts.collected.get(),
        }
    }
}

/// What is asked of a member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesCharge)]
struct OneCharge {
    id: u64,
    request: u64,
    user: u32,
    /// Whole won, as all that follow.
    amount: i64,
    late_fee: i64,
    waived: i64,
    paid: i64,
    /// What is left to be paid.
    open: i64,
    /// `open`, `paid`, `exempt` or `void`.
    standing: &'static str,
    /// Why it was waived.
    reason: String,
}

impl From<Charge> for OneCharge {
    fn from(charge: Charge) -> Self {
        Self {
            id: charge.id.0,
            request: charge.request.0,
            user: charge.user.0,
            amount: charge.amount.get(),
            late_fee: charge.late_fee.get(),
            waived: charge.waived.get(),
            paid: charge.paid.get(),
            open: charge.open().get(),
            standing: charge.standing().name(),
            reason: charge.reason,
        }
    }
}

/// A charge with its member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesChargeOfMember)]
struct OfMember {
    #[serde(flatten)]
    charge: OneCharge,
    name: String,
    /// When money last came for it or went back, local time of Seoul.
    moved_at: Option<String>,
}

impl From<ChargeEntry> for OfMember {
    fn from(ChargeEntry { charge, name, moved_at_ms }: ChargeEntry) -> Self {
        Self { charge: charge.into(), name, moved_at: moved_at_ms.map(local_time::of_unix_ms) }
    }
}

/// A request and all its charges.
#[derive(Serialize, ToSchema)]
#[schema(as = DuesRequestWithCharges)]
pub(super) struct Whole {
    request: Request,
    charges: Vec<OfMember>,
}

/// Which requests.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Numbers below this.
    before: Option<u64>,
    /// At most 100, which is also the default.
    limit: Option<usize>,
}

/// `GET /rooms/{room}/dues/requests`: the newest first.
#[utoipa::path(get, path = "/rooms/{room}/dues/requests", tag = "dues", params(("room" = u32, Path, description = "The room"), Page), responses((status = 200, body = Vec<Request>), Refused))]
pub(super) async fn requests(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Request>>, Problem> {
    let limit = limit(page.limit, REQUESTS_MAX)?;
    let before = page.before.map(RequestId);
    let requests = dues(&app).requests(caller.user, RoomId(room), before, limit).await?;
    Ok(Json(requests.into_iter().map(Request::from).collect()))
}

/// `GET /rooms/{room}/dues/requests/{request}`
#[utoipa::path(get, path = "/rooms/{room}/dues/requests/{request}", tag = "dues", params(("room" = u32, Path, description = "The room"), ("request" = u64, Path, description = "The request")), responses((status = 200, body = Whole), Refused))]
pub(super) async fn request(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath((room, request)): InPath<(u32, u64)>,
) -> Result<Json<Whole>, Problem> {
    let (request, charges) = dues(&app).request(caller.user, RoomId(room), RequestId(request)).await?;
    Ok(Json(Whole { request: request.into(), charges: charges.into_iter().map(OfMember::from).collect() }))
}

/// An entry of the book of dues.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesEntry)]
pub(super) struct Entry {
    id: u64,
    user: u32,
    name: String,
    charge: Option<u64>,
    request: Option<u64>,
    title: String,
    /// `paid`, `paidInCash`, `creditUsed`, `refunded`, `refundedInCash`, `waived`, `lateFee`, `void`, `reopened`,
    /// `creditReturned` or `creditReturnedInCash`.
    kind: &'static str,
    /// What it did to what is paid for the charge, in whole won.
    to_charge: i64,
    /// What it did to the member's credit.
    to_credit: i64,
    /// What it did to what is asked.
    to_due: i64,
    transfer: Option<u64>,
    /// 0: the server, by a plan.
    actor: u32,
    actor_name: String,
    note: String,
    /// Local time of Seoul.
    at: String,
}

impl From<DuesEntry> for Entry {
    fn from(entry: DuesEntry) -> Self {
        Self {
            id: entry.id.0,
            user: entry.user.0,
            name: entry.name,
            charge: entry.charge.map(|charge| charge.0),
            request: entry.request.map(|request| request.0),
            title: entry.title,
            kind: entry.kind.name(),
            to_charge: entry.to_charge.get(),
            to_credit: entry.to_credit.get(),
            to_due: entry.to_due.get(),
            transfer: entry.transfer.map(|transfer| transfer.0),
            actor: entry.actor.0,
            actor_name: entry.actor_name,
            note: entry.note,
            at: local_time::of_unix_ms(entry.at_ms),
        }
    }
}

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of one request alone.
    request: Option<u64>,
    /// Of one member alone.
    user: Option<u32>,
    /// Numbers above this.
    #[serde(default)]
    after: u64,
    /// At most 1,000, which is also the default.
    limit: Option<usize>,
}

/// `GET /rooms/{room}/dues/entries`: the oldest first; fewer than `limit` of them are the last.
#[utoipa::path(get, path = "/rooms/{room}/dues/entries", tag = "dues", params(("room" = u32, Path, description = "The room"), Which), responses((status = 200, body = Vec<Entry>), Refused))]
pub(super) async fn entries(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(which): InQuery<Which>,
) -> Result<Json<Vec<Entry>>, Problem> {
    let limit = limit(which.limit, ENTRIES_MAX)?;
    let (request, user) = (which.request.map(RequestId), which.user.map(UserId));
    let query = EntriesQuery { request, user, after: which.after, limit };
    let entries = dues(&app).entries(caller.user, RoomId(room), query).await?;
    Ok(Json(entries.into_iter().map(Entry::from).collect()))
}

/// What a member has paid, less what he was given back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesBalance)]
struct Balance {
    user: u32,
    name: String,
    /// Whole won, as all that follow.
    by_wallet: i64,
    by_cash: i64,
    /// What is for no charge yet.
    credit: i64,
}

impl From<BalanceEntry> for Balance {
    fn from(balance: BalanceEntry) -> Self {
        let [by_wallet, by_cash, credit] = [balance.by_wallet, balance.by_cash, balance.credit].map(Won::get);
        Self { user: balance.user.0, name: balance.name, by_wallet, by_cash, credit }
    }
}

/// What the dues of a room have come to. Without dues there are no wallets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesBalances)]
pub(super) struct Balances {
    /// The group's wallet that keeps them; its statement is at `/ledger/groups/{id}`.
    fund: Option<u64>,
    fund_balance: i64,
    fund_reserved: i64,
    /// The account of cash in the treasurer's hands.
    cash: Option<u64>,
    cash_balance: i64,
    cash_reserved: i64,
    members: Vec<Balance>,
    /// The caller is the treasurer, or an admin where there is none.
    keeper: bool,
}

/// `GET /rooms/{room}/dues/balances`
#[utoipa::path(get, path = "/rooms/{room}/dues/balances", tag = "dues", params(("room" = u32, Path, description = "The room")), responses((status = 200, body = Balances), Refused))]
pub(super) async fn balances(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
) -> Result<Json<Balances>, Problem> {
    let room = RoomId(room);
    let (fund, members) = dues(&app).balances(caller.user, room).await?;
    let keeper = dues(&app).is_keeper(caller.user, room).await?;
    let of = |amount: fn(&Fund) -> i64| fund.as_ref().map_or(0, amount);
    Ok(Json(Balances {
        fund: fund.map(|fund| fund.wallet.0),
        fund_balance: of(|fund| fund.balance.get()),
        fund_reserved: of(|fund| fund.reserved.get()),
        cash: fund.map(|fund| fund.cash.0),
        cash_balance: of(|fund| fund.cash_balance.get()),
        cash_reserved: of(|fund| fund.cash_reserved.get()),
        members: members.into_iter().map(Balance::from).collect(),
        keeper,
    }))
}

/// A charge of the caller's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DuesOwnCharge)]
pub(super) struct Own {
    #[serde(flatten)]
    charge: OneCharge,
    room: u32,
    room_name: String,
    title: String,
    due: String,
}

impl From<OwnCharge> for Own {
    fn from(own: OwnCharge) -> Self {
        let (room, due) = (own.charge.room.0, own.due.to_string());
        Self { charge: own.charge.into(), room, room_name: own.room_name, title: own.title, due }
    }
}

/// `GET /dues/mine`: the caller's newest 200 charges of all rooms, the newest first.
#[utoipa::path(get, path = "/dues/mine", tag = "dues", responses((status = 200, body = Vec<Own>), Refused))]
pub(super) async fn own(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Json<Vec<Own>>, Problem> {
    let own = dues(&app).own(caller.user).await?;
    Ok(Json(own.into_iter().map(Own::from).collect()))
}
