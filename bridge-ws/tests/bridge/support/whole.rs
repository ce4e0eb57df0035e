//! A bridge with a real engine behind it: for what goes through both.

use std::time::Duration;

use moim_bridge::{BridgeHandle, Config};
use moim_engine::{Durability, Engine, JournalConfig, Limits};
use moim_persistence::{PasswordCost, Persistence};
use moim_wire::Opcode;
use serde_json::Value;
use tempfile::TempDir;

use super::{Browser, Http, engine::SECRET, frames};

/// A rate of sends that is none.
const UNLIMITED: u32 = 0;

/// Stores, engine and bridge of one installation.
pub(crate) struct Whole {
    pub(crate) bridge: BridgeHandle,
    engine: Option<Engine>,
    _folder: TempDir,
}

/// Somebody who has signed up.
pub(crate) struct Person {
    pub(crate) id: u32,
    pub(crate) token: String,
    pub(crate) http: Http,
}

/// An installation for trying out, whose trunk stands.
pub(crate) async fn whole() -> Whole {
    whole_with(|config| config.trial = true).await
}

pub(crate) async fn whole_with(configure: impl FnOnce(&mut Config) + Send + 'static) -> Whole {
    whole_on(|_| {}, configure).await
}

/// One on stores that are configured, too.
pub(crate) async fn whole_on(
    stores: impl FnOnce(&mut moim_persistence::Config) + Send + 'static,
    configure: impl FnOnce(&mut Config) + Send + 'static,
) -> Whole {
    started(move || start(stores, configure, UNLIMITED)).await
}

/// A trial whose people may send so many messages a second, and as many at once.
pub(crate) async fn whole_at(sends_per_second: u32) -> Whole {
    started(move || start(|_| {}, |config| config.trial = true, sends_per_second)).await
}

async fn started(start: impl FnOnce() -> Whole + Send + 'static) -> Whole {
    // Opening and starting block.
    let whole = tokio::task::spawn_blocking(start).await.unwrap();
    let mut looks = tokio::time::interval(Duration::from_millis(2));
    while whole.bridge.stats().trunks_up == 0 {
        looks.tick().await;
    }
    whole
}

fn start(
    change: impl FnOnce(&mut moim_persistence::Config),
    configure: impl FnOnce(&mut Config),
    sends_per_second: u32,
) -> Whole {
    let folder = TempDir::new().unwrap();
    let mut stores = moim_persistence::Config::new(folder.path());
    stores.password_cost = PasswordCost::LEAST;
    change(&mut stores);
    let persistence = Persistence::open(&stores).unwrap();
    persistence.keep_schedule();
    let any_port = "127.0.0.1:0".parse().unwrap();
    let journal = JournalConfig {
        folder: folder.path().join("journal"),
        segment_bytes: 8 * 1024 * 1024,
        commit_interval: Duration::from_millis(1),
        disk_reserve_bytes: 0,
        disk_bytes_max: 1 << 30,
        keep_confirmed: Duration::ZERO,
    };
    let engine = moim_engine::Config {
        listen: any_port,
        shards: 1,
        processors: Vec::new(),
        durability: Durability::Durable,
        trunk_secret: SECRET.to_owned(),
        journal,
        limits: Limits {
            batch_bytes_max: 1024 * 1024,
            sends_per_second,
            sends_burst: sends_per_second,
            ..Limits::default()
        },
    };
    let engine = Engine::start(&engine, &persistence).unwrap();
    let mut config = Config::new(any_port, engine.address(), SECRET.to_owned());
    config.limits.engine_timeout = Duration::from_secs(20);
    configure(&mut config);
    let bridge = moim_bridge::start(config, persistence).unwrap();
    Whole { bridge, engine: Some(engine), _folder: folder }
}

impl Whole {
    pub(crate) fn http(&self) -> Http {
        Http::new(self.bridge.local_addr())
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        let (id, token) = self.http().sign_up(name).await;
        let http = self.http().as_user(&token);
        Person { id, token, http }
    }

    /// A channel of `creator`'s that the others have joined.
    pub(crate) async fn channel(&self, creator: &Person, others: &[&Person]) -> u64 {
        let created = creator.http.post("/api/channel", r#"{"channelName":"모임"}"#).await.ok();
        let id = created["channelId"].as_u64().unwrap();
        for other in others {
            other.http.post(&format!("/api/channel/{id}/signup"), "").await.ok();
        }
        id
    }

    /// Waits until the list of the person's channels has been read up to that time; the engine stores marks once a second.
    pub(crate) async fn until_read(&self, person: &Person, channel: u64, up_to: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        loop {
            let mine = person.http.get("/api/channel").await.ok();
            let found = mine.as_array().unwrap().iter().find(|mine| mine["channelId"] == channel).unwrap().clone();
            if found["readTimestamp"] == up_to {
                return;
            }
            looks.tick().await;
        }
    }

    /// Waits until the bridge's counters are as wanted.
    pub(crate) async fn until(&self, wanted: impl Fn(&moim_bridge::Stats) -> bool) {
        let mut looks = tokio::time::interval(Duration::from_millis(2));
        while !wanted(&self.bridge.stats()) {
            looks.tick().await;
        }
    }

    /// A browser that follows the channel over native frames.
    pub(crate) async fn follower(&self, person: &Person, channel: u64) -> Browser {
        let mut browser = Browser::connect(self.bridge.local_addr()).await;
        browser.send(&frames::hello(&person.token)).await;
        browser.next(Opcode::Welcome).await;
        browser.send(&frames::open(channel as u32)).await;
        browser.next(Opcode::Opened).await;
        browser
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            // Its threads hold the folder until they have ended.
            drop(std::thread::spawn(move || engine.stop()).join());
        }
    }
}

impl Person {
    /// Says something; the message's row.
    pub(crate) async fn say(&self, channel: u64, text: &str) -> Value {
        let body = serde_json::json!({ "text": text }).to_string();
        self.http.post(&format!("/api/message/{channel}"), &body).await.ok()
    }

    /// The channel's rows.
    pub(crate) async fn content(&self, channel: u64) -> Vec<Value> {
        let rows = self.http.get(&format!("/api/channel/{channel}/content")).await.ok();
        rows.as_array().unwrap().clone()
    }
}
