//! Reading: a room's buckets one after the other in the direction asked, never one that is empty.

use bytes::Bytes;
use futures_util::future::try_join_all;
use moim_wire::{MessageId, RoomId};
use scylla::response::PagingState;
use scylla::response::query_result::QueryRowsResult;
use scylla::serialize::row::SerializeRow;
use scylla::statement::prepared::PreparedStatement;
use tokio::sync::Semaphore;

use super::bucket::Bucket;
use super::connection::Connection;
use super::failure::Failure;
use super::write::signed;

/// Buckets that one look into the directory gives.
const DIRECTORY: usize = 64;
/// Buckets of a quiet room that are read at once.
const AHEAD_MAX: usize = 16;
/// Above every id.
const NO_ID: i64 = i64::MAX;

/// Which way a room is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Older,
    Newer,
}

/// What is wanted of the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    Frames,
    Ids,
}

/// One reading of a room.
pub(super) struct Reading<'a> {
    pub(super) connection: &'a Connection,
    pub(super) reads: &'a Semaphore,
    pub(super) room: RoomId,
    pub(super) direction: Direction,
    pub(super) columns: Columns,
}

impl Reading<'_> {
    /// Hands the messages beyond `from`, or all, to `take` until it wants no more, though at most `rows_max`.
    pub(super) async fn read(
        &self,
        from: Option<MessageId>,
        rows_max: usize,
        mut take: impl FnMut(MessageId, Bytes) -> bool,
    ) -> Result<(), Failure> {
        let mut wanted = rows_max;
        // The bucket of the id asked by is likely to hold the whole answer: it is read without looking it up.
        if let Some(from) = from {
            let rows = self.bucket(Bucket::of(from), Some(from), wanted).await?;
            if !hand_over(rows, &mut wanted, &mut take) {
                return Ok(());
            }
        }
        let mut edge = from.map(Bucket::of);
        let mut ahead = 1;
        loop {
            let buckets = self.directory(edge).await?;
            let mut rest = &buckets[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(ahead.min(rest.len()));
                let read = try_join_all(now.iter().map(|bucket| self.bucket(*bucket, None, wanted))).await?;
                for rows in read {
                    if !hand_over(rows, &mut wanted, &mut take) {
                        return Ok(());
                    }
                }
                rest = later;
                ahead = (ahead * 2).min(AHEAD_MAX);
            }
            if buckets.len() < DIRECTORY {
                return Ok(());
            }
            edge = buckets.last().copied();
        }
    }

    /// Messages of one bucket, in the direction's order.
    async fn bucket(
        &self,
        bucket: Bucket,
        from: Option<MessageId>,
        rows_max: usize,
    ) -> Result<Vec<(MessageId, Bytes)>, Failure> {
        let connection = self.connection;
        let (statement, open_end) = match (self.direction, self.columns) {
            (Direction::Older, Columns::Frames) => (&connection.frames_before, NO_ID),
            (Direction::Older, Columns::Ids) => (&connection.ids_before, NO_ID),
            (Direction::Newer, Columns::Frames) => (&connection.frames_after, -1),
            (Direction::Newer, Columns::Ids) => (&connection.ids_after, -1),
        };
        let limit = i32::try_from(rows_max).unwrap_or(i32::MAX);
        let values = (i64::from(self.room.0), bucket.0, from.map_or(open_end, signed), limit);
        let mut messages = Vec::new();
        let id = |id: i64| MessageId(id.unsigned_abs());
        match self.columns {
            Columns::Frames => {
                rows::<(i64, Bytes)>(self.connection, self.reads, statement, values, |(of, frame)| {
                    messages.push((id(of), frame));
                })
                .await?;
            }
            Columns::Ids => {
                rows::<(i64,)>(self.connection, self.reads, statement, values, |(of,)| {
                    messages.push((id(of), Bytes::new()));
                })
                .await?;
            }
        }
        Ok(messages)
    }

    /// The next buckets beyond `edge` that hold something.
    async fn directory(&self, edge: Option<Bucket>) -> Result<Vec<Bucket>, Failure> {
        let (statement, open_end) = match self.direction {
            Direction::Older => (&self.connection.buckets_before, i32::MAX),
            Direction::Newer => (&self.connection.buckets_after, -1),
        };
        let edge = edge.map_or(open_end, |bucket| bucket.0);
        let values = (i64::from(self.room.0), edge, DIRECTORY as i32);
        let mut buckets = Vec::new();
        rows::<(i32,)>(self.connection, self.reads, statement, values, |(bucket,)| buckets.push(Bucket(bucket)))
            .await?;
        Ok(buckets)
    }
}

/// False when no more are wanted.
fn hand_over(
    rows: Vec<(MessageId, Bytes)>,
    wanted: &mut usize,
    take: &mut impl FnMut(MessageId, Bytes) -> bool,
) -> bool {
    for (id, frame) in rows {
        *wanted = wanted.saturating_sub(1);
        if !take(id, frame) {
            return false;
        }
    }
    *wanted > 0
}

/// Reads all rows of a statement, however the server pages them, one page at a time of the reads that there may be.
pub(super) async fn rows<R>(
    connection: &Connection,
    reads: &Semaphore,
    statement: &PreparedStatement,
    values: impl SerializeRow,
    mut take: impl FnMut(R),
) -> Result<(), Failure>
where
    R: for<'f> scylla::deserialize::row::DeserializeRow<'f, 'f>,
{
    let mut paging = PagingState::start();
    loop {
        let _permit = reads.acquire().await.map_err(|_| Failure::Away("the message store is closed".to_owned()))?;
        let answer = connection.session.execute_single_page(statement, &values, paging).await;
        let (answer, next) = answer.map_err(|error| Failure::of_request(&error))?;
        let rows: QueryRowsResult = answer.into_rows_result().map_err(|error| Failure::Fault(error.to_string()))?;
        for row in rows.rows::<R>().map_err(|error| Failure::Fault(error.to_string()))? {
            take(row.map_err(|error| Failure::Fault(error.to_string()))?);
        }
        match next.into_paging_control_flow() {
            std::ops::ControlFlow::Break(()) => return Ok(()),
            std::ops::ControlFlow::Continue(next) => paging = next,
        }
    }
}
