//! `/api/channel`: rooms as the original names and shapes them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use moim_persistence::{Error, NewRoom, Role, Room, RoomOfUser};
use moim_wire::{MessageId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::{Caller, Money};
use super::input::{self, Body, InPath, InQuery};
use super::openapi::Refused;
use super::room_change::settle;
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;

/// Rooms that a search answers.
const SEARCH_LIMIT: usize = 100;
/// Rooms that one read of the store gives.
const PAGE_LIMIT: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(mine, create))
        .routes(routes!(search))
        .routes(routes!(show, change, delete))
        .routes(routes!(join))
        .routes(routes!(add, remove))
}

/// What a channel is created with.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewChannel {
    #[serde(default, deserialize_with = "input::text")]
    channel_name: String,
    #[serde(default, deserialize_with = "input::text")]
    channel_password: String,
    #[serde(default, deserialize_with = "input::text")]
    channel_description: String,
    #[serde(default, deserialize_with = "input::flag")]
    is_private: bool,
}

/// What a channel is to be called from here on; both fields are replaced.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChannelChange)]
struct ChangedChannel {
    #[serde(default, deserialize_with = "input::text")]
    channel_name: String,
    #[serde(default, deserialize_with = "input::text")]
    channel_description: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Keyword {
    /// Part of the name, in any case.
    #[serde(default)]
    keyword: String,
}

/// The password of a private channel; the original carries it in the query.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ChannelPassword {
    /// Of a private channel.
    #[serde(rename = "channelPassword")]
    password: Option<String>,
}

/// A channel as a search lists it and as its creator sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedChannel)]
pub(super) struct Listed {
    channel_id: u32,
    channel_name: String,
    channel_create_username: String,
    channel_description: String,
    is_private: bool,
    user_count: u32,
    created_at: String,
}

impl From<Room> for Listed {
    fn from(room: Room) -> Self {
        Self {
            channel_id: room.id.0,
            channel_name: room.name,
            channel_create_username: room.creator_name,
            channel_description: room.description,
            is_private: room.private,
            user_count: room.members,
            created_at: local_time::of_unix_ms(room.created_at_ms),
        }
    }
}

/// A channel as its members see it. The original spells the creator's field in two ways.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Channel)]
struct Shown {
    channel_id: u32,
    channel_name: String,
    channel_create_user_name: String,
    channel_description: String,
    created_at: String,
    is_private: bool,
    user_count: u32,
}

impl From<Room> for Shown {
    fn from(room: Room) -> Self {
        let Listed { channel_id, channel_name, channel_create_username, .. } = Listed::from(room.clone());
        Self {
            channel_id,
            channel_name,
            channel_create_user_name: channel_create_username,
            channel_description: room.description,
            created_at: local_time::of_unix_ms(room.created_at_ms),
            is_private: room.private,
            user_count: room.members,
        }
    }
}

/// A channel in the list of one's own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OwnChannel)]
struct Mine {
    channel_id: u32,
    channel_name: String,
    read_timestamp: String,
    admin: bool,
}

impl From<RoomOfUser> for Mine {
    fn from(RoomOfUser { room, role, read_mark }: RoomOfUser) -> Self {
        // Who has read nothing yet has read up to the beginning.
        let read_ms = if read_mark == MessageId::ZERO { room.created_at_ms } else { read_mark.unix_ms() };
        Self {
            channel_id: room.id.0,
            channel_name: room.name,
            read_timestamp: local_time::of_unix_ms(read_ms),
            admin: role == Role::Admin,
        }
    }
}

/// A channel after its change, as it was stored: trimmed and normalised.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChangedChannel)]
struct Changed {
    channel_id: u32,
    channel_name: String,
    channel_description: String,
}

/// Who joined what.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JoinedChannel)]
struct Joined {
    channel_id: u32,
    channel_name: String,
    user_name: String,
    user_email: String,
}

/// `POST /channel`: the creator becomes its admin.
#[utoipa::path(post, path = "/channel", tag = "channel", request_body = NewChannel, responses((status = 200, body = Listed), Refused))]
async fn create(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Body(channel): Body<NewChannel>,
) -> Result<Json<Listed>, Problem> {
    let room = NewRoom {
        name: channel.channel_name,
        description: channel.channel_description,
        private: channel.is_private,
        password: channel.channel_password,
    };
    Ok(Json(app.persistence.accounts().rooms().create(caller.user, room).await?.into()))
}

