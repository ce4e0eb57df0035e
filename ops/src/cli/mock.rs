//! `moim mock`: many accounts and rooms at once, for load tests, with talk in them where that is asked for.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use moim_bridge::made_up::{MadeUp, Person};
use moim_persistence::{Accounts, Error, NewRoom, PasswordCost, Persistence, SignUp};
use moim_wire::{RoomId, UserId};
use tokio::time::sleep;

use super::layers::ConfigFlags;
use super::{Exit, Failure, accounts};
use crate::mock_talk::{self, RoomTalk};
use crate::{config, settings};

/// Everybody's: it is in the help, and no secret.
const PASSWORD: &str = "moim-mock";
/// Messages of one run: about a gigabyte in the stores.
const MESSAGES_MAX: u64 = 1_000_000;
/// A server looks for changes of rooms every second, and takes up a thousand at once.
const TAKEN_UP_IN: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Members of all rooms together.
const SEATS_MAX: u64 = 10_000_000;

/// Make many accounts and rooms with made-up names, in a data folder of its own
///
/// Room number r (from 0) has the users r*MEMBERS to r*MEMBERS + MEMBERS - 1, counted round; the first is its admin.
/// The seats file has a line of JSON for each user: {"user":1,"email":"…","token":"…","rooms":[1]}. Everybody's password
/// is moim-mock: only where trial.enabled is on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim mock --data load-data --set trial.enabled=true --users 1000 --rooms 500 --members 2 --seats seats.jsonl
  moim mock --config ops/deploy/run.toml --users 30 --rooms 8 --members 6 --each 20    with talk, over the server of `make run`")]
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
    /// Messages of each member in each room, said over the running server; of a large room 100 members speak
    #[arg(long, value_name = "MESSAGES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    each: u32,
    /// The same number makes the same people, rooms and talk
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Where to write the users' tokens and rooms
    #[arg(long, value_name = "FILE")]
    seats: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFlags,
}

