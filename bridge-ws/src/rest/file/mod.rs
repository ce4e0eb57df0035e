//! `/api/file`: what people upload to a channel, for its members alone. An upload is shown in the channel by a message of
//! kind File, which the engine sequences like talk; withdrawing that message takes the file away, and the other way round.

mod disposition;
mod download;
mod media_type;
mod range;
mod upload;

use std::sync::Arc;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use futures_util::future::try_join_all;
use moim_persistence::{Error, FileEntry, FileId, User, UserId};
use moim_wire::schema::Kind;
use moim_wire::{MessageId, RoomId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::input::{InPath, InQuery};
use super::openapi::Refused;
use crate::agent::Represented;
use crate::app::App;
use crate::local_time;
use crate::problem::Problem;

pub use media_type::Types;

/// Files of one list.
const LIST_LIMIT_MAX: u32 = 100;
/// What of a request's body is not the file: the form's fields and what separates them.
const FORM_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn routes(app: &App) -> OpenApiRouter<Arc<App>> {
    let bytes_max = app.persistence.accounts().files().bytes_max() + FORM_BYTES_MAX;
    let body_limit = DefaultBodyLimit::max(usize::try_from(bytes_max).unwrap_or(usize::MAX));
    OpenApiRouter::new()
        .routes(routes!(upload::upload, list))
        .layer(body_limit)
        .routes(routes!(download::download, delete))
}

/// Whether a request brings a file, and may take as long.
pub(crate) fn is_upload(request: &Request) -> bool {
    request.method() == Method::POST && request.uri().path() == "/api/file"
}

/// A file as its channel's members see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = File)]
pub(super) struct Metadata {
    file_id: u64,
    file_name: String,
    /// In bytes.
    size: u64,
    content_type: String,
    channel_id: u32,
    user_id: u32,
    user_name: String,
    created_at: String,
    /// Of the message that shows it, in digits.
    message_id: String,
}

impl Metadata {
    fn of(file: FileEntry, user: User) -> Self {
        Self {
            file_id: file.id.0,
            file_name: file.name,
            size: file.size,
            content_type: file.content_type,
            channel_id: file.room.0,
            user_id: user.id.0,
            user_name: user.name,
            created_at: local_time::of_unix_ms(file.created_at_ms),
            message_id: file.message.to_string(),
        }
    }
}

/// Which files: the newest below the file `before`, or of all.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct OfChannel {
    /// The channel.
    channel_id: u32,
    /// A file's id; files below it.
    before: Option<u64>,
    /// Up to 100, which is also the default.
    limit: Option<u32>,
}

/// `GET /file`: the channel's files, newest first.
#[utoipa::path(get, path = "/file", tag = "file", params(OfChannel), responses((status = 200, body = Vec<Metadata>), Refused))]
async fn list(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InQuery(OfChannel { channel_id, before, limit }): InQuery<OfChannel>,
) -> Result<Json<Vec<Metadata>>, Problem> {
    let limit = limit.unwrap_or(LIST_LIMIT_MAX);
    if !(1..=LIST_LIMIT_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("limit: {limit} is not within 1 to {LIST_LIMIT_MAX}")));
    }
    let room = RoomId(channel_id);
    require_member(&app, room, caller.user).await?;
    let files = app.persistence.accounts().files().of_room(room, before.map(FileId), limit).await?;
    let mut listed = Vec::with_capacity(files.len());
    // A few at a time: one caller must not take all of the store's readers.
    for few in files.chunks(8) {
        let shown = few.iter().map(async |file| Ok::<_, Problem>((!is_withdrawn(&app, file).await?).then_some(file)));
        for file in try_join_all(shown).await?.into_iter().flatten() {
            listed.push(Metadata::of(file.clone(), app.people.get(file.user).await?));
        }
    }
    Ok(Json(listed))
}

/// `DELETE /file/{fileId}`: its uploader's, or an admin's. The message that showed it is withdrawn.
#[utoipa::path(delete, path = "/file/{id}", tag = "file", params(("id" = u64, Path, description = "The file")), responses((status = 200, body = String, content_type = "application/json"), Refused))]
async fn delete(
    State(app): State<Arc<App>>,
    Represented { caller, agent }: Represented,
    InPath(id): InPath<u64>,
) -> Result<Json<&'static str>, Problem> {
    let file = for_member(&app, FileId(id), caller.user).await?;
    if app.persistence.accounts().files().is_receipt(file.id).await? {
        return Err(Problem::forbidden("the file is the receipt of an expense, and stays with it"));
    }
    if file.message != MessageId::ZERO {
        // The engine knows who may.
        agent.send(file.room, Kind::Delete, "", file.message).await?;
    } else if file.user != caller.user {
        return Err(Problem::forbidden("only its uploader may remove a file that is not shown yet"));
    }
    app.persistence.accounts().files().remove(file.id).await?;
    Ok(Json("파일이 삭제되었습니다."))
}

/// A file that the caller may see.
pub(super) async fn for_member(app: &App, id: FileId, caller: UserId) -> Result<FileEntry, Problem> {
    let file = app.persistence.accounts().files().get(id).await?;
    if !app.persistence.accounts().rooms().is_member(file.room, caller).await? {
        return Err(Problem::forbidden("only members of a file's channel may have it"));
    }
    if is_withdrawn(app, &file).await? {
        return Err(Error::NoSuchFile(id).into());
    }
    Ok(file)
}

/// Where this process has no store of messages, the server's cleaning alone takes withdrawn files away.
async fn is_withdrawn(app: &App, file: &FileEntry) -> Result<bool, Problem> {
    match app.persistence.messages() {
        Some(messages) => Ok(app.persistence.accounts().files().is_withdrawn(file, messages).await?),
        None => Ok(false),
    }
}

async fn require_member(app: &App, room: RoomId, user: UserId) -> Result<(), Problem> {
    let rooms = app.persistence.accounts().rooms();
    if rooms.is_member(room, user).await? {
        return Ok(());
    }
    rooms.get(room).await?;
    Err(Error::NotAMember { room, user }.into())
}
