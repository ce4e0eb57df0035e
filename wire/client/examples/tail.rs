//! Prints the last messages of a room and then what comes, over any break of the connection.
//!
//! `MOIM_EMAIL=… MOIM_PASSWORD=… cargo run -p moim-client --example tail -- 127.0.0.1:7420 7`

use std::error::Error;
use std::io::{self, Write};

use moim_client::{Client, Config, Credentials, Message, MessageId, Past, RoomEvent, RoomId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("give the server's address first, say 127.0.0.1:7420")?;
    let room: RoomId = arguments.next().ok_or("give the room's number second")?.parse()?;
    let credentials =
        Credentials::Password { email: std::env::var("MOIM_EMAIL")?, password: std::env::var("MOIM_PASSWORD")? };

    let client = Client::connect(Config::new(address, credentials)).await?;
    let past = client.history(room, Past::Newest, 20).await?;
    for message in &past.messages {
        print(message)?;
    }
    // Opened from the last message of the page on, so nothing falls between the two.
    let last_seen = past.messages.last().map_or(MessageId::ZERO, |message| message.id);
    let mut stream = client.open(room, last_seen).await?;
    while let Some(event) = stream.next().await {
        match event {
            RoomEvent::Message(message) => print(&message)?,
            RoomEvent::Resumed(_) => writeln!(io::stdout(), "-- connected again")?,
            RoomEvent::Closed(why) => writeln!(io::stdout(), "-- {why}")?,
            _ => {}
        }
    }
    Ok(())
}

fn print(message: &Message) -> io::Result<()> {
    writeln!(io::stdout(), "{} user {}: {}", message.id, message.sender, message.text)
}
