//! `/api/wallet/transaction`: a transfer, as the original shows each of its two sides.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use moim_persistence::{AccountId, Payment, StatementLine};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request_key;
use crate::app::App;
use crate::local_time;
use crate::problem::{Problem, was_done};
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body};
use crate::rest::openapi::Refused;
use crate::rest::room_change::settle_all;

/// Entries of one answer.
const LIMIT_MAX: usize = 500;

/// Which page of a statement.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::rest) struct Page {
    /// Entries with numbers above this, oldest first; without it, the newest.
    pub(in crate::rest) after: Option<u64>,
    /// At most 500, which is also the default.
    limit: Option<usize>,
}

impl Page {
    pub(in crate::rest) fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIMIT_MAX);
        if (1..=LIMIT_MAX).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::bad_request(format!("limit: {limit} is not within 1 to {LIMIT_MAX}")))
    }
}

/// A transfer that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewTransaction)]
pub(super) struct New {
    /// A wallet of the caller's, or a group's that he is an admin of.
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
    /// Of the wallet that pays.
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum TransferType {
    Send,
    Receive,
}

/// A wallet at one end of a transfer.
#[derive(Serialize, ToSchema)]
#[schema(as = WalletOwner)]
struct Owned {
    /// The member's name, or the name of the group's wallet.
    owner: String,
}

/// One side of a transfer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    transfer_type: TransferType,
    /// Whole won, above 0.
    amount: i64,
    balance_before: i64,
    balance_after: i64,
    /// The wallet whose statement this is.
    wallet: Owned,
    /// The one at the other end.
    target_wallet: Owned,
    transaction_id: u64,
    wallet_id: u64,
    target_wallet_id: u64,
    /// Number of the entry in the wallet's statement.
    entry: u64,
    /// Local time of Seoul, to the second.
    created_at: String,
    /// The transfer that this one takes back.
    corrects: Option<u64>,
}

impl From<StatementLine> for Transaction {
    fn from(StatementLine { entry, owner, counterpart_owner, corrects }: StatementLine) -> Self {
        Self {
            transfer_type: if entry.amount.is_positive() { TransferType::Receive } else { TransferType::Send },
            amount: entry.amount.get().abs(),
            balance_before: entry.balance_before.get(),
            balance_after: entry.balance_after.get(),
            wallet: Owned { owner },
            target_wallet: Owned { owner: counterpart_owner },
            transaction_id: entry.transfer.0,
            wallet_id: entry.account.0,
            target_wallet_id: entry.counterpart.0,
            entry: entry.number,
            created_at: local_time::of_unix_ms(entry.posted_at_ms),
            corrects: corrects.map(|corrected| corrected.0),
        }
    }
}

/// `POST /wallet/transaction`: by the owner, or an admin of the group's wallet. With an `Idempotency-Key` it is done once.
#[utoipa::path(post, path = "/wallet/transaction", tag = "wallet", request_body = New, params(("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 200, body = Transaction), Refused))]
pub(super) async fn pay(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(New { wallet_id, target_wallet_id, amount, password }): Body<New>,
) -> Result<Json<Transaction>, Problem> {
    let (source, target) = ends(wallet_id, target_wallet_id)?;
    let key = request_key(&headers)?;
    let ledger = accounts.ledger();
    let outcome = ledger.pay(Payment { actor: caller.user, key, source, target, amount, password }).await?;
    settle_all(&app, outcome.notices).await;
    Ok(Json(ledger.sent(outcome.transfer.id).await.map_err(was_done)?.into()))
}

/// Both wallets of a request, which both are to be named.
pub(super) fn ends(source: Option<u64>, target: Option<u64>) -> Result<(AccountId, AccountId), Problem> {
    let named = |wallet: Option<u64>, field: &str| {
        wallet.map(AccountId).ok_or_else(|| Problem::bad_request(format!("{field}: is missing")))
    };
    Ok((named(source, "walletId")?, named(target, "targetWalletId")?))
}
