//! `moim send`: says something in a room.

use std::io::{BufRead, IsTerminal, Write};

use moim_client::RoomId;

use super::session::{self, SessionFlags};
use super::{Exit, Failure};

/// Say something in a room; done when the server has stored it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim send 1 안녕하세요 여러분
  moim send 1 --email haneul@example.org 'see you at nine'
  dmesg --follow | moim send 1 -          a message a line")]
pub(crate) struct Args {
    /// The room's number
    room: RoomId,

    /// The text, its words joined by blanks; `-` reads standard input, a message a line
    #[arg(required = true)]
    text: Vec<String>,

    /// Print the ids of the messages
    #[arg(long, short)]
    ids: bool,

    #[command(flatten)]
    session: SessionFlags,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let Args { room, text, ids, session } = args;
    let from_input = text == ["-"];
    if from_input && std::io::stdin().is_terminal() {
        return Err(Failure::new(Exit::Usage, "`-` reads lines from a pipe or a file"));
    }
    session::with_client(session, async move |client| {
        let said = async |text: &str| -> Result<(), Failure> {
            let sent = client.send(room, text).await?;
            if ids {
                writeln!(std::io::stdout().lock(), "{}", sent.id)?;
            }
            Ok(())
        };
        if !from_input {
            return said(&text.join(" ")).await;
        }
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            if !line.trim().is_empty() {
                said(&line).await?;
            }
        }
        Ok(())
    })
}
