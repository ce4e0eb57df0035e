//! What was said is found: soon, once, by whatever way the index came to have it, and no longer than it is there.

use std::time::Duration;

use bytes::Bytes;
use moim_persistence::{
    Batch, Config, Found, Keyword, Lane, MessageId, Persistence, RoomId, Search, SearchOrder, SearchQuery, SearchState,
    Stats,
};
use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{Encoder, Envelope, MessageFields};

use crate::arm::Arm;
use crate::message_arm::{MessageArm, on_each_message_arm};
use crate::support::{Stores, config};

/// A MESSAGE frame of a room.
fn message(room: RoomId, id: u64, kind: Kind, reference: u64, text: &str) -> Bytes {
    let head = MessageHead::new(id, 0, room.0, 1, 1, id as u32);
    let mut out = Vec::new();
    Encoder::new().message(
        &mut out,
        Envelope::default(),
        &MessageFields { head, text, reference, kind, role: Role::Member },
    );
    out.into()
}

fn said(room: RoomId, id: u64, text: &str) -> Bytes {
    message(room, id, Kind::Talk, 0, text)
}

fn query(keyword: &str, rooms: &[RoomId]) -> SearchQuery {
    SearchQuery {
        keyword: Keyword::parse(keyword).unwrap(),
        rooms: rooms.to_vec(),
        order: SearchOrder::Newest,
        before: MessageId::ZERO,
        limit: 20,
    }
}

fn ids(found: &Found) -> Vec<u64> {
    found.hits.iter().map(|hit| hit.id.0).collect()
}

/// Sends frames as a journal does and waits until the store has them.
async fn write(lane: &mut Lane, position: u64, frames: &[Bytes]) {
    lane.offer.send(Batch { frames: frames.concat().into(), position, generation: 0 }).await.unwrap();
    lane.confirmed.wait_for(|&confirmed| confirmed >= position).await.unwrap();
}

/// Waits until the index has what the store has.
async fn settled(persistence: &Persistence) -> Stats {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    loop {
        looks.tick().await;
        let stats = persistence.stats();
        let search = stats.search.unwrap();
        if search.state == SearchState::Ready && search.rooms_behind == 0 && search.lag_ms == 0 {
            return stats;
        }
    }
}

async fn find(persistence: &Persistence, query: &SearchQuery) -> Found {
    settled(persistence).await;
    persistence.search().unwrap().find(query).await.unwrap()
}

/// A room, which the accounts know as well.
async fn room(stores: &Stores) -> RoomId {
    let creator = stores.persistence.accounts().users().sign_up(crate::support::sign_up("anna")).await;
    let creator = match creator {
        Ok(creator) => creator.id,
        Err(_) => moim_persistence::UserId(1),
    };
    let new = crate::support::new_room("a room", None);
    stores.persistence.accounts().rooms().create(creator, new).await.unwrap().id
}

async fn what_the_store_has_is_found_once_and_withdrawn_it_is_not(arm: MessageArm) {
    let mut stores = arm.open().await;
    let mut lane = stores.persistence().write_behind(0);
    let talk = [said(RoomId(1), 10, "등산모임 회비 보냈어요"), said(RoomId(1), 11, "회비 확인했습니다")];
    write(&mut lane, 1, &talk).await;
    // As a journal does after a crash between the store's sync and its confirmation.
    write(&mut lane, 2, &talk).await;
    write(&mut lane, 3, &[said(RoomId(2), 12, "회비가 뭐예요")]).await;
    assert_eq!(ids(&find(stores.persistence(), &query("회비", &[RoomId(1)])).await), [11, 10]);
    assert_eq!(ids(&find(stores.persistence(), &query("회비", &[RoomId(1), RoomId(2)])).await), [12, 11, 10]);
    let found = find(stores.persistence(), &query("산모", &[RoomId(1)])).await;
    assert_eq!(found.hits[0].highlights, [(1, 3)]);
    assert_eq!(found.hits[0].frame, talk[0]);
    assert!(find(stores.persistence(), &query("회비", &[RoomId(3)])).await.hits.is_empty());

    write(&mut lane, 4, &[message(RoomId(1), 13, Kind::Delete, 10, "")]).await;
    assert_eq!(ids(&find(stores.persistence(), &query("회비", &[RoomId(1)])).await), [11]);
    assert_eq!(settled(stores.persistence()).await.search.unwrap().messages, 2, "it has left the index as well");
    drop(lane);
    stores.reopen();
    assert_eq!(ids(&find(stores.persistence(), &query("회비", &[RoomId(1), RoomId(2)])).await), [12, 11]);
    assert_eq!(settled(stores.persistence()).await.search.unwrap().added_total, 0, "none of it was indexed again");
}

