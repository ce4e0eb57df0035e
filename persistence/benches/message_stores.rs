//! The message stores on the same work: how fast they are written to, and what a page costs at any depth of a room of a
//! million messages. A CQL server beside the bare driver, in turns, so that both have the same minutes of the machine.
//!
//! `cargo bench -p moim-persistence --bench message-stores -- embedded`, `-- cql HOST:PORT` or `-- mysql URL`, where URL is a
//! database of its own; MySQL is written and read by its driver alone. `MESSAGES=n` sets the size.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use moim_persistence::{Config, MessageStore, PageQuery, Persistence, RoomId, StoreAddress};
use moim_wire::schema::{Kind, MessageHead, Role};
use moim_wire::{EPOCH_UNIX_MS, Encoder, Envelope, MessageFields, MessageId};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::statement::Consistency;
use scylla::statement::batch::{Batch, BatchStatement, BatchType};

/// The room that is read.
const ROOM: RoomId = RoomId(1);
/// Between two of its messages: ten a second.
const GAP_MS: u64 = 100;
/// Other rooms that the measured writes go to, and who talks in each.
const ROOMS: u32 = 100;
const PEOPLE: u32 = 20;
/// What a lane writes at once, and lanes.
const WRITE_BYTES: usize = 4 * 1024 * 1024;
const LANES: usize = 2;
/// The bare driver's best on the machine that this was written on: rows of a batch, batches at once.
const BARE_ROWS: usize = 50;
const BARE_AT_ONCE: usize = 32;
const TURNS: usize = 5;
const PAGES: usize = 1_000;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let messages = std::env::var("MESSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["embedded"] => measure("embedded".into(), None, messages).await,
        ["cql", host] => {
            let keyspace = format!("moim_bench_{}", std::process::id());
            let address = StoreAddress::from(format!("scylla://{host}/{keyspace}?consistency=one"));
            MessageStore::set_up(&address)?.ok_or("a CQL server has tables to set up")?.make().await?;
            let bare = Bare::open(host, &keyspace).await?;
            measure(address, Some(bare), messages).await
        }
        ["mysql", url] => mysql::measure(url, messages).await,
        // Run by `cargo test --benches`, or without saying what.
        _ => Ok(()),
    }
}

async fn measure(address: StoreAddress, bare: Option<Bare>, messages: u64) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let persistence = Persistence::open(&Config { messages: address, ..Config::new(folder.path()) })?;
    let store = persistence.messages();
    let writes = writes(messages / TURNS as u64);
    for turn in 0..TURNS as u64 {
        // Each turn writes messages of its own.
        if let Some(bare) = &bare {
            let rows: Vec<Row> = writes.iter().flatten().map(|row| row.of_turn(turn)).collect();
            let (count, took) = bare.write(rows).await?;
            report("bare driver, write", count, took);
        }
        let batches: Vec<Vec<Bytes>> =
            writes.iter().map(|write| write.iter().map(|row| row.frame(turn)).collect()).collect();
        let count = batches.iter().map(Vec::len).sum();
        let begun = Instant::now();
        stream::iter(batches)
            .map(|batch| async move { store.write_durably(&batch).await })
            .buffer_unordered(LANES)
            .try_collect::<()>()
            .await?;
        report("store, write", count, begun.elapsed());
    }
    for first in (0..messages).step_by(20_000) {
        let frames: Vec<Bytes> = (first..(first + 20_000).min(messages)).map(|n| room_row(n).frame(0)).collect();
        store.write_durably(&frames).await?;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for before in depths(messages) {
        if let Some(bare) = &bare {
            let begun = Instant::now();
            theirs.push((bare.page(before).await?, begun.elapsed()).1);
        }
        let begun = Instant::now();
        let page = store.page(ROOM, PageQuery::Before(before), 50, usize::MAX).await?;
        ours.push(begun.elapsed());
        assert_eq!(page.count, 50);
    }
    if bare.is_some() {
        quantiles("bare driver, page of 50", theirs);
    }
    quantiles("store, page of 50", ours);
    let mut newest = Vec::new();
    for _ in 0..PAGES {
        let begun = Instant::now();
        store.page(ROOM, PageQuery::Before(MessageId::ZERO), 50, usize::MAX).await?;
        newest.push(begun.elapsed());
    }
    quantiles("store, newest page of 50", newest);
    persistence.close()?;
    say(&format!("data folder: {} MB", bytes_of(folder.path())? / 1_000_000));
    Ok(())
}

