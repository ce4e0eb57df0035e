//! Who wrote what: names and e-mail addresses beside messages, which carry none. Remembered for a moment, so that a busy
//! room does not ask the store for each message.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use futures_util::future::try_join_all;
use moim_persistence::{Error, User, UserId, Users};

/// For so long a changed name may still be shown where another process changed it.
const REMEMBERED: Duration = Duration::from_secs(10);
/// People remembered; with more all are forgotten and asked for anew.
const REMEMBERED_MAX: usize = 16_384;
/// Asked for at once, so that one page does not take all of the store's readers.
const AT_ONCE: usize = 4;

/// The people whose messages were shown lately.
pub(crate) struct People {
    users: Users,
    known: Mutex<HashMap<UserId, (User, Instant), RandomState>>,
}

impl People {
    pub(crate) fn new(users: Users) -> Self {
        Self { users, known: Mutex::default() }
    }

    /// A person, of a deleted account the neutral name and no address.
    pub(crate) async fn get(&self, user: UserId) -> Result<User, Error> {
        if let Some((person, since)) = self.known().get(&user)
            && since.elapsed() < REMEMBERED
        {
            return Ok(person.clone());
        }
        let person = self.users.whoever(user).await?;
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.clear();
        }
        known.insert(user, (person.clone(), Instant::now()));
        Ok(person)
    }

    /// Several people by their ids.
    pub(crate) async fn get_all(&self, users: &[UserId]) -> Result<HashMap<UserId, User>, Error> {
        let mut people = HashMap::with_capacity(users.len());
        for few in users.chunks(AT_ONCE) {
            let found = try_join_all(few.iter().map(|&user| self.get(user))).await?;
            people.extend(found.into_iter().map(|person| (person.id, person)));
        }
        Ok(people)
    }

    /// The person has another name from now on.
    pub(crate) fn forget(&self, user: UserId) {
        self.known().remove(&user);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<UserId, (User, Instant), RandomState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
