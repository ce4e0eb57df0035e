//! Search across one's rooms.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use moim_persistence::{Error, Hit, User};
use moim_wire::limits::LIST_LIMIT_MAX;
use moim_wire::{RoomId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::local_time;
use crate::problem::Problem;
use crate::rest::caller::Caller;
use crate::rest::content::with;
use crate::rest::input::InQuery;
use crate::rest::openapi::Refused;
use crate::rest::search::{Highlight, Looked, authors, highlights, searcher};

/// Where to look.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Where {
    /// One room; all of the caller's where none is said.
    room: Option<u32>,
}

/// A message that has the keyword.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchHit {
    room_id: u32,
    room_name: String,
    message_id: String,
    author_id: u32,
    author_name: String,
    /// In UTC, as RFC 3339 writes it.
    sent_at: String,
    text: String,
    #[schema(value_type = Vec<Vec<u32>>)]
    highlights: Vec<Highlight>,
}

/// A page of hits.
#[derive(Serialize, ToSchema)]
pub(super) struct SearchPage {
    hits: Vec<SearchHit>,
    /// What to ask for as `before` to go on; `null` where nothing is left. A page may be short and have a next one.
    next: Option<String>,
}

/// `GET /search`: hits in rooms that the caller is a member of by now, and in no other.
#[utoipa::path(get, path = "/search", tag = "v1", params(Looked, Where), responses((status = 200, body = SearchPage), Refused))]
pub(super) async fn search(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    InQuery(looked): InQuery<Looked>,
    InQuery(Where { room }): InQuery<Where>,
) -> Result<Json<SearchPage>, Problem> {
    let search = searcher(&app)?;
    let rooms = match room {
        Some(room) => one_room(&app, caller.user, RoomId(room)).await?,
        None => all_rooms(&app, caller.user).await?,
    };
    let found = search.find(&looked.query(rooms.keys().copied().collect())?).await?;
    let people = app.people.get_all(&authors(&found.hits)).await?;
    let hits = found.hits.iter().filter_map(|hit| shown(hit, &rooms, &people)).collect();
    Ok(Json(SearchPage { hits, next: found.next.map(|next| next.to_string()) }))
}

fn shown(hit: &Hit, rooms: &HashMap<RoomId, String>, people: &HashMap<UserId, User>) -> Option<SearchHit> {
    with(&hit.frame, |message| {
        let author = people.get(&UserId(message.head().sender()))?;
        Some(SearchHit {
            room_id: hit.room.0,
            room_name: rooms.get(&hit.room)?.clone(),
            message_id: hit.id.to_string(),
            author_id: author.id.0,
            author_name: author.name.clone(),
            sent_at: local_time::utc(hit.id.unix_ms()),
            text: message.text().to_owned(),
            highlights: highlights(hit),
        })
    })?
}

/// A room of a member's, with its name.
async fn one_room(app: &App, user: UserId, room: RoomId) -> Result<HashMap<RoomId, String>, Error> {
    let rooms = app.persistence.accounts().rooms();
    let name = rooms.get(room).await?.name;
    if !rooms.is_member(room, user).await? {
        return Err(Error::NotAMember { room, user });
    }
    Ok(HashMap::from([(room, name)]))
}

/// All rooms that somebody is a member of, with their names.
async fn all_rooms(app: &App, user: UserId) -> Result<HashMap<RoomId, String>, Error> {
    let rooms = app.persistence.accounts().rooms();
    let mut all = HashMap::new();
    let mut after = RoomId(0);
    loop {
        let page = rooms.of_user(user, after, LIST_LIMIT_MAX).await?;
        let is_last = page.len() < LIST_LIMIT_MAX;
        after = page.last().map_or(after, |mine| mine.room.id);
        all.extend(page.into_iter().map(|mine| (mine.room.id, mine.room.name)));
        if is_last {
            return Ok(all);
        }
    }
}
