//! The embedded store's engine without anything of ours around it: message frames under room and id, in writes of the
//! size that a lane makes, each synced. What the write-behind's drain is held against.
//!
//! The last line says in JSON how many messages were stored in which time. The load harness runs it:
//! `moim-perf run store`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use moim_wire::{Encoder, Envelope, MessageFields, schema};

/// Of one write, as `lane_write_bytes_max` has it.
const WRITE_BYTES: usize = 4 * 1024 * 1024;

struct Options {
    rooms: u32,
    text_bytes: usize,
    seconds: f64,
    data: PathBuf,
    is_version_wanted: bool,
}

impl Options {
    fn of_command_line() -> Self {
        let data = std::env::temp_dir();
        let mut options = Self { rooms: 200, text_bytes: 100, seconds: 5.0, data, is_version_wanted: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--version" => options.is_version_wanted = true,
                // Cargo says so to every benchmark.
                "--bench" => {}
                name => options.set(name, &arguments.next().unwrap_or_default()),
            }
        }
        options
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "--rooms" => self.rooms = number(name, value),
            "--text-bytes" => self.text_bytes = number(name, value),
            "--seconds" => self.seconds = number(name, value),
            // One row a message, however many read it.
            "--members" => {}
            "--data" => self.data = value.into(),
            _ => panic!("{name} is no option: there are --rooms --text-bytes --seconds --data"),
        }
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> T {
    value.parse().unwrap_or_else(|_| panic!("{name} {value}: not a number"))
}

#[expect(clippy::print_stdout, reason = "what a program measured is what it is run for")]
fn main() -> fjall::Result<()> {
    let options = Options::of_command_line();
    if options.is_version_wanted {
        println!("fjall 3, as it comes");
        return Ok(());
    }
    let database = Database::builder(options.data.join("bare-store")).open()?;
    let messages = database.keyspace("messages", KeyspaceCreateOptions::default)?;
    let (mut encoder, text) = (Encoder::new(), "x".repeat(options.text_bytes));
    let (mut stored, begun) = (0u64, Instant::now());
    while begun.elapsed() < Duration::from_secs_f64(options.seconds) {
        let (mut batch, mut bytes) = (database.batch(), 0);
        while bytes < WRITE_BYTES {
            stored += 1;
            let (room, id) = ((stored % u64::from(options.rooms)) as u32, stored);
            let mut frame = Vec::new();
            let head = schema::MessageHead::new(id, id - 1, room, 1, 1, 1);
            let fields =
                MessageFields { head, text: &text, reference: 0, kind: schema::Kind::Talk, role: schema::Role::Member };
            encoder.message(&mut frame, Envelope::default(), &fields);
            bytes += frame.len();
            batch.insert(&messages, [&room.to_be_bytes()[..], &id.to_be_bytes()].concat(), frame);
        }
        batch.commit()?;
        database.persist(PersistMode::SyncAll)?;
    }
    println!("{{\"messages\": {stored}, \"seconds\": {}}}", begun.elapsed().as_secs_f64());
    Ok(())
}
