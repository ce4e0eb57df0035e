//! The servers that a load is put on: how each is found, started on its core, and stopped.

mod alone;
mod centrifuge;
mod floor;
mod moim;
mod mosquitto;
mod nats;
mod prepared;
mod program;
mod redis;
mod server;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::protocol::{Dialect, Seat};
use crate::workload::Workload;

pub(crate) use alone::Alone;
pub(crate) use server::Server;

/// A log-structured store slows down as it grows: the bare one writes for about as long as the backlog of the same load
/// takes to drain.
const STORE_LONGER: f64 = 4.0;

/// A server, by the name that workloads and the command line use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Peer {
    /// What one core can do: no logic, no journal, a toy protocol.
    Floor,
    /// Moim over TCP.
    Moim,
    /// Moim over WebSocket, through bridge and engine.
    MoimWs,
    /// Redis publish/subscribe.
    Redis,
    /// NATS core.
    Nats,
    /// MQTT, quality of service 0.
    Mosquitto,
    /// The library below Centrifugo, JSON over WebSocket.
    Centrifuge,
    /// The embedded message store without anything around it.
    BareStore,
    /// The engine's core on one thread, with sessions in its own process instead of sockets.
    OneShard,
    /// The same on two threads.
    TwoShards,
}

/// How peers are to be started.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Cores of the server.
    pub(crate) server_cores: Vec<usize>,
    /// Core of the generator.
    pub(crate) generator_core: usize,
    /// Where the peers that this project builds are.
    pub(crate) peers_folder: PathBuf,
    /// The server's own binary.
    pub(crate) moim: PathBuf,
    /// Folder on the disk that the server's data is to lie on.
    pub(crate) data: PathBuf,
    /// Acknowledge before the sync; for comparison only.
    pub(crate) is_relaxed: bool,
}

/// A peer cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    /// It is not on this machine.
    #[error("{peer} is not installed: {program} was not found; `make bench-setup` installs it")]
    Missing { peer: &'static str, program: String },
    /// It would not start, or said nothing on its port.
    #[error("{peer} did not start: {why}\n{log}")]
    NotStarted { peer: &'static str, why: String, log: String },
    /// Users and rooms could not be made.
    #[error("{program} failed with {status}:\n{log}")]
    Preparation { program: String, status: String, log: String },
    /// The seats file does not fit the workload.
    #[error("{path}: {what}")]
    Seats { path: String, what: String },
    /// Something of the machine.
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
}

impl Peer {
    /// Its name in tables, files and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Moim => "moim",
            Self::MoimWs => "moim-ws",
            Self::Redis => "redis",
            Self::Nats => "nats",
            Self::Mosquitto => "mosquitto",
            Self::Centrifuge => "centrifuge",
            Self::BareStore => "bare-store",
            Self::OneShard => "one-shard",
            Self::TwoShards => "two-shards",
        }
    }

    /// Whether it makes its load itself, so that there is nothing to connect to.
    pub(crate) const fn is_alone(self) -> bool {
        matches!(self, Self::BareStore | Self::OneShard | Self::TwoShards)
    }

    /// What connections to it speak; those that are alone have none.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::Floor | Self::BareStore | Self::OneShard | Self::TwoShards => Dialect::Floor,
            Self::Moim => Dialect::Moim,
            Self::MoimWs => Dialect::MoimWebSocket,
            Self::Redis => Dialect::Redis,
            Self::Nats => Dialect::Nats,
            Self::Mosquitto => Dialect::Mqtt,
            Self::Centrifuge => Dialect::Centrifuge,
        }
    }

    /// All of them, in the order of tables.
    pub(crate) const ALL: [Self; 10] = [
        Self::Floor,
        Self::Moim,
        Self::MoimWs,
        Self::Redis,
        Self::Nats,
        Self::Mosquitto,
        Self::Centrifuge,
        Self::BareStore,
        Self::OneShard,
        Self::TwoShards,
    ];

    /// The server's program, where it is on this machine.
    pub(crate) fn program(self, host: &Host) -> Result<PathBuf, PeerError> {
        match self {
            Self::Floor => program::built(self, &host.peers_folder.join("floor")),
            Self::Moim | Self::MoimWs => program::built(self, &host.moim),
            Self::Redis => program::installed(self, "redis-server"),
            Self::Nats => program::installed(self, "nats-server"),
            Self::Mosquitto => program::installed(self, "mosquitto"),
            Self::Centrifuge => program::built(self, &host.peers_folder.join("centrifuge")),
            Self::BareStore => program::built(self, &host.peers_folder.join("bare-store")),
            Self::OneShard | Self::TwoShards => program::built(self, &host.peers_folder.join("shards")),
        }
    }

    /// What the program says when asked for its version.
    pub(crate) fn version(self, program: &Path) -> String {
        let argument = match self {
            Self::Mosquitto => "-h",
            Self::Centrifuge => "-version",
            _ => "--version",
        };
        program::first_line(program, argument)
    }

    /// Starts the server for a workload; it stops when the result is dropped.
    pub(crate) fn start(self, workload: &Workload, host: &Host) -> Result<Server, PeerError> {
        let program = self.program(host)?;
        match self {
            Self::Floor => floor::start(&program, host),
            Self::Moim | Self::MoimWs => moim::start(self, &program, workload, host),
            Self::Redis => redis::start(&program, host),
            Self::Nats => nats::start(&program, host),
            Self::Mosquitto => mosquitto::start(&program, host),
            Self::Centrifuge => centrifuge::start(&program, host),
            Self::BareStore | Self::OneShard | Self::TwoShards => {
                let why = "it makes its load itself and is no server".to_owned();
                Err(PeerError::NotStarted { peer: self.name(), why, log: String::new() })
            }
        }
    }

    /// Lets a peer that is alone do its work; gives what it says of itself, and its version.
    pub(crate) fn work(self, workload: &Workload, host: &Host) -> Result<(Alone, String), PeerError> {
        let program = self.program(host)?;
        let more: &[&str] = match self {
            Self::OneShard => &["--shards", "1"],
            Self::TwoShards => &["--shards", "2"],
            _ => &[],
        };
        let seconds = workload.measure_s * if self == Self::BareStore { STORE_LONGER } else { 1.0 };
        Ok((alone::run(self, &program, more, workload, seconds, host)?, self.version(&program)))
    }

    /// A server that runs already.
    pub(crate) fn at(self, address: SocketAddr, process: Option<u32>) -> Server {
        Server::foreign(self, address, process)
    }

    /// Who takes part, in the order of the workload's layout. A server that knows users names them in a file.
    pub(crate) fn seats(self, workload: &Workload, server: &Server) -> Result<Vec<Seat>, PeerError> {
        let layout = workload.layout();
        // A device that no earlier run used, so that its sends are not taken for resends.
        let device = std::process::id() << 8 | u32::from(fresh_byte());
        let seat = |connection: usize, room: u32, token: String| Seat {
            room,
            connection: connection as u32,
            token,
            device: device | 1,
            text_bytes: layout.text_bytes,
            last_seen: 0,
            follow: workload.follows(),
        };
        match server.seats() {
            Some(file) if matches!(self, Self::Moim | Self::MoimWs) => moim::seats(file, &layout, seat),
            _ => {
                let room_of = |connection| layout.room_of(connection) as u32 + 1;
                Ok((0..layout.connections()).map(|i| seat(i, room_of(i), String::new())).collect())
            }
        }
    }
}

fn fresh_byte() -> u8 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u8)
}