/// `GET /channel`: all of them; the original knows no pages here.
#[utoipa::path(get, path = "/channel", tag = "channel", responses((status = 200, body = Vec<Mine>), Refused))]
async fn mine(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Json<Vec<Mine>>, Problem> {
    let rooms = app.persistence.accounts().rooms();
    let mut mine: Vec<Mine> = Vec::new();
    loop {
        let after = RoomId(mine.last().map_or(0, |last| last.channel_id));
        let page = rooms.of_user(caller.user, after, PAGE_LIMIT).await?;
        let is_last = page.len() < PAGE_LIMIT;
        mine.extend(page.into_iter().map(Mine::from));
        if is_last {
            return Ok(Json(mine));
        }
    }
}

/// `GET /channel/search`: private ones are found too, since one must find what one wants to join.
#[utoipa::path(get, path = "/channel/search", tag = "channel", params(Keyword), responses((status = 200, body = Vec<Listed>), Refused))]
async fn search(
    State(app): State<Arc<App>>,
    Caller(_): Caller,
    InQuery(Keyword { keyword }): InQuery<Keyword>,
) -> Result<Json<Vec<Listed>>, Problem> {
    if keyword.trim().is_empty() {
        return Err(Problem::bad_request("keyword: must not be empty"));
    }
    let found = app.persistence.accounts().rooms().search(&keyword, SEARCH_LIMIT).await?;
    Ok(Json(found.into_iter().map(Listed::from).collect()))
}

/// `GET /channel/{id}`: for members.
#[utoipa::path(get, path = "/channel/{id}", tag = "channel", params(("id" = u32, Path, description = "The channel")), responses((status = 200, body = Shown), Refused))]
async fn show(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u32>,
) -> Result<Json<Shown>, Problem> {
    let rooms = app.persistence.accounts().rooms();
    let room = rooms.get(RoomId(id)).await?;
    if !rooms.is_member(room.id, caller.user).await? {
        return Err(Error::NotAMember { room: room.id, user: caller.user }.into());
    }
    Ok(Json(room.into()))
}

/// `PUT /channel/{id}`: for admins.
#[utoipa::path(put, path = "/channel/{id}", tag = "channel", params(("id" = u32, Path, description = "The channel")), request_body = ChangedChannel, responses((status = 200, body = Changed), Refused))]
async fn change(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u32>,
    Body(changed): Body<ChangedChannel>,
) -> Result<Json<Changed>, Problem> {
    let ChangedChannel { channel_name, channel_description } = changed;
    let rooms = app.persistence.accounts().rooms();
    let change = rooms.change(caller.user, RoomId(id), &channel_name, &channel_description).await?;
    settle(&app, change).await;
    let room = rooms.get(change.room).await?;
    Ok(Json(Changed { channel_id: id, channel_name: room.name, channel_description: room.description }))
}

/// `DELETE /channel/{id}`: for admins; its members lose it at once.
#[utoipa::path(delete, path = "/channel/{id}", tag = "channel", params(("id" = u32, Path, description = "The channel")), responses((status = 200, body = String, content_type = "application/json"), Refused))]
async fn delete(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath(id): InPath<u32>,
) -> Result<Json<&'static str>, Problem> {
    let change = accounts.rooms().delete(caller.user, RoomId(id)).await?;
    settle(&app, change).await;
    Ok(Json("채널이 삭제되었습니다."))
}

/// `POST /channel/{id}/signup`
#[utoipa::path(post, path = "/channel/{id}/signup", tag = "channel", params(("id" = u32, Path, description = "The channel"), ChannelPassword), responses((status = 200, body = Joined), Refused))]
async fn join(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath(id): InPath<u32>,
    InQuery(ChannelPassword { password }): InQuery<ChannelPassword>,
) -> Result<Json<Joined>, Problem> {
    let rooms = accounts.rooms();
    let change = rooms.join(caller.user, RoomId(id), password.as_deref()).await?;
    settle(&app, change).await;
    let room = rooms.get(change.room).await?;
    let (user_name, user_email) = (caller.name, caller.email);
    Ok(Json(Joined { channel_id: id, channel_name: room.name, user_name, user_email }))
}

/// `POST /channel/{id}/user/{other}`: any member may, without the password.
#[utoipa::path(post, path = "/channel/{id}/user/{other}", tag = "channel", params(("id" = u32, Path, description = "The channel"), ("other" = u32, Path, description = "The user")), responses((status = 204), Refused))]
async fn add(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath((id, other)): InPath<(u32, u32)>,
) -> Result<StatusCode, Problem> {
    let change = accounts.rooms().add(caller.user, RoomId(id), UserId(other)).await?;
    settle(&app, change).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /channel/{id}/user/{other}`: an admin removes another; whoever names himself leaves.
#[utoipa::path(delete, path = "/channel/{id}/user/{other}", tag = "channel", params(("id" = u32, Path, description = "The channel"), ("other" = u32, Path, description = "The user")), responses((status = 204), Refused))]
async fn remove(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath((id, other)): InPath<(u32, u32)>,
) -> Result<StatusCode, Problem> {
    let rooms = accounts.rooms();
    let (room, other) = (RoomId(id), UserId(other));
    let change = if other == caller.user {
        rooms.leave(caller.user, room).await?
    } else {
        rooms.remove(caller.user, room, other).await?
    };
    settle(&app, change).await;
    Ok(StatusCode::NO_CONTENT)
}
