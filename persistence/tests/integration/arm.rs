//! The databases that accounts may be in, a fresh one for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use moim_persistence::StoreAddress;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, Row};

/// Address of a MySQL or MariaDB whose user may create databases; `ops/testing/run.sh` starts one.
const MYSQL: &str = "MOIM_TEST_MYSQL";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arm {
    Sqlite,
    MySql,
}

/// Where a test's accounts are.
pub(crate) enum Place {
    /// In its folder.
    Folder,
    Database(Database),
}

/// A database of a server that is there; dropped with its test.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Arm {
    /// Whether there is such a database to test on. Continuous integration has all.
    pub(crate) fn is_here(self, test: &str) -> bool {
        let is_here = self == Self::Sqlite || std::env::var_os(MYSQL).is_some();
        assert!(is_here || std::env::var_os("CI").is_none(), "{MYSQL} names no server");
        if !is_here {
            eprintln!("skipped: {test} on MySQL, because {MYSQL} names no server");
        }
        is_here
    }

    pub(crate) fn place(self) -> Place {
        match self {
            Self::Sqlite => Place::Folder,
            Self::MySql => Place::Database(Database::create(&std::env::var(MYSQL).unwrap())),
        }
    }
}

impl Place {
    pub(crate) fn address(&self) -> StoreAddress {
        self.url().as_str().into()
    }

    /// The address as it is written in a configuration.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Folder => "sqlite".to_owned(),
            Self::Database(database) => database.url(),
        }
    }
}

impl Database {
    fn create(server: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("moim_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        say(server, format!("CREATE DATABASE {name}"));
        Self { server: server.to_owned(), name }
    }

    /// What a dump of one instant and its import make of it: the same tables and rows in a database of its own.
    pub(crate) async fn restored(&self) -> Self {
        let copy = Self::create(&self.server);
        let mut connection = MySqlConnection::connect(&self.url()).await.unwrap();
        connection.execute("SET foreign_key_checks = 0").await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar("SHOW TABLES").fetch_all(&mut connection).await.unwrap();
        for table in &tables {
            let shown = sqlx::query(AssertSqlSafe(format!("SHOW CREATE TABLE {table}")));
            let create: String = shown.fetch_one(&mut connection).await.unwrap().get(1);
            let there = create.replacen(&format!("`{table}`"), &format!("{}.{table}", copy.name), 1);
            let there = there.replace("REFERENCES `", &format!("REFERENCES {}.`", copy.name));
            connection.execute(AssertSqlSafe(there)).await.unwrap();
        }
        connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT").await.unwrap();
        for table in &tables {
            let rows = format!("INSERT INTO {}.{table} SELECT * FROM {table}", copy.name);
            connection.execute(AssertSqlSafe(rows)).await.unwrap();
        }
        connection.execute("COMMIT").await.unwrap();
        copy
    }

    pub(crate) fn url(&self) -> String {
        let (before, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (place, _) = before.rsplit_once('/').unwrap();
        format!("{place}/{}?{query}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        say(&self.server, format!("DROP DATABASE {}", self.name));
    }
}

/// Says one statement to a server, on a thread that may wait.
pub(crate) fn say(server: &str, sql: String) {
    let server = server.to_owned();
    let said = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = MySqlConnection::connect(&server).await.unwrap();
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
            connection.close().await.unwrap();
        });
    });
    said.join().unwrap();
}

/// Makes a test on each arm of the functions named: `sqlite::NAME` and `mysql::NAME`. With `threads:` before them they may
/// block their thread.
macro_rules! on_each_arm {
    (threads: $($name:ident),* $(,)?) => {
        $crate::arm::on_each_arm!(@ "multi_thread": $($name),*);
    };
    ($($name:ident),* $(,)?) => {
        $crate::arm::on_each_arm!(@ "current_thread": $($name),*);
    };
    (@ $flavor:tt: $($name:ident),*) => {
        mod sqlite {
            $(#[tokio::test(flavor = $flavor)]
            async fn $name() {
                super::$name($crate::arm::Arm::Sqlite).await;
            })*
        }

        mod mysql {
            $(#[tokio::test(flavor = $flavor)]
            async fn $name() {
                if $crate::arm::Arm::MySql.is_here(stringify!($name)) {
                    super::$name($crate::arm::Arm::MySql).await;
                }
            })*
        }
    };
}
pub(crate) use on_each_arm;