/// Bytes of the files in a folder.
fn bytes_of(folder: &std::path::Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { bytes_of(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

/// Ids at random depths of the room.
fn depths(messages: u64) -> impl Iterator<Item = MessageId> {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    std::iter::repeat_with(move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        room_row(50 + (random >> 33) % (messages - 50)).id
    })
    .take(PAGES)
}

/// A message before it is a frame.
#[derive(Clone, Copy)]
struct Row {
    room: RoomId,
    id: MessageId,
    sender: u32,
    sequence: u32,
}

impl Row {
    fn of_turn(&self, turn: u64) -> Self {
        Self { id: MessageId(self.id.0 + turn), ..*self }
    }

    /// About 170 bytes.
    fn frame(&self, turn: u64) -> Bytes {
        let row = self.of_turn(turn);
        let head = MessageHead::new(row.id.0, 0, row.room.0, row.sender, 1, row.sequence);
        let text = "오늘 모임은 여섯 시입니다, everyone bring water";
        let fields = MessageFields { head, text, reference: 0, kind: Kind::Talk, role: Role::Member };
        let mut out = Vec::new();
        Encoder::new().message(&mut out, Envelope::default(), &fields);
        out.into()
    }
}

fn room_row(n: u64) -> Row {
    let id = MessageId::at_unix_ms(EPOCH_UNIX_MS + 1_000_000 + n * GAP_MS);
    Row { room: ROOM, id, sender: n as u32 % PEOPLE, sequence: n as u32 + 1 }
}

/// Writes as a lane gathers them: what many people say in many rooms, in the order of time.
fn writes(messages: u64) -> Vec<Vec<Row>> {
    let bytes = room_row(0).frame(0).len();
    let rows: Vec<Row> = (0..messages)
        .map(|n| {
            let (room, of_room) = (RoomId(2 + n as u32 % ROOMS), n / u64::from(ROOMS));
            let id = MessageId(MessageId::at_unix_ms(EPOCH_UNIX_MS + 1_000_000_000 + of_room).0);
            Row { room, id, sender: of_room as u32 % PEOPLE, sequence: of_room as u32 + 1 }
        })
        .collect();
    rows.chunks(WRITE_BYTES / bytes).map(<[Row]>::to_vec).collect()
}

/// The driver with nothing of ours around it, on a table of the same shape.
struct Bare {
    session: Session,
    put: Batch,
    page: scylla::statement::prepared::PreparedStatement,
}

impl Bare {
    async fn open(host: &str, keyspace: &str) -> Result<Self, Failed> {
        let session = SessionBuilder::new().known_node(host).build().await?;
        let table = format!(
            "CREATE TABLE {keyspace}.bare (room_id bigint, bucket int, message_id bigint, frame blob, \
             PRIMARY KEY ((room_id, bucket), message_id)) WITH CLUSTERING ORDER BY (message_id DESC)"
        );
        session.query_unpaged(table, ()).await?;
        let put = format!("INSERT INTO {keyspace}.bare (room_id, bucket, message_id, frame) VALUES (?, ?, ?, ?)");
        let put = session.prepare(put).await?;
        let mut batch =
            Batch::new_with_statements(BatchType::Unlogged, vec![BatchStatement::PreparedStatement(put); BARE_ROWS]);
        batch.set_consistency(Consistency::One);
        let page = format!(
            "SELECT message_id, frame FROM {keyspace}.messages WHERE room_id = ? AND bucket = ? AND message_id < ? LIMIT 50"
        );
        let mut page = session.prepare(page).await?;
        page.set_consistency(Consistency::One);
        Ok(Self { session, put: batch, page })
    }

    /// Sorted by room beforehand, in full batches of one partition; what fills none is left out.
    async fn write(&self, mut rows: Vec<Row>) -> Result<(usize, Duration), Failed> {
        rows.sort_by_key(|row| row.room.0);
        let values: Vec<(i64, i32, i64, Bytes)> =
            rows.iter().map(|row| (i64::from(row.room.0), bucket(row.id), row.id.0 as i64, row.frame(0))).collect();
        let begun = Instant::now();
        let partitions = values.chunk_by(|row, next| (row.0, row.1) == (next.0, next.1));
        let batches: Vec<_> = partitions
            .flat_map(|rows| rows.chunks_exact(BARE_ROWS))
            .map(|rows| self.session.batch(&self.put, rows))
            .collect();
        let count = batches.len() * BARE_ROWS;
        stream::iter(batches).buffer_unordered(BARE_AT_ONCE).try_for_each(|_| async { Ok(()) }).await?;
        Ok((count, begun.elapsed()))
    }

    async fn page(&self, before: MessageId) -> Result<usize, Failed> {
        let key = (i64::from(ROOM.0), bucket(before), before.0 as i64);
        let rows = self.session.execute_unpaged(&self.page, key).await?.into_rows_result()?;
        let rows: Vec<(i64, Bytes)> = rows.rows()?.collect::<Result<_, _>>()?;
        Ok(rows.len())
    }
}

mod mysql {
    //! A table of messages in MySQL, as one would write it: the room's messages beside one another in the primary key.

    use std::time::Instant;

    use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
    use sqlx::mysql::MySqlPoolOptions;
    use sqlx::{AssertSqlSafe, MySql, QueryBuilder, Row as _};

    use super::{Failed, LANES, ROOM, Row, TURNS, depths, quantiles, report, room_row, writes};

    /// Rows of a statement.
    const ROWS: usize = 500;

    pub(super) async fn measure(url: &str, messages: u64) -> Result<(), Failed> {
        let pool = MySqlPoolOptions::new().max_connections(LANES as u32).connect(url).await?;
        let table = "CREATE TABLE bench_messages (room INT UNSIGNED, id BIGINT UNSIGNED, frame VARBINARY(32768) NOT NULL, \
                     PRIMARY KEY (room, id))";
        sqlx::query(AssertSqlSafe(table)).execute(&pool).await?;
        let work = writes(messages / TURNS as u64);
        for turn in 0..TURNS as u64 {
            let begun = Instant::now();
            let writes = stream::iter(&work).map(|rows| put(&pool, rows, turn)).buffer_unordered(LANES);
            writes.try_collect::<()>().await?;
            report("MySQL, write", work.iter().map(Vec::len).sum(), begun.elapsed());
        }
        let room: Vec<Row> = (0..messages).map(room_row).collect();
        for rows in room.chunks(20_000) {
            put(&pool, rows, 0).await?;
        }
        let mut took = Vec::new();
        for before in depths(messages) {
            let begun = Instant::now();
            let page = "SELECT frame FROM bench_messages WHERE room = ? AND id < ? ORDER BY id DESC LIMIT 50";
            let rows = sqlx::query(page).bind(ROOM.0).bind(before.0).fetch_all(&pool).await?;
            took.push(begun.elapsed());
            assert_eq!(rows.iter().filter(|row| !row.get::<&[u8], _>(0).is_empty()).count(), 50);
        }
        quantiles("MySQL, page of 50", took);
        sqlx::query("ANALYZE TABLE bench_messages").execute(&pool).await?;
        let size =
            "SELECT CAST(data_length AS SIGNED) FROM information_schema.tables WHERE table_name = 'bench_messages'";
        let bytes: i64 = sqlx::query_scalar(size).fetch_one(&pool).await?;
        super::say(&format!("MySQL, size: {} MB as its statistics have it", bytes / 1_000_000));
        sqlx::query("DROP TABLE bench_messages").execute(&pool).await?;
        Ok(())
    }

    /// One transaction, as a lane's write is one.
    async fn put(pool: &sqlx::MySqlPool, rows: &[Row], turn: u64) -> Result<(), Failed> {
        let mut transaction = pool.begin().await?;
        for rows in rows.chunks(ROWS) {
            let mut insert = QueryBuilder::<MySql>::new("REPLACE INTO bench_messages (room, id, frame) ");
            insert.push_values(rows, |mut values, row| {
                values.push_bind(row.room.0).push_bind(row.of_turn(turn).id.0).push_bind(row.frame(turn).to_vec());
            });
            insert.build().execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// As the store has it.
fn bucket(id: MessageId) -> i32 {
    (id.0 >> 35) as i32
}

fn report(what: &str, rows: usize, took: Duration) {
    say(&format!(
        "{what}: {rows} messages in {:.2} s, {:.0} a second",
        took.as_secs_f64(),
        rows as f64 / took.as_secs_f64()
    ));
}

fn quantiles(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| took.get((took.len() as f64 * share) as usize).map_or(0.0, |took| took.as_secs_f64() * 1e3);
    say(&format!("{what}: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99)));
}

#[expect(clippy::print_stdout, reason = "a figure is what a benchmark is for")]
fn say(line: &str) {
    println!("{line}");
}
