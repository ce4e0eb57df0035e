//! `/api/message` and `/api/notification`: what is said over REST goes through the engine, as over a socket.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use futures_util::future::try_join_all;
use moim_persistence::{Identity, User};
use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{MessageFields, MessageId, RoomId};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization as _;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::content::split;
use super::input::{self, Body, InPath, InQuery};
use super::openapi::Refused;
use crate::agent::{Agent, Represented};
use crate::app::App;
use crate::content::Content;
use crate::problem::Problem;

/// Channels that are searched for a message whose channel was not named.
const CHANNELS_SEARCHED_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(load_test))
        // Of a POST the channel's id, of a DELETE the message's.
        .routes(routes!(say, withdraw))
        .routes(routes!(notify))
}

#[derive(Deserialize, ToSchema)]
struct Text {
    #[serde(default, deserialize_with = "input::text")]
    text: String,
}

/// Where the message is; ids rise within a channel alone.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct OfChannel {
    /// The message's channel; without it the caller's channels are searched.
    channel_id: Option<u32>,
}

/// A message as the original's load-test scripts send it, and its socket too.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Spoken {
    #[serde(rename = "type", default, deserialize_with = "input::text")]
    kind: String,
    #[serde(default, deserialize_with = "input::number")]
    channel_id: Option<u64>,
    #[serde(default, deserialize_with = "input::number")]
    sender_id: Option<u64>,
    #[serde(default, deserialize_with = "input::text")]
    message: String,
    #[serde(default, deserialize_with = "input::number")]
    call_out_id: Option<u64>,
}

/// `POST /message/{channelId}`
#[utoipa::path(post, path = "/message/{id}", tag = "message", params(("id" = u32, Path, description = "The channel")), request_body = Text, responses((status = 200, body = Content), Refused))]
async fn say(
    State(app): State<Arc<App>>,
    Represented { caller, agent }: Represented,
    InPath(channel): InPath<u32>,
    Body(Text { text }): Body<Text>,
) -> Result<Json<Content>, Problem> {
    let said = Said { kind: Kind::Talk, text, quoted: MessageId::ZERO };
    said.in_room(&app, &caller, &agent, RoomId(channel)).await.map(Json)
}

/// `POST /notification/{channelId}`: a notice, which members see apart from the talk.
#[utoipa::path(post, path = "/notification/{id}", tag = "message", params(("id" = u32, Path, description = "The channel")), request_body = Text, responses((status = 200, body = Content), Refused))]
async fn notify(
    State(app): State<Arc<App>>,
    Represented { caller, agent }: Represented,
    InPath(channel): InPath<u32>,
    Body(Text { text }): Body<Text>,
) -> Result<Json<Content>, Problem> {
    let said = Said { kind: Kind::Notice, text, quoted: MessageId::ZERO };
    said.in_room(&app, &caller, &agent, RoomId(channel)).await.map(Json)
}

/// `POST /message/jmeter`: the load-test door. The sender is the session's all the same.
#[utoipa::path(post, path = "/message/jmeter", tag = "trial", request_body = Spoken, responses((status = 200, body = Content), Refused))]
async fn load_test(
    State(app): State<Arc<App>>,
    Represented { caller, agent }: Represented,
    Body(spoken): Body<Spoken>,
) -> Result<Json<Content>, Problem> {
    app.require_trial("the load-test door")?;
    if spoken.sender_id.is_some_and(|sender| sender != u64::from(caller.user.0)) {
        return Err(Problem::forbidden("senderId: is not the session's user; leave it out or send your own"));
    }
    let channel = spoken.channel_id.and_then(|id| u32::try_from(id).ok());
    let channel = channel.ok_or_else(|| Problem::bad_request("channelId: must be a channel's number"))?;
    Said::of(spoken)?.in_room(&app, &caller, &agent, RoomId(channel)).await.map(Json)
}

