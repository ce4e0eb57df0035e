//! A way to the server on which answers are lost or changed.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use moim_wire::{Decoder, Opcode, limits};

/// What becomes of a frame of the server's.
pub(crate) enum Fate {
    Passed,
    /// The connection is cut before it.
    Cut,
}

type Judge = Arc<Mutex<dyn FnMut(Opcode, &mut Vec<u8>) -> Fate + Send>>;

/// Carries connections to a server; each frame that comes back is judged first, and may be changed.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
}

impl Relay {
    pub(crate) fn to(server: SocketAddr, judge: impl FnMut(Opcode, &mut Vec<u8>) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let judge: Judge = Arc::new(Mutex::new(judge));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, judge) = (client.unwrap(), judge.clone());
                let server = TcpStream::connect(server).unwrap();
                let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || copy(from_client, to_server));
                std::thread::spawn(move || answer(server, client, &judge));
            }
        });
        Self { address }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    // Ends with either side.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

fn answer(mut from: TcpStream, mut to: TcpStream, judge: &Judge) {
    let mut decoder = Decoder::new(limits::FRAME_BYTES_MAX);
    let mut buffer = vec![0; 64 * 1024];
    let mut is_cut = false;
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        let mut passed = Vec::new();
        let decoded = decoder.feed(&buffer[..bytes], |frame| {
            let mut bytes = frame.bytes.to_vec();
            let fate = (judge.lock().unwrap())(frame.opcode().unwrap(), &mut bytes);
            is_cut |= matches!(fate, Fate::Cut);
            if !is_cut {
                passed.extend_from_slice(&bytes);
            }
        });
        decoded.unwrap();
        if to.write_all(&passed).is_err() || is_cut {
            break;
        }
    }
    for end in [&from, &to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}
