//! `/api/wallet/group`: the wallets of a channel's groups.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use moim_persistence::{AccountId, NewGroupWallet, Participant};
use moim_wire::RoomId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reservation::{self, Reservation};
use super::transaction::{Page, Transaction};
use crate::app::App;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InPath, InQuery};
use crate::rest::openapi::Refused;

/// What a group's wallet is opened with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NewGroupWallet)]
pub(super) struct New {
    #[serde(default, deserialize_with = "input::number")]
    #[schema(value_type = u64)]
    channel_id: Option<u64>,
    #[serde(default, deserialize_with = "input::text")]
    wallet_name: String,
    #[serde(default, deserialize_with = "input::text")]
    description: String,
    /// 8 to 72 bytes; said with each payment from the wallet.
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

/// A group's wallet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupWallet {
    /// What a transfer takes as `walletId`.
    group_wallet_id: u64,
    /// Whole won.
    money: i64,
    /// How much of that pending transfers will take.
    reserved: i64,
    wallet_name: String,
    description: String,
    /// The channel's id.
    channel: u32,
}

impl From<moim_persistence::GroupWallet> for GroupWallet {
    fn from(wallet: moim_persistence::GroupWallet) -> Self {
        Self {
            group_wallet_id: wallet.id.0,
            money: wallet.balance.get(),
            reserved: wallet.reserved.get(),
            wallet_name: wallet.name,
            description: wallet.description,
            channel: wallet.room.0,
        }
    }
}

/// What a participant of a group's wallet may.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum UserAuthority {
    User,
    Admin,
}

/// Who takes part in a group's wallet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WalletParticipant)]
pub(super) struct Shown {
    user_id: u32,
    /// Empty once the account was deleted.
    email: String,
    username: String,
    user_authority_enum: UserAuthority,
}

impl From<Participant> for Shown {
    fn from(Participant { user, email, name, is_admin }: Participant) -> Self {
        let user_authority_enum = if is_admin { UserAuthority::Admin } else { UserAuthority::User };
        Self { user_id: user.0, email, username: name, user_authority_enum }
    }
}

/// `POST /wallet/group`: for members of the channel; the creator is its admin.
#[utoipa::path(post, path = "/wallet/group", tag = "wallet", request_body = New, responses((status = 200, body = GroupWallet), Refused))]
pub(super) async fn open(
    Money(accounts): Money,
    Caller(caller): Caller,
    Body(New { channel_id, wallet_name, description, password }): Body<New>,
) -> Result<Json<GroupWallet>, Problem> {
    let channel = channel_id.ok_or_else(|| Problem::bad_request("channelId: is missing"))?;
    let room = RoomId(u32::try_from(channel).unwrap_or_default());
    let new = NewGroupWallet { room, name: wallet_name, description, password };
    Ok(Json(accounts.ledger().open_group_wallet(caller.user, new).await?.into()))
}

/// `GET /wallet/group/{id}`: for those who take part.
#[utoipa::path(get, path = "/wallet/group/{id}", tag = "wallet", params(("id" = u64, Path, description = "The group's wallet")), responses((status = 200, body = GroupWallet), Refused))]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<GroupWallet>, Problem> {
    Ok(Json(app.persistence.accounts().ledger().group_wallet(caller.user, AccountId(id)).await?.into()))
}

/// `POST /wallet/group/{id}`: members of the channel join.
#[utoipa::path(post, path = "/wallet/group/{id}", tag = "wallet", params(("id" = u64, Path, description = "The group's wallet")), responses((status = 200, body = GroupWallet), Refused))]
pub(super) async fn join(
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<GroupWallet>, Problem> {
    Ok(Json(accounts.ledger().join_group_wallet(caller.user, AccountId(id)).await?.into()))
}

/// `DELETE /wallet/group/{id}`: for its admins, and only one that holds nothing.
#[utoipa::path(delete, path = "/wallet/group/{id}", tag = "wallet", params(("id" = u64, Path, description = "The group's wallet")), responses((status = 200, body = String, content_type = "application/json"), Refused))]
pub(super) async fn close(
    Money(accounts): Money,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<&'static str>, Problem> {
    accounts.ledger().close_group_wallet(caller.user, AccountId(id)).await?;
    Ok(Json("모임 지갑이 삭제되었습니다."))
}

/// `GET /wallet/group/{id}/transaction/all`: oldest first; without `after` the newest 500.
#[utoipa::path(get, path = "/wallet/group/{id}/transaction/all", tag = "wallet", params(("id" = u64, Path, description = "The group's wallet"), Page), responses((status = 200, body = Vec<Transaction>), Refused))]
pub(super) async fn transactions(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Transaction>>, Problem> {
    let ledger = app.persistence.accounts().ledger();
    let lines = ledger.entries_of_group(caller.user, AccountId(id), page.after, page.limit()?).await?;
    Ok(Json(lines.into_iter().map(Transaction::from).collect()))
}

/// `GET /wallet/group/{id}/participant/all`: for those who take part.
#[utoipa::path(get, path = "/wallet/group/{id}/participant/all", tag = "wallet", params(("id" = u64, Path, description = "The group's wallet")), responses((status = 200, body = Vec<Shown>), Refused))]
pub(super) async fn participants(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<Vec<Shown>>, Problem> {
    let participants = app.persistence.accounts().ledger().participants(caller.user, AccountId(id)).await?;
    Ok(Json(participants.into_iter().map(Shown::from).collect()))
}

/// `GET /wallet/group/all/channel/{channelId}`: for members of the channel.
#[utoipa::path(get, path = "/wallet/group/all/channel/{channel_id}", tag = "wallet", params(("channel_id" = u32, Path, description = "The channel")), responses((status = 200, body = Vec<GroupWallet>), Refused))]
pub(super) async fn of_channel(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(channel): InPath<u32>,
) -> Result<Json<Vec<GroupWallet>>, Problem> {
    let wallets = app.persistence.accounts().ledger().group_wallets_of_room(caller.user, RoomId(channel)).await?;
    Ok(Json(wallets.into_iter().map(GroupWallet::from).collect()))
}

/// `GET /wallet/group/{id}/reservation`: booked from it or to it, for those who take part.
#[utoipa::path(get, path = "/wallet/group/{id}/reservation", tag = "wallet", params(("id" = u64, Path, description = "The group's wallet")), responses((status = 200, body = Vec<Reservation>), Refused))]
pub(super) async fn reservations(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u64>,
) -> Result<Json<Vec<Reservation>>, Problem> {
    let runs = app.persistence.accounts().ledger().reservations_of_group(caller.user, AccountId(id)).await?;
    Ok(Json(reservation::named(&app, runs).await?))
}
