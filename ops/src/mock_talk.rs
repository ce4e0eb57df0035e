//! Made-up talk, said over a running server by native clients: it goes through journal, stores and search as everybody's.

use std::net::SocketAddr;

use moim_bridge::made_up::Talk;
use moim_client::{Client, Config, Credentials, Error, MessageId, RoomId};
use tokio::task::JoinSet;

/// Those of a room who speak, each over a connection.
pub(crate) const SPEAKERS_MAX: u32 = 100;
/// Rooms that are talked in at once; the others wait.
const ROOMS_AT_ONCE: usize = 8;

/// What is said in one room.
pub(crate) struct RoomTalk {
    pub(crate) room: RoomId,
    /// Of those who speak, in the talk's order.
    pub(crate) tokens: Vec<String>,
    pub(crate) talk: Talk,
}

/// Says everything and tells `progress` how many rooms are done. The first that fails ends it.
pub(crate) async fn say(engine: SocketAddr, talks: Vec<RoomTalk>, progress: impl Fn(u32)) -> Result<(), Error> {
    let mut waiting = talks.into_iter();
    let mut talking = JoinSet::new();
    for talk in waiting.by_ref().take(ROOMS_AT_ONCE) {
        talking.spawn(say_in_room(engine, talk));
    }
    let mut done = 0;
    while let Some(ended) = talking.join_next().await {
        // A task that panicked has said so; nobody cancels one.
        ended.unwrap_or(Err(Error::Closed))?;
        done += 1;
        progress(done);
        if let Some(talk) = waiting.next() {
            talking.spawn(say_in_room(engine, talk));
        }
    }
    Ok(())
}

async fn say_in_room(engine: SocketAddr, room_talk: RoomTalk) -> Result<(), Error> {
    let RoomTalk { room, tokens, talk } = room_talk;
    let mut speakers = Vec::with_capacity(tokens.len());
    for token in tokens {
        speakers.push(Client::connect(Config::new(engine.to_string(), Credentials::Token(token))).await?);
    }
    let mut before = MessageId::ZERO;
    for said in talk {
        let speaker = &speakers[said.speaker];
        let sent = match said.is_reply {
            true => speaker.reply(room, before, said.text).await?,
            false => speaker.send(room, said.text).await?,
        };
        before = sent.id;
    }
    for speaker in speakers {
        speaker.close().await;
    }
    Ok(())
}
