//! Writing: rows grouped by partition, in bounded batches, as many at once as the pace allows.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use moim_wire::{MessageId, RoomId};
use tokio::time::sleep;

use super::bucket::{Bucket, timestamp_us};
use super::connection::Connection;
use super::failure::Failure;
use super::pace::{MOST, Pace};
use super::sends;
use crate::message_store::batch::Rows;

/// Rows and bytes of a batch. Servers warn of batches above some 100 KiB and refuse much larger ones.
pub(super) const ROWS_MAX: usize = 100;
const BYTES_MAX: usize = 64 * 1024;
/// Tries of one batch that the server was too busy for; then the whole write is tried again later by its lane.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(20);

/// A row of `messages` as its statement takes it: room, bucket, id, frame, timestamp.
type MessageRow<'a> = (i64, i32, i64, &'a [u8], i64);
/// A row of `sends`: room, user, device, slot, what was sent, timestamp.
type SendsRow = (i64, i64, i64, i32, Vec<u8>, i64);

/// What is sent at once.
pub(super) enum Part<'a> {
    Messages(Vec<MessageRow<'a>>),
    Sends(Vec<SendsRow>),
    Bucket(RoomId, Bucket),
}

/// A message as it is to be stored.
pub(super) struct Stored<'a> {
    pub(super) room: RoomId,
    pub(super) id: MessageId,
    pub(super) frame: Cow<'a, [u8]>,
    /// What is left of a withdrawn message: it wins over the message, whenever that is written again.
    pub(super) is_left: bool,
}

impl Stored<'_> {
    fn timestamp_us(&self) -> i64 {
        timestamp_us(self.id) + i64::from(self.is_left)
    }
}

/// The parts of a write. Together they are all of it: it is done when each of them is.
pub(super) fn parts<'a>(
    messages: &'a [Stored<'_>],
    rows: &Rows<'_>,
    is_known: impl Fn(RoomId, Bucket) -> bool,
) -> Vec<Part<'a>> {
    let mut of_bucket: HashMap<(RoomId, Bucket), Vec<MessageRow<'a>>> = HashMap::new();
    for message in messages {
        let (room, bucket) = (message.room, Bucket::of(message.id));
        let row = (i64::from(room.0), bucket.0, signed(message.id), &*message.frame, message.timestamp_us());
        of_bucket.entry((room, bucket)).or_default().push(row);
    }
    let mut of_room: HashMap<RoomId, Vec<SendsRow>> = HashMap::new();
    for (&(room, user, device), sent) in &rows.devices {
        let Some(row) = sends::row(sent) else { continue };
        let key = (i64::from(room.0), i64::from(user.0), i64::from(device.0));
        of_room.entry(room).or_default().push((key.0, key.1, key.2, row.slot, row.sent, row.timestamp));
    }
    let new = of_bucket.keys().filter(|(room, bucket)| !is_known(*room, *bucket));
    let mut parts: Vec<_> = new.map(|&(room, bucket)| Part::Bucket(room, bucket)).collect();
    for rows in of_bucket.into_values() {
        parts.extend(cut(rows, |row| row.3.len()).into_iter().map(Part::Messages));
    }
    for rows in of_room.into_values() {
        parts.extend(cut(rows, |row| row.4.len()).into_iter().map(Part::Sends));
    }
    parts
}

/// Cuts the rows of one partition into batches.
fn cut<T>(rows: Vec<T>, bytes_of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut batches = Vec::with_capacity(rows.len() / ROWS_MAX + 1);
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let of_row = bytes_of(&row);
        if batch.len() == ROWS_MAX || (bytes + of_row > BYTES_MAX && !batch.is_empty()) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += of_row;
        batch.push(row);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Sends all parts; done when the server has confirmed each. What fails leaves some of them written, which is harmless:
/// the same write comes again.
pub(super) async fn put_all(connection: &Connection, pace: &Pace, parts: &[Part<'_>]) -> Result<(), Failure> {
    // Held as a list of futures of one type, so that the borrow of the parts is of one lifetime.
    let puts: Vec<_> = parts.iter().map(|part| put(connection, pace, part)).collect();
    stream::iter(puts).buffer_unordered(MOST).try_collect::<()>().await
}

async fn put(connection: &Connection, pace: &Pace, part: &Part<'_>) -> Result<(), Failure> {
    let mut pause = PAUSE;
    let mut tries_left = TRIES;
    loop {
        let place = pace.enter().await;
        tries_left -= 1;
        match part.send(connection).await {
            Ok(()) => {
                place.done();
                return Ok(());
            }
            Err(Failure::Overloaded(text)) => {
                place.overloaded();
                if tries_left == 0 {
                    return Err(Failure::Overloaded(text));
                }
            }
            Err(failure) => {
                // A server that comes back is not met with as much as it left with.
                place.overloaded();
                return Err(failure);
            }
        }
        sleep(pause).await;
        pause *= 2;
    }
}

impl Part<'_> {
    async fn send(&self, connection: &Connection) -> Result<(), Failure> {
        let session = &connection.session;
        let sent = match self {
            Self::Messages(rows) => session.batch(connection.put_message.of(rows.len()), rows).await.map(drop),
            Self::Sends(rows) => session.batch(connection.put_sends.of(rows.len()), rows).await.map(drop),
            Self::Bucket(room, bucket) => {
                let row = (i64::from(room.0), bucket.0, timestamp_us(bucket.first_id()));
                session.execute_unpaged(&connection.put_bucket, row).await.map(drop)
            }
        };
        sent.map_err(|error| Failure::of_request(&error))
    }
}

/// An id as CQL has numbers; ids have 53 bits.
pub(super) fn signed(id: MessageId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partitions_rows_are_cut_by_number_and_by_bytes_and_none_is_left_out() {
        let small: Vec<usize> = cut(vec![1; 250], |bytes| *bytes).iter().map(Vec::len).collect();
        assert_eq!(small, [ROWS_MAX, ROWS_MAX, 50]);
        let large: Vec<usize> = cut(vec![30 * 1024; 5], |bytes| *bytes).iter().map(Vec::len).collect();
        assert_eq!(large, [2, 2, 1]);
        assert_eq!(cut(vec![10 * BYTES_MAX; 2], |bytes| *bytes).len(), 2, "a row alone may be larger");
    }
}
