//! Says each line of standard input in a room and waits for its acknowledgement.
//!
//! `MOIM_EMAIL=… MOIM_PASSWORD=… cargo run -p moim-client --example talk -- 127.0.0.1:7420 7`

use std::error::Error;
use std::io::{self, Write};

use moim_client::{Client, Config, Credentials, RoomId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("give the server's address first, say 127.0.0.1:7420")?;
    let room: RoomId = arguments.next().ok_or("give the room's number second")?.parse()?;
    let credentials =
        Credentials::Password { email: std::env::var("MOIM_EMAIL")?, password: std::env::var("MOIM_PASSWORD")? };

    let client = Client::connect(Config::new(address, credentials)).await?;
    for line in io::stdin().lines() {
        let sent = client.send(room, line?).await?;
        writeln!(io::stdout(), "stored as {}", sent.id)?;
    }
    client.close().await;
    Ok(())
}
