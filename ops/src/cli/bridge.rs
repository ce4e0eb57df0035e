//! `moim bridge`: what browsers talk to, in a process of its own.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use moim_bridge::BridgeHandle;

use super::layers::ConfigFlags;
use super::{Failure, accounts, serve};
use crate::config::{self, Config};
use crate::signals::Signals;
use crate::{metrics, secret, settings, start};

/// Run a bridge alone: page, REST and WebSocket for an engine that runs in another process
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  moim bridge --config /etc/moim/moim.toml --listen 0.0.0.0:8081
  moim bridge --data /var/lib/moim --engine 127.0.0.1:7420 --listen 127.0.0.1:8081

It runs on the server's machine and shares its data folder, which has the accounts and the trunk secret.")]
pub(crate) struct Args {
    /// Where browsers connect [key: bridge.listen]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// The engine [key: bridge.engine]
    #[arg(long, value_name = "ADDRESS:PORT")]
    engine: Option<String>,

    #[command(flatten)]
    config: ConfigFlags,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut layers = args.config.layers();
    layers.flag("bridge.listen", args.listen.as_ref());
    layers.flag("bridge.engine", args.engine.as_ref());
    let config = config::load(&layers)?;
    serve::prepare(&config)?;
    let accounts = accounts::of_existing(&config)?;
    let trunk_secret = match &config.engine.trunk_secret {
        Some(secret) => secret.clone(),
        None => secret::read(&config.data).map_err(start::Error::Secret)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = runtime.block_on(async { Signals::catch() })?;
    let mut settings = settings::bridge(&config, config.bridge.engine, trunk_secret);
    settings.metrics = Arc::new(metrics::page_of_a_bridge);
    settings.health = Arc::new(|| serde_json::json!({ "status": "UP", "version": env!("CARGO_PKG_VERSION") }));
    let bridge = moim_bridge::start(settings, accounts).map_err(start::Error::Bridge)?;
    announce(&config, bridge.local_addr())?;
    let name = runtime.block_on(signals.next());
    tracing::info!(signal = name, "stopping");
    runtime.block_on(stop(bridge, &mut signals));
    Ok(())
}

async fn stop(bridge: BridgeHandle, signals: &mut Signals) {
    let stopped = tokio::task::spawn_blocking(|| bridge.stop());
    tokio::select! {
        // A stop that panicked has said so; there is nothing to sync here.
        _ = stopped => {}
        _ = signals.insistent() => {}
    }
}

fn announce(config: &Config, page: SocketAddr) -> Result<(), Failure> {
    let engine = config.bridge.engine;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Moim {} is ready, a bridge alone.", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  browsers  http://{page}/{}", serve::page_note())?;
    writeln!(out, "  engine    {engine}   ({} trunks)", config.bridge.trunks)?;
    writeln!(out, "  accounts  {}", config.store.accounts)?;
    out.flush()?;
    tracing::info!(%page, %engine, accounts = %config.store.accounts, page_embedded = moim_bridge::page_is_embedded(), "ready");
    Ok(())
}
