//! `/api/v1/rooms/{room}/expenses`: what the room's fund is spent on, and who agreed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use moim_persistence::{
    ExpenseEntry, ExpenseId, FileId, NewExpense, Payee, RulesInForce, Spending, SpendingRules, Way, Won,
};
use moim_wire::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::local_time;
use crate::problem::{Problem, was_done};
use crate::rest::caller::{Caller, Money};
use crate::rest::file::for_member;
use crate::rest::input::{self, Body, InPath, InQuery};
use crate::rest::openapi::Refused;
use crate::rest::room_change::{settle, settle_all};
use crate::rest::wallet::request_key;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(propose, list))
        .routes(routes!(show, withdraw))
        .routes(routes!(vote))
        .routes(routes!(rules, set_rules))
}

/// An expense to be proposed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewExpense)]
struct New {
    /// What for, 1 to 80 characters.
    #[serde(default, deserialize_with = "input::text")]
    title: String,
    /// Up to 500 characters.
    #[serde(default, deserialize_with = "input::text")]
    note: String,
    /// Whole won.
    #[serde(default, deserialize_with = "input::won")]
    #[schema(value_type = i64)]
    amount: i64,
    /// The member who is paid, into his wallet; without, somebody outside.
    #[serde(default, deserialize_with = "input::number")]
    #[schema(value_type = Option<u64>)]
    payee: Option<u64>,
    /// The name of who is paid outside.
    #[serde(default, deserialize_with = "input::text")]
    payee_name: String,
    /// The receipt, a file of the room.
    #[serde(default, deserialize_with = "input::number")]
    #[schema(value_type = Option<u64>)]
    file: Option<u64>,
    /// From the cash in the treasurer's hands, not out of the fund.
    #[serde(default, deserialize_with = "input::flag")]
    in_cash: bool,
}

/// Agreed, or objected.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewExpenseVote)]
struct NewVote {
    #[serde(default, deserialize_with = "input::flag")]
    approve: bool,
}

/// What an expense takes.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExpenseRules)]
struct Rules {
    /// So many members have to agree; where fewer are there who may, all of them.
    #[schema(minimum = 1, maximum = 1000)]
    quorum: u32,
    /// Up to so many won it is posted at once, with what was so in the days of waiting before; never to who proposes
    /// it.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    limit: i64,
    /// It waits for so many days.
    #[schema(minimum = 1, maximum = 90)]
    wait_days: u32,
}

/// What an expense takes now, and what it will.
#[derive(Serialize, ToSchema)]
#[schema(as = ExpenseRulesInForce)]
struct InForce {
    #[serde(flatten)]
    rules: Rules,
    /// Looser rules that come into force later, while the dues hold money.
    next: Option<ToCome>,
}

/// Rules to come.
#[derive(Serialize, ToSchema)]
#[schema(as = ExpenseRulesToCome)]
struct ToCome {
    #[serde(flatten)]
    rules: Rules,
    /// From when on, local time of Seoul.
    from: String,
}

impl From<SpendingRules> for Rules {
    fn from(SpendingRules { quorum, limit, wait_days }: SpendingRules) -> Self {
        Self { quorum, limit: limit.get(), wait_days }
    }
}

/// How a member has decided.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExpenseVote)]
struct Vote {
    user: u32,
    approve: bool,
    /// Not of one who has left.
    counts: bool,
    /// Local time of Seoul.
    voted_at: String,
}

/// An expense.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Expense {
    id: u64,
    title: String,
    note: String,
    /// Whole won.
    amount: i64,
    /// The member who is paid.
    payee: Option<u32>,
    /// Who is paid outside; empty for a member.
    payee_name: String,
    /// From the cash in the treasurer's hands, not out of the fund.
    in_cash: bool,
    /// The receipt.
    file: Option<String>,
    proposed_by: u32,
    /// Local time of Seoul.
    proposed_at: String,
    expires_at: String,
    /// `proposed`, `posted`, `refused`, `expired` or `withdrawn`.
    state: &'static str,
    settled_at: Option<String>,
    /// So many have to agree; 0: within the limit.
    quorum: u32,
    approvals: u32,
    objections: u32,
    votes: Vec<Vote>,
    /// Whether the caller may decide on it: it is another's, and he was a member in time.
    decides: bool,
    transfer: Option<u64>,
}

impl From<ExpenseEntry> for Expense {
    fn from(entry: ExpenseEntry) -> Self {
        let (approvals, objections) = entry.counted();
        let ExpenseEntry { expense, votes, decides } = entry;
        let (payee, payee_name) = match expense.payee {
            Payee::Member(user) => (Some(user.0), String::new()),
            Payee::Outside(name) => (None, name),
        };
        let vote = |vote: &moim_persistence::ExpenseVote| Vote {
            user: vote.user.0,
            approve: vote.approves,
            counts: vote.counts,
            voted_at: local_time::of_unix_ms(vote.voted_at_ms),
        };
        Self {
            id: expense.id.0,
            title: expense.title,
            note: expense.note,
            amount: expense.amount.get(),
            payee,
            payee_name,
            in_cash: expense.way == Way::Cash,
            file: expense.file.map(|file| file.to_string()),
            proposed_by: expense.proposed_by.0,
            proposed_at: local_time::of_unix_ms(expense.proposed_at_ms),
            expires_at: local_time::of_unix_ms(expense.expires_at_ms),
            state: expense.state.name(),
            settled_at: expense.settled_at_ms.map(local_time::of_unix_ms),
            quorum: expense.quorum,
            approvals,
            objections,
            votes: votes.iter().map(vote).collect(),
            decides,
            transfer: expense.transfer.map(|transfer| transfer.0),
        }
    }
}

