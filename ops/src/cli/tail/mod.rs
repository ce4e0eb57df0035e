//! `moim tail`: follows a room.

mod line;

use std::collections::HashMap;
use std::io::Write;

use moim_client::{Client, Message, MessageId, Past, RoomEvent, RoomId, UserId};
use moim_wire::limits::{HISTORY_LIMIT_MAX, LIST_LIMIT_MAX};

use super::session::{self, SessionFlags};
use super::{Exit, Failure};

/// Follow a room: print its messages as they come, over breaks of the connection too
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim tail 1                      the last ten messages and what follows
  moim tail 1 --from 0 --json      everything from the first message on, an object a line
  moim tail 1 --last 0 --count 1   wait for the next message")]
pub(crate) struct Args {
    /// The room's number
    room: RoomId,

    /// Begin after this message; 0: with the first
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    from: Option<MessageId>,

    /// Begin with as many of the last messages
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u16).range(..=HISTORY_LIMIT_MAX as i64))]
    last: u16,

    /// End after as many messages
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    session: SessionFlags,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let Args { room, from, last, count, json, session } = args;
    session::with_client(session, async move |client| {
        let mut tail = Tail { names: Names::default(), client, room, json, left: count.unwrap_or(u64::MAX) };
        let last_seen = match from {
            Some(MessageId::ZERO) => tail.print_all().await?,
            Some(id) => id,
            None => tail.print_last(last.into()).await?,
        };
        if tail.left > 0 { tail.follow(last_seen).await } else { Ok(()) }
    })
}

struct Tail {
    client: Client,
    room: RoomId,
    names: Names,
    json: bool,
    /// Messages still to be printed.
    left: u64,
}

impl Tail {
    /// Prints the room's history from its first message on and gives the newest id.
    async fn print_all(&mut self) -> Result<MessageId, Failure> {
        let mut newest = MessageId::ZERO;
        loop {
            let page = self.client.history(self.room, Past::After(newest), HISTORY_LIMIT_MAX).await?;
            newest = page.messages.last().map_or(newest, |message| message.id);
            for message in &page.messages {
                self.print(message).await?;
            }
            if !page.more || self.left == 0 {
                return Ok(newest);
            }
        }
    }

    async fn print_last(&mut self, count: usize) -> Result<MessageId, Failure> {
        if count == 0 {
            return Ok(MessageId::ZERO);
        }
        let page = self.client.history(self.room, Past::Newest, count).await?;
        for message in &page.messages {
            self.print(message).await?;
        }
        Ok(page.messages.last().map_or(MessageId::ZERO, |message| message.id))
    }

    async fn follow(&mut self, last_seen: MessageId) -> Result<(), Failure> {
        let mut room = self.client.open(self.room, last_seen).await?;
        while let Some(event) = room.next().await {
            match event {
                RoomEvent::Message(message) => self.print(&message).await?,
                RoomEvent::Reset => {
                    let told = format!("the server knows no message {last_seen} in room {}", self.room);
                    return Err(Failure::new(Exit::Refused, told));
                }
                RoomEvent::Closed(why) => return Err(why.into()),
                _ => {}
            }
            if self.left == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn print(&mut self, message: &Message) -> Result<(), Failure> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        let name = self.names.of(&self.client, self.room, message.sender).await?;
        let line = if self.json { line::json(message, &name) } else { line::text(message, &name) };
        // Line by line: whoever reads a pipe waits for the message that was said, not for a full buffer.
        writeln!(std::io::stdout().lock(), "{line}")?;
        Ok(())
    }
}

/// Names of the room's members, asked for again when a stranger speaks.
#[derive(Default)]
struct Names(HashMap<UserId, String>);

impl Names {
    async fn of(&mut self, client: &Client, room: RoomId, user: UserId) -> Result<String, Failure> {
        if !self.0.contains_key(&user) {
            self.ask(client, room).await?;
            // Nobody by that number is in the room: its number is its name from here on.
            self.0.entry(user).or_insert_with(|| format!("#{user}"));
        }
        Ok(self.0[&user].clone())
    }

    async fn ask(&mut self, client: &Client, room: RoomId) -> Result<(), Failure> {
        let mut after = UserId(0);
        loop {
            let page = client.members(room, after, LIST_LIMIT_MAX).await?;
            after = page.members.last().map_or(after, |member| member.user);
            self.0.extend(page.members.into_iter().map(|member| (member.user, member.name)));
            if !page.more {
                return Ok(());
            }
        }
    }
}
