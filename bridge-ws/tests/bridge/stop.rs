//! The bridge stops, and does not start where it cannot.

use moim_bridge::{Config, Error};
use moim_wire::ErrorCode;

use crate::support::{Browser, world};

#[tokio::test]
async fn a_stopping_bridge_tells_its_browsers_when_to_return() {
    let mut world = world().await;
    let (mut attached, _) = world.welcomed().await;
    let (mut stomp, _) = world.stomp(12).await;
    let mut silent = Browser::connect(world.bridge.local_addr()).await;
    let bridge = world.bridge;
    let stopping = tokio::task::spawn_blocking(move || bridge.stop());
    assert_eq!(attached.next_goodbye().await, (ErrorCode::ShuttingDown, 1012));
    assert_eq!(silent.next_goodbye().await, (ErrorCode::ShuttingDown, 1012));
    let (error, close) = stomp.next_error().await;
    assert_eq!((error.body.as_str(), close), ("the server stops; come back in a moment", 1012));
    drop((attached, silent, stomp));
    stopping.await.unwrap();
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let world = world().await;
    let taken = world.bridge.local_addr();
    let config = Config::new(taken, world.engine.address, String::new());
    let Err(error) = moim_bridge::start(config, world.persistence) else { panic!("started") };
    assert!(matches!(error, Error::Listen { address, .. } if address == taken));
}

#[tokio::test]
async fn an_origin_that_is_none_is_named() {
    let world = world().await;
    let any_port = "127.0.0.1:0".parse().unwrap();
    let mut config = Config::new(any_port, world.engine.address, String::new());
    config.allowed_origins = vec!["chat.example/page".to_owned()];
    let Err(error) = moim_bridge::start(config, world.persistence) else { panic!("started") };
    assert!(error.to_string().contains("chat.example/page"));
}
