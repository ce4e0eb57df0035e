//! Tables that are not there, not ours, or of another version; a login that is refused. Each is told with what to do.

use moim_persistence::{Config, Error, MessageStore, Persistence, StoreAddress};

use super::node::Node;
use crate::message_arm::{Keyspace, cql_host};
use crate::support::config;

fn refused(address: StoreAddress) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let refused = Persistence::open(&Config { messages: address, ..config(&folder) }).err();
    // The folder is free again.
    Persistence::open(&config(&folder)).unwrap().close().unwrap();
    refused.expect("opened")
}

#[tokio::test]
async fn a_missing_keyspace_is_told_with_the_command_that_makes_it() {
    let Some(host) = cql_host("a_missing_keyspace_is_told_with_the_command_that_makes_it") else { return };
    let keyspace = Keyspace::name(&host);
    let error = refused(keyspace.address(""));
    assert!(matches!(error, Error::NotSetUp(_)) && error.to_string().contains("moim store init"), "{error}");
    let tables = MessageStore::set_up(&keyspace.address("")).unwrap().unwrap();
    let before = tables.examine().await.unwrap();
    assert_eq!((before.version, before.connected), (None, before.nodes));
    // Made twice it is as made once.
    for _ in 0..2 {
        assert_eq!(tables.make().await.unwrap().len(), tables.plan().len());
    }
    let after = tables.examine().await.unwrap();
    assert_eq!(after.version, Some(after.needed));
}

#[tokio::test]
async fn a_table_of_another_shape_is_told_with_its_column() {
    let Some(host) = cql_host("a_table_of_another_shape_is_told_with_its_column") else { return };
    let keyspace = Keyspace::create(&host).await;
    keyspace.say("ALTER TABLE {}.sends DROP sent").await;
    let error = refused(keyspace.address(""));
    assert!(matches!(error, Error::NotSetUp(_)) && error.to_string().contains("sent"), "{error}");
}

#[tokio::test]
async fn schema_from_the_future() {
    let Some(host) = cql_host("schema_from_the_future") else { return };
    let keyspace = Keyspace::create(&host).await;
    keyspace.say("UPDATE {}.layout SET version = 9 WHERE part = 'messages'").await;
    let error = refused(keyspace.address(""));
    assert!(matches!(error, Error::SchemaFromTheFuture { found: 9, known: 1, .. }), "{error}");
    let tables = MessageStore::set_up(&keyspace.address("")).unwrap().unwrap();
    let made = tables.make().await;
    assert!(matches!(made, Err(Error::SchemaFromTheFuture { found: 9, .. })), "{made:?}");
}

#[tokio::test]
async fn wrong_password() {
    let Some(node) = Node::new("wrong_password").map(Node::with_passwords) else { return };
    node.start();
    let address = |login: &str| StoreAddress::from(format!("scylla://{login}{}/moim", node.host()));
    for login in ["cassandra:geheim@", ""] {
        let error = refused(address(login));
        let text = error.to_string();
        assert!(matches!(error, Error::NotSetUp(_)) && text.contains("user or password"), "{text}");
        assert!(!text.contains("geheim"), "{text}");
        let tables = MessageStore::set_up(&address(login)).unwrap().unwrap();
        assert!(matches!(tables.make().await, Err(Error::NotSetUp(_))));
    }
    let right = address("cassandra:cassandra@");
    MessageStore::set_up(&right).unwrap().unwrap().make().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let persistence = Persistence::open(&Config { messages: right, ..config(&folder) }).unwrap();
    assert_eq!(persistence.messages().newest(moim_persistence::RoomId(1)).await.unwrap(), None);
    persistence.close().unwrap();
}
