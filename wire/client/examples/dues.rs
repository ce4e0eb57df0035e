//! Lists what the caller owes in all his rooms, and pays one charge where it is named. The fund's chain is recomputed first.
//!
//! `MOIM_TOKEN=… cargo run -p moim-client --example dues -- 127.0.0.1:7420`
//! `MOIM_TOKEN=… MOIM_WALLET_PASSWORD=… cargo run -p moim-client --example dues -- 127.0.0.1:7420 77`

use std::error::Error;
use std::io::{self, Write};

use moim_client::{ChargeId, Client, Config, Credentials, Payment, Standing};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("give the server's address first, say 127.0.0.1:7420")?;
    let wanted: Option<ChargeId> = arguments.next().map(|number| number.parse()).transpose()?;
    let client = Client::connect(Config::new(address, Credentials::Token(std::env::var("MOIM_TOKEN")?))).await?;
    let mut out = io::stdout();

    let (mut before, mut payment) = (None, None);
    loop {
        let page = client.dues(None, before, 100).await?;
        for request in &page.requests {
            let Some(own) = request.own.as_ref().filter(|own| own.standing == Standing::Open) else { continue };
            let (room, title) = (request.room, &request.title);
            writeln!(out, "charge {} of room {room}: {title}, {} open, due {}", own.id, own.open, request.due)?;
            if wanted == Some(own.id) {
                let password = std::env::var("MOIM_WALLET_PASSWORD")?;
                payment = Some((room, Payment::new(room, own.id, own.open, password)));
            }
        }
        before = page.requests.last().map(|request| request.id);
        if !page.more {
            break;
        }
    }
    if let Some((room, payment)) = payment {
        if let Some(fund) = client.wallets(Some(room)).await?.fund {
            let chain = client.verify_fund(&fund, None).await?;
            writeln!(out, "the fund's {} entries come to {}, {}", chain.entries, chain.balance, chain.head)?;
        }
        writeln!(out, "{}", client.pay(&payment).await?)?;
    }
    client.close().await;
    Ok(())
}
