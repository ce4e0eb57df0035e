//! Whether the servers are there, and whether one was away in a way that may have cost what it had confirmed.
//!
//! A CQL server confirms before it syncs: one that dies takes some seconds' worth of what it confirmed with it. Each start
//! of a node has its own generation in its `system.local`. A watcher asks every node for it twice a second; one that
//! differs from before means that the node died and came back, and everything not yet settled must be written again.
//!
//! Requests wait while the watcher is unsure: from the first failure of any request until all nodes that answer have
//! told their generation. So nobody reads from a node that came back before the lanes know of it, but in one case: it
//! died and was back within half a second, between two rounds and with no request under way. No node starts that fast.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use scylla::client::session::Session;
use scylla::cluster::Node;
use scylla::policies::load_balancing::{NodeIdentifier, SingleTargetLoadBalancingPolicy};
use scylla::statement::{Consistency, Statement};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::connection::Connection;
use super::failure::Failure;
use super::place::Place;

/// Between two rounds of the watcher.
const ROUND: Duration = Duration::from_millis(500);
/// A node that does not tell its generation within this time is away.
const ANSWER: Duration = Duration::from_secs(2);
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How things stand.
#[derive(Clone)]
enum Standing {
    /// Not known yet, or to be looked at again.
    Unsure,
    Here(Arc<Connection>),
    Away(Failure),
    Closed,
}

pub(super) struct Presence {
    place: Place,
    standing: watch::Sender<Standing>,
    /// Failed requests, and the wake-up of the watcher by them.
    doubts: AtomicU64,
    doubted: Notify,
    /// See `MessageStore::returns`.
    returned: watch::Sender<u64>,
}

/// What a node said last.
struct Told {
    generation: Option<i32>,
    was_away: bool,
}

impl Presence {
    pub(super) fn new(place: Place, returned: watch::Sender<u64>) -> Self {
        Self {
            place,
            standing: watch::Sender::new(Standing::Unsure),
            doubts: AtomicU64::new(0),
            doubted: Notify::new(),
            returned,
        }
    }

