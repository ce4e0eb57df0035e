//! The process ends without closing anything. What was confirmed must be there afterwards.

use std::process::Command;

use moim_persistence::{Batch, Config, PasswordCost, Persistence};
use moim_wire::{MessageId, RoomId, UserId};

use crate::arm::Arm;
use crate::support::{Stores, config, frames, new_room, sign_up};

/// Names the folder to the child, which is this binary once more.
pub(crate) const FOLDER: &str = "MOIM_TEST_FOLDER";

pub(crate) fn child_config() -> Config {
    let folder = std::env::var_os(FOLDER).expect("the parent test names the folder");
    Config { password_cost: PasswordCost::LEAST, ..Config::new(folder) }
}

#[tokio::test]
#[ignore = "run by confirmed_messages_and_accounts_survive_an_abort in a process of its own"]
async fn child_that_aborts() {
    let persistence = Persistence::open(&child_config()).unwrap();
    let accounts = persistence.accounts();
    let user = accounts.users().sign_up(sign_up("mina")).await.unwrap();
    let room = accounts.rooms().create(user.id, new_room("a room", None)).await.unwrap();
    let friend = accounts.users().sign_up(sign_up("jun")).await.unwrap();
    accounts.rooms().join(friend.id, room.id, None).await.unwrap();
    let mut lane = persistence.write_behind(0);
    for batch in 0..20u64 {
        let frames = frames(1, batch * 50 + 1..=batch * 50 + 50);
        lane.offer.send(Batch { frames, position: batch + 1, generation: 0 }).await.unwrap();
    }
    lane.confirmed.wait_for(|&position| position == 20).await.unwrap();
    std::process::abort();
}

#[tokio::test]
async fn confirmed_messages_and_accounts_survive_an_abort() {
    let folder = tempfile::tempdir().unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_aborts", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.code().is_none() && !told.contains("panicked"), "not an abort: {told}");

    let persistence = Persistence::open(&config(&folder)).unwrap();
    let stored = persistence.messages().count_after(RoomId(1), MessageId::ZERO, 10_000).await.unwrap();
    assert_eq!(stored, 1_000);
    let rooms = persistence.accounts().rooms();
    let loaded = rooms.load(RoomId(1)).await.unwrap();
    assert_eq!(loaded.members.iter().map(|member| member.0).collect::<Vec<_>>(), [UserId(1), UserId(2)]);
    assert_eq!(loaded.changes.len(), 1);
}

#[tokio::test]
async fn handles_dropped_without_closing_free_the_folder_and_keep_what_was_synced() {
    let stores = Stores::open(Arm::Sqlite);
    stores.persistence.messages().write_durably(&[frames(1, 1..=9)]).await.unwrap();
    let Stores { persistence, folder, .. } = stores;
    drop(persistence);
    let persistence = Persistence::open(&config(&folder)).unwrap();
    assert_eq!(persistence.messages().newest(RoomId(1)).await.unwrap(), Some(MessageId(9)));
}
