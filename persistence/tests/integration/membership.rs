//! Joining, leaving, roles, the outbox and read marks.

use moim_persistence::{Error, Kind, Role, RoomId, UserId};
use moim_wire::MessageId;

use crate::arm::{Arm, on_each_arm};
use crate::support::{Stores, new_room};

async fn two_hundred_joins_at_once_lose_and_double_nothing(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let creator = stores.user("creator").await;
    let room = stores.room(&creator).await;
    let mut users = Vec::new();
    for number in 0..100 {
        users.push(stores.user(&format!("user{number}")).await.id);
    }
    // Each of a hundred joins twice at the same time.
    let joins: Vec<_> = users
        .iter()
        .chain(&users)
        .map(|&user| {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.join(user, room.id, None).await })
        })
        .collect();
    let mut numbers = Vec::new();
    let mut refused = 0;
    for join in joins {
        match join.await.unwrap() {
            Ok(change) => numbers.push(change.change),
            Err(Error::AlreadyMember { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<u32>>(), "dense, each once");
    assert_eq!(refused, 100);
    let loaded = rooms.load(room.id).await.unwrap();
    assert_eq!((loaded.last_change, loaded.members.len(), loaded.changes.len()), (100, 101, 100));
    assert!(loaded.changes.iter().zip(1..).all(|(change, number)| change.change == number));
    assert_eq!(rooms.get(room.id).await.unwrap().members, 101);
}

async fn a_private_room_takes_its_password_and_limits_the_guesses(arm: Arm) {
    let stores = Stores::open_with(arm, |config| config.login_failures_per_account_and_address_max = 2);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun, sora) = (stores.user("mina").await, stores.user("jun").await, stores.user("sora").await);
    let room = rooms.create(mina.id, new_room("private", Some("모임"))).await.unwrap().id;
    assert!(matches!(rooms.join(jun.id, room, None).await, Err(Error::WrongPassword)));
    rooms.join(sora.id, room, Some("\u{1106}\u{1169}\u{110b}\u{1175}\u{11b7}")).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(rooms.join(jun.id, room, Some("guess")).await, Err(Error::WrongPassword)));
    }
    assert!(matches!(rooms.join(jun.id, room, Some("모임")).await, Err(Error::TooManyAttempts { .. })));
    rooms.add(sora.id, room, jun.id).await.unwrap();
    assert!(matches!(rooms.join(jun.id, room, None).await, Err(Error::AlreadyMember { .. })));
}

async fn the_last_admin_hands_over_to_the_longest_standing_member(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, late, early) = (stores.user("mina").await, stores.user("late").await, stores.user("early").await);
    let room = stores.room(&mina).await.id;
    rooms.join(early.id, room, None).await.unwrap();
    rooms.join(late.id, room, None).await.unwrap();
    let change = rooms.leave(mina.id, room).await.unwrap();
    assert_eq!(rooms.role_of(room, early.id).await.unwrap(), Some(Role::Admin));
    assert_eq!(rooms.role_of(room, late.id).await.unwrap(), Some(Role::Member));
    let recorded = rooms.changes(room, 2).await.unwrap();
    let seen: Vec<_> = recorded.iter().map(|c| (c.change, c.kind, c.actor, c.subject, c.role)).collect();
    let expected = [
        (3, Kind::RoleChanged, mina.id, u64::from(early.id.0), Role::Admin),
        (4, Kind::MemberLeft, mina.id, u64::from(mina.id.0), Role::Member),
    ];
    assert_eq!((seen.as_slice(), change.change), (&expected[..], 4));
}

async fn who_comes_to_an_empty_room_is_its_admin(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let room = stores.room(&mina).await.id;
    rooms.leave(mina.id, room).await.unwrap();
    assert!(matches!(rooms.leave(mina.id, room).await, Err(Error::NotAMember { .. })));
    let change = rooms.join(jun.id, room, None).await.unwrap();
    assert_eq!(rooms.role_of(room, jun.id).await.unwrap(), Some(Role::Admin));
    let recorded = rooms.changes(room, change.change - 1).await.unwrap();
    assert_eq!((recorded[0].kind, recorded[0].role), (Kind::MemberJoined, Role::Admin));
}

