//! What an operator does to the store before a server runs on it.

use scylla::client::session::Session;

use super::connection::{connect, version};
use super::failure::{Failure, VERSION};
use super::place::Place;
use super::schema;
use crate::address::StoreAddress;
use crate::error::Error;

/// Copies where neither the address nor the number of nodes asks for fewer: a quorum of them outlives one node.
const COPIES: u32 = 3;

/// Tables to be made.
pub struct SetUp {
    place: Place,
}

/// How a store is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Nodes that the servers know of, in the data centre named if one is.
    pub nodes: usize,
    /// Nodes that there is a connection to.
    pub connected: usize,
    /// Version of the tables, `None` where there are none.
    pub version: Option<i64>,
    /// The version that this binary needs.
    pub needed: i64,
}

impl SetUp {
    pub(crate) fn of(address: &StoreAddress) -> Result<Self, Error> {
        Ok(Self { place: Place::parse(address)? })
    }

    /// The CQL, statement by statement, that [`Self::make`] runs on servers with enough nodes.
    pub fn plan(&self) -> Vec<String> {
        schema::statements(&self.place, self.place.replication.unwrap_or(COPIES))
    }

    /// Makes keyspace and tables where they are missing; gives the statements that were run. Where the address names no
    /// number of copies there are three, or as many as there are nodes.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::NotSetUp`] for a refused login, [`Error::SchemaFromTheFuture`].
    pub async fn make(&self) -> Result<Vec<String>, Error> {
        let session = connect(&self.place).await?;
        if let Some(found) = version(&session, &self.place).await?.filter(|found| *found > VERSION) {
            return Err(Failure::TooNew(found).into());
        }
        let (nodes, _) = self.nodes(&session);
        let copies = u32::try_from(nodes).unwrap_or(COPIES).clamp(1, COPIES);
        let statements = schema::statements(&self.place, self.place.replication.unwrap_or(copies));
        for statement in &statements {
            let made = session.query_unpaged(statement.as_str(), ()).await;
            made.map_err(|error| Failure::of_request(&error))?;
        }
        Ok(statements)
    }

    /// Looks at the servers and the tables.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::NotSetUp`] for a refused login.
    pub async fn examine(&self) -> Result<Examined, Error> {
        let session = connect(&self.place).await?;
        let version = version(&session, &self.place).await?;
        let (nodes, connected) = self.nodes(&session);
        Ok(Examined { nodes, connected, version, needed: VERSION })
    }

    fn nodes(&self, session: &Session) -> (usize, usize) {
        let cluster = session.get_cluster_state();
        let ours: Vec<_> = cluster
            .get_nodes_info()
            .iter()
            .filter(|node| self.place.dc.is_none() || self.place.dc == node.datacenter)
            .collect();
        (ours.len(), ours.iter().filter(|node| node.is_connected()).count())
    }
}
