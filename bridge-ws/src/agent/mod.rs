//! Sessions on trunks for those who call over REST. What they say goes through the engine like everyone's words, so that
//! it is durable when it is answered and native clients see it at once. One agent a login, kept for a while, so that a
//! request does not begin and end a session each time.

mod refusal;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use foldhash::fast::RandomState;
use moim_persistence::Identity;
use tokio::time::timeout;

pub(crate) use session::Agent;

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::credentials::Credentials;
use crate::problem::Problem;
use crate::trunk::{Introduction, NoSession, random_device};
use crate::websocket::outbox::Outbox;

/// An agent that was not asked for this long ends its session.
const IDLE: Duration = Duration::from_secs(60);
const RETRY_AFTER_MS: u64 = 1_000;

/// Whose an agent is: user and login.
type Key = (u32, u64);

/// All agents of the bridge.
#[derive(Default)]
pub(crate) struct Agents {
    agents: Mutex<HashMap<Key, Arc<Agent>, RandomState>>,
}

/// The caller of a request that goes to the engine, with the agent who speaks for him.
pub(crate) struct Represented {
    pub(crate) caller: Identity,
    pub(crate) agent: Arc<Agent>,
}

impl FromRequestParts<Arc<App>> for Represented {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let credentials = Credentials::find(&parts.headers).ok_or_else(|| Problem::unauthorized("log in first"))?;
        let caller = app.persistence.accounts().logins().authenticate(&credentials.token).await?;
        let Ok(address) = ClientAddress::from_request_parts(parts, app).await;
        let agent = app.agents.get(app, &caller, credentials.token, address).await?;
        Ok(Self { caller, agent })
    }
}

impl Agents {
    /// The agent of a login, whose session stands.
    pub(crate) async fn get(
        &self,
        app: &Arc<App>,
        caller: &Identity,
        token: String,
        address: ClientAddress,
    ) -> Result<Arc<Agent>, Problem> {
        let agent = self.find_or_begin(app, (caller.user.0, caller.login), token, address)?;
        match timeout(app.config.limits.answer_timeout, agent.stands()).await {
            Ok(stands) => stands.map(|()| agent),
            Err(_) => Err(Problem::busy("the engine does not answer", RETRY_AFTER_MS)),
        }
    }

    fn find_or_begin(
        &self,
        app: &Arc<App>,
        key: Key,
        token: String,
        address: ClientAddress,
    ) -> Result<Arc<Agent>, Problem> {
        let mut agents = self.lock();
        if let Some(agent) = agents.get(&key).filter(|agent| !agent.is_over()) {
            return Ok(agent.clone());
        }
        if agents.len() >= app.config.limits.agents_max {
            return Err(Problem::busy("as many people call as this server speaks for", RETRY_AFTER_MS));
        }
        // Each agent is a device of its own: its sequences begin at 1.
        let device = random_device().map_err(|error| Problem::internal(&error))?;
        let (request, address) = (session::HELLO, address.to_string());
        let introduction = Introduction { request, token, device, address, says_files: true };
        let outbox = Arc::new(Outbox::queue(&app.config.limits, app.counters.clone()));
        let attached = app.trunks.attach(&introduction, &outbox).map_err(|error| match error {
            NoSession::Full => Problem::busy("as many sessions as this server takes", RETRY_AFTER_MS),
            NoSession::Lost => Problem::busy("the engine is out of reach", RETRY_AFTER_MS),
        })?;
        let agent = Arc::new(Agent::new(attached, app.config.limits.answer_timeout));
        agents.insert(key, agent.clone());
        app.tasks.spawn(listen(app.clone(), key, agent.clone(), outbox));
        Ok(agent)
    }

    /// Lets an agent go whom nobody has asked anything since; false where somebody is about to.
    fn dismiss(&self, key: Key, agent: &Arc<Agent>) -> bool {
        let mut agents = self.lock();
        // The map's and the listener's.
        let is_idle = Arc::strong_count(agent) <= 2;
        if is_idle || agent.is_over() {
            agents.remove(&key);
        }
        is_idle
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Agent>, RandomState>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands an agent its answers until its session is over or nobody needs it any more.
async fn listen(app: Arc<App>, key: Key, agent: Arc<Agent>, outbox: Arc<Outbox>) {
    loop {
        let taken = tokio::select! {
            taken = timeout(IDLE, session::next(&outbox)) => taken,
            () = app.stop.cancelled() => break,
        };
        match taken {
            Ok(Some(frames)) => agent.take(&frames),
            Ok(None) => break,
            Err(_) if app.agents.dismiss(key, &agent) => break,
            Err(_) => {}
        }
    }
    agent.end();
    let mut agents = app.agents.lock();
    // Another may have come in its place.
    if agents.get(&key).is_some_and(|found| Arc::ptr_eq(found, &agent)) {
        agents.remove(&key);
    }
}
