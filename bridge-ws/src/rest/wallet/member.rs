//! `/api/wallet/user`: one's own wallet.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::group::GroupWallet;
use super::request_key;
use super::reservation::Reservation;
use super::transaction::{Page, Transaction};
use crate::app::App;
use crate::problem::{Problem, was_done};
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InQuery};
use crate::rest::openapi::Refused;
use crate::rest::room_change::settle_all;

/// What a wallet is opened with.
#[derive(Deserialize, ToSchema)]
pub(super) struct WalletPassword {
    /// 8 to 72 bytes; said with each payment from the wallet.
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Amount {
    /// Whole won.
    #[serde(default, deserialize_with = "input::won")]
    #[schema(value_type = i64)]
    amount: i64,
}

/// A member's wallet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Wallet)]
pub(super) struct Wallet {
    wallet_id: u64,
    /// Whole won.
    money: i64,
    /// How much of that pending transfers will take.
    reserved: i64,
    username: String,
}

impl Wallet {
    fn of(wallet: &moim_persistence::Wallet, username: String) -> Self {
        let (wallet_id, money, reserved) = (wallet.id.0, wallet.balance.get(), wallet.reserved.get());
        Self { wallet_id, money, reserved, username }
    }
}

/// `GET /wallet/user`
#[utoipa::path(get, path = "/wallet/user", tag = "wallet", responses((status = 200, body = Wallet), Refused))]
pub(super) async fn show(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Json<Wallet>, Problem> {
    let wallet = app.persistence.accounts().ledger().wallet(caller.user).await?;
    Ok(Json(Wallet::of(&wallet, caller.name)))
}

/// `POST /wallet/user`: a user has one at a time.
#[utoipa::path(post, path = "/wallet/user", tag = "wallet", request_body = WalletPassword, responses((status = 200, body = Wallet), Refused))]
pub(super) async fn open(
    Money(accounts): Money,
    Caller(caller): Caller,
    Body(WalletPassword { password }): Body<WalletPassword>,
) -> Result<Json<Wallet>, Problem> {
    let wallet = accounts.ledger().open_wallet(caller.user, &password).await?;
    Ok(Json(Wallet::of(&wallet, caller.name)))
}

/// `DELETE /wallet/user`: only one that holds nothing.
#[utoipa::path(delete, path = "/wallet/user", tag = "wallet", responses((status = 200, body = String, content_type = "application/json"), Refused))]
pub(super) async fn close(Money(accounts): Money, Caller(caller): Caller) -> Result<Json<&'static str>, Problem> {
    accounts.ledger().close_wallet(caller.user).await?;
    Ok(Json("지갑이 삭제되었습니다."))
}

/// `POST /wallet/user/money`: money out of nowhere, in a trial alone.
#[utoipa::path(post, path = "/wallet/user/money", tag = "wallet", request_body = Amount, params(("Idempotency-Key" = Option<String>, Header, description = "By which the same request is known again")), responses((status = 200, body = Wallet), Refused))]
pub(super) async fn top_up(
    State(app): State<Arc<App>>,
    Money(accounts): Money,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(Amount { amount }): Body<Amount>,
) -> Result<Json<Wallet>, Problem> {
    app.require_trial("putting money into a wallet without a bank")?;
    let ledger = accounts.ledger();
    let outcome = ledger.top_up(caller.user, request_key(&headers)?, amount).await?;
    settle_all(&app, outcome.notices).await;
    Ok(Json(Wallet::of(&ledger.wallet(caller.user).await.map_err(was_done)?, caller.name)))
}

/// `GET /wallet/user/transaction/all`: oldest first; without `after` the newest 500.
#[utoipa::path(get, path = "/wallet/user/transaction/all", tag = "wallet", params(Page), responses((status = 200, body = Vec<Transaction>), Refused))]
pub(super) async fn transactions(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Transaction>>, Problem> {
    let lines = app.persistence.accounts().ledger().entries_of_user(caller.user, page.after, page.limit()?).await?;
    Ok(Json(lines.into_iter().map(Transaction::from).collect()))
}

/// `GET /wallet/user/group/all`: the groups' wallets that the caller takes part in.
#[utoipa::path(get, path = "/wallet/user/group/all", tag = "wallet", responses((status = 200, body = Vec<GroupWallet>), Refused))]
pub(super) async fn groups(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
) -> Result<Json<Vec<GroupWallet>>, Problem> {
    let wallets = app.persistence.accounts().ledger().group_wallets_of_user(caller.user).await?;
    Ok(Json(wallets.into_iter().map(GroupWallet::from).collect()))
}

/// `GET /wallet/user/reservation`: what the caller has booked, runs that are over among them.
#[utoipa::path(get, path = "/wallet/user/reservation", tag = "wallet", responses((status = 200, body = Vec<Reservation>), Refused))]
pub(super) async fn reservations(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
) -> Result<Json<Vec<Reservation>>, Problem> {
    let runs = app.persistence.accounts().ledger().reservations_of_user(caller.user).await?;
    Ok(Json(runs.iter().map(|run| Reservation::of(run, &caller.name)).collect()))
}
