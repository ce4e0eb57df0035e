//! `/api/channel/{id}/message/search`: a channel's rows that have a keyword, and what both doors of search share.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use moim_persistence::{Hit, Keyword, RoomId, Search, SearchOrder, SearchQuery, UserId};
use moim_wire::MessageId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::content::with;
use super::input::{InPath, InQuery};
use super::openapi::Refused;
use crate::agent::Represented;
use crate::app::App;
use crate::content::Content;
use crate::marks::Marks;
use crate::problem::Problem;

/// Hits of a page that asks for no number, and the most of one.
const HITS: usize = 20;
const HITS_MAX: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(search))
}

/// What is looked for, and which page of it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Looked {
    /// 1 to 100 characters. Parts that a space divides are each in a message, in any order; width and case do not count.
    #[serde(default)]
    keyword: String,
    /// Newest first, or first the best of the newest matches.
    #[serde(default)]
    #[param(inline)]
    order: Order,
    /// A message's id; messages below it.
    #[serde(default)]
    before: u64,
    /// At most 100; 20 where none is said.
    limit: Option<usize>,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Newest,
    Best,
}

/// Where in a text the keyword is: from and to, counted as browsers count, in UTF-16 code units.
pub(super) type Highlight = [u32; 2];

/// A row of a channel's content, with the places of the keyword in its text.
#[derive(Serialize, ToSchema)]
struct FoundContent {
    #[serde(flatten)]
    row: Content,
    #[schema(value_type = Vec<Vec<u32>>)]
    highlights: Vec<Highlight>,
}

impl Looked {
    /// The question to the index, about these rooms.
    pub(super) fn query(&self, rooms: Vec<RoomId>) -> Result<SearchQuery, Problem> {
        let limit = self.limit.unwrap_or(HITS);
        if !(1..=HITS_MAX).contains(&limit) {
            return Err(Problem::bad_request(format!("limit: {limit} is not within 1 to {HITS_MAX}")));
        }
        if self.before > MessageId::MAX.0 {
            return Err(Problem::bad_request(format!("before: {} is no message's id", self.before)));
        }
        let order = match self.order {
            Order::Newest => SearchOrder::Newest,
            Order::Best => SearchOrder::Best,
        };
        Ok(SearchQuery { keyword: Keyword::parse(&self.keyword)?, rooms, order, before: MessageId(self.before), limit })
    }
}

/// The search of this server.
pub(super) fn searcher(app: &App) -> Result<&Search, Problem> {
    app.persistence.search().ok_or_else(|| {
        let why = "search is switched off here: search.enabled switches it on; a bridge on its own has none";
        Problem::new(StatusCode::BAD_REQUEST, "SearchOff", why)
    })
}

pub(super) fn highlights(hit: &Hit) -> Vec<Highlight> {
    hit.highlights.iter().map(|&(from, to)| [from, to]).collect()
}

/// Who wrote the hits, each once.
pub(super) fn authors(hits: &[Hit]) -> Vec<UserId> {
    let sender = |hit: &Hit| with(&hit.frame, |message| UserId(message.head().sender()));
    let mut authors: Vec<UserId> = hits.iter().filter_map(sender).collect();
    authors.sort_unstable();
    authors.dedup();
    authors
}

/// `GET /channel/{id}/message/search`: rows of the content that have the keyword, newest first. Searching is not reading.
#[utoipa::path(get, path = "/channel/{id}/message/search", tag = "content", params(("id" = u32, Path, description = "The channel"), Looked), responses((status = 200, body = Vec<FoundContent>), Refused))]
async fn search(
    State(app): State<Arc<App>>,
    Represented { agent, .. }: Represented,
    InPath(id): InPath<u32>,
    InQuery(looked): InQuery<Looked>,
) -> Result<Json<Vec<FoundContent>>, Problem> {
    let room = RoomId(id);
    let query = looked.query(vec![room])?;
    // The engine tells members alone who has read what, so nobody else comes any further.
    let marks = Marks::of(agent.marks(room).await?.into_iter().map(|mark| (mark.user, mark.read_mark)));
    let found = searcher(&app)?.find(&query).await?;
    let people = app.people.get_all(&authors(&found.hits)).await?;
    let row = |hit: &Hit| {
        let row = with(&hit.frame, |message| {
            let sender = UserId(message.head().sender());
            Content::of(message, people.get(&sender)?, marks.not_read(sender, hit.id))
        });
        row.flatten().map(|row| FoundContent { row, highlights: highlights(hit) })
    };
    Ok(Json(found.hits.iter().filter_map(row).collect()))
}
