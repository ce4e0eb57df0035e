//! A few made-up people who talk, so that a visitor sees a server live. They are native clients like any other.

mod people;
mod talk;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use moim_bridge::made_up::{Dice, Scene, scenes};
use moim_client::{Client, Config, Credentials, RoomId};
use moim_persistence::Accounts;
use tokio::task::JoinSet;

use people::{GUEST, PASSWORD, PEOPLE};

/// Why the demo ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Stores(#[from] moim_persistence::Error),
    #[error("{who}: {source}")]
    Client { who: &'static str, source: moim_client::Error },
}

/// How the demo goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Mean time between two messages of a room.
    pub(crate) pause: Duration,
    /// The same seed tells the same story.
    pub(crate) seed: u64,
}

/// What a visitor may log in with: e-mail address and password.
pub(crate) const VISITOR: (&str, &str) = (GUEST.email, PASSWORD);

/// Of the script's rooms: as many as six people keep up with.
const ROOMS: usize = 3;

/// The made-up people's rooms, ready to be talked in.
pub(crate) struct Stage {
    scenes: Vec<(RoomId, &'static Scene)>,
}

impl Stage {
    /// Makes the people and rooms that are not there yet.
    pub(crate) async fn prepare(accounts: &Accounts) -> Result<Self, Error> {
        let scenes = &scenes()[..ROOMS];
        let rooms = people::prepare(accounts, scenes).await?;
        Ok(Self { scenes: rooms.into_iter().zip(scenes).collect() })
    }

    /// Logs everybody in and talks until something ends it, which is an error, or until it is dropped.
    pub(crate) async fn play(self, engine: SocketAddr, pace: Pace) -> Result<(), Error> {
        let mut clients = HashMap::new();
        for person in &PEOPLE {
            let (email, password) = (person.email.to_owned(), PASSWORD.to_owned());
            let config = Config::new(engine.to_string(), Credentials::Password { email, password });
            let client = Client::connect(config).await.map_err(|source| Error::Client { who: person.name, source })?;
            clients.insert(person.given, client);
        }
        let mut playing = JoinSet::new();
        let mut dice = Dice::new(pace.seed);
        for (room, scene) in self.scenes {
            for &given in &scene.people {
                let seed = u64::try_from(dice.below(usize::MAX)).unwrap_or(pace.seed);
                playing.spawn(talk::listen(clients[given].clone(), given, room, Dice::new(seed), pace.pause));
            }
            let seed = u64::try_from(dice.below(usize::MAX)).unwrap_or(pace.seed);
            playing.spawn(talk::speak(clients.clone(), room, scene, Dice::new(seed), pace.pause));
        }
        while let Some(ended) = playing.join_next().await {
            // A task that panicked has said so; the others go on.
            ended.unwrap_or(Ok(()))?;
        }
        Ok(())
    }
}