/// `DELETE /message/{messageId}`: its author's, or an admin's.
#[utoipa::path(delete, path = "/message/{id}", tag = "message", params(("id" = u64, Path, description = "The message"), OfChannel), responses((status = 200, body = String, content_type = "application/json"), Refused))]
async fn withdraw(
    State(app): State<Arc<App>>,
    Represented { caller, agent }: Represented,
    InPath(id): InPath<u64>,
    InQuery(OfChannel { channel_id }): InQuery<OfChannel>,
) -> Result<Json<&'static str>, Problem> {
    let id = MessageId(id);
    let room = match channel_id {
        Some(channel) => RoomId(channel),
        None => channel_of(&app, &caller, &agent, id).await?,
    };
    agent.send(room, Kind::Delete, "", id).await?;
    Ok(Json("메시지가 삭제되었습니다."))
}

/// What somebody is about to say.
struct Said {
    kind: Kind,
    text: String,
    quoted: MessageId,
}

impl Said {
    fn of(Spoken { kind, message, call_out_id, .. }: Spoken) -> Result<Self, Problem> {
        let quoted = MessageId(call_out_id.unwrap_or_default());
        match kind.trim().to_ascii_uppercase().as_str() {
            "TALK" | "" => Ok(Self { kind: Kind::Talk, text: message, quoted: MessageId::ZERO }),
            // The server writes a greeting's words.
            "ENTER" => Ok(Self { kind: Kind::Enter, text: String::new(), quoted: MessageId::ZERO }),
            "CALLOUT" => Ok(Self { kind: Kind::Reply, text: message, quoted }),
            other => Err(Problem::bad_request(format!("type: \"{other}\" is none of ENTER, TALK and CALLOUT"))),
        }
    }

    /// Says it; the row of the message once it is stored for good.
    async fn in_room(self, app: &App, caller: &Identity, agent: &Agent, room: RoomId) -> Result<Content, Problem> {
        let Self { kind, text, quoted } = self;
        let id = agent.send(room, kind, &text, quoted).await?;
        let members = app.persistence.accounts().rooms().get(room).await?.members;
        let author = User { id: caller.user, email: caller.email.clone(), name: caller.name.clone() };
        let head = MessageHead::new(id.0, 0, room.0, caller.user.0, 0, 0);
        // As the engine stores it.
        let text: String = text.trim().nfc().collect();
        let said = MessageFields { head, text: &text, reference: quoted.0, kind, role: Role::Member };
        Content::of_fields(&said, &author, members.saturating_sub(1)).ok_or_else(|| Problem::internal(&"it has no row"))
    }
}

/// The one of the caller's channels that has a message of that id.
async fn channel_of(app: &App, caller: &Identity, agent: &Agent, id: MessageId) -> Result<RoomId, Problem> {
    let rooms = app.persistence.accounts().rooms();
    let mine = rooms.of_user(caller.user, RoomId(0), CHANNELS_SEARCHED_MAX + 1).await?;
    if mine.len() > CHANNELS_SEARCHED_MAX {
        return Err(Problem::bad_request("channelId: you are in too many channels to look for the message; name it"));
    }
    let mut found = Vec::new();
    for few in mine.chunks(8) {
        let has_it = few.iter().map(|mine| has_message(agent, mine.room.id, id));
        found.extend(try_join_all(has_it).await?.into_iter().flatten());
    }
    match found[..] {
        [room] => Ok(room),
        [] => Err(Problem::bad_request(format!("messageId: none of your channels has a message {id}"))),
        _ => {
            Err(Problem::bad_request("channelId: several of your channels have a message of that id; name the channel"))
        }
    }
}

async fn has_message(agent: &Agent, room: RoomId, id: MessageId) -> Result<Option<RoomId>, Problem> {
    let below = MessageId(id.0.saturating_add(1));
    let page = agent.past(room, below, 1).await?;
    Ok(split(&page.frames).iter().any(|&(found, _)| found == id).then_some(room))
}
