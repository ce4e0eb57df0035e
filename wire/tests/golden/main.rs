//! One frame of every operation, byte for byte: what `golden/` holds is what the encoder builds and the decoder reads.
//! `MOIM_GOLDEN_WRITE=1` writes the files anew; every client in every language then has to follow.

#![allow(clippy::unwrap_used, reason = "the lint spares test functions only; everything here is a test")]

mod fields;
#[path = "../hex/mod.rs"]
mod hex;
mod lists;
mod money;
mod room;
mod session;
mod trunk;

use std::fmt::Write;
use std::path::PathBuf;

use moim_wire::{Decoder, Encoder, Envelope, Header, MessageId, Opcode, body, limits};

/// A frame, how to build it, and what its comment says.
struct Golden {
    /// File name without `.hex`: the operation's number, its name, the variant if there are several.
    file: &'static str,
    opcode: Opcode,
    envelope: Envelope,
    /// First comment line: direction and meaning.
    about: &'static str,
    /// What the values of some fields mean.
    notes: &'static [(&'static str, &'static str)],
    build: fn(&mut Encoder, &mut Vec<u8>, Envelope),
}

/// The story that all files tell: user 12 (민지) and user 15 (Ann) talk in room 7.
const ROOM: u32 = 7;
const MINJI: u32 = 12;
const ANN: u32 = 15;
const DEVICE: u32 = 0x5eed_0001;
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMiJ9.c2lnbmF0dXJl";
/// 2026-11-22T09:30:00Z in Unix milliseconds.
const MORNING_MS: u64 = 1_795_339_800_000;

/// The id of the story's nth message.
const fn id(n: u64) -> u64 {
    MessageId::at_unix_ms(MORNING_MS + n * 1_500).0
}

const fn answer(request: u32) -> Envelope {
    Envelope { request, session: 0 }
}

fn all() -> Vec<Golden> {
    [session::goldens(), room::goldens(), lists::goldens(), trunk::goldens(), money::goldens()]
        .into_iter()
        .flatten()
        .collect()
}

fn path(golden: &Golden) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(golden.file).with_extension("hex")
}

/// Reads the frame back through decoder and verifier: its header and its fields, one a line.
fn read_back(bytes: &[u8]) -> (Header, Vec<String>) {
    let mut read = None;
    let mut decoder = Decoder::new(limits::FRAME_BYTES_MAX);
    decoder
        .feed(bytes, |frame| {
            assert!(read.is_none(), "one frame a file");
            let opcode = frame.opcode().expect("a known operation");
            let fields = format!("{:#?}", body::inspect(opcode, frame.body()).unwrap());
            read = Some((frame.header, fields::lines(&fields)));
        })
        .unwrap();
    assert!(!decoder.is_mid_frame(), "the file ends within a frame");
    read.expect("the file holds no frame")
}

/// The whole file of a golden: comment and dump of `bytes`.
fn render(golden: &Golden, bytes: &[u8]) -> String {
    let (header, fields) = read_back(bytes);
    assert_eq!(header.opcode, golden.opcode as u8, "{}", golden.file);
    assert_eq!((header.request, header.session), (golden.envelope.request, golden.envelope.session));
    assert_eq!(header.length as usize, bytes.len());
    let mut out = format!("# {}, 0x{:02x}. {}\n", golden.opcode.name(), header.opcode, golden.about);
    writeln!(
        out,
        "# header: length {}, version {}, operation 0x{:02x}, flags {}, request {}, session {}",
        header.length, header.version, header.opcode, header.flags, header.request, header.session
    )
    .unwrap();
    let mut notes = golden.notes.to_vec();
    for field in fields {
        let name = field.trim_start().split(':').next().unwrap_or_default();
        let note = notes.iter().position(|(noted, _)| *noted == name).map(|at| notes.remove(at).1);
        writeln!(out, "# {field}{}", note.map(|note| format!("  -- {note}")).unwrap_or_default()).unwrap();
    }
    assert!(notes.is_empty(), "{}: no such fields: {notes:?}", golden.file);
    out + &hex::dump(bytes)
}

#[test]
fn the_encoder_builds_the_golden_frames_and_the_decoder_reads_them() {
    let write = std::env::var_os("MOIM_GOLDEN_WRITE").is_some_and(|value| value == "1");
    let mut encoder = Encoder::new();
    for golden in all() {
        let mut bytes = Vec::new();
        (golden.build)(&mut encoder, &mut bytes, golden.envelope);
        if write {
            std::fs::write(path(&golden), render(&golden, &bytes)).unwrap();
        }
        let file = std::fs::read_to_string(path(&golden))
            .unwrap_or_else(|error| panic!("{}: {error}; MOIM_GOLDEN_WRITE=1 writes it", golden.file));
        assert_eq!(hex::parse(&file), bytes, "{}: the encoder builds other bytes", golden.file);
        assert_eq!(file, render(&golden, &hex::parse(&file)), "{}: the file reads as other values", golden.file);
    }
}

#[test]
fn every_operation_has_a_golden_frame_and_every_file_is_tested() {
    let goldens = all();
    for &opcode in Opcode::ALL {
        assert!(goldens.iter().any(|golden| golden.opcode == opcode), "{} has none", opcode.name());
    }
    for golden in &goldens {
        assert!(golden.file.starts_with(&format!("{:02x}-", golden.opcode as u8)), "{}", golden.file);
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        assert!(goldens.iter().any(|golden| path(golden) == file), "{} is tested by nothing", file.display());
    }
}
