//! How the commands that talk reach a server, and as whom.

use moim_client::{Client, Config, Credentials, Error};

use super::{Exit, Failure, accounts};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Session")]
pub(crate) struct SessionFlags {
    /// The engine's address
    #[arg(long, value_name = "HOST:PORT", env = "MOIM_SERVER", default_value = "127.0.0.1:7420")]
    server: String,

    /// A session token, as `moim user token` prints it
    #[arg(
        long,
        env = "MOIM_TOKEN",
        hide_env_values = true,
        conflicts_with = "email",
        required_unless_present = "email"
    )]
    token: Option<String>,

    /// Log in with this e-mail address; the password is asked for, or read from standard input
    #[arg(long, env = "MOIM_EMAIL")]
    email: Option<String>,
}

impl SessionFlags {
    /// Asks for a password where one is needed.
    pub(crate) fn config(self) -> Result<Config, Failure> {
        let credentials = match (self.email, self.token) {
            (Some(email), _) => Credentials::Password { password: accounts::password("Password")?, email },
            (None, token) => Credentials::Token(token.unwrap_or_default()),
        };
        let agent = concat!("moim/", env!("CARGO_PKG_VERSION")).to_owned();
        Ok(Config { agent, ..Config::new(self.server, credentials) })
    }
}

/// Runs `talk` with a connected client and says goodbye; an interrupt ends it as if it were done.
pub(crate) fn with_client<T, F>(flags: SessionFlags, talk: T) -> Result<(), Failure>
where
    T: FnOnce(Client) -> F,
    F: Future<Output = Result<(), Failure>>,
{
    let config = flags.config()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = crate::signals::Signals::catch()?;
        let client = Client::connect(config).await?;
        let outcome = tokio::select! {
            outcome = talk(client.clone()) => outcome,
            _ = signals.next() => Ok(()),
        };
        client.close().await;
        outcome
    })
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match error {
            Error::Connect { .. }
            | Error::HandshakeTimeout { .. }
            | Error::NotConnected
            | Error::Disconnected
            | Error::Busy { .. } => Exit::Unreachable,
            Error::Refused(_) | Error::SessionEnded(_) | Error::TextTooLong { .. } => Exit::Refused,
            _ => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}
