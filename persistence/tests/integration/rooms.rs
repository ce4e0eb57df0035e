//! Rooms: created, found, changed, deleted.

use moim_persistence::{Error, Kind, Role, RoomId, UserId};

use crate::arm::{Arm, on_each_arm};
use crate::support::{Stores, new_room};

async fn a_new_room_has_its_creator_as_admin_and_no_change(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let mina = stores.user("mina").await;
    let room = rooms.create(mina.id, new_room(" 모임 ", Some("secret"))).await.unwrap();
    assert_eq!((room.name.as_str(), room.private, room.members), ("모임", true, 1));
    assert_eq!((room.creator, room.creator_name.as_str()), (mina.id, "mina"));
    assert_eq!(rooms.get(room.id).await.unwrap(), room);
    assert_eq!(rooms.role_of(room.id, mina.id).await.unwrap(), Some(Role::Admin));
    let loaded = rooms.load(room.id).await.unwrap();
    assert_eq!((loaded.last_change, loaded.deleted, loaded.changes.len()), (0, false, 0));
    assert!(matches!(rooms.create(UserId(99), new_room("x", None)).await, Err(Error::NoSuchUser(_))));
    let nameless = rooms.create(mina.id, new_room("", None)).await;
    assert!(matches!(nameless, Err(Error::InvalidField { field: "channelName", .. })));
    let unguarded = rooms.create(mina.id, new_room("x", Some(""))).await;
    assert!(matches!(unguarded, Err(Error::InvalidField { field: "channelPassword", .. })));
}

async fn a_users_rooms_come_in_pages(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let mina = stores.user("mina").await;
    let mut created = Vec::new();
    for _ in 0..5 {
        created.push(stores.room(&mina).await);
    }
    let mut after = RoomId(0);
    let mut seen = Vec::new();
    loop {
        let page = rooms.of_user(mina.id, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.room.id;
        assert!(page.len() <= 2 && page.iter().all(|entry| entry.role == Role::Admin));
        seen.extend(page.into_iter().map(|entry| entry.room));
    }
    assert_eq!(seen, created);
}

async fn a_search_finds_any_case_and_takes_signs_literally(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let mina = stores.user("mina").await;
    for name in ["Café 100%", "CAFÉ club", "한강 러닝", "100 things"] {
        rooms.create(mina.id, new_room(name, None)).await.unwrap();
    }
    let found = async |keyword: &str| -> Vec<String> {
        rooms.search(keyword, 10).await.unwrap().into_iter().map(|room| room.name).collect()
    };
    assert_eq!(found("cafÉ").await, ["Café 100%", "CAFÉ club"]);
    assert_eq!(found("0%").await, ["Café 100%"]);
    assert_eq!(found("러닝").await, ["한강 러닝"]);
    assert!(found("_").await.is_empty());
    assert_eq!(rooms.search("0", 1).await.unwrap().len(), 1);
    assert!(matches!(rooms.search("  ", 10).await, Err(Error::InvalidField { field: "keyword", .. })));
}

async fn only_an_admin_changes_a_room(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun, stranger) = (stores.user("mina").await, stores.user("jun").await, stores.user("stranger").await);
    let room = stores.room(&mina).await;
    rooms.join(jun.id, room.id, None).await.unwrap();
    assert!(matches!(rooms.change(jun.id, room.id, "x", "").await, Err(Error::NotAllowed(_))));
    assert!(matches!(rooms.change(stranger.id, room.id, "x", "").await, Err(Error::NotAMember { .. })));
    assert!(matches!(rooms.change(mina.id, RoomId(99), "x", "").await, Err(Error::NoSuchRoom(RoomId(99)))));
    let change = rooms.change(mina.id, room.id, "renamed", "").await.unwrap();
    assert_eq!(rooms.get(room.id).await.unwrap().name, "renamed");
    let recorded = rooms.changes(room.id, change.change - 1).await.unwrap();
    assert_eq!((recorded[0].kind, recorded[0].text.as_str()), (Kind::RoomChanged, "renamed"));
}

async fn a_deleted_room_has_no_members_and_is_found_by_its_owner_alone(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let room = stores.room(&mina).await;
    rooms.join(jun.id, room.id, None).await.unwrap();
    assert!(matches!(rooms.delete(jun.id, room.id).await, Err(Error::NotAllowed(_))));
    let change = rooms.delete(mina.id, room.id).await.unwrap();
    assert!(matches!(rooms.get(room.id).await, Err(Error::NoSuchRoom(_))));
    assert!(matches!(rooms.join(jun.id, room.id, None).await, Err(Error::NoSuchRoom(_))));
    assert!(rooms.of_user(mina.id, RoomId(0), 10).await.unwrap().is_empty());
    assert!(rooms.search("room", 10).await.unwrap().is_empty());
    let loaded = rooms.load(room.id).await.unwrap();
    assert!(loaded.deleted && loaded.members.is_empty());
    assert_eq!(loaded.changes.last().map(|last| (last.change, last.kind)), Some((change.change, Kind::RoomDeleted)));
}

on_each_arm! {
    a_new_room_has_its_creator_as_admin_and_no_change,
    a_users_rooms_come_in_pages,
    a_search_finds_any_case_and_takes_signs_literally,
    only_an_admin_changes_a_room,
    a_deleted_room_has_no_members_and_is_found_by_its_owner_alone,
}
