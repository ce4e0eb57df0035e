//! Opening: the folder's lock, schemas, settings; and what is left after closing.

use moim_persistence::{Error, Persistence};

use crate::arm::Arm;
use crate::support::{Stores, config, sign_up};

#[test]
fn a_folder_in_use_is_refused_by_its_name() {
    let stores = Stores::open(Arm::Sqlite);
    let Err(error) = Persistence::open(&config(&stores.folder)) else { panic!("opened twice") };
    assert!(matches!(&error, Error::Locked(folder) if folder == stores.folder.path()), "{error}");
    assert!(error.to_string().contains(stores.folder.path().to_str().unwrap()));
    stores.persistence.close().unwrap();
    Persistence::open(&config(&stores.folder)).unwrap().close().unwrap();
}

#[tokio::test]
async fn the_accounts_alone_open_beside_a_server() {
    let stores = Stores::open(Arm::Sqlite);
    let beside = Persistence::open_accounts_only(&config(&stores.folder)).unwrap();
    let user = beside.users().sign_up(sign_up("mina")).await.unwrap();
    let login = beside.logins().issue(user.id).await.unwrap();
    let identity = stores.persistence.accounts().logins().authenticate(&login.token).await.unwrap();
    assert_eq!(identity.user, user.id);
}

#[test]
fn messages_of_a_later_layout_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    Persistence::open(&config(&folder)).unwrap().close().unwrap();
    let database = fjall::Database::builder(folder.path().join("messages")).open().unwrap();
    let version = database.keyspace("version", fjall::KeyspaceCreateOptions::default).unwrap();
    version.insert("rows", 9u32.to_be_bytes()).unwrap();
    database.persist(fjall::PersistMode::SyncAll).unwrap();
    drop((version, database));
    let refused = Persistence::open(&config(&folder)).err();
    assert!(matches!(refused, Some(Error::SchemaFromTheFuture { found: 9, known: 1, .. })), "{refused:?}");
}

#[test]
fn an_unknown_back_end_is_refused_by_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = config(&folder);
    wrong.messages = "scroll".into();
    let refused = Persistence::open(&wrong).err();
    assert!(matches!(refused, Some(Error::Setting { setting: "messages", .. })), "{refused:?}");
}

#[tokio::test]
async fn after_closing_every_clone_is_told() {
    let stores = Stores::open(Arm::Sqlite);
    let clone = stores.persistence.clone();
    stores.persistence.close().unwrap();
    let users = clone.accounts().users();
    assert!(matches!(users.sign_up(sign_up("late")).await, Err(Error::Unavailable(_))));
    assert!(clone.messages().sync().await.is_err());
    assert!(matches!(clone.run(async { Ok(()) }).await, Err(Error::Unavailable(_))));
}
