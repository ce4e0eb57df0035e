//! `moim mock`: many accounts and rooms at once, for load tests.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;

use moim_persistence::{Accounts, Error, NewRoom, PasswordCost, Persistence, SignUp};
use moim_wire::{RoomId, UserId};

use super::layers::ConfigFlags;
use super::{Failure, accounts};
use crate::{config, settings};

/// Make many accounts and rooms for a load test, in a data folder of its own
///
/// Room number r (from 0) has the users r*MEMBERS to r*MEMBERS + MEMBERS - 1, counted round; the first is its admin.
/// The seats file has a line of JSON for each user: {"user":1,"token":"…","rooms":[1]}.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  moim mock --data load-data --users 1000 --rooms 500 --members 2 --seats seats.jsonl"
)]
pub(crate) struct Args {
    /// How many users
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: u32,
    /// How many rooms
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rooms: u32,
    /// Members of each room, at most the number of users
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    members: u32,
    /// Where to write the users' tokens and rooms
    #[arg(long, value_name = "FILE")]
    seats: PathBuf,
    #[command(flatten)]
    config: ConfigFlags,
}

/// A user to be written down.
#[derive(serde::Serialize)]
struct Seat {
    user: u32,
    token: String,
    rooms: Vec<u32>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut stores = settings::stores(&config::load(&args.config.layers())?);
    // Nobody's secrets: thousands of real password hashes would take minutes.
    stores.password_cost = PasswordCost::LEAST;
    let accounts = Persistence::open_accounts_only(&stores)?;
    let seats = accounts::wait(make(&accounts, args))?;
    let mut file = BufWriter::new(File::create(&args.seats)?);
    for seat in &seats {
        serde_json::to_writer(&mut file, seat).map_err(std::io::Error::from)?;
        file.write_all(b"\n")?;
    }
    file.flush()?;
    writeln!(std::io::stdout(), "{} users and {} rooms of {}", args.users, args.rooms, args.members)?;
    Ok(())
}

async fn make(accounts: &Accounts, args: &Args) -> Result<Vec<Seat>, Error> {
    let mut seats = Vec::with_capacity(args.users as usize);
    for number in 1..=args.users {
        let email = format!("mock{number}@example.invalid");
        let sign_up = SignUp { email, username: format!("mock {number}"), password: "mock password".into() };
        let user = accounts.users().sign_up(sign_up).await?.id;
        let token = accounts.logins().issue(user).await?.token;
        seats.push(Seat { user: user.0, token, rooms: Vec::new() });
        progress("users", number, args.users);
    }
    for number in 0..args.rooms {
        let room = make_room(accounts, args, number, &seats).await?;
        for member in members(args, number) {
            seats[member].rooms.push(room.0);
        }
        progress("rooms", number + 1, args.rooms);
    }
    Ok(seats)
}

async fn make_room(accounts: &Accounts, args: &Args, number: u32, seats: &[Seat]) -> Result<RoomId, Error> {
    let new = NewRoom {
        name: format!("mock room {}", number + 1),
        description: String::new(),
        private: false,
        password: String::new(),
    };
    let mut members = members(args, number).map(|member| UserId(seats[member].user));
    let creator = members.next().unwrap_or_default();
    let room = accounts.rooms().create(creator, new).await?.id;
    let mut newest = None;
    for member in members {
        newest = Some(accounts.rooms().add(creator, room, member).await?);
    }
    // Who came is not announced among the messages: a load begins on rooms at rest.
    let announced: Vec<_> = newest.iter().map(|change| (room, change.change)).collect();
    accounts.rooms().changes_sequenced(&announced).await?;
    Ok(room)
}

/// Indices of the room's members among the users.
fn members(args: &Args, room: u32) -> impl Iterator<Item = usize> {
    let (users, members) = (u64::from(args.users), u64::from(args.members.min(args.users)));
    (0..members).map(move |nth| ((u64::from(room) * members + nth) % users) as usize)
}

fn progress(what: &str, done: u32, of: u32) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() && (done.is_multiple_of(100) || done == of) {
        let end = if done == of { "\n" } else { "" };
        // A terminal that cannot be written to needs no progress.
        let _ = write!(terminal, "\r{what}: {done} of {of}{end}");
    }
}
