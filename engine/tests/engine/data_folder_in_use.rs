//! Two servers where there may be one.

use moim_engine::Error;

use crate::support::{Options, Scene, Server};

#[test]
fn a_second_server_on_the_same_data_is_told_so() {
    let scene = Scene::plain();
    let second = Server::try_start(scene.data.path(), &Options::default()).err();
    assert!(matches!(second, Some(Error::Persistence(moim_persistence::Error::Locked(_)))), "{second:?}");
    scene.end();
}

#[test]
fn a_second_engine_on_the_same_journal_is_told_so() {
    let scene = Scene::plain();
    let elsewhere = tempfile::tempdir().unwrap();
    let journal = scene.data.path().join("journal");
    let options = Options { journal: Some(journal.clone()), ..Options::default() };
    let second = Server::try_start(elsewhere.path(), &options).err();
    assert!(matches!(&second, Some(Error::Locked(folder)) if *folder == journal), "{second:?}");
    scene.assert_talks();
    scene.server.stop();
    Server::start(elsewhere.path(), &options).stop();
}

#[test]
fn a_second_engine_on_the_same_address_is_told_so() {
    let scene = Scene::plain();
    let elsewhere = tempfile::tempdir().unwrap();
    let options = Options { listen: scene.server.engine.address(), ..Options::default() };
    let second = Server::try_start(elsewhere.path(), &options).err();
    let in_use = |source: &std::io::Error| source.kind() == std::io::ErrorKind::AddrInUse;
    assert!(matches!(&second, Some(Error::Listen { source, .. }) if in_use(source)), "{second:?}");
    scene.end();
}

#[test]
fn after_a_stop_the_same_address_and_data_are_free_at_once() {
    let scene = Scene::plain();
    let options = Options { listen: scene.server.engine.address(), ..Options::default() };
    let _lingering = scene.session(&scene.anna);
    let Scene { server, data, .. } = scene;
    server.stop();
    Server::start(data.path(), &options).stop();
}
