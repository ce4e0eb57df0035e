//! The whole way of a load against a server in this process that speaks the floor's protocol, well or badly.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Measured, Target, put};
use crate::checker::Disorder;
use crate::peer::Peer;
use crate::protocol::{Dialect, Seat};
use crate::schedule::Arrivals;
use crate::stamp::Stamp;
use crate::workload::{During, Load, PacedBy, Workload};

const HEADER_BYTES: usize = 9;

/// What the server does with the fifth message of each sender.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Loses,
    Doubles,
}

type Rooms = Arc<Mutex<HashMap<[u8; 4], Vec<TcpStream>>>>;

/// A thread for each connection; everything else ends with the test.
fn serve(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let rooms = Rooms::default();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, rooms) = (stream.unwrap(), rooms.clone());
            thread::spawn(move || {
                while answer(&stream, &rooms, fault).is_ok() {}
                // The room holds the socket too; the client waits for its end.
                let _ = stream.shutdown(Shutdown::Both);
            });
        }
    });
    address
}

fn answer(mut stream: &TcpStream, rooms: &Rooms, fault: Fault) -> std::io::Result<()> {
    let mut frame = vec![0; HEADER_BYTES];
    stream.read_exact(&mut frame)?;
    let length = 4 + u32::from_le_bytes(*frame.first_chunk().unwrap()) as usize;
    frame.resize(length, 0);
    stream.read_exact(&mut frame[HEADER_BYTES..])?;
    let room: [u8; 4] = *frame[5..].first_chunk().unwrap();
    let mut rooms = rooms.lock().unwrap();
    match frame[4] {
        1 => rooms.entry(room).or_default().push(stream.try_clone()?),
        3 => stream.write_all(&frame)?,
        _ => {
            let is_fifth = Stamp::read(&frame[HEADER_BYTES..]).is_some_and(|stamp| stamp.counter == 5);
            let times = match fault {
                Fault::Loses if is_fifth => 0,
                Fault::Doubles if is_fifth => 2,
                _ => 1,
            };
            for mut member in rooms.get(&room).into_iter().flatten() {
                (0..times).try_for_each(|_| member.write_all(&frame))?;
            }
        }
    }
    Ok(())
}

fn workload(load: Load) -> Workload {
    Workload {
        name: "toy".into(),
        title: String::new(),
        about: String::new(),
        rooms: 3,
        members: 4,
        senders: Some(2),
        text_bytes: 64,
        warm_up_s: 0.0,
        measure_s: 0.5,
        peers: vec![Peer::Floor],
        server_cores: 1,
        settings: Default::default(),
        load,
        during: During::default(),
        read_back: false,
        short: None,
        marks: Vec::new(),
    }
}

fn measured(load: Load, fault: Fault) -> Measured {
    let workload = workload(load);
    let seat = |connection: usize| Seat {
        room: workload.layout().room_of(connection) as u32,
        connection: connection as u32,
        token: String::new(),
        device: 1,
        text_bytes: workload.text_bytes,
        last_seen: 0,
        follow: true,
    };
    let target = Target {
        address: serve(fault),
        dialect: Dialect::Floor,
        process: None,
        metrics: None,
        seats: (0..workload.layout().connections()).map(seat).collect(),
        graph: None,
    };
    put(&workload, target).unwrap()
}

fn open() -> Load {
    Load::Open { publishes_per_s: 1_000.0, arrivals: Arrivals::Even }
}

#[test]
fn an_open_load_reaches_every_member_in_order() {
    let measured = measured(open(), Fault::None);
    assert_eq!(measured.disorder, Disorder::default());
    assert_eq!(measured.connections, 12);
    assert!(measured.counts.publishes > 0);
    assert_eq!(measured.deliveries.len(), measured.counts.deliveries);
}

#[test]
fn a_saturated_load_keeps_going_round() {
    let measured = measured(Load::Saturated { window: 4, paced_by: PacedBy::Delivery }, Fault::None);
    assert_eq!(measured.disorder, Disorder::default());
    // Six senders with four under way each: more than the first windows came back.
    assert!(measured.counts.publishes > 24, "{}", measured.counts.publishes);
}

#[test]
fn what_the_server_loses_is_counted_for_every_member() {
    let disorder = measured(open(), Fault::Loses).disorder;
    assert_eq!(disorder, Disorder { lost: 6 * 4, ..Disorder::default() });
}

#[test]
fn what_the_server_doubles_is_counted_for_every_member() {
    let disorder = measured(open(), Fault::Doubles).disorder;
    assert_eq!(disorder, Disorder { duplicated: 6 * 4, ..Disorder::default() });
}

#[test]
fn nobody_to_talk_to_is_an_error_that_says_so() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let workload = workload(open());
    let seat =
        Seat { room: 1, connection: 0, token: String::new(), device: 1, text_bytes: 64, last_seen: 0, follow: true };
    let seats = vec![seat; workload.layout().connections()];
    let target = Target { address: gone, dialect: Dialect::Floor, process: None, metrics: None, seats, graph: None };
    let error = put(&workload, target).err().unwrap().to_string();
    assert!(error.contains("0 of 12 connections") && error.contains("refused"), "{error}");
}
