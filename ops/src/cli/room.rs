//! `moim room`: rooms and who is in them.

use std::io::Write;

use clap::Subcommand;
use moim_persistence::{Accounts, NewRoom, Role, Room};
use moim_wire::{RoomId, UserId, limits};

use super::accounts::{self, Folder};
use super::column::Column;
use super::layers::ConfigFlags;
use super::{Exit, Failure};

/// Rooms and their members, on the server's data folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a room; whoever makes it is its first admin
    #[command(after_help = "Examples:
  moim room create 등산모임 --by haneul@example.org
  echo 'secret' | moim room create 운영진 --by 1 --private --description '회비와 일정'")]
    Create {
        /// What the room is called
        name: String,
        /// The first admin: e-mail address or number
        #[arg(long)]
        by: String,
        /// What the room is for
        #[arg(long, default_value = "")]
        description: String,
        /// Joining takes a password, which is asked for or read from standard input
        #[arg(long)]
        private: bool,
    },
    /// List rooms, a line each: number, open or private, members, name
    #[command(after_help = "Examples:
  moim room list
  moim room list --of haneul@example.org
  moim room list --named 등산")]
    List {
        /// Those of this user: e-mail address or number
        #[arg(long, value_name = "USER")]
        of: Option<String>,
        /// Those with this in their name
        #[arg(long, value_name = "WORD", conflicts_with = "of")]
        named: Option<String>,
    },
    /// List a room's members, a line each: number, role, e-mail address, name
    #[command(after_help = "Example:\n  moim room members 1")]
    Members {
        /// The room's number
        room: RoomId,
    },
    /// Make a user a member, without the room's password
    #[command(after_help = "Example:\n  moim room join 1 haneul@example.org")]
    Join {
        /// The room's number
        room: RoomId,
        /// E-mail address or number
        user: String,
    },
    /// Take a user out of a room
    #[command(after_help = "Example:\n  moim room leave 1 haneul@example.org")]
    Leave {
        /// The room's number
        room: RoomId,
        /// E-mail address or number
        user: String,
    },
    /// Delete a room; its members lose it at once
    #[command(after_help = "Example:\n  moim room delete 1")]
    Delete {
        /// The room's number
        room: RoomId,
    },
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let accounts = accounts::open(&args.config, Folder::MustExist)?;
    let mut out = std::io::stdout().lock();
    match args.action {
        Action::Create { name, by, description, private } => {
            let password = if private { accounts::password("Password of the room")? } else { String::new() };
            let by = accounts::wait(accounts::find(&accounts, &by))?;
            let new = NewRoom { name, description, private, password };
            line(&mut out, &accounts::wait(accounts.rooms().create(by.id, new))?)?;
        }
        Action::List { of: Some(user), .. } => {
            let user = accounts::wait(accounts::find(&accounts, &user))?;
            rooms_of(&accounts, user.id, &mut out)?;
        }
        Action::List { named: None, .. } => all_rooms(&accounts, &mut out)?,
        Action::List { named: Some(word), .. } => {
            for room in accounts::wait(accounts.rooms().search(&word, limits::LIST_LIMIT_MAX))? {
                line(&mut out, &room)?;
            }
        }
        Action::Members { room } => members(&accounts, room, &mut out)?,
        Action::Join { room, user } => {
            let user = accounts::wait(accounts::find(&accounts, &user))?;
            let admin = an_admin(&accounts, room)?;
            accounts::wait(accounts.rooms().add(admin, room, user.id))?;
            writeln!(out, "{} ({}) is in room {room}", user.email, user.id)?;
        }
        Action::Leave { room, user } => {
            let user = accounts::wait(accounts::find(&accounts, &user))?;
            accounts::wait(accounts.rooms().leave(user.id, room))?;
            writeln!(out, "{} ({}) is out of room {room}", user.email, user.id)?;
        }
        Action::Delete { room } => {
            let admin = an_admin(&accounts, room)?;
            accounts::wait(accounts.rooms().delete(admin, room))?;
            writeln!(out, "room {room} is deleted")?;
        }
    }
    Ok(())
}

fn all_rooms(accounts: &Accounts, out: &mut impl Write) -> Result<(), Failure> {
    let mut after = RoomId(0);
    loop {
        let page = accounts::wait(accounts.rooms().page(after, limits::LIST_LIMIT_MAX))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for room in &page {
            line(out, room)?;
        }
    }
}

fn rooms_of(accounts: &Accounts, user: UserId, out: &mut impl Write) -> Result<(), Failure> {
    let mut after = RoomId(0);
    loop {
        let page = accounts::wait(accounts.rooms().of_user(user, after, limits::LIST_LIMIT_MAX))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.room.id;
        for entry in &page {
            line(out, &entry.room)?;
        }
    }
}

fn members(accounts: &Accounts, room: RoomId, out: &mut impl Write) -> Result<(), Failure> {
    let mut after = UserId(0);
    loop {
        let page = accounts::wait(accounts.rooms().members(room, after, limits::LIST_LIMIT_MAX))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.user;
        for member in page.iter().filter(|member| !member.left) {
            let role = if member.role == Role::Admin { "admin" } else { "member" };
            writeln!(out, "{}\t{role}\t{}\t{}", member.user, member.email, Column(&member.name))?;
        }
    }
}

/// An operator acts in the name of one of the room's admins, so that the room's record stays whole.
fn an_admin(accounts: &Accounts, room: RoomId) -> Result<UserId, Failure> {
    let mut after = UserId(0);
    loop {
        let page = accounts::wait(accounts.rooms().members(room, after, limits::LIST_LIMIT_MAX))?;
        let Some(last) = page.last() else {
            return Err(Failure::new(Exit::Refused, format!("there is no room {room} with an admin")));
        };
        after = last.user;
        if let Some(admin) = page.iter().find(|member| !member.left && member.role == Role::Admin) {
            return Ok(admin.user);
        }
    }
}

fn line(out: &mut impl Write, room: &Room) -> std::io::Result<()> {
    let door = if room.private { "private" } else { "open" };
    writeln!(out, "{}\t{door}\t{}\t{}", room.id, room.members, Column(&room.name))
}
