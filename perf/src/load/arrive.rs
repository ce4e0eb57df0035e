//! Everybody comes in: so many at a time as a server's accept queue holds.

use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use monoio::time::timeout;

use super::LoadError;
use super::connection::connect;
use super::crowd::Crowd;

/// Connections between their first packet and their place in the room.
const AT_ONCE: usize = 512;
const WAIT: Duration = Duration::from_secs(60);

/// Connects and signs in a range of connections; returns when all of them take part.
pub(super) async fn arrive(crowd: &Rc<Crowd>, range: Range<usize>) -> Result<(), LoadError> {
    let wanted = crowd.present() + range.len();
    let failures = crowd.failures();
    let until = |is_so: &dyn Fn() -> bool| (is_so() || crowd.failures() > failures).then_some(());
    let all = async {
        for connection in range {
            crowd.changed.wait(|| until(&|| crowd.arriving() < AT_ONCE)).await;
            crowd.expect(connection);
            monoio::spawn(connect(crowd.clone(), connection));
        }
        crowd.changed.wait(|| until(&|| crowd.present() >= wanted)).await;
    };
    let is_in_time = timeout(WAIT, all).await.is_ok();
    if crowd.present() >= wanted {
        return Ok(());
    }
    let why = match crowd.failure(failures) {
        Some(why) => why,
        None if is_in_time => "none".into(),
        None => format!("no answer within {} s", WAIT.as_secs()),
    };
    Err(LoadError::Arrival { present: crowd.present(), wanted, why })
}
