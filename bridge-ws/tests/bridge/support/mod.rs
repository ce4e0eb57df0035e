pub(crate) mod browser;
pub(crate) mod engine;
pub(crate) mod frames;
pub(crate) mod http;
pub(crate) mod provider;
pub(crate) mod stomp;
pub(crate) mod whole;

use std::time::Duration;

use moim_bridge::{BridgeHandle, Config, Limits, Stats};
use moim_persistence::{PasswordCost, Persistence};
use tempfile::TempDir;

pub(crate) use browser::Browser;
pub(crate) use engine::Engine;
pub(crate) use frames::Opened;
pub(crate) use http::{Answer, Http};
pub(crate) use stomp::Stomp;
pub(crate) use whole::{Person, Whole, whole, whole_at, whole_on, whole_with};

/// A bridge with its stores and the engine's stand-in.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) bridge: BridgeHandle,
    pub(crate) persistence: Persistence,
    _folder: TempDir,
}

/// A bridge as a fresh installation has it, whose trunk stands.
pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

/// A bridge with what `configure` changes, whose trunk stands.
pub(crate) async fn world_with(configure: impl FnOnce(&mut Config)) -> World {
    let mut engine = Engine::start().await;
    let folder = TempDir::new().unwrap();
    let mut stores = moim_persistence::Config::new(folder.path());
    stores.password_cost = PasswordCost::LEAST;
    let persistence = Persistence::open(&stores).unwrap();
    let any_port = "127.0.0.1:0".parse().unwrap();
    let mut config = Config::new(any_port, engine.address, engine::SECRET.to_owned());
    config.limits.engine_timeout = Duration::from_secs(20);
    configure(&mut config);
    let trunks = config.trunks as u64;
    let bridge = moim_bridge::start(config, persistence.clone()).unwrap();
    engine.accept_all(trunks).await;
    let world = World { engine, bridge, persistence, _folder: folder };
    world.until(|stats| stats.trunks_up == trunks).await;
    world
}

/// Limits so small that a test can reach them.
pub(crate) fn small(change: impl FnOnce(&mut Limits)) -> impl FnOnce(&mut Config) {
    |config| change(&mut config.limits)
}

impl World {
    pub(crate) fn http(&self) -> Http {
        Http::new(self.bridge.local_addr())
    }

    /// A browser whose session stands, and the session's number on the trunk.
    pub(crate) async fn welcomed(&mut self) -> (Browser, u32) {
        let mut browser = Browser::connect(self.bridge.local_addr()).await;
        browser.send(&frames::hello("token")).await;
        let attach = self.engine.next(moim_wire::Opcode::Attach).await;
        let session = attach.header.session;
        self.engine.send(&frames::welcome(attach.header.request, session)).await;
        browser.next(moim_wire::Opcode::Welcome).await;
        (browser, session)
    }

    /// Waits until the counters are as wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&Stats) -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        while !wanted(&self.bridge.stats()) {
            looks.tick().await;
        }
    }
}
