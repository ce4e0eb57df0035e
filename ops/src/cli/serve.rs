//! `moim serve`: the whole server in one process.

use std::io::Write;
use std::time::Duration;

use tokio::sync::oneshot;

use super::layers::ConfigFlags;
use super::{Exit, Failure};
use crate::config::{self, Config, Durability};
use crate::signals::Signals;
use crate::start::{self, Server};
use crate::{logging, open_files};

/// Looks for the bridge's first connection to the engine, five milliseconds apart.
const JOIN_LOOKS_MAX: u32 = 1_000;

/// Run the server: engine, stores, bridge and page in one process
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim serve
  moim serve --config /etc/moim/moim.toml
  moim serve --data /srv/moim --listen 0.0.0.0:8080 --set log.format=json

SIGTERM and Ctrl-C stop it: what was accepted is synced first. A second signal does not wait.")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) server: ServerFlags,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServerFlags {
    /// Where browsers connect [key: bridge.listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// Where native clients and bridges connect [key: engine.listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    engine_listen: Option<String>,

    /// Threads that carry rooms; 0: one a core [key: engine.shards]
    #[arg(long, value_name = "NUMBER")]
    shards: Option<u16>,

    /// When a message counts as sent [key: engine.durability]
    #[arg(long, value_enum)]
    durability: Option<Durability>,

    #[command(flatten)]
    config: ConfigFlags,
}

impl ServerFlags {
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        let mut layers = self.config.layers();
        layers.flag("bridge.listen", self.listen.as_ref());
        layers.flag("engine.listen", self.engine_listen.as_ref());
        layers.flag("engine.shards", self.shards);
        layers.flag("engine.durability", self.durability.map(Durability::name));
        Ok(config::load(&layers)?)
    }
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    run_beside(&args.server.load()?, |_| std::future::pending())
}

/// Runs a server until a signal ends it, with `beside` going on next to it.
pub(crate) fn run_beside<T, F>(config: &Config, beside: T) -> Result<(), Failure>
where
    T: FnOnce(&Server) -> F,
    F: Future<Output = Result<(), Failure>>,
{
    prepare(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Caught before the start: a signal that comes during it is carried out after it.
    let mut signals = runtime.block_on(async { Signals::catch() })?;
    let server = Server::start(config)?;
    runtime.block_on(joined(&server));
    announce(config, &server)?;
    let beside = beside(&server);
    let ended = runtime.block_on(async {
        tokio::select! {
            name = signals.next() => {
                tracing::info!(signal = name, "stopping: what was accepted is synced first");
                Ok(())
            }
            ended = beside => ended,
        }
    });
    let stopped = runtime.block_on(stop(server, &mut signals));
    ended.and(stopped)
}

/// Logging and the limit on open files, before anything is opened.
pub(crate) fn prepare(config: &Config) -> Result<(), Failure> {
    logging::start(&config.log).map_err(|error| Failure::new(Exit::Configuration, format!("log.filter: {error}")))?;
    let files = open_files::raise_limit();
    tracing::info!(open_files_max = files, version = env!("CARGO_PKG_VERSION"), "starting");
    Ok(())
}

/// Waits until the bridge has reached the engine, so that whoever reads "ready" can talk. It is an instant on loopback; where
/// it is not, the bridge goes on trying and says so.
async fn joined(server: &Server) {
    let mut look = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..JOIN_LOOKS_MAX {
        look.tick().await;
        if server.is_joined() {
            return;
        }
    }
    tracing::warn!("the bridge has not reached the engine yet");
}

/// Stops in order, unless somebody insists.
async fn stop(server: Server, signals: &mut Signals) -> Result<(), Failure> {
    let (done, stopped) = oneshot::channel();
    let stopping = std::thread::Builder::new().name("moim-stop".into());
    // Nobody receives only where somebody insisted.
    stopping.spawn(move || drop(done.send(server.stop())))?;
    tokio::select! {
        outcome = stopped => {
            outcome.map_err(|_| Failure::new(Exit::Failed, "the stop failed; the log says where"))??;
            tracing::info!("stopped; everything accepted is synced");
            Ok(())
        }
        name = signals.insistent() => {
            let told = format!("{name} came again: ended before everything was flushed; the journal has what was acknowledged");
            Err(Failure::new(Exit::Failed, told))
        }
    }
}

/// What is to be known of the page beside its address.
pub(crate) fn page_note() -> &'static str {
    if moim_bridge::page_is_embedded() { "" } else { "   (without the page: it was built where Node was not there)" }
}

/// Says what runs where: to people on standard output, to machines in the log.
fn announce(config: &Config, server: &Server) -> Result<(), Failure> {
    let (page, engine) = (server.bridge_address(), server.engine_address());
    let durability = config.engine.durability.name();
    let data = std::path::absolute(&config.data)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Moim {} is ready.", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  browsers  http://{page}/{}", page_note())?;
    writeln!(out, "  engine    {engine}   ({} shards, {durability})", config.engine.shards)?;
    writeln!(
        out,
        "  data      {}   (accounts: {}, messages: {})",
        data.display(),
        config.store.accounts,
        config.store.messages
    )?;
    if config.trial {
        writeln!(out, "  trial     conveniences for trying out are on; not for a server that others reach")?;
    }
    out.flush()?;
    tracing::info!(
        %page, %engine, durability,
        shards = config.engine.shards,
        data = %data.display(),
        accounts = %config.store.accounts,
        messages = %config.store.messages,
        trial = config.trial,
        page_embedded = moim_bridge::page_is_embedded(),
        "ready"
    );
    Ok(())
}

impl From<start::Error> for Failure {
    fn from(error: start::Error) -> Self {
        match error {
            start::Error::Stores(error) => error.into(),
            start::Error::Engine(error) => error.into(),
            start::Error::Bridge(error @ moim_bridge::Error::Listen { .. }) => {
                Self::new(Exit::InUse, error.to_string())
            }
            start::Error::Bridge(error) => Self::new(Exit::Configuration, error.to_string()),
            error @ start::Error::Secret(_) => Self::new(Exit::Failed, error.to_string()),
        }
    }
}