#[tokio::test]
async fn pages_of_all_rooms_together_have_every_hit_once() {
    let stores = Stores::open(Arm::Sqlite);
    let mut lane = stores.persistence.write_behind(0);
    let rooms: Vec<RoomId> = (1..=7).map(RoomId).collect();
    // Rooms share ids, as they do where people talk within the same millisecond.
    let all: Vec<(u64, RoomId)> = (1..=60).flat_map(|id| rooms.iter().map(move |&room| (id, room))).collect();
    let frames: Vec<Bytes> = all.iter().map(|&(id, room)| said(room, id, "내일 모여요")).collect();
    write(&mut lane, 1, &frames).await;
    let mut wanted = SearchQuery { limit: 10, ..query("모여", &rooms) };
    let mut seen = Vec::new();
    loop {
        let found = find(&stores.persistence, &wanted).await;
        assert!(found.hits.len() >= 10 || found.next.is_none());
        seen.extend(found.hits.iter().map(|hit| (hit.id.0, hit.room)));
        let Some(next) = found.next else { break };
        wanted.before = next;
    }
    assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0), "newest first");
    seen.sort_unstable();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn the_best_are_those_where_it_is_a_word() {
    let stores = Stores::open(Arm::Sqlite);
    let mut lane = stores.persistence.write_behind(0);
    let texts = ["회비", "회비를 냈어요", "등산회비 안내", "회비, 오늘까지"];
    let frames: Vec<Bytes> = (1..).zip(texts).map(|(id, text)| said(RoomId(1), id, text)).collect();
    write(&mut lane, 1, &frames).await;
    let best = SearchQuery { order: SearchOrder::Best, ..query("회비", &[RoomId(1)]) };
    assert_eq!(ids(&find(&stores.persistence, &best).await), [4, 1, 2, 3]);
}

#[tokio::test]
async fn candidates_that_the_keyword_is_not_in_are_left_out_and_do_not_end_the_search() {
    let stores = Stores::open(Arm::Sqlite);
    let mut lane = stores.persistence.write_behind(0);
    // All pairs of the keyword, but not it: more of them than one window of candidates takes.
    let mut frames = vec![said(RoomId(1), 1, "가나다라")];
    frames.extend((2..=700).map(|id| said(RoomId(1), id, "가나 나다 다라")));
    write(&mut lane, 1, &frames).await;
    assert_eq!(ids(&find(&stores.persistence, &query("가나다라", &[RoomId(1)])).await), [1]);
}

#[tokio::test]
async fn a_deleted_room_leaves_the_index() {
    let stores = Stores::open(Arm::Sqlite);
    let mut lane = stores.persistence.write_behind(0);
    write(&mut lane, 1, &[said(RoomId(1), 1, "모임"), said(RoomId(2), 1, "모임")]).await;
    write(&mut lane, 2, &[message(RoomId(1), 2, Kind::RoomDeleted, 0, "")]).await;
    let found = find(&stores.persistence, &query("모임", &[RoomId(1), RoomId(2)])).await;
    assert_eq!(found.hits.iter().map(|hit| hit.room).collect::<Vec<_>>(), [RoomId(2)]);
    assert_eq!(stores.persistence.stats().search.unwrap().messages, 1);
}

