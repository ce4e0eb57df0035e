//! Operators' commands work on the accounts' store itself, beside a running server or without one; a running server
//! takes up what they changed within a second.

use std::future::Future;
use std::io::{IsTerminal, Write};

use moim_persistence::{Accounts, Error, Origin, Persistence, Refused, User, Wallet};
use moim_wire::UserId;

use super::layers::ConfigFlags;
use super::{Exit, Failure};
use crate::config::{self, Config};
use crate::settings;

/// Whether a command may make the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    MustExist,
    MayBeNew,
}

/// Opens the accounts of the configured data folder, for an operator.
pub(crate) fn open(flags: &ConfigFlags, folder: Folder) -> Result<Accounts, Failure> {
    let config: Config = config::load(&flags.layers())?;
    let accounts = if folder == Folder::MustExist { of_existing(&config) } else { of(&config) };
    Ok(accounts?.by_way_of(Origin::OPERATOR))
}

/// As [`of`], of a server that was there before.
pub(crate) fn of_existing(config: &Config) -> Result<Accounts, Failure> {
    if config.data.is_dir() {
        return of(config);
    }
    let message = format!(
        "there is no data folder {}; name the server's with --data, or start `moim serve` once",
        config.data.display()
    );
    Err(Failure::new(Exit::Configuration, message))
}

/// Opens the accounts of a configuration, beside whoever runs on it.
pub(crate) fn of(config: &Config) -> Result<Accounts, Failure> {
    Ok(Persistence::open_accounts_only(&settings::stores(config))?)
}

/// Runs one request to its end.
pub(crate) fn wait<T>(request: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(request)?)
}

/// The account of an e-mail address or of a user's number.
pub(crate) async fn find(accounts: &Accounts, who: &str) -> Result<User, Error> {
    match who.parse::<UserId>() {
        Ok(id) => accounts.users().get(id).await,
        Err(_) => accounts.users().by_email(who).await,
    }
}

/// The wallet of an e-mail address or of a user's number.
pub(crate) async fn wallet_of(accounts: &Accounts, who: &str) -> Result<Wallet, Error> {
    let user = find(accounts, who).await?.id;
    accounts.ledger().wallet(user).await.map_err(|error| match error {
        // The operator is told of somebody else's.
        Error::Ledger(Refused::NoWallet) => Refused::NoWalletOf(user).into(),
        error => error,
    })
}

/// Reads a password: without echo from a terminal, otherwise the first line of standard input.
pub(crate) fn password(prompt: &str) -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "{prompt}: ")?;
        return Ok(rpassword::read_password()?);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(Failure::new(Exit::Usage, "a password is expected on standard input"));
    }
    Ok(password.to_owned())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match &error {
            Error::Locked(_) => Exit::InUse,
            Error::Setting { .. }
            | Error::NotSetUp(_)
            | Error::SchemaFromTheFuture { .. }
            | Error::SchemaBehind { .. } => Exit::Configuration,
            Error::Busy { .. } | Error::Unavailable(_) => Exit::Unreachable,
            Error::StorageFull(_) | Error::File { .. } | Error::Internal(_) => Exit::Failed,
            _ => Exit::Refused,
        };
        Self::new(exit, error.to_string())
    }
}
