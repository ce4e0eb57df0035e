//! The stores that messages may be in, a fresh one for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use moim_persistence::{MessageStore, Persistence, StoreAddress};
use scylla::client::session_builder::SessionBuilder;

use crate::arm::Arm;
use crate::support::Stores;

/// Host and port of a CQL server whose keyspaces may be made and dropped; `ops/testing/run.sh` starts one. What is
/// tested is a ScyllaDB where one is named.
const CQL: &str = "MOIM_TEST_CQL";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageArm {
    Embedded,
    Scylla,
}

/// A keyspace of a server that is there; dropped with its test.
pub(crate) struct Keyspace {
    host: String,
    name: String,
}

/// Stores whose messages are in an arm.
pub(crate) struct OnArm {
    stores: Option<Stores>,
    keyspace: Option<Keyspace>,
}

impl MessageArm {
    /// Whether there is such a store to test on. Continuous integration has all.
    pub(crate) fn is_here(self, test: &str) -> bool {
        self == Self::Embedded || cql_host(test).is_some()
    }

    pub(crate) async fn open(self) -> OnArm {
        let keyspace = match self {
            Self::Embedded => None,
            Self::Scylla => Some(Keyspace::create(&std::env::var(CQL).unwrap()).await),
        };
        let stores = Stores::open_with(Arm::Sqlite, |config| {
            if let Some(keyspace) = &keyspace {
                config.messages = keyspace.address("");
            }
        });
        OnArm { stores: Some(stores), keyspace }
    }
}

/// The server to test on; says that a test is skipped where there is none.
pub(crate) fn cql_host(test: &str) -> Option<String> {
    let host = std::env::var(CQL).ok();
    assert!(host.is_some() || std::env::var_os("CI").is_none(), "{CQL} names no server");
    if host.is_none() {
        eprintln!("skipped: {test} on a CQL server, because {CQL} names none");
    }
    host
}

impl OnArm {
    pub(crate) fn persistence(&self) -> &Persistence {
        &self.stores.as_ref().expect("open between two reopenings").persistence
    }

    pub(crate) fn messages(&self) -> &MessageStore {
        self.persistence().messages()
    }

    /// Closes, and opens the same place again.
    pub(crate) fn reopen(&mut self) {
        let Stores { persistence, place, folder } = self.stores.take().expect("open between two reopenings");
        persistence.close().unwrap();
        let mut config = crate::support::config(&folder);
        if let Some(keyspace) = &self.keyspace {
            config.messages = keyspace.address("");
        }
        self.stores = Some(Stores { persistence: Persistence::open(&config).unwrap(), place, folder });
    }
}

impl Keyspace {
    pub(crate) async fn create(host: &str) -> Self {
        let keyspace = Self::name(host);
        let tables = MessageStore::set_up(&keyspace.address("")).unwrap().unwrap();
        tables.make().await.unwrap();
        keyspace
    }

    /// One that is not made yet.
    pub(crate) fn name(host: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("moim_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { host: host.to_owned(), name }
    }

    pub(crate) fn address(&self, query: &str) -> StoreAddress {
        self.address_through(&self.host, query)
    }

    /// Its address at another host, which leads to the same server.
    pub(crate) fn address_through(&self, host: &str, query: &str) -> StoreAddress {
        format!("scylla://{host}/{}?{query}", self.name).into()
    }

    /// Says one statement to the server; `{}` is the keyspace.
    pub(crate) async fn say(&self, cql: &str) {
        let session = SessionBuilder::new().known_node(&self.host).build().await.unwrap();
        session.query_unpaged(cql.replace("{}", &self.name), ()).await.unwrap();
    }
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        // On a thread that may wait. A server that the test has ended is not asked.
        let (host, name) = (self.host.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(session) = SessionBuilder::new().known_node(&host).build().await {
                    let _ = session.query_unpaged(format!("DROP KEYSPACE IF EXISTS {name}"), ()).await;
                }
            });
        });
        let _ = dropped.join();
    }
}

/// Makes a test on each arm of the functions named: `embedded::NAME` and `scylla::NAME`.
macro_rules! on_each_message_arm {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::message_arm::MessageArm::Embedded).await;
            })*
        }

        mod scylla {
            $(#[tokio::test]
            async fn $name() {
                if $crate::message_arm::MessageArm::Scylla.is_here(stringify!($name)) {
                    super::$name($crate::message_arm::MessageArm::Scylla).await;
                }
            })*
        }
    };
}
pub(crate) use on_each_message_arm;