/// Expenses of one answer.
const EXPENSES_MAX: usize = 100;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// Numbers below this; without, the newest.
    #[serde(default)]
    before: u64,
}

fn spending(app: &App) -> Spending {
    app.persistence.accounts().spending()
}

/// `POST /rooms/{room}/expenses`: by the treasurer, or an admin where the room has none. Its amount is reserved while it waits.
#[utoipa::path(post, path = "/rooms/{room}/expenses", tag = "spending", request_body = New, params(("room" = u32, Path, description = "The room"), ("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 201, body = Expense), Refused))]
async fn propose(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    headers: HeaderMap,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Expense>), Problem> {
    let payee = match new.payee {
        Some(user) => Payee::Member(user_id(user)?),
        None => Payee::Outside(new.payee_name),
    };
    let New { title, note, amount, file, .. } = new;
    let way = if new.in_cash { Way::Cash } else { Way::Wallet };
    let (actor, key, room) = (caller.user, request_key(&headers)?, RoomId(room));
    let file = file.map(FileId);
    // What its uploader has taken back is not brought up again by an expense.
    if let Some(file) = file {
        for_member(&app, file, caller.user).await?;
    }
    let (expense, changes) =
        accounts.spending().propose(NewExpense { actor, key, room, title, note, amount, payee, way, file }).await?;
    settle_all(&app, changes).await;
    let entry = accounts.spending().entry(actor, expense.id).await.map_err(was_done)?;
    Ok((StatusCode::CREATED, Json(entry.into())))
}

/// `GET /rooms/{room}/expenses`: at most 100, the newest first; for members alone.
#[utoipa::path(get, path = "/rooms/{room}/expenses", tag = "spending", params(("room" = u32, Path, description = "The room"), Page), responses((status = 200, body = Vec<Expense>), Refused))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Expense>>, Problem> {
    let before = ExpenseId(page.before);
    let expenses = spending(&app).expenses(caller.user, RoomId(room), before, EXPENSES_MAX).await?;
    Ok(Json(expenses.into_iter().map(Expense::from).collect()))
}

/// `GET /rooms/{room}/expenses/{expense}`: for members alone.
#[utoipa::path(get, path = "/rooms/{room}/expenses/{expense}", tag = "spending", params(("room" = u32, Path, description = "The room"), ("expense" = u64, Path, description = "The expense")), responses((status = 200, body = Expense), Refused))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath((room, expense)): InPath<(u32, u64)>,
) -> Result<Json<Expense>, Problem> {
    Ok(Json(spending(&app).expense(caller.user, RoomId(room), ExpenseId(expense)).await?.into()))
}

/// `DELETE /rooms/{room}/expenses/{expense}`: takes a proposal back; by who made it, or who keeps the fund.
#[utoipa::path(delete, path = "/rooms/{room}/expenses/{expense}", tag = "spending", params(("room" = u32, Path, description = "The room"), ("expense" = u64, Path, description = "The expense")), responses((status = 204), Refused))]
async fn withdraw(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, expense)): InPath<(u32, u64)>,
) -> Result<StatusCode, Problem> {
    settle_all(&app, accounts.spending().withdraw(caller.user, RoomId(room), ExpenseId(expense)).await?).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /rooms/{room}/expenses/{expense}/vote`: agrees or objects; not to one's own. The vote that decides settles it.
#[utoipa::path(put, path = "/rooms/{room}/expenses/{expense}/vote", tag = "spending", request_body = NewVote, params(("room" = u32, Path, description = "The room"), ("expense" = u64, Path, description = "The expense")), responses((status = 200, body = Expense), Refused))]
async fn vote(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath((room, expense)): InPath<(u32, u64)>,
    Body(NewVote { approve }): Body<NewVote>,
) -> Result<Json<Expense>, Problem> {
    let (room, id) = (RoomId(room), ExpenseId(expense));
    let (entry, changes) = accounts.spending().vote(caller.user, room, id, approve).await?;
    settle_all(&app, changes).await;
    Ok(Json(entry.into()))
}

/// `GET /rooms/{room}/expense-rules`: what an expense takes; for members alone.
#[utoipa::path(get, path = "/rooms/{room}/expense-rules", tag = "spending", params(("room" = u32, Path, description = "The room")), responses((status = 200, body = InForce), Refused))]
async fn rules(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
) -> Result<Json<InForce>, Problem> {
    let RulesInForce { rules, next } = spending(&app).rules(caller.user, RoomId(room)).await?;
    let to_come =
        |(rules, from_ms): (SpendingRules, u64)| ToCome { rules: rules.into(), from: local_time::of_unix_ms(from_ms) };
    Ok(Json(InForce { rules: rules.into(), next: next.map(to_come) }))
}

/// `PUT /rooms/{room}/expense-rules`: by an admin; what is proposed already stays as it was. While the dues hold money, looser
/// rules come into force after as many days as an expense waits.
#[utoipa::path(put, path = "/rooms/{room}/expense-rules", tag = "spending", request_body = Rules, params(("room" = u32, Path, description = "The room")), responses((status = 204), Refused))]
async fn set_rules(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath(room): InPath<u32>,
    Body(Rules { quorum, limit, wait_days }): Body<Rules>,
) -> Result<StatusCode, Problem> {
    let limit =
        Won::new(limit).ok_or_else(|| Problem::bad_request(format!("limit: {limit} is more than there can be")))?;
    let rules = SpendingRules { quorum, limit, wait_days };
    settle(&app, accounts.spending().set_rules(caller.user, RoomId(room), rules).await?).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Numbers of users are 32 bits wide.
fn user_id(number: u64) -> Result<UserId, Problem> {
    u32::try_from(number).map(UserId).map_err(|_| Problem::bad_request(format!("payee: there is no user {number}")))
}
