//! `moim demo`: made-up people who talk.

use std::io::Write;
use std::net::SocketAddr;

use super::serve::{self, ServerFlags};
use super::{Exit, Failure, accounts};
use crate::config::{Config, Span};
use crate::demo::{Error, Pace, Stage, VISITOR};
use crate::signals::Signals;

/// Made-up people who talk in three rooms, so that there is something to see
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim demo --serve --config ops/deploy/run.toml    a server with people in it
  moim demo --config ops/deploy/run.toml            people for the server that runs already

Only where trial.enabled is on: the people's password is printed.")]
pub(crate) struct Args {
    /// Run the server too, in this process
    #[arg(long)]
    serve: bool,

    /// Mean time between two messages of a room
    #[arg(long, value_name = "TIME", default_value = "6 s")]
    pause: Span,

    /// The same number tells the same story
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    server: ServerFlags,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let config = args.server.load()?;
    if !config.trial {
        let told =
            "the demo makes accounts whose password anyone can read; set trial.enabled where only you reach the server";
        return Err(Failure::new(Exit::Configuration, told));
    }
    let pace = Pace { pause: args.pause.duration(), seed: args.seed };
    if pace.pause.as_millis() < 100 {
        return Err(Failure::new(Exit::Usage, "--pause is at least 100 ms; for load there is moim-perf"));
    }
    if !args.serve {
        return beside_a_running_server(&config, pace);
    }
    serve::run_beside(&config, |server| {
        let accounts = server.persistence().accounts().clone();
        let (engine, page) = (server.engine_address(), server.bridge_address());
        async move {
            let stage = Stage::prepare(&accounts).await?;
            announce(page)?;
            Ok(stage.play(engine, pace).await?)
        }
    })
}

fn beside_a_running_server(config: &Config, pace: Pace) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let accounts = accounts::of(config)?;
    runtime.block_on(async {
        let mut signals = Signals::catch()?;
        let stage = Stage::prepare(&accounts).await?;
        announce(config.bridge.listen)?;
        tokio::select! {
            ended = stage.play(config.bridge.engine, pace) => Ok(ended?),
            _ = signals.next() => Ok(()),
        }
    })
}

fn announce(page: SocketAddr) -> Result<(), Failure> {
    let (email, password) = VISITOR;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Six made-up people talk in three rooms. Look in as a guest · 손님으로 들어와 보세요:")?;
    writeln!(out, "  page      http://{page}/")?;
    writeln!(out, "  e-mail    {email}")?;
    writeln!(out, "  password  {password}")?;
    out.flush()?;
    Ok(())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Stores(error) => error.into(),
            Error::Client { who, source } => Self::new(Exit::Failed, format!("{who}: {source}")),
        }
    }
}
