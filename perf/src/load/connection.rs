//! One connection's life: connect, then a task that reads and a task that writes.

use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use monoio::buf::IoBufMut;
use monoio::io::{AsyncReadRent, AsyncWriteRent, AsyncWriteRentExt, OwnedReadHalf, OwnedWriteHalf, Splitable};
use monoio::net::TcpStream;
use monoio::time::sleep;

use super::crowd::Crowd;
use crate::protocol::ProtocolError;

/// Bytes that one read takes. Large enough for what gathers for a busy connection, so that the generator needs few reads.
const READ_BYTES: usize = 16 * 1024;
/// Nobody comes back sooner than this.
const COME_BACK_MIN: Duration = Duration::from_millis(50);

/// Connects and signs in; returns when the transport stands. The stage tells how it went on.
pub(super) async fn connect(crowd: Rc<Crowd>, connection: usize) {
    let stream = match TcpStream::connect_addr(crowd.address).await {
        Ok(stream) => stream,
        Err(error) => return crowd.cannot_begin(connection, format!("connect: {error}")),
    };
    // Without it small publishes would wait for acknowledgements of the transport.
    if let Err(error) = stream.set_nodelay(true) {
        return crowd.cannot_begin(connection, format!("TCP_NODELAY: {error}"));
    }
    let session = crowd.begin(connection);
    let (read, write) = stream.into_split();
    monoio::spawn(read_all(crowd.clone(), connection, session, read));
    monoio::spawn(write_all(crowd, connection, session, write));
}

async fn read_all(crowd: Rc<Crowd>, connection: usize, session: u32, mut half: OwnedReadHalf<TcpStream>) {
    let mut buffer = Vec::with_capacity(READ_BYTES);
    let why = loop {
        crowd.may_read(connection).await;
        let held = buffer.len();
        if held == buffer.capacity() {
            buffer.reserve(held);
        }
        let end = buffer.capacity();
        let (read, slice) = half.read(buffer.slice_mut(held..end)).await;
        buffer = slice.into_inner();
        match read {
            Ok(0) => break "the server closed the connection".to_owned(),
            Ok(_) => {}
            Err(error) => break format!("read: {error}"),
        }
        match crowd.take(connection, session, &buffer) {
            Ok(taken) if taken == buffer.len() => buffer.clear(),
            Ok(taken) => {
                buffer.copy_within(taken.., 0);
                buffer.truncate(buffer.len() - taken);
            }
            Err(ProtocolError::ComeBack { why, after_ms }) if crowd.turned_away(connection, session, &why) => {
                monoio::spawn(come_back(crowd, connection, after_ms));
                return;
            }
            Err(error) => break error.to_string(),
        }
    };
    crowd.finish(connection, session, (!crowd.is_ending.get()).then_some(why));
}

/// Signs in again, as a client that is told so does.
async fn come_back(crowd: Rc<Crowd>, connection: usize, after_ms: u32) {
    sleep(COME_BACK_MIN.max(Duration::from_millis(after_ms.into()))).await;
    crowd.expect(connection);
    connect(crowd, connection).await;
}

async fn write_all(crowd: Rc<Crowd>, connection: usize, session: u32, mut half: OwnedWriteHalf<TcpStream>) {
    let mut batch = Vec::new();
    while poll_fn(|context| crowd.poll_batch(connection, session, context, &mut batch)).await {
        let (written, returned) = half.write_all(batch).await;
        batch = returned;
        batch.clear();
        // The reader sees the same end and says why.
        if written.is_err() {
            return;
        }
    }
    // The server sees the end of its input; nothing is left to be done where that fails.
    let _ = half.shutdown().await;
}
