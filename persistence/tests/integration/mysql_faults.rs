//! A database that is killed, frozen, absent or in the way of its own transactions.

use std::time::Duration;

use moim_persistence::{Config, Error, Persistence, RequestKey, RoomId, User, UserId};
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection, Row};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::mariadb::{MariaDb, free_port, url};
use crate::support::{config, new_room, sign_up};
use crate::wire_cut::{Cut, Wire};

/// Longer than a MariaDB takes to start on a machine that does other things too.
const PATIENT: Duration = Duration::from_secs(60);
/// Longer than it takes to answer there, and short enough to be waited out.
const BRIEF: Duration = Duration::from_secs(5);

fn open(folder: &TempDir, url: &str, wait: Duration) -> Persistence {
    Persistence::open(&Config { accounts: url.into(), store_wait: wait, ..config(folder) }).unwrap()
}

async fn person(persistence: &Persistence, name: &str) -> User {
    persistence.accounts().users().sign_up(sign_up(name)).await.unwrap()
}

/// A room of `creator` and as many people who are not in it.
async fn room_and_people(persistence: &Persistence, people: usize) -> (RoomId, Vec<UserId>) {
    let creator = person(persistence, "creator").await;
    let room = persistence.accounts().rooms().create(creator.id, new_room("a room", None)).await.unwrap();
    let mut users = Vec::new();
    for number in 0..people {
        users.push(person(persistence, &format!("user{number}")).await.id);
    }
    (room.id, users)
}

fn join(persistence: &Persistence, user: UserId, room: RoomId) -> JoinHandle<Result<u32, Error>> {
    let rooms = persistence.accounts().rooms();
    tokio::spawn(async move { rooms.join(user, room, None).await.map(|joined| joined.change) })
}

