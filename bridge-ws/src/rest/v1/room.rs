//! One's rooms and their members.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::future::try_join_all;
use moim_persistence::{Error, MemberEntry, NewRoom, Role, Room, RoomOfUser};
use moim_wire::limits::{LIST_LIMIT_MAX, UNREAD_MAX};
use moim_wire::{MessageId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::problem::Problem;
use crate::rest::caller::{Caller, Money};
use crate::rest::input::{self, Body, InPath, InQuery};
use crate::rest::openapi::Refused;
use crate::rest::room_change::settle;
use crate::rest::v1::office::office_name;

/// Which page: entries with ids above `after`, at most `limit` of them.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Ids above this.
    #[serde(default)]
    after: u32,
    /// At most 500, which is also the default.
    limit: Option<usize>,
}

impl Page {
    fn limit(&self) -> Result<usize, Problem> {
        let limit = self.limit.unwrap_or(LIST_LIMIT_MAX);
        if (1..=LIST_LIMIT_MAX).contains(&limit) {
            return Ok(limit);
        }
        Err(Problem::bad_request(format!("limit: {limit} is not within 1 to {LIST_LIMIT_MAX}")))
    }
}

/// What a room is created with.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewRoom)]
pub(super) struct Named {
    #[serde(default, deserialize_with = "input::text")]
    name: String,
    #[serde(default, deserialize_with = "input::text")]
    description: String,
    #[serde(default, deserialize_with = "input::flag")]
    private: bool,
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

/// What opens a private room.
#[derive(Deserialize, ToSchema)]
#[schema(as = RoomKey)]
pub(super) struct Key {
    #[serde(default, deserialize_with = "input::text")]
    password: String,
}

/// Whom to bring into a room.
#[derive(Deserialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct Invited {
    #[serde(default, deserialize_with = "input::text")]
    email: String,
}

/// A room of the caller's.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Room)]
pub(super) struct Entry {
    id: u32,
    name: String,
    description: String,
    private: bool,
    members: u32,
    role: &'static str,
    read_mark: String,
    /// Messages above the read mark, counted up to 100.
    unread: u32,
    /// `"0"` in an empty room.
    newest_id: String,
}

/// A member, or a former one: his messages are still there to be named.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Member {
    id: u32,
    name: String,
    role: &'static str,
    read_mark: String,
    left: bool,
    /// `TREASURER`, `AUDITOR`, or null.
    office: Option<&'static str>,
}

impl From<MemberEntry> for Member {
    fn from(member: MemberEntry) -> Self {
        Self {
            id: member.user.0,
            name: member.name,
            role: role_name(member.role),
            read_mark: member.read_mark.to_string(),
            left: member.left,
            office: member.office.map(office_name),
        }
    }
}

fn role_name(role: Role) -> &'static str {
    if role == Role::Admin { "ADMIN" } else { "MEMBER" }
}

/// `GET /rooms`: rising by id; fewer than `limit` of them are the last.
#[utoipa::path(get, path = "/rooms", tag = "v1", params(Page), responses((status = 200, body = Vec<Entry>), Refused))]
pub(super) async fn mine(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Entry>>, Problem> {
    let rooms = app.persistence.accounts().rooms();
    let mine = rooms.of_user(caller.user, RoomId(page.after), page.limit()?).await?;
    let mut entries = Vec::with_capacity(mine.len());
    // A few at a time: one caller must not take all of the store's readers.
    for few in mine.chunks(8) {
        entries.extend(try_join_all(few.iter().map(|room| entry(&app, room))).await?);
    }
    Ok(Json(entries))
}

/// Newest and unread come from the store, which may lag behind the journal by an instant, and are 0 where this process has
/// none; OPENED is exact.
async fn entry(app: &App, RoomOfUser { room, role, read_mark }: &RoomOfUser) -> Result<Entry, Error> {
    let (newest, unread) = match app.persistence.messages() {
        Some(messages) => {
            let newest = messages.newest(room.id).await?.unwrap_or(MessageId::ZERO);
            let is_behind = newest > *read_mark;
            (newest, if is_behind { messages.count_after(room.id, *read_mark, UNREAD_MAX).await? } else { 0 })
        }
        None => (MessageId::ZERO, 0),
    };
    let Room { id, name, description, private, members, .. } = room.clone();
    Ok(Entry {
        id: id.0,
        name,
        description,
        private,
        members,
        role: role_name(*role),
        read_mark: read_mark.to_string(),
        unread,
        newest_id: newest.to_string(),
    })
}

/// `POST /rooms`
#[utoipa::path(post, path = "/rooms", tag = "v1", request_body = Named, responses((status = 201, body = Entry), Refused))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Body(Named { name, description, private, password }): Body<Named>,
) -> Result<(StatusCode, Json<Entry>), Problem> {
    let new = NewRoom { name, description, private, password };
    let room = app.persistence.accounts().rooms().create(caller.user, new).await?;
    let mine = RoomOfUser { room, role: Role::Admin, read_mark: MessageId::ZERO };
    Ok((StatusCode::CREATED, Json(entry(&app, &mine).await?)))
}

