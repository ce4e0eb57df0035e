//! A disk without space.

use std::time::Duration;

use moim_wire::{ErrorCode, MessageId, Opcode, RoomId, schema};

use crate::support::{Options, Peer, Received, Scene, Server, SmallDisk, page};

const SEGMENT_BYTES: u64 = 1 << 20;

fn options(disk: &SmallDisk) -> Options {
    let mut options = Options { shards: 1, segment_bytes: SEGMENT_BYTES, ..Options::default() };
    options.limits.batch_bytes_max = 128 * 1024;
    options.journal = Some(disk.path().join("journal"));
    options
}

fn text(sequence: u32) -> String {
    format!("{sequence} {}", "x".repeat(3_900))
}

/// Somebody who sends and keeps account.
struct Account {
    peer: Peer,
    room: RoomId,
    sequence: u32,
    /// Sends without an answer, by request.
    open: std::collections::BTreeMap<u32, u32>,
    acknowledged: Vec<(MessageId, u32)>,
}

impl Account {
    fn new(peer: Peer, room: RoomId) -> Self {
        Self { peer, room, sequence: 0, open: Default::default(), acknowledged: Vec::new() }
    }

    fn send(&mut self) {
        self.sequence += 1;
        let request = self.peer.send(0, self.room, self.sequence, &text(self.sequence));
        self.open.insert(request, self.sequence);
    }

    /// Takes the next answer; whether it said that the disk is full.
    fn take_answer(&mut self) -> bool {
        let received = self.peer.next().expect("the server lives");
        self.take(&received)
    }

    fn take(&mut self, answer: &Received) -> bool {
        let Some(sequence) = self.open.remove(&answer.request) else { return false };
        match answer.opcode {
            Opcode::Ack => {
                self.acknowledged.push((MessageId(answer.body::<schema::Ack<'_>>().id()), sequence));
                false
            }
            Opcode::Busy => false,
            _ => {
                assert_eq!(answer.error_code(), Some(ErrorCode::StorageFull));
                assert!(answer.body::<schema::Error<'_>>().retry_after_ms() > 0);
                true
            }
        }
    }

    /// Sends until sends are refused. What is on its way to the disk when that is full is answered when there is space.
    fn until_full(&mut self, server: &Server) {
        loop {
            if server.stat(|stats| stats.storage_full) == 1 && self.ask_once() {
                return;
            }
            if self.open.len() < 16 {
                self.send();
            }
            if let Some(received) = self.peer.next_within(Duration::from_millis(5)) {
                self.take(&received);
            }
        }
    }

    /// Sends and waits for the answer to just that; whether it was that the disk is full.
    fn ask_once(&mut self) -> bool {
        self.send();
        let last = self.sequence;
        let mut is_full = false;
        while self.open.values().any(|&sequence| sequence == last) {
            is_full = self.take_answer();
        }
        is_full
    }

    /// Sends, refused as often as it may be, until something is acknowledged that was sent from here on.
    fn until_acknowledged(&mut self) {
        let from = self.sequence;
        loop {
            self.ask_once();
            if self.acknowledged.last().is_some_and(|&(_, sequence)| sequence > from) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    fn until_all_answered(&mut self) {
        while !self.open.is_empty() {
            self.take_answer();
        }
    }

    /// Everything acknowledged is in the history, once.
    fn assert_all_there(&self, peer: &mut Peer) {
        let mut stored: Vec<(MessageId, String)> = Vec::new();
        loop {
            let request = peer.history(self.room, stored.last().map_or(MessageId(1), |&(id, _)| id), 200);
            let answer = peer.answer(request);
            stored.extend(page(&answer));
            if !answer.body::<schema::HistoryPage<'_>>().more() {
                break;
            }
        }
        for &(id, sequence) in &self.acknowledged {
            let found: Vec<_> = stored.iter().filter(|(_, stored)| *stored == text(sequence)).collect();
            assert!(matches!(found[..], [(found, _)] if *found == id), "{sequence} is there {} times", found.len());
        }
    }
}

#[test]
fn on_a_full_disk_sends_are_refused_until_there_is_space_and_nothing_acknowledged_is_lost() {
    const NAME: &str =
        "disk_full::on_a_full_disk_sends_are_refused_until_there_is_space_and_nothing_acknowledged_is_lost";
    SmallDisk::with(8, NAME, |disk| {
        let scene = Scene::new(&options(disk));
        let mut account = Account::new(scene.session(&scene.anna), scene.room);
        account.until_acknowledged();
        let filler = disk.fill_but(0);
        account.until_full(&scene.server);
        let mut ben = scene.session(&scene.ben);
        account.assert_all_there(&mut ben);
        ben.follow(0, scene.room);
        assert!(scene.server.stat(|stats| stats.journal_faults) > 0);
        drop(filler);
        account.until_acknowledged();
        account.until_all_answered();
        scene.server.until("well again", |shards| shards[0].storage_full == 0);
        scene.assert_talks();
        let Scene { server, data, anna, .. } = scene;
        server.stop();
        let server = Server::start(data.path(), &options(disk));
        account.assert_all_there(&mut server.session(&anna.token, 1));
        server.stop();
    });
}

#[test]
fn a_journal_that_fills_its_own_disk_goes_on_as_the_store_catches_up() {
    const NAME: &str = "disk_full::a_journal_that_fills_its_own_disk_goes_on_as_the_store_catches_up";
    SmallDisk::with(4, NAME, |disk| {
        let scene = Scene::new(&options(disk));
        let mut account = Account::new(scene.session(&scene.anna), scene.room);
        account.until_full(&scene.server);
        account.until_acknowledged();
        account.until_all_answered();
        account.assert_all_there(&mut scene.session(&scene.ben));
        scene.end();
    });
}

#[test]
fn below_the_reserve_sends_are_refused_before_the_disk_is_full() {
    const NAME: &str = "disk_full::below_the_reserve_sends_are_refused_before_the_disk_is_full";
    SmallDisk::with(8, NAME, |disk| {
        let options = Options { disk_reserve_bytes: 4 << 20, ..options(disk) };
        let filler = disk.fill_but(3 << 20);
        let scene = Scene::new(&options);
        let mut account = Account::new(scene.session(&scene.anna), scene.room);
        assert!(account.ask_once(), "from the first send on");
        drop(filler);
        account.until_acknowledged();
        let filler = disk.fill_but(3 << 20);
        scene.server.until("low", |shards| shards[0].storage_full == 1);
        assert!(account.ask_once());
        assert_eq!(scene.server.stat(|stats| stats.journal_faults), 0, "the disk was never full");
        account.until_all_answered();
        account.assert_all_there(&mut scene.session(&scene.ben));
        drop(filler);
        account.until_acknowledged();
        scene.end();
    });
}

#[test]
fn a_stop_on_a_full_disk_keeps_what_was_acknowledged() {
    const NAME: &str = "disk_full::a_stop_on_a_full_disk_keeps_what_was_acknowledged";
    SmallDisk::with(8, NAME, |disk| {
        let scene = Scene::new(&options(disk));
        let mut account = Account::new(scene.session(&scene.anna), scene.room);
        account.until_acknowledged();
        let filler = disk.fill_but(0);
        account.until_full(&scene.server);
        let Scene { server, data, anna, .. } = scene;
        server.stop();
        while let Some(answer) = account.peer.next() {
            assert!(matches!(answer.opcode, Opcode::Goodbye | Opcode::Error), "{}", answer.opcode.name());
        }
        drop(filler);
        let server = Server::start(data.path(), &options(disk));
        account.assert_all_there(&mut server.session(&anna.token, 1));
        server.stop();
    });
}
