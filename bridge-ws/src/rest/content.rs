//! `/api/channel/{id}/content`: what was said in a channel, as rows of the original's shape.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use moim_persistence::{User, UserId};
use moim_wire::limits::{FRAME_BYTES_MAX, HISTORY_LIMIT_MAX};
use moim_wire::schema::Message;
use moim_wire::{Frame, MessageId, RoomId, body};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::input::{InPath, InQuery};
use super::openapi::Refused;
use crate::agent::{Agent, Represented};
use crate::app::App;
use crate::content::{Content, Shown};
use crate::marks::Marks;
use crate::problem::Problem;

/// Rows of one answer, and of one that asks for no number.
const ROWS_MAX: usize = 1_000;
/// Pages of the engine's that one answer is made of. Where events crowd out the rows it is shorter than asked for.
const PAGES_MAX: usize = 25;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(content)).routes(routes!(channel_content))
}

/// Which rows: the newest below the message `before`, or of all.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Before {
    /// A message's id; rows below it.
    #[serde(default)]
    before: u64,
    /// Rows, up to 1,000, which is also the default.
    limit: Option<usize>,
}

/// `GET /channel/{id}/content`: oldest first. Reading the newest page marks the channel read.
#[utoipa::path(get, path = "/channel/{id}/content", tag = "content", params(("id" = u32, Path, description = "The channel"), Before), responses((status = 200, body = Vec<Content>), Refused))]
async fn content(
    State(app): State<Arc<App>>,
    Represented { agent, .. }: Represented,
    InPath(id): InPath<u32>,
    InQuery(page): InQuery<Before>,
) -> Result<Json<Vec<Content>>, Problem> {
    read(&app, &agent, id, page).await.map(Json)
}

/// `GET /channel-content/{id}`: the same under the original's other name.
#[utoipa::path(get, path = "/channel-content/{id}", tag = "content", params(("id" = u32, Path, description = "The channel"), Before), responses((status = 200, body = Vec<Content>), Refused))]
async fn channel_content(
    State(app): State<Arc<App>>,
    Represented { agent, .. }: Represented,
    InPath(id): InPath<u32>,
    InQuery(page): InQuery<Before>,
) -> Result<Json<Vec<Content>>, Problem> {
    read(&app, &agent, id, page).await.map(Json)
}

async fn read(app: &App, agent: &Agent, id: u32, page: Before) -> Result<Vec<Content>, Problem> {
    let Before { before, limit } = page;
    let limit = limit.unwrap_or(ROWS_MAX);
    if !(1..=ROWS_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("limit: {limit} is not within 1 to {ROWS_MAX}")));
    }
    if before > MessageId::MAX.0 {
        return Err(Problem::bad_request(format!("before: {before} is no message's id")));
    }
    let room = RoomId(id);
    let past = gather(agent, room, MessageId(before), limit).await?;
    if before == 0
        && let Some(newest) = past.newest
    {
        agent.read(room, newest).await?;
    }
    let marks = Marks::of(agent.marks(room).await?.into_iter().map(|mark| (mark.user, mark.read_mark)));
    let people = app.people.get_all(&past.authors()).await?;
    Ok(past.rows(&marks, &people))
}

/// Messages that have a row, newest first.
struct Past {
    frames: Vec<Bytes>,
    /// The newest message seen, whether it has a row or not.
    newest: Option<MessageId>,
}

/// Reads as many of the engine's pages as it takes.
async fn gather(agent: &Agent, room: RoomId, before: MessageId, limit: usize) -> Result<Past, Problem> {
    let mut past = Past { frames: Vec::new(), newest: None };
    let mut before = before;
    for _ in 0..PAGES_MAX {
        let wanted = (limit - past.frames.len()).min(HISTORY_LIMIT_MAX);
        let page = agent.past(room, before, wanted as u16).await?;
        let messages = split(&page.frames);
        past.newest = past.newest.or(messages.last().map(|&(id, _)| id));
        let Some(&(oldest, _)) = messages.first() else { break };
        before = oldest;
        past.frames.extend(messages.into_iter().rev().map(|(_, frame)| frame).filter(has_row));
        if !page.more || past.frames.len() >= limit {
            break;
        }
    }
    Ok(past)
}

impl Past {
    fn authors(&self) -> Vec<UserId> {
        let mut authors: Vec<UserId> =
            self.frames.iter().filter_map(|frame| with(frame, |message| UserId(message.head().sender()))).collect();
        authors.sort_unstable();
        authors.dedup();
        authors
    }

    fn rows(&self, marks: &Marks, people: &HashMap<UserId, User>) -> Vec<Content> {
        let row = |frame: &Bytes| {
            with(frame, |message| {
                let sender = UserId(message.head().sender());
                Content::of(message, people.get(&sender)?, marks.not_read(sender, MessageId(message.head().id())))
            })
            .flatten()
        };
        self.frames.iter().rev().filter_map(row).collect()
    }
}

/// MESSAGE frames back to back, each with its id.
pub(super) fn split(frames: &Bytes) -> Vec<(MessageId, Bytes)> {
    let mut messages = Vec::new();
    let mut rest = frames.clone();
    while let Ok(Some(frame)) = Frame::first(&rest, FRAME_BYTES_MAX) {
        let length = frame.bytes.len();
        let one = rest.split_to(length);
        if let Some(id) = with(&one, |message| MessageId(message.head().id())) {
            messages.push((id, one));
        }
    }
    messages
}

fn has_row(frame: &Bytes) -> bool {
    with(frame, |message| matches!(Shown::of(message), Shown::Row(_))).unwrap_or_default()
}

/// Reads a MESSAGE frame.
pub(super) fn with<T>(frame: &[u8], look: impl FnOnce(&Message<'_>) -> T) -> Option<T> {
    let frame = Frame::first(frame, FRAME_BYTES_MAX).ok().flatten()?;
    body::read::<Message<'_>>(frame.body()).ok().map(|message| look(&message))
}