#[tokio::test]
async fn what_does_not_fit_in_the_queue_is_read_from_the_store() {
    let stores = Stores::open_with(Arm::Sqlite, |config| config.search_queue_bytes_max = 200);
    let room = room(&stores).await;
    let mut lane = stores.persistence.write_behind(0);
    for (position, first) in (1..).zip((0..300).step_by(50)) {
        let many: Vec<Bytes> = (first + 1..first + 50).map(|id| said(room, id, "회비 보냈어요")).collect();
        write(&mut lane, 2 * position, &many).await;
        // Fits, and comes after what did not.
        write(&mut lane, 2 * position + 1, &[said(room, first + 50, "회비 확인")]).await;
    }
    let found = find(&stores.persistence, &SearchQuery { limit: 1_000, ..query("회비", &[room]) }).await;
    let search = settled(&stores.persistence).await.search.unwrap();
    assert!(search.overflows_total >= 6, "{search:?}");
    assert_eq!((search.added_total, search.messages), (300, 300), "each once");
    assert_eq!(ids(&found), (1..=300).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_stored_while_search_was_off_is_found_when_it_is_on_again() {
    let stores = Stores::open(Arm::Sqlite);
    let room = room(&stores).await;
    let mut lane = stores.persistence.write_behind(0);
    write(&mut lane, 1, &[said(room, 1, "첫째 모임")]).await;
    drop(lane);
    let Stores { persistence, place, folder } = stores;
    persistence.close().unwrap();
    let off = Persistence::open(&Config { search: false, ..config(&folder) }).unwrap();
    assert!(off.search().is_none() && off.stats().search.is_none());
    let mut lane = off.write_behind(0);
    write(&mut lane, 1, &[said(room, 2, "둘째 모임")]).await;
    drop(lane);
    off.close().unwrap();
    let stores = Stores { persistence: Persistence::open(&config(&folder)).unwrap(), place, folder };
    assert_eq!(ids(&find(&stores.persistence, &query("모임", &[room])).await), [2, 1]);
    assert_eq!(stores.persistence.stats().search.unwrap().messages, 2, "the first is there once");
}

/// Messages of some rooms, of which one is withdrawn, and what is found of them.
async fn talk(stores: &Stores) -> Vec<RoomId> {
    let mut lane = stores.persistence.write_behind(0);
    let rooms = [room(stores).await, room(stores).await, room(stores).await];
    let mut frames = Vec::new();
    for id in 1..=400 {
        frames.push(said(rooms[id as usize % 3], id, &format!("모임 {id}번째 이야기")));
    }
    frames.push(message(rooms[1], 500, Kind::Delete, 1, ""));
    for (position, frames) in (1..).zip(frames.chunks(37)) {
        write(&mut lane, position, frames).await;
    }
    rooms.to_vec()
}

async fn all_of(persistence: &Persistence, rooms: &[RoomId]) -> Found {
    find(persistence, &SearchQuery { limit: 1_000, ..query("모임", rooms) }).await
}

#[tokio::test]
async fn a_rebuilt_index_is_as_the_one_that_was_kept() {
    let stores = Stores::open(Arm::Sqlite);
    let rooms = talk(&stores).await;
    let kept = all_of(&stores.persistence, &rooms).await;
    assert_eq!(kept.hits.len(), 399);
    let Stores { persistence, place, folder } = stores;
    // A server that runs has the folder.
    let refused = Persistence::rebuild_search(&config(&folder), |_| {}).unwrap_err();
    assert!(matches!(refused, moim_persistence::Error::Locked(_)), "{refused}");
    persistence.close().unwrap();
    let mut told = 0;
    let config = config(&folder);
    let built = tokio::task::spawn_blocking(move || {
        Persistence::rebuild_search(&config, |_| told += 1).map(|built| (built, told))
    });
    let (built, told) = built.await.unwrap().unwrap();
    assert!(built.messages == 399 && told > 0, "{built:?}, told {told} times");
    let stores = Stores { persistence: Persistence::open(&crate::support::config(&folder)).unwrap(), place, folder };
    assert_eq!(all_of(&stores.persistence, &rooms).await, kept);
    assert_eq!(stores.persistence.stats().search.unwrap().added_total, 0, "the rebuilt one was complete");
}

#[tokio::test]
async fn a_damaged_index_is_set_aside_and_built_anew() {
    let mut stores = Stores::open(Arm::Sqlite);
    let rooms = talk(&stores).await;
    let kept = all_of(&stores.persistence, &rooms).await;
    for damage in ["a byte of a segment", "the list of segments", "a segment that is gone"] {
        let Stores { persistence, place, folder } = stores;
        persistence.close().unwrap();
        let index = folder.path().join("search");
        let segment = std::fs::read_dir(&index).unwrap().map(|file| file.unwrap().path());
        let segment = segment.filter(|path| path.extension().is_some_and(|kind| kind == "idx")).max().unwrap();
        match damage {
            "a byte of a segment" => {
                let mut bytes = std::fs::read(&segment).unwrap();
                bytes[3] ^= 1;
                std::fs::write(&segment, bytes).unwrap();
            }
            "the list of segments" => std::fs::write(index.join("meta.json"), "{").unwrap(),
            _ => std::fs::remove_file(&segment).unwrap(),
        }
        stores = Stores { persistence: Persistence::open(&config(&folder)).unwrap(), place, folder };
        assert_eq!(all_of(&stores.persistence, &rooms).await, kept, "{damage}");
        assert!(stores.folder.path().join("search.damaged").exists(), "{damage}");
        let search = stores.persistence.stats().search.unwrap();
        assert_eq!((search.added_total, search.failures_total), (399, 0), "{damage}");
    }
}

#[tokio::test]
async fn an_index_that_cannot_be_opened_stops_no_message_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder of the index should be.
    std::fs::write(folder.path().join("search"), "not a folder").unwrap();
    let persistence = Persistence::open(&config(&folder)).unwrap();
    let mut lane = persistence.write_behind(0);
    write(&mut lane, 1, &[said(RoomId(1), 1, "모임")]).await;
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    while persistence.stats().search.unwrap().state != SearchState::Failed {
        looks.tick().await;
    }
    let refused = persistence.search().unwrap().find(&query("모임", &[RoomId(1)])).await.unwrap_err();
    assert!(matches!(refused, moim_persistence::Error::Unavailable(_)), "{refused}");
    std::fs::remove_file(folder.path().join("search")).unwrap();
    assert_eq!(ids(&find(&persistence, &query("모임", &[RoomId(1)])).await), [1]);
    let _: &Search = persistence.search().unwrap();
    drop(lane);
    tokio::task::spawn_blocking(move || persistence.close()).await.unwrap().unwrap();
}

on_each_message_arm!(what_the_store_has_is_found_once_and_withdrawn_it_is_not);
