//! A session with the servers, and the statements that are sent over it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use scylla::client::PoolSize;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::FallthroughRetryPolicy;
use scylla::statement::batch::{Batch, BatchStatement, BatchType};
use scylla::statement::prepared::PreparedStatement;

use super::failure::{Failure, VERSION};
use super::place::Place;
use super::schema;
use super::write::ROWS_MAX;

/// A server that does not take a connection within this time is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection is asked for a sign of life after this silence, and given up after as long again.
const ALIVE: Duration = Duration::from_secs(2);

/// An open session.
pub(super) struct Connection {
    pub(super) session: Session,
    pub(super) put_message: Batched,
    pub(super) put_sends: Batched,
    pub(super) put_bucket: PreparedStatement,
    pub(super) frames_before: PreparedStatement,
    pub(super) frames_after: PreparedStatement,
    pub(super) ids_before: PreparedStatement,
    pub(super) ids_after: PreparedStatement,
    pub(super) buckets_before: PreparedStatement,
    pub(super) buckets_after: PreparedStatement,
    pub(super) sends: PreparedStatement,
}

/// A statement with batches of it, made when first needed and used again.
pub(super) struct Batched {
    statement: PreparedStatement,
    of_rows: Vec<OnceLock<Batch>>,
}

impl Batched {
    fn new(statement: PreparedStatement) -> Self {
        Self { statement, of_rows: (0..=ROWS_MAX).map(|_| OnceLock::new()).collect() }
    }

    /// A batch of that many, at most [`ROWS_MAX`]. Unlogged: its rows are of one partition, so it is one write.
    pub(super) fn of(&self, rows: usize) -> &Batch {
        self.of_rows[rows].get_or_init(|| {
            let statements = vec![BatchStatement::PreparedStatement(self.statement.clone()); rows];
            let mut batch = Batch::new_with_statements(BatchType::Unlogged, statements);
            batch.set_is_idempotent(true);
            batch
        })
    }
}

/// Opens a session, without looking at the keyspace.
pub(super) async fn connect(place: &Place) -> Result<Session, Failure> {
    let mut balancing = DefaultPolicy::builder().token_aware(true);
    if let Some(dc) = &place.dc {
        balancing = balancing.prefer_datacenter(dc.clone()).permit_dc_failover(false);
    }
    // Neither retries nor speculative executions of the driver's own: a write that is sent again goes through the pace,
    // and a read's caller has a time to answer in.
    let profile = ExecutionProfile::builder()
        .consistency(place.consistency)
        .request_timeout(Some(place.write_timeout))
        .load_balancing_policy(balancing.build())
        .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
        .build();
    let mut builder = SessionBuilder::new()
        .known_nodes(&place.hosts)
        .connection_timeout(CONNECT)
        .keepalive_interval(ALIVE)
        .keepalive_timeout(ALIVE)
        .pool_size(PoolSize::PerShard(std::num::NonZeroUsize::MIN))
        .keyspaces_to_fetch([&place.keyspace])
        .default_execution_profile_handle(profile.into_handle());
    if let Some((user, password)) = &place.login {
        builder = builder.user(user, password);
    }
    builder.build().await.map_err(|error| Failure::of_connecting(&error))
}

/// The version of the tables, `None` where there are none.
pub(super) async fn version(session: &Session, place: &Place) -> Result<Option<i64>, Failure> {
    let answer = session.query_unpaged(schema::version_query(&place.keyspace), ()).await;
    let rows = match answer.map_err(|error| Failure::of_request(&error)) {
        Ok(answer) => answer.into_rows_result().map_err(|error| Failure::Fault(error.to_string()))?,
        Err(Failure::NotSetUp(_)) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let row = rows.maybe_first_row::<(Option<i64>,)>().map_err(|error| Failure::Fault(error.to_string()))?;
    Ok(row.and_then(|(version,)| version))
}

impl Connection {
    /// Opens a session on tables that are there and ours.
    pub(super) async fn open(place: &Place) -> Result<Self, Failure> {
        let session = connect(place).await?;
        match version(&session, place).await? {
            Some(VERSION) => {}
            Some(found) => return Err(Failure::TooNew(found)),
            None => {
                return Err(Failure::NotSetUp(format!(
                    "keyspace {} of the CQL server has no tables of Moim's; run `moim store init`",
                    place.keyspace
                )));
            }
        }
        Self::prepare(session, &place.keyspace).await
    }

    async fn prepare(session: Session, keyspace: &str) -> Result<Self, Failure> {
        let of = |cql: &str| {
            let (cql, session) = (cql.replace("{}", keyspace), &session);
            async move {
                let mut statement = session.prepare(cql).await.map_err(|error| Failure::of_preparing(&error))?;
                statement.set_is_idempotent(true);
                Ok::<_, Failure>(statement)
            }
        };
        let messages = |what: &str, range: &str| {
            format!("SELECT {what} FROM {{}}.messages WHERE room_id = ? AND bucket = ? AND message_id {range} LIMIT ?")
        };
        let (before, after) = ("< ?", "> ? ORDER BY message_id ASC");
        let put_message =
            "INSERT INTO {}.messages (room_id, bucket, message_id, frame) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
        let put_sends =
            "INSERT INTO {}.sends (room_id, user_id, device_id, slot, sent) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
        Ok(Self {
            put_message: Batched::new(of(put_message).await?),
            put_sends: Batched::new(of(put_sends).await?),
            put_bucket: of("INSERT INTO {}.buckets (room_id, bucket) VALUES (?, ?) USING TIMESTAMP ?").await?,
            frames_before: of(&messages("message_id, frame", before)).await?,
            frames_after: of(&messages("message_id, frame", after)).await?,
            ids_before: of(&messages("message_id", before)).await?,
            ids_after: of(&messages("message_id", after)).await?,
            buckets_before: of("SELECT bucket FROM {}.buckets WHERE room_id = ? AND bucket < ? LIMIT ?").await?,
            buckets_after: of(
                "SELECT bucket FROM {}.buckets WHERE room_id = ? AND bucket > ? ORDER BY bucket ASC LIMIT ?",
            )
            .await?,
            sends: of("SELECT sent FROM {}.sends WHERE room_id = ? AND user_id = ? AND device_id = ?").await?,
            session,
        })
    }
}
