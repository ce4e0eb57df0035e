//! The disk is full and has space again, in one process. Staged by the limit on a file's size, which fails the same
//! writes with no disk to fill.

use std::process::Command;

use moim_persistence::{Batch, Error, PageQuery, Persistence};
use moim_wire::{MessageId, RoomId};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::crash::{FOLDER, child_config};
use crate::support::{frames, ids};

const ROOM: RoomId = RoomId(1);

fn limit_files_to(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    setrlimit(Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

#[tokio::test]
#[ignore = "run by a_full_disk_loses_nothing_and_the_store_goes_on_when_space_returns in a process of its own"]
async fn child_on_a_full_disk() {
    let persistence = Persistence::open(&child_config()).unwrap();
    let messages = persistence.messages();
    let mut lane = persistence.write_behind(0);
    lane.offer.send(Batch { frames: frames(1, 1..=100), position: 1, generation: 0 }).await.unwrap();
    lane.confirmed.wait_for(|&position| position == 1).await.unwrap();

    limit_files_to(Some(4 * 1024));
    let refused = messages.write(&[frames(2, 1..=100)]).await;
    assert!(matches!(refused, Err(Error::StorageFull(_))), "{refused:?}");
    lane.offer.send(Batch { frames: frames(1, 101..=200), position: 2, generation: 0 }).await.unwrap();
    while persistence.stats().lanes[0].retries_total < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*lane.confirmed.borrow(), 1);
    assert!(!persistence.stats().messages.open);

    limit_files_to(None);
    lane.confirmed.wait_for(|&position| position == 2).await.unwrap();
    let stats = persistence.stats().messages;
    assert!(stats.open && stats.reopened_total >= 1 && stats.errors_total >= 2, "{stats:?}");
    let page = messages.page(ROOM, PageQuery::After(MessageId::ZERO), 1_000, usize::MAX).await.unwrap();
    assert_eq!(ids(&page.frames), (1..=200).collect::<Vec<u64>>());
    std::process::abort();
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_the_store_goes_on_when_space_returns() {
    let folder = tempfile::tempdir().unwrap();
    // Without the shell's help the first write past the limit would be the signal that ends the process.
    let child = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "disk_full::child_on_a_full_disk", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.code().is_none() && !told.contains("panicked"), "did not reach its end: {told}");

    let persistence = Persistence::open(&crate::support::config(&folder)).unwrap();
    assert_eq!(persistence.messages().count_after(ROOM, MessageId::ZERO, 1_000).await.unwrap(), 200);
}
