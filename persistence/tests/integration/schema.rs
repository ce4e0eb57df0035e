//! Migrations: applied at the start or by hand, and a schema that is newer, behind or being made by another.

use moim_persistence::{Config, Error, Persistence};
use sqlx::{Connection, Executor, MySqlConnection, SqliteConnection};
use tempfile::TempDir;

use crate::arm::{Arm, Place, on_each_arm};
use crate::support::{config, sign_up};

/// Settings of a database where nothing is yet.
fn fresh(arm: Arm) -> (Config, Place, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let place = arm.place();
    (Config { accounts: place.address(), ..config(&folder) }, place, folder)
}

async fn say(place: &Place, folder: &TempDir, sql: &'static str) {
    match place {
        Place::Folder => {
            let path = folder.path().join("accounts.sqlite");
            let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
            connection.execute(sql).await.unwrap();
            connection.close().await.unwrap();
        }
        Place::Database(database) => {
            let mut connection = MySqlConnection::connect(&database.url()).await.unwrap();
            connection.execute(sql).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

async fn a_schema_from_the_future_is_refused(arm: Arm) {
    let (config, place, folder) = fresh(arm);
    Persistence::open(&config).unwrap().close().unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (4000, 'later', 1, x'00', 0)";
    say(&place, &folder, later).await;
    let by_hand = Config { migrate: false, ..config.clone() };
    for config in [&config, &by_hand] {
        let refused = Persistence::open(config).err();
        assert!(matches!(refused, Some(Error::SchemaFromTheFuture { found: 4000, .. })), "{refused:?}");
    }
    assert!(matches!(Persistence::migrate(&config), Err(Error::SchemaFromTheFuture { .. })));
}

async fn a_migration_cut_short_is_refused(arm: Arm) {
    let (config, place, folder) = fresh(arm);
    Persistence::open(&config).unwrap().close().unwrap();
    say(&place, &folder, "UPDATE _sqlx_migrations SET success = 0 WHERE version = 1").await;
    let refused = Persistence::open(&config).err().unwrap().to_string();
    assert!(refused.contains("migration 1") && refused.contains("cut short"), "{refused}");
}

async fn by_hand_the_server_names_the_command_until_it_was_run(arm: Arm) {
    let (config, _place, _folder) = fresh(arm);
    let by_hand = Config { migrate: false, ..config };
    let lacking = Persistence::lacking_migrations(&by_hand).unwrap();
    assert!(lacking[0].name == "0001_accounts" && lacking[0].sql.contains("CREATE TABLE users"));
    let refused = Persistence::open(&by_hand).err();
    let Some(Error::SchemaBehind { lacking: names, .. }) = &refused else { panic!("{refused:?}") };
    assert!(names.starts_with("0001_accounts, ") && refused.unwrap().to_string().contains("moim migrate"));
    assert_eq!(Persistence::lacking_migrations(&by_hand).unwrap(), lacking, "looking changes nothing");
    assert_eq!(Persistence::migrate(&by_hand).unwrap(), lacking);
    assert_eq!(Persistence::migrate(&by_hand).unwrap(), []);
    Persistence::open(&by_hand).unwrap().close().unwrap();
}

async fn of_two_that_migrate_at_once_one_finds_it_done(arm: Arm) {
    let (config, _place, _folder) = fresh(arm);
    let migrating: Vec<_> = (0..2)
        .map(|_| {
            let config = config.clone();
            tokio::task::spawn_blocking(move || Persistence::migrate(&config))
        })
        .collect();
    for migrated in migrating {
        migrated.await.unwrap().unwrap();
    }
    let accounts = Persistence::open_accounts_only(&config).unwrap();
    accounts.users().sign_up(sign_up("mina")).await.unwrap();
}

on_each_arm! {
    a_schema_from_the_future_is_refused,
    a_migration_cut_short_is_refused,
    by_hand_the_server_names_the_command_until_it_was_run,
    of_two_that_migrate_at_once_one_finds_it_done,
}
