//! `moim user`: people's accounts.

use std::io::Write;

use clap::Subcommand;
use moim_persistence::{SignUp, User, Users};
use moim_wire::UserId;
use moim_wire::limits::LIST_LIMIT_MAX;

use super::Failure;
use super::accounts::{self, Folder};
use super::column::Column;
use super::layers::ConfigFlags;

/// People's accounts, on the server's data folder
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account; the password is asked for, or read from standard input
    #[command(after_help = "Example:\n  echo 'correct horse' | moim user add haneul@example.org 하늘")]
    Add {
        /// What the person logs in with
        email: String,
        /// What others see
        name: String,
    },
    /// Show an account
    #[command(after_help = "Example:\n  moim user show haneul@example.org")]
    Show {
        /// E-mail address or number
        user: String,
    },
    /// List all accounts, a line each: number, e-mail address, name
    #[command(after_help = "Example:\n  moim user list | grep example.org")]
    List,
    /// Print a session token, as a login would give it
    #[command(after_help = "Example:\n  export MOIM_TOKEN=$(moim user token haneul@example.org)")]
    Token {
        /// E-mail address or number
        user: String,
    },
    /// Set a new password; the account's sessions end
    #[command(after_help = "Example:\n  moim user passwd haneul@example.org")]
    Passwd {
        /// E-mail address or number
        user: String,
    },
    /// Delete an account: it leaves its rooms, its messages stay
    #[command(after_help = "Example:\n  moim user delete haneul@example.org")]
    Delete {
        /// E-mail address or number
        user: String,
    },
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let folder = if matches!(args.action, Action::Add { .. }) { Folder::MayBeNew } else { Folder::MustExist };
    let accounts = accounts::open(&args.config, folder)?;
    let users = accounts.users();
    let mut out = std::io::stdout().lock();
    match args.action {
        Action::Add { email, name } => {
            let password = accounts::password("Password of the new account")?;
            let user = accounts::wait(users.sign_up(SignUp { email, username: name, password }))?;
            line(&mut out, &user)?;
        }
        Action::Show { user } => line(&mut out, &accounts::wait(accounts::find(&accounts, &user))?)?,
        Action::List => list(&users, &mut out)?,
        Action::Token { user } => {
            let user = accounts::wait(accounts::find(&accounts, &user))?;
            writeln!(out, "{}", accounts::wait(accounts.logins().issue(user.id))?.token)?;
        }
        Action::Passwd { user } => {
            let user = accounts::wait(accounts::find(&accounts, &user))?;
            let password = accounts::password("New password")?;
            let change = SignUp { email: user.email, username: user.name, password };
            line(&mut out, &accounts::wait(users.change(user.id, change))?)?;
        }
        Action::Delete { user } => {
            let user = accounts::wait(accounts::find(&accounts, &user))?;
            let left = accounts::wait(users.delete(user.id))?;
            writeln!(out, "deleted {} ({}); it left {} rooms", user.email, user.id, left.len())?;
        }
    }
    Ok(())
}

fn list(users: &Users, out: &mut impl Write) -> Result<(), Failure> {
    let mut after = UserId(0);
    loop {
        let page = accounts::wait(users.page(after, LIST_LIMIT_MAX))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for user in &page {
            line(out, user)?;
        }
    }
}

fn line(out: &mut impl Write, user: &User) -> std::io::Result<()> {
    writeln!(out, "{}\t{}\t{}", user.id, user.email, Column(&user.name))
}
