//! Journals that a crash or a disk has harmed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use moim_engine::Error;
use moim_engine::journal::{BLOCK_BYTES, SegmentReport, inspect, verify, write_checkpoint};
use moim_wire::{MessageId, Opcode, RoomId, schema};

use crate::support::child::{ChildServer, options};
use crate::support::{Options, Peer, Server, page};

/// A data folder whose server was killed after many acknowledged messages.
struct Killed {
    data: tempfile::TempDir,
    token: String,
    room: RoomId,
    acknowledged: Vec<MessageId>,
}

impl Killed {
    fn after(messages: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let server = Server::start(data.path(), &options());
        let (anna, token) = server.person("anna");
        let room = server.room(anna, &[]);
        server.stop();
        let child = ChildServer::start(data.path());
        let mut peer = Peer::connect(child.address);
        peer.hello(&token, 5, 0);
        peer.expect(Opcode::Welcome);
        let text = "x".repeat(3_000);
        let acknowledged = (1..=messages).map(|sequence| peer.say_text(0, room, sequence, &text)).collect();
        child.kill();
        Self { data, token, room, acknowledged }
    }

    fn journal(&self) -> PathBuf {
        self.data.path().join("journal")
    }

    fn segments(&self) -> Vec<SegmentReport> {
        inspect(&self.journal()).unwrap()
    }

    fn start(&self) -> Result<Server, Error> {
        Server::try_start(self.data.path(), &options())
    }

    /// The engine refuses so, and has changed nothing in the journal.
    fn assert_refused(&self, is_expected: impl Fn(&Error) -> bool) {
        let before = contents(&self.journal());
        let error = self.start().err().expect("the engine does not start");
        assert!(is_expected(&error), "{error:?}");
        assert!(contents(&self.journal()) == before, "files were changed");
        let verified = verify(&self.journal()).expect_err("verify says the same");
        assert!(is_expected(&verified), "{verified:?}");
    }

    fn assert_all_there(&self, server: &Server, up_to: usize) {
        let mut peer = server.session(&self.token, 9);
        let mut seen = Vec::new();
        loop {
            let request = peer.history(self.room, seen.last().copied().unwrap_or(MessageId(1)), 200);
            let answer = peer.answer(request);
            seen.extend(page(&answer).into_iter().map(|(id, _)| id));
            if !answer.body::<schema::HistoryPage<'_>>().more() {
                break;
            }
        }
        let first = seen.iter().position(|&id| id == self.acknowledged[0]).expect("the first is there");
        assert_eq!(seen[first..], self.acknowledged[..up_to]);
    }
}

/// Every file below the folder with what it holds.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn overwrite(path: &Path, at: usize, with: impl FnOnce(&mut Vec<u8>, usize)) {
    let mut bytes = fs::read(path).unwrap();
    with(&mut bytes, at);
    fs::write(path, bytes).unwrap();
}

#[test]
fn damage_before_intact_records_stops_the_start_and_changes_nothing() {
    let killed = Killed::after(20);
    let segments = killed.segments();
    let path = &segments[0].path;
    assert!(segments[0].batches >= 20, "one message a batch");
    // In the payload of the second batch.
    overwrite(path, 2 * BLOCK_BYTES + 100, |bytes, at| bytes[at] ^= 1);
    killed.assert_refused(|error| matches!(error, Error::Damaged { path: of, .. } if of == path));
    // Restored, it starts, and everything is there.
    overwrite(path, 2 * BLOCK_BYTES + 100, |bytes, at| bytes[at] ^= 1);
    let server = killed.start().unwrap();
    killed.assert_all_there(&server, killed.acknowledged.len());
    server.stop();
}

#[test]
fn a_damaged_header_stops_the_start() {
    let killed = Killed::after(5);
    let path = killed.segments()[0].path.clone();
    overwrite(&path, 9, |bytes, at| bytes[at] ^= 1);
    killed.assert_refused(|error| matches!(error, Error::Damaged { path: of, offset: 0, .. } if *of == path));
}

#[test]
fn a_damaged_checkpoint_stops_the_start() {
    let killed = Killed::after(5);
    let path = killed.journal().join("shard-0/checkpoint");
    fs::write(&path, [7; 12]).unwrap();
    killed.assert_refused(|error| matches!(error, Error::Damaged { path: of, .. } if *of == path));
}

#[test]
fn a_torn_end_is_cut_and_reported() {
    let killed = Killed::after(20);
    let segment = killed.segments().pop().unwrap();
    // The beginning of a batch whose rest a crash has kept from the disk.
    let (end, number) = (segment.used_bytes as usize, segment.header.unwrap().number);
    overwrite(&segment.path, end, |bytes, at| {
        bytes[at..at + 4].copy_from_slice(b"MoBa");
        bytes[at + 8..at + 12].copy_from_slice(&9_000u32.to_le_bytes());
        bytes[at + 24..at + 32].copy_from_slice(&number.to_le_bytes());
    });
    let server = killed.start().unwrap();
    let [report] = server.engine.recovery() else { panic!("one shard") };
    assert_eq!(report.torn_at, Some(end as u64));
    killed.assert_all_there(&server, killed.acknowledged.len());
    let mut peer = server.session(&killed.token, 5);
    peer.say_text(0, killed.room, 1_000, "it goes on");
    server.stop();
    let server = killed.start().unwrap();
    assert!(server.engine.recovery().iter().all(|report| report.torn_at.is_none()), "cut once");
    server.stop();
}

#[test]
fn a_missing_segment_stops_the_start_and_changes_nothing() {
    // Enough for several segments of 256 KiB, but for what the store has confirmed and the journal given up meanwhile.
    let mut tries = (0..20).map(|_| Killed::after(150));
    let killed = tries.find(|killed| killed.segments().len() >= 2).expect("killed in time once");
    let segments = killed.segments();
    // As if the message store had confirmed nothing of these before the kill.
    let first = segments[0].header.unwrap().first_position;
    write_checkpoint(&killed.journal().join("shard-0"), first).unwrap();
    let moved = killed.data.path().join("moved away");
    fs::rename(&segments[0].path, &moved).unwrap();
    killed.assert_refused(|error| matches!(error, Error::Missing { from, .. } if *from == first));
    fs::rename(&moved, &segments[0].path).unwrap();
    let server = killed.start().unwrap();
    killed.assert_all_there(&server, killed.acknowledged.len());
    server.stop();
}

#[test]
fn a_server_with_more_shards_takes_over_what_one_with_fewer_left() {
    let killed = Killed::after(50);
    let server = Server::start(killed.data.path(), &Options { shards: 3, ..Options::default() });
    killed.assert_all_there(&server, killed.acknowledged.len());
    server.stop();
}