/// `GET /rooms/{id}/members`: rising by user id, for members alone.
#[utoipa::path(get, path = "/rooms/{id}/members", tag = "v1", params(("id" = u32, Path, description = "The room"), Page), responses((status = 200, body = Vec<Member>), Refused))]
pub(super) async fn members(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InPath(id): InPath<u32>,
    InQuery(page): InQuery<Page>,
) -> Result<Json<Vec<Member>>, Problem> {
    let rooms = app.persistence.accounts().rooms();
    let room = RoomId(id);
    if !rooms.is_member(room, caller.user).await? {
        rooms.get(room).await?;
        return Err(Error::NotAMember { room, user: caller.user }.into());
    }
    let members = rooms.members(room, UserId(page.after), page.limit()?).await?;
    Ok(Json(members.into_iter().map(Member::from).collect()))
}

/// `POST /rooms/{id}/members`: any member may bring in the account of an e-mail address, without the password.
#[utoipa::path(post, path = "/rooms/{id}/members", tag = "v1", params(("id" = u32, Path, description = "The room")), request_body = Invited, responses((status = 204), Refused))]
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath(id): InPath<u32>,
    Body(Invited { email }): Body<Invited>,
) -> Result<StatusCode, Problem> {
    let (rooms, room) = (accounts.rooms(), RoomId(id));
    // Before the address is looked up: only members may learn here who has an account.
    if !rooms.is_member(room, caller.user).await? {
        rooms.get(room).await?;
        return Err(Error::NotAMember { room, user: caller.user }.into());
    }
    let other = app.persistence.accounts().users().by_email(&email).await?;
    let change = rooms.add(caller.user, room, other.id).await?;
    settle(&app, change).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /rooms/{id}/join`
#[utoipa::path(post, path = "/rooms/{id}/join", tag = "v1", params(("id" = u32, Path, description = "The room")), request_body = Key, responses((status = 200, body = Entry), Refused))]
pub(super) async fn join(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath(id): InPath<u32>,
    Body(Key { password }): Body<Key>,
) -> Result<Json<Entry>, Problem> {
    let rooms = accounts.rooms();
    let password = Some(password.as_str()).filter(|password| !password.is_empty());
    let change = rooms.join(caller.user, RoomId(id), password).await?;
    settle(&app, change).await;
    let room = rooms.get(change.room).await?;
    let mine = RoomOfUser { room, role: Role::Member, read_mark: MessageId::ZERO };
    Ok(Json(entry(&app, &mine).await?))
}

/// `DELETE /rooms/{id}/membership`: the last admin's role passes to another member.
#[utoipa::path(delete, path = "/rooms/{id}/membership", tag = "v1", params(("id" = u32, Path, description = "The room")), responses((status = 204), Refused))]
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    Money(accounts): Money,
    InPath(id): InPath<u32>,
) -> Result<StatusCode, Problem> {
    let change = accounts.rooms().leave(caller.user, RoomId(id)).await?;
    settle(&app, change).await;
    Ok(StatusCode::NO_CONTENT)
}
