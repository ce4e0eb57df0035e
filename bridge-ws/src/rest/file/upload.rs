//! A file's bytes, on their way in, and the message that shows them.

use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use moim_persistence::{FileEntry, NewFile, Upload, User, UserId};
use moim_wire::schema::Kind;
use moim_wire::{MessageId, RoomId};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::disposition::file_name;
use super::media_type::HEAD_BYTES;
use super::{FORM_BYTES_MAX, Metadata, require_member};
use crate::agent::{Agent, Represented};
use crate::app::App;
use crate::problem::Problem;
use crate::rest::openapi::Refused;
use crate::shown_file::ShownFile;

const RETRY_AFTER_MS: u64 = 1_000;
/// Of the digits of a channel's number, and a little.
const CHANNEL_BYTES_MAX: usize = 32;

/// The form that brings a file.
#[derive(ToSchema)]
#[schema(as = NewFile)]
#[expect(dead_code, reason = "read by the macro, for the document")]
pub(super) struct Form {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The channel.
    #[schema(rename = "channelId")]
    channel_id: u32,
}

/// What came of the form so far.
#[derive(Default)]
struct Taken {
    room: Option<RoomId>,
    file: Option<(Upload, NewFile)>,
}

/// `POST /file`: multipart, the part `file` and the part `channelId` in any order. The file is shown in the channel as its
/// caller's message when this answers.
#[utoipa::path(post, path = "/file", tag = "file", request_body(content = Form, content_type = "multipart/form-data"), responses((status = 200, body = Metadata), Refused))]
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Represented { caller, agent }: Represented,
    request: Request,
) -> Result<Json<Metadata>, Problem> {
    let wanted = declared(&app, request.headers())?;
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|rejection: MultipartRejection| Problem::bad_request(rejection.body_text()))?;
    let _permit = app.uploads.try_acquire().map_err(|_| {
        app.counters.transfers_refused.one();
        Problem::busy("as many uploads are under way as this server carries at once", RETRY_AFTER_MS)
    })?;
    let mut taken = Taken::default();
    while let Some(field) = in_time(&app, form.next_field()).await? {
        match field.name() {
            Some("channelId") => taken.room = Some(channel(&app, field, caller.user).await?),
            Some("file") if taken.file.is_some() => return Err(Problem::bad_request("file: one at a time")),
            Some("file") => taken.file = Some(store(&app, field, caller.user, wanted).await?),
            _ => {}
        }
    }
    let room = taken.room.ok_or_else(|| Problem::bad_request("channelId: must be a channel's number"))?;
    let (upload, new) = taken.file.ok_or_else(|| Problem::bad_request("file: the form has no such part"))?;
    // Who goes away now does not leave it half done.
    let author = User { id: caller.user, email: caller.email, name: caller.name };
    let shown = app.tasks.spawn(show(app.clone(), agent, (upload, new), room));
    let file = shown.await.map_err(|error| Problem::internal(&error))??;
    Ok(Json(Metadata::of(file, author)))
}

/// How many bytes may come: as many as the request says, if it says so.
fn declared(app: &App, headers: &HeaderMap) -> Result<u64, Problem> {
    let bytes_max = app.persistence.accounts().files().bytes_max();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > bytes_max.saturating_add(FORM_BYTES_MAX) => {
            Err(moim_persistence::Error::FileTooLarge { bytes_max }.into())
        }
        length => Ok(length.unwrap_or(bytes_max)),
    }
}

async fn channel(app: &App, mut field: Field<'_>, caller: UserId) -> Result<RoomId, Problem> {
    let mut digits = Vec::new();
    while let Some(bytes) = in_time(app, field.chunk()).await? {
        digits.extend_from_slice(&bytes);
        if digits.len() > CHANNEL_BYTES_MAX {
            break;
        }
    }
    let number = std::str::from_utf8(&digits).ok().and_then(|digits| digits.trim().parse().ok());
    let room = RoomId(number.ok_or_else(|| Problem::bad_request("channelId: must be a channel's number"))?);
    require_member(app, room, caller).await?;
    Ok(room)
}

/// Takes the bytes in; refuses a type as soon as the first of them tell it.
async fn store(app: &App, mut field: Field<'_>, user: UserId, wanted: u64) -> Result<(Upload, NewFile), Problem> {
    let name = file_name(field.file_name().unwrap_or_default());
    let said = field.content_type().map(str::to_owned);
    let judge = |head: &[u8]| {
        app.config.file_types.judge(head, said.as_deref(), &name).map_err(|refused| {
            let message = format!("file: this server takes no files of the type {refused}");
            Problem::new(StatusCode::BAD_REQUEST, "FileTypeRefused", message)
        })
    };
    let mut upload = app.persistence.accounts().files().begin(user, wanted).await?;
    let (mut head, mut content_type) = (Vec::new(), None);
    while let Some(bytes) = in_time(app, field.chunk()).await? {
        if content_type.is_none() {
            head.extend_from_slice(&bytes[..bytes.len().min(HEAD_BYTES - head.len())]);
            if head.len() == HEAD_BYTES {
                content_type = Some(judge(&head)?);
            }
        }
        upload.write(bytes).await?;
    }
    let content_type = match content_type {
        Some(content_type) => content_type,
        None => judge(&head)?,
    };
    drop(field);
    Ok((upload, NewFile { name, content_type }))
}

/// The next of a form, unless it takes too long.
async fn in_time<T>(app: &App, next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Problem> {
    match timeout(app.config.limits.transfer_stall, next).await {
        Ok(Ok(next)) => Ok(next),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let bytes_max = app.persistence.accounts().files().bytes_max();
            Err(moim_persistence::Error::FileTooLarge { bytes_max }.into())
        }
        Ok(Err(error)) => Err(Problem::bad_request(format!("the form: {}", error.body_text()))),
        Err(_) => Err(Problem::of_status(StatusCode::REQUEST_TIMEOUT)),
    }
}

/// Makes a file of the upload and says so in the room. Where that is refused, the file is taken back.
async fn show(
    app: Arc<App>,
    agent: Arc<Agent>,
    (upload, new): (Upload, NewFile),
    room: RoomId,
) -> Result<FileEntry, Problem> {
    let files = app.persistence.accounts().files();
    let mut file = upload.finish(room, new).await?;
    let text = ShownFile::from(&file).text().map_err(|error| Problem::internal(&error))?;
    match agent.send(room, Kind::File, &text, MessageId::ZERO).await {
        Ok(message) => {
            if let Err(error) = files.shown(file.id, message).await {
                tracing::warn!(file = file.id.0, %error, "which message shows a file is noted later");
            }
            app.counters.files_uploaded.one();
            file.message = message;
            Ok(file)
        }
        // The message may be there: the cleaning will see.
        Err(problem) if problem.is_outcome_unknown() => Err(problem),
        Err(problem) => {
            if let Err(error) = files.remove(file.id).await {
                tracing::warn!(file = file.id.0, %error, "a file that could not be shown goes later");
            }
            Err(problem)
        }
    }
}