    /// The connection to use, once the watcher is sure that there is one.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>, Failure> {
        let mut standing = self.standing.subscribe();
        let standing = standing.wait_for(|standing| !matches!(standing, Standing::Unsure)).await;
        match standing.as_deref() {
            Ok(Standing::Here(connection)) => Ok(connection.clone()),
            Ok(Standing::Away(failure)) => Err(failure.clone()),
            Ok(Standing::Closed | Standing::Unsure) | Err(_) => {
                Err(Failure::Away("the message store is closed".to_owned()))
            }
        }
    }

    /// Times that the servers came back; what was learnt of their rows before the last one does not hold.
    pub(super) fn returns(&self) -> u64 {
        *self.returned.borrow()
    }

    pub(super) fn is_here(&self) -> bool {
        matches!(*self.standing.borrow(), Standing::Here(_))
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.standing.borrow(), Standing::Closed)
    }

    /// A request failed in a way that may mean that a node is gone.
    pub(super) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
        self.standing.send_if_modified(|standing| {
            let is_here = matches!(standing, Standing::Here(_));
            if is_here {
                *standing = Standing::Unsure;
            }
            is_here
        });
        self.doubted.notify_one();
    }

    /// Ends the session; requests are refused from here on.
    pub(super) fn close(&self) {
        self.standing.send_replace(Standing::Closed);
    }

    /// Tries once to open the session; the outcome is told, too.
    async fn open(&self) -> Result<Arc<Connection>, Failure> {
        let opened = Connection::open(&self.place).await.map(Arc::new);
        if let Err(failure) = &opened {
            self.stand(Standing::Away(failure.clone()));
        }
        opened
    }

    fn stand(&self, now: Standing) {
        self.standing.send_if_modified(|standing| {
            let may = !matches!(standing, Standing::Closed);
            if may {
                *standing = now;
            }
            may
        });
    }

    /// Watches until the store is closed. The first failure to open the session is told through `first`.
    pub(super) async fn watch(self: Arc<Self>, first: tokio::sync::oneshot::Sender<Result<(), Failure>>) {
        let mut closed = self.standing.subscribe();
        tokio::select! {
            () = self.watch_on(first) => {}
            _ = closed.wait_for(|standing| matches!(standing, Standing::Closed)) => {}
        }
    }

    async fn watch_on(&self, first: tokio::sync::oneshot::Sender<Result<(), Failure>>) {
        let mut first = Some(first);
        let mut pause = RETRY_FIRST;
        let connection = loop {
            let opened = self.open().await;
            if let Err(failure) = &opened {
                tracing::warn!(?failure, pause_ms = pause.as_millis() as u64, "no message store; trying again");
            }
            let outcome = opened.as_ref().map(|_| ()).map_err(Clone::clone);
            if let Some(first) = first.take() {
                // Whoever opened the store may have stopped waiting.
                let _ = first.send(outcome);
            }
            if let Ok(connection) = opened {
                break connection;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_MAX);
        };
        let mut told = HashMap::new();
        loop {
            self.round(&connection, &mut told).await;
            // A doubt has it look again at once.
            let _ = timeout(ROUND, self.doubted.notified()).await;
        }
    }

    /// Asks every node for its generation.
    async fn round(&self, connection: &Arc<Connection>, told: &mut HashMap<uuid::Uuid, Told>) {
        let doubts = self.doubts.load(Ordering::Acquire);
        let cluster = connection.session.get_cluster_state();
        let nodes = cluster.get_nodes_info();
        let asked = nodes.iter().map(|node| generation(&connection.session, node));
        let answers = futures_util::future::join_all(asked).await;
        let mut last_failure = Failure::Away("the message store: no node of it is known".to_owned());
        let (mut has_answer, mut has_returned) = (false, false);
        for (node, answer) in nodes.iter().zip(answers) {
            match answer {
                Ok(generation) => {
                    has_answer = true;
                    let before = told.insert(node.host_id, Told { generation, was_away: false });
                    has_returned |= before.is_some_and(|before| before.has_returned_as(generation));
                }
                Err(failure) => {
                    told.entry(node.host_id).and_modify(|told| told.was_away = true);
                    last_failure = failure;
                }
            }
        }
        if has_returned {
            tracing::warn!("a node of the message store was restarted; it may have lost what it confirmed last");
            self.returned.send_modify(|returned| *returned += 1);
        }
        if !has_answer {
            return self.stand(Standing::Away(last_failure));
        }
        if self.doubts.load(Ordering::Acquire) == doubts {
            self.stand(Standing::Here(connection.clone()));
        }
    }
}

impl Told {
    /// Whether the node, now of that generation, was started anew. One that tells none is taken to have been, if it was
    /// away at all.
    fn has_returned_as(&self, generation: Option<i32>) -> bool {
        match (self.generation, generation) {
            (Some(before), Some(now)) => before != now,
            _ => self.was_away,
        }
    }
}

/// The generation of a node, `None` where it has no such thing.
async fn generation(session: &Session, node: &Arc<Node>) -> Result<Option<i32>, Failure> {
    let mut query = Statement::new("SELECT gossip_generation FROM system.local WHERE key = 'local'");
    let only = NodeIdentifier::Node(node.clone());
    query.set_load_balancing_policy(Some(SingleTargetLoadBalancingPolicy::new(only, None)));
    query.set_consistency(Consistency::One);
    query.set_request_timeout(Some(ANSWER));
    match session.query_unpaged(query, ()).await {
        Ok(answer) => {
            let rows = answer.into_rows_result().map_err(|error| Failure::Fault(error.to_string()))?;
            let row = rows.maybe_first_row::<(Option<i32>,)>().map_err(|error| Failure::Fault(error.to_string()))?;
            Ok(row.and_then(|(generation,)| generation))
        }
        Err(error) => match Failure::of_request(&error) {
            Failure::NotSetUp(_) => Ok(None),
            failure => Err(failure),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_returned_when_its_generation_changed_or_is_not_told() {
        let told = |generation, was_away| Told { generation, was_away };
        assert!(told(Some(1), false).has_returned_as(Some(2)));
        assert!(!told(Some(1), true).has_returned_as(Some(1)), "it was stopped and went on");
        assert!(told(None, true).has_returned_as(None));
        assert!(!told(None, false).has_returned_as(None));
    }
}