/// Each of `people` came into the room once, under numbers without a gap.
async fn each_is_a_member_once(persistence: &Persistence, room: RoomId, people: &[UserId]) {
    let loaded = persistence.accounts().rooms().load(room).await.unwrap();
    let mut joined: Vec<u64> = loaded.changes.iter().map(|change| change.subject).collect();
    joined.sort_unstable();
    assert_eq!(joined, people.iter().map(|user| u64::from(user.0)).collect::<Vec<_>>());
    assert!(loaded.changes.iter().zip(1..).all(|(change, number)| change.change == number));
    assert_eq!((loaded.last_change as usize, loaded.members.len()), (people.len(), people.len() + 1));
    assert_eq!(persistence.accounts().rooms().get(room).await.unwrap().members as usize, people.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_killed_in_the_middle_of_member_changes() {
    let Some(mut server) = MariaDb::start("mysql_killed_in_the_middle_of_member_changes") else { return };
    let folder = tempfile::tempdir().unwrap();
    let persistence = open(&folder, &server.url(), PATIENT);
    let (room, people) = room_and_people(&persistence, 60).await;
    let mut joins: Vec<_> = people.iter().map(|&user| join(&persistence, user, room)).collect();
    // Some are done, some under way, some wait for a connection.
    joins.remove(0).await.unwrap().unwrap();
    tokio::task::block_in_place(|| {
        server.kill();
        server.start_again();
    });
    for join in joins {
        // Run again where it was not done, and told of its success where it was.
        join.await.unwrap().unwrap();
    }
    each_is_a_member_once(&persistence, room, &people).await;
    assert!(persistence.stats().accounts.lost_total > 0);
    persistence.close().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_killed_for_longer_than_anyone_waits_is_told_as_retryable_and_found_again() {
    let Some(mut server) = MariaDb::start("mysql_killed_for_longer_than_anyone_waits") else { return };
    let folder = tempfile::tempdir().unwrap();
    let persistence = open(&folder, &server.url(), BRIEF);
    let (room, people) = room_and_people(&persistence, 2).await;
    tokio::task::block_in_place(|| server.kill());
    let joins: Vec<_> = people.iter().map(|&user| join(&persistence, user, room)).collect();
    for join in joins {
        let refused = join.await.unwrap().unwrap_err();
        assert!(matches!(refused, Error::Unavailable(_)) && refused.retry_after_ms() > 0, "{refused:?}");
    }
    tokio::task::block_in_place(|| server.start_again());
    for &user in &people {
        while let Err(error) = join(&persistence, user, room).await.unwrap() {
            assert!(matches!(error, Error::Unavailable(_)), "{error}");
        }
    }
    each_is_a_member_once(&persistence, room, &people).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_restarted_while_nobody_asks_is_not_noticed() {
    let Some(mut server) = MariaDb::start("mysql_restarted_while_nobody_asks") else { return };
    let folder = tempfile::tempdir().unwrap();
    let persistence = open(&folder, &server.url(), PATIENT);
    let (room, people) = room_and_people(&persistence, 3).await;
    tokio::task::block_in_place(|| {
        server.kill();
        server.start_again();
    });
    for &user in &people {
        join(&persistence, user, room).await.unwrap().unwrap();
    }
    each_is_a_member_once(&persistence, room, &people).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_frozen_is_an_error_and_no_hang_and_what_it_wakes_up_to_is_not_done_twice() {
    let Some(server) = MariaDb::start("mysql_frozen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let persistence = open(&folder, &server.url(), BRIEF);
    let (room, people) = room_and_people(&persistence, 5).await;
    server.freeze();
    let joins: Vec<_> = people.iter().map(|&user| join(&persistence, user, room)).collect();
    for join in joins {
        let refused = join.await.unwrap().unwrap_err();
        assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
    }
    server.thaw();
    for &user in &people {
        loop {
            match join(&persistence, user, room).await.unwrap() {
                Ok(_) | Err(Error::AlreadyMember { .. }) => break,
                Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error}"),
            }
        }
    }
    each_is_a_member_once(&persistence, room, &people).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_a_batch_that_fails_are_all_told_why() {
    let Some(server) = MariaDb::start("payments_of_a_batch_that_fails") else { return };
    let folder = tempfile::tempdir().unwrap();
    let persistence = open(&folder, &server.url(), BRIEF);
    let (ledger, mina) = (persistence.accounts().ledger(), person(&persistence, "mina").await.id);
    ledger.open_wallet(mina, "wallet secret").await.unwrap();
    let puts = |count: usize| -> Vec<_> {
        let put = |_| {
            let (ledger, key) = (ledger.clone(), RequestKey::drawn().unwrap());
            tokio::spawn(async move { ledger.top_up(mina, key, 10).await })
        };
        (0..count).map(put).collect()
    };
    for put in puts(3) {
        put.await.unwrap().unwrap();
    }
    server.freeze();
    for put in puts(12) {
        let refused = put.await.unwrap().unwrap_err();
        assert!(matches!(&refused, Error::Unavailable(text) if !text.contains("closed")), "{refused}");
    }
    server.thaw();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_after_the_commit_is_noticed_and_nothing_happens_twice() {
    let Some(server) = MariaDb::start("an_answer_lost_after_the_commit") else { return };
    for (cut, lost_with) in [(Cut::BeforeAnswer, "done"), (Cut::BeforeCommit, "undone")] {
        let folder = tempfile::tempdir().unwrap();
        let wire = Wire::to(server.address(), cut).await;
        let persistence = open(&folder, &url(wire.address), PATIENT);
        let mina = person(&persistence, lost_with).await;
        wire.cut(3);
        let rooms = persistence.accounts().rooms();
        for name in ["first", "second", "third"] {
            let room = rooms.create(mina.id, new_room(name, None)).await.unwrap();
            assert_eq!(rooms.get(room.id).await.unwrap().name, name, "the id told is the one that was given");
        }
        assert_eq!(wire.cuts_left(), 0);
        let names: Vec<_> = rooms.of_user(mina.id, RoomId(0), 10).await.unwrap();
        assert_eq!(names.iter().map(|room| &*room.room.name).collect::<Vec<_>>(), ["first", "second", "third"]);
        assert_eq!(persistence.stats().accounts.lost_total, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_never_answered_is_told_as_not_known() {
    let Some(server) = MariaDb::start("a_commit_that_is_never_answered") else { return };
    let folder = tempfile::tempdir().unwrap();
    let wire = Wire::to(server.address(), Cut::BeforeCommit).await;
    let persistence = open(&folder, &url(wire.address), BRIEF);
    let mina = person(&persistence, "mina").await;
    wire.cut(u32::MAX);
    let refused = persistence.accounts().rooms().create(mina.id, new_room("a room", None)).await.unwrap_err();
    assert!(matches!(&refused, Error::OutcomeUnknown(told) if told.contains("not known")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_makes_way_and_runs_again() {
    let Some(server) = MariaDb::start("a_deadlock_makes_way_and_runs_again") else { return };
    let folder = tempfile::tempdir().unwrap();
    let persistence = open(&folder, &server.url(), PATIENT);
    let (room, people) = room_and_people(&persistence, 20).await;
    let mut other = MySqlConnection::connect(&server.url()).await.unwrap();
    // It has the person whom the join needs, and more work to undo: the join will be the one that makes way.
    for sql in ["START TRANSACTION", "UPDATE users SET name = CONCAT(name, '.')"] {
        other.execute(sql).await.unwrap();
    }
    let joining = join(&persistence, people[0], room);
    wait_for_a_waiting_transaction(&server).await;
    other.execute(AssertSqlSafe(format!("UPDATE rooms SET name = 'other' WHERE room_id = {room}"))).await.unwrap();
    other.execute("COMMIT").await.unwrap();
    assert_eq!(joining.await.unwrap().unwrap(), 1);
    assert!(persistence.stats().accounts.conflicts_total > 0);
    let joined = persistence.accounts().rooms().changes(room, 0).await.unwrap();
    assert_eq!((joined.len(), &*joined[0].text), (1, "user0."), "the second run read anew");
}

async fn wait_for_a_waiting_transaction(server: &MariaDb) {
    let mut watcher = MySqlConnection::connect(&server.url()).await.unwrap();
    let waiting = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    // The server looks anew only where nobody has looked for a tenth of a second.
    let mut looks = tokio::time::interval(Duration::from_millis(150));
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if watcher.fetch_one(waiting).await.unwrap().get::<i64, _>(0) > 0 {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_a_connection_are_told_busy_and_do_not_hang() {
    let Some(server) = MariaDb::start("requests_without_a_connection_are_told_busy") else { return };
    let folder = tempfile::tempdir().unwrap();
    let accounts = server.url().as_str().into();
    // Without search, which asks for the rooms as well: all requests are counted.
    let few = Config { accounts, connections: 2, store_wait: BRIEF, search: false, ..config(&folder) };
    let persistence = Persistence::open(&few).unwrap();
    let (room, people) = room_and_people(&persistence, 20).await;
    let mut other = MySqlConnection::connect(&server.url()).await.unwrap();
    for sql in ["START TRANSACTION", "SELECT room_id FROM rooms FOR UPDATE"] {
        other.execute(sql).await.unwrap();
    }
    let joins: Vec<_> = people.iter().map(|&user| join(&persistence, user, room)).collect();
    let mut busy = 0;
    for join in joins {
        match join.await.unwrap() {
            Err(Error::Busy { limit: 2, .. }) => busy += 1,
            refused => assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}"),
        }
    }
    assert_eq!(persistence.stats().accounts.busy_total, busy);
    assert!(busy > 0);
    other.execute("ROLLBACK").await.unwrap();
    for &user in &people {
        join(&persistence, user, room).await.unwrap().unwrap();
    }
    each_is_a_member_once(&persistence, room, &people).await;
}

#[test]
fn mysql_absent_at_start_is_told_with_its_address_and_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let absent = format!("mysql://moim:geheim@127.0.0.1:{port}/moim");
    let refused = Persistence::open(&Config { accounts: absent.into(), ..config(&folder) }).err().unwrap();
    let told = refused.to_string();
    assert!(matches!(refused, Error::Unavailable(_)) && told.contains(&port.to_string()), "{told}");
    assert!(!told.contains("geheim") && !format!("{refused:?}").contains("geheim"), "{told}");
}

#[test]
fn a_wrong_password_and_an_unknown_database_are_told_at_the_start() {
    let Some(server) = MariaDb::start("a_wrong_password_and_an_unknown_database") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (wrong, expected) in [("moim:geheim@", "user and password"), ("nobody@", "user and password")] {
        told_at_the_start(&folder, &server.url().replace("moim:moim-test@", wrong), expected);
    }
    told_at_the_start(&folder, &format!("mysql://moim:moim-test@{}/other", server.address()), "no such database");
    told_at_the_start(&folder, &format!("mysql://moim:geheim@{}", server.address()), "names no database");
}

fn told_at_the_start(folder: &TempDir, url: &str, expected: &str) {
    let refused = Persistence::open(&Config { accounts: url.into(), ..config(folder) }).err().unwrap();
    let told = refused.to_string();
    assert!(matches!(refused, Error::Setting { setting: "accounts", .. }), "{told}");
    assert!(told.contains(expected) && !told.contains("geheim"), "{told}");
}
