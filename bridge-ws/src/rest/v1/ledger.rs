//! The chains of the groups' wallets, for the members of their rooms, who may verify them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use moim_persistence::{AccountId, StatementLine};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::input::{InPath, InQuery};
use crate::rest::openapi::Refused;
use crate::rest::wallet::Page;

/// An entry with all that its hash is made of; how, is in the protocol's description.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LedgerEntry)]
pub(super) struct Line {
    account: u64,
    number: u64,
    transfer: u64,
    counterpart: u64,
    /// Whole won; above 0 came, below 0 went.
    amount: i64,
    balance_before: i64,
    balance_after: i64,
    posted_at_unix_ms: u64,
    /// 64 hexadecimal digits.
    hash: String,
    /// Present name of the counterpart; no part of the hash.
    counterpart_name: String,
}

impl From<StatementLine> for Line {
    fn from(StatementLine { entry, counterpart_owner, .. }: StatementLine) -> Self {
        Self {
            account: entry.account.0,
            number: entry.number,
            transfer: entry.transfer.0,
            counterpart: entry.counterpart.0,
            amount: entry.amount.get(),
            balance_before: entry.balance_before.get(),
            balance_after: entry.balance_after.get(),
            posted_at_unix_ms: entry.posted_at_ms,
            hash: entry.hash.to_string(),
            counterpart_name: counterpart_owner,
        }
    }
}

/// Where a chain has come to.
#[derive(Serialize, ToSchema)]
#[schema(as = LedgerHead)]
pub(super) struct Newest {
    account: u64,
    entries: u64,
    /// 64 hexadecimal digits; zeros where there is no entry.
    hash: String,
}

/// `GET /ledger/groups/{id}/entries`: oldest first, from 1 on; fewer than `limit` of them are the last.
#[utoipa::path(get, path = "/ledger/groups/{id}/entries", tag = "v1", params(("id" = u64, Path, description = "The group's wallet"), Page), responses((status = 200, body = Vec<Line>), Refused))]
pub(super) async fn entries(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Line>>, Problem> {
    let ledger = app.persistence.accounts().ledger();
    let after = page.after.unwrap_or_default();
    let lines = ledger.chain_of_group(caller.user, AccountId(id), after, page.limit()?).await?;
    Ok(Json(lines.into_iter().map(Line::from).collect()))
}

/// `GET /ledger/groups/{id}/head`
#[utoipa::path(get, path = "/ledger/groups/{id}/head", tag = "v1", params(("id" = u64, Path, description = "The group's wallet")), responses((status = 200, body = Newest), Refused))]
pub(super) async fn head(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<Newest>, Problem> {
    let head = app.persistence.accounts().ledger().head_of_group(caller.user, AccountId(id)).await?;
    Ok(Json(Newest { account: head.account.0, entries: head.entries, hash: head.hash.to_string() }))
}
