//! Everybody comes in: so many at a time as a server's accept queue holds.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use monoio::time::timeout;

use super::LoadError;
use super::connection::connect;
use super::crowd::{Crowd, Stage};

/// Connections between their first packet and their place in the room.
const AT_ONCE: usize = 512;
const WAIT: Duration = Duration::from_secs(60);

/// Connects and signs in a range of connections; returns when all of them take part.
pub(crate) async fn arrive(crowd: &Rc<Crowd>, range: Range<usize>) -> Result<(), LoadError> {
    let wanted = crowd.present() + range.len();
    let all = async {
        for connection in range {
            crowd.changed.wait(|| (crowd.arriving() < AT_ONCE || crowd.first_failure().is_some()).then_some(())).await;
            crowd.expect(connection);
            monoio::spawn(connect(crowd.clone(), connection));
        }
        crowd.changed.wait(|| (crowd.present() >= wanted || crowd.first_failure().is_some()).then_some(())).await;
    };
    let in_time = timeout(WAIT, all).await;
    if crowd.present() >= wanted {
        return Ok(());
    }
    let why = crowd.first_failure().unwrap_or_else(|| "none".into());
    let waited_s = if in_time.is_ok() { 0 } else { WAIT.as_secs() };
    Err(LoadError::Arrival { present: crowd.present(), wanted, waited_s, why })
}

impl Crowd {
    /// A connection is on its way.
    fn expect(&self, connection: usize) {
        self.end(connection).stage = Stage::Arriving;
        self.now_arriving(1);
    }
}
