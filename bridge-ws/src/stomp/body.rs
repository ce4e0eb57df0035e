//! From a message of the engine's to the JSON that a STOMP client gets.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moim_persistence::Error;
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::schema::Message;
use moim_wire::{Frame, MessageId, RoomId, UserId, body};
use serde::Serialize;

use super::bodies::Body;
use crate::app::App;
use crate::content::{Content, Shown};
use crate::marks::Marks;

/// The store of names is asked again so often, so long apart; meanwhile the session's queue fills, and no further.
const TRIES_MAX: u32 = 20;
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// A body that may have to wait for the store of names.
pub(super) type Encoding = Pin<Box<dyn Future<Output = Result<Arc<str>, Error>> + Send>>;

/// What tells clients that a message was taken back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    #[serde(rename = "type")]
    kind: &'static str,
    channel_id: u32,
    channel_content_id: u64,
}

/// The body of a live message, by whoever comes to it first.
pub(super) fn live(app: Arc<App>, body: Body, frame: Bytes) -> Encoding {
    Box::pin(async move {
        let mut tries = 0;
        loop {
            let written = body.get_or_try_init(|| write(&app, &frame, None)).await.cloned();
            match written {
                Err(error) if tries < TRIES_MAX => tracing::warn!(%error, "a message waits for names"),
                settled => return settled,
            }
            tries += 1;
            tokio::time::sleep(TRY_AGAIN).await;
        }
    })
}

/// The body of a message of the past: others may have read it since.
pub(super) fn past(app: Arc<App>, marks: Arc<Marks>, frame: Bytes) -> Encoding {
    Box::pin(async move { write(&app, &frame, Some(&marks)).await })
}

async fn write(app: &App, frame: &[u8], marks: Option<&Marks>) -> Result<Arc<str>, Error> {
    let unreadable = || Error::Internal("a message that was read before cannot be read".to_owned());
    let frame = Frame::first(frame, FRAME_BYTES_MAX).ok().flatten().ok_or_else(unreadable)?;
    let message = body::read::<Message<'_>>(frame.body()).map_err(|_| unreadable())?;
    let head = *message.head();
    let (room, id, sender) = (RoomId(head.room()), MessageId(head.id()), UserId(head.sender()));
    if let Shown::Withdrawal(withdrawn) = Shown::of(&message) {
        return json(&Deleted { kind: "DELETE", channel_id: room.0, channel_content_id: withdrawn.0 });
    }
    let not_read = match marks {
        Some(marks) => marks.not_read(sender, id),
        // Nobody but its sender can have read what was said just now.
        None => app.stomp.crowd.members(room).await?.saturating_sub(1),
    };
    let author = app.people.get(sender).await?;
    json(&Content::of(&message, &author, not_read).ok_or_else(unreadable)?)
}

fn json(value: &impl Serialize) -> Result<Arc<str>, Error> {
    serde_json::to_string(value).map(Arc::from).map_err(|error| Error::Internal(error.to_string()))
}