/// A user to be written down.
#[derive(serde::Serialize)]
struct Seat {
    user: u32,
    email: String,
    #[serde(skip)]
    given: &'static str,
    token: String,
    rooms: Vec<u32>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let messages = u64::from(args.rooms) * u64::from(speakers(args)) * u64::from(args.each);
    if messages > MESSAGES_MAX {
        let told =
            format!("{messages} messages are more than the {MESSAGES_MAX} that one run makes; lower --each or --rooms");
        return Err(Failure::new(Exit::Usage, told));
    }
    let seats = u64::from(args.rooms) * u64::from(args.members);
    if seats > SEATS_MAX {
        let told = format!(
            "{seats} seats in rooms are more than the {SEATS_MAX} that one run makes; lower --members or --rooms"
        );
        return Err(Failure::new(Exit::Usage, told));
    }
    let config = config::load(&args.config.layers())?;
    if !config.trial {
        let told = "it makes accounts whose password is in the help; set trial.enabled where only you reach the server";
        return Err(Failure::new(Exit::Configuration, told));
    }
    let mut stores = settings::stores(&config);
    // Nobody's secrets: thousands of real password hashes would take minutes.
    stores.password_cost = PasswordCost::LEAST;
    let accounts = Persistence::open_accounts_only(&stores)?;
    let (seats, rooms) = accounts::wait(make(&accounts, args))?;
    if let Some(path) = &args.seats {
        let mut file = BufWriter::new(File::create(path)?);
        for seat in &seats {
            serde_json::to_writer(&mut file, seat).map_err(std::io::Error::from)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
    }
    if messages > 0 {
        accounts::wait(taken_up(&accounts, &rooms))?;
        let talks = talks(args, &seats, &rooms);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let progress = |done| progress("rooms with talk", done, args.rooms);
        runtime.block_on(mock_talk::say(config.bridge.engine, talks, progress))?;
    }
    let (users, rooms, members) = (args.users, args.rooms, args.members);
    writeln!(std::io::stdout(), "{users} users and {rooms} rooms of {members}, {messages} messages")?;
    Ok(())
}

/// How many of a room speak.
fn speakers(args: &Args) -> u32 {
    args.members.min(args.users).min(mock_talk::SPEAKERS_MAX)
}

/// What is said in each room, by whom.
fn talks(args: &Args, seats: &[Seat], rooms: &[RoomId]) -> Vec<RoomTalk> {
    let talk = |(number, &room)| {
        let speakers = members(args, number).take(speakers(args) as usize).map(|member| &seats[member]);
        let (names, tokens) = speakers.map(|seat| (seat.given.to_owned(), seat.token.clone())).unzip();
        RoomTalk { room, tokens, talk: MadeUp::new(args.seed).talk(number, names, args.each) }
    };
    (0..).zip(rooms).map(talk).collect()
}

async fn make(accounts: &Accounts, args: &Args) -> Result<(Vec<Seat>, Vec<RoomId>), Error> {
    let mut seats = Vec::with_capacity(args.users as usize);
    for number in 0..args.users {
        let person = MadeUp::new(args.seed).person(number);
        let user = account(accounts, &person).await?;
        let token = accounts.logins().issue(user).await?.token;
        seats.push(Seat { user: user.0, email: person.email, given: person.given, token, rooms: Vec::new() });
        progress("users", number + 1, args.users);
    }
    let mut rooms = Vec::with_capacity(args.rooms as usize);
    for number in 0..args.rooms {
        let room = make_room(accounts, args, number, &seats).await?;
        for member in members(args, number) {
            seats[member].rooms.push(room.0);
        }
        rooms.push(room);
        progress("rooms", number + 1, args.rooms);
    }
    Ok((seats, rooms))
}

/// Waits until the running server knows who is in the rooms: it would refuse those whom it does not know.
async fn taken_up(accounts: &Accounts, rooms: &[RoomId]) -> Result<(), Error> {
    let begin = Instant::now();
    for &room in rooms {
        while !accounts.rooms().changes(room, 0).await?.is_empty() {
            if begin.elapsed() > TAKEN_UP_IN {
                let told = "no server takes the new rooms up; `moim serve` must run on this data folder";
                return Err(Error::Unavailable(told.to_owned()));
            }
            sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

/// There already from a run with the same seed, or made now.
async fn account(accounts: &Accounts, person: &Person) -> Result<UserId, Error> {
    let (email, username) = (person.email.clone(), person.name.clone());
    match accounts.users().sign_up(SignUp { email, username, password: PASSWORD.into() }).await {
        Err(Error::EmailTaken) => Ok(accounts.users().by_email(&person.email).await?.id),
        made => Ok(made?.id),
    }
}

async fn make_room(accounts: &Accounts, args: &Args, number: u32, seats: &[Seat]) -> Result<RoomId, Error> {
    let (name, description) = MadeUp::new(args.seed).room(number);
    let new = NewRoom { name, description: description.to_owned(), private: false, password: String::new() };
    let mut members = members(args, number).map(|member| UserId(seats[member].user));
    let creator = members.next().unwrap_or_default();
    let room = accounts.rooms().create(creator, new).await?.id;
    let mut newest = None;
    for member in members {
        newest = Some(accounts.rooms().add(creator, room, member).await?);
    }
    // Where nobody talks no server runs: who came is not announced among the messages, and a load begins on rooms at rest.
    if args.each == 0 {
        let announced: Vec<_> = newest.iter().map(|change| (room, change.change)).collect();
        accounts.rooms().changes_sequenced(&announced).await?;
    }
    Ok(room)
}

/// Indices of the room's members among the users.
fn members(args: &Args, room: u32) -> impl Iterator<Item = usize> {
    let (users, members) = (u64::from(args.users), u64::from(args.members.min(args.users)));
    (0..members).map(move |nth| ((u64::from(room) * members + nth) % users) as usize)
}

fn progress(what: &str, done: u32, of: u32) {
    let mut terminal = std::io::stderr();
    if terminal.is_terminal() && (of < 1_000 || done.is_multiple_of(100) || done == of) {
        let end = if done == of { "\n" } else { "" };
        // A terminal that cannot be written to needs no progress.
        let _ = write!(terminal, "\r{what}: {done} of {of}{end}");
    }
}