async fn members_add_admins_remove_and_the_only_admin_stays_one(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun, sora) = (stores.user("mina").await, stores.user("jun").await, stores.user("sora").await);
    let room = stores.room(&mina).await.id;
    assert!(matches!(rooms.add(jun.id, room, sora.id).await, Err(Error::NotAMember { .. })));
    rooms.join(jun.id, room, None).await.unwrap();
    rooms.add(jun.id, room, sora.id).await.unwrap();
    assert!(matches!(rooms.remove(jun.id, room, sora.id).await, Err(Error::NotAllowed(_))));
    assert!(matches!(rooms.set_role(mina.id, room, mina.id, Role::Member).await, Err(Error::NotAllowed(_))));
    rooms.set_role(mina.id, room, jun.id, Role::Admin).await.unwrap();
    rooms.set_role(jun.id, room, mina.id, Role::Member).await.unwrap();
    let removed = rooms.remove(jun.id, room, mina.id).await.unwrap();
    let recorded = rooms.changes(room, removed.change - 1).await.unwrap();
    assert_eq!((recorded[0].kind, recorded[0].actor), (Kind::MemberRemoved, jun.id));
    assert!(!rooms.is_member(room, mina.id).await.unwrap());
    assert!(matches!(rooms.remove(jun.id, room, UserId(99)).await, Err(Error::NotAMember { .. })));
}

async fn who_left_stays_in_the_list_and_may_return(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let room = stores.room(&mina).await.id;
    rooms.join(jun.id, room, None).await.unwrap();
    rooms.set_read_marks(&[(room, jun.id, MessageId(7))]).await.unwrap();
    rooms.leave(jun.id, room).await.unwrap();
    let left = async || rooms.members(room, mina.id, 10).await.unwrap().remove(0);
    assert!(left().await.left);
    rooms.join(jun.id, room, None).await.unwrap();
    let back = left().await;
    assert_eq!((back.left, back.read_mark, back.name.as_str()), (false, MessageId(7), "jun"));
    assert_eq!(rooms.get(room).await.unwrap().members, 2);
}

async fn a_read_mark_never_goes_back(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let mina = stores.user("mina").await;
    let room = stores.room(&mina).await.id;
    let stranger = UserId(99);
    for (mark, expected) in [(5, 5), (3, 5), (9, 9)] {
        let marks = [(room, mina.id, MessageId(mark)), (room, stranger, MessageId(mark))];
        rooms.set_read_marks(&marks).await.unwrap();
        let entry = &rooms.of_user(mina.id, RoomId(0), 1).await.unwrap()[0];
        assert_eq!(entry.read_mark, MessageId(expected));
    }
    assert_eq!(rooms.load(room).await.unwrap().members, [(mina.id, Role::Admin, MessageId(9))]);

    let mut marks = Vec::new();
    for nth in 1..=23 {
        marks.push((stores.room(&mina).await.id, mina.id, MessageId(nth)));
    }
    rooms.set_read_marks(&marks).await.unwrap();
    let moved: Vec<_> = marks.iter().map(|&(room, user, mark)| (room, user, MessageId(24 - mark.0))).collect();
    rooms.set_read_marks(&moved).await.unwrap();
    for (room, user, mark) in marks {
        let expected = MessageId(mark.0.max(24 - mark.0));
        assert_eq!(rooms.load(room).await.unwrap().members, [(user, Role::Admin, expected)], "room {room}");
    }
}

async fn the_outbox_empties_as_its_changes_are_sequenced_and_numbers_go_on(arm: Arm) {
    let stores = Stores::open(arm);
    let rooms = stores.persistence.accounts().rooms();
    let (mina, jun) = (stores.user("mina").await, stores.user("jun").await);
    let (first, second) = (stores.room(&mina).await.id, stores.room(&mina).await.id);
    for room in [second, first] {
        rooms.join(jun.id, room, None).await.unwrap();
    }
    rooms.leave(jun.id, first).await.unwrap();
    assert_eq!(rooms.rooms_with_changes(10).await.unwrap(), [first, second]);
    rooms.changes_sequenced(&[(first, 1)]).await.unwrap();
    rooms.changes_sequenced(&[(first, 1)]).await.unwrap();
    assert_eq!(rooms.changes(first, 0).await.unwrap().len(), 1);
    rooms.changes_sequenced(&[(first, 2), (RoomId(99), 7)]).await.unwrap();
    assert_eq!(rooms.rooms_with_changes(10).await.unwrap(), [second]);
    assert_eq!(rooms.join(jun.id, first, None).await.unwrap().change, 3);
    assert!(matches!(rooms.load(RoomId(99)).await, Err(Error::NoSuchRoom(_))));
}

on_each_arm! {
    two_hundred_joins_at_once_lose_and_double_nothing,
    a_private_room_takes_its_password_and_limits_the_guesses,
    the_last_admin_hands_over_to_the_longest_standing_member,
    who_comes_to_an_empty_room_is_its_admin,
    members_add_admins_remove_and_the_only_admin_stays_one,
    who_left_stays_in_the_list_and_may_return,
    a_read_mark_never_goes_back,
    the_outbox_empties_as_its_changes_are_sequenced_and_numbers_go_on,
}
