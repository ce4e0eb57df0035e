//! How the made-up people behave in a room: they read with some delay, type before they speak, and take turns.

use std::collections::HashMap;
use std::time::Duration;

use moim_bridge::made_up::{Dice, Scene};
use moim_client::{Client, MessageId, Past, RoomEvent, RoomId};
use tokio::time::sleep;

use super::Error;

/// Lines that are said at once in a room where nobody has said anything, so that a visitor finds a conversation.
const OPENING_LINES: usize = 12;
/// How long one types at most.
const TYPING_MAX: Duration = Duration::from_secs(3);
/// Typing is told again after this time, as people's clients do.
const TYPING_AGAIN: Duration = Duration::from_secs(2);

/// Follows a room and marks what came as read, a while after it came.
pub(super) async fn listen(
    client: Client,
    who: &'static str,
    room: RoomId,
    mut dice: Dice,
    pause: Duration,
) -> Result<(), Error> {
    let fault = |source| Error::Client { who, source };
    let mut stream = client.open(room, MessageId::ZERO).await.map_err(fault)?;
    let mut newest = stream.info().newest_id;
    let mut read = stream.info().read_mark;
    loop {
        let look = dice.around(pause);
        tokio::select! {
            event = stream.next() => match event {
                Some(RoomEvent::Message(message)) => newest = message.id,
                Some(RoomEvent::Closed(source)) => return Err(fault(source)),
                Some(_) => {}
                None => return Ok(()),
            },
            () = sleep(look), if newest > read => {
                client.read(room, newest).await.map_err(fault)?;
                read = newest;
            }
        }
    }
}

/// Goes through the exchanges in one order after the other.
pub(super) async fn speak(
    clients: HashMap<&'static str, Client>,
    room: RoomId,
    scene: &'static Scene,
    mut dice: Dice,
    pause: Duration,
) -> Result<(), Error> {
    let mut at_once =
        if is_silent(&clients[scene.people[0]], room, scene.people[0]).await? { OPENING_LINES } else { 0 };
    let mut exchanges: Vec<_> = scene.exchanges.iter().collect();
    loop {
        dice.shuffle(&mut exchanges);
        for exchange in &exchanges {
            let mut before = MessageId::ZERO;
            for line in exchange.iter() {
                let client = &clients[line.speaker];
                let fault = |source| Error::Client { who: line.speaker, source };
                if at_once == 0 {
                    sleep(dice.around(pause)).await;
                    type_for(client, room, typing_time(line.text)).await.map_err(fault)?;
                }
                at_once = at_once.saturating_sub(1);
                let sent = match line.is_reply {
                    true => client.reply(room, before, line.text).await,
                    false => client.send(room, line.text).await,
                };
                before = sent.map_err(fault)?.id;
            }
            if at_once == 0 {
                // A breath between two subjects.
                sleep(dice.around(pause * 2)).await;
            }
        }
    }
}

async fn is_silent(client: &Client, room: RoomId, who: &'static str) -> Result<bool, Error> {
    let page = client.history(room, Past::Newest, 50).await.map_err(|source| Error::Client { who, source })?;
    Ok(page.messages.iter().all(|message| message.device.0 == 0))
}

fn typing_time(text: &str) -> Duration {
    let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    Duration::from_millis(80).saturating_mul(chars).min(TYPING_MAX)
}

async fn type_for(client: &Client, room: RoomId, time: Duration) -> Result<(), moim_client::Error> {
    let mut left = time;
    while !left.is_zero() {
        client.typing(room).await?;
        let step = left.min(TYPING_AGAIN);
        sleep(step).await;
        left -= step;
    }
    Ok(())
}
