//! Everybody drops at once and returns.

use std::rc::Rc;
use std::time::Duration;

use monoio::time::{sleep, timeout};
use serde::{Deserialize, Serialize};

use super::LoadError;
use super::arrive::arrive;
use super::crowd::Crowd;

const WAIT: Duration = Duration::from_secs(30);

/// How one storm went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Returned {
    pub(crate) connections: usize,
    /// Until the last one was back in its room.
    pub(crate) back_s: f64,
    /// Until the last one had what it missed; `None`: not within half a minute.
    pub(crate) caught_up_s: Option<f64>,
}

/// Drops everybody `times` within `window_s`, at equal distances.
pub(crate) async fn storm(crowd: Rc<Crowd>, times: u32, window_s: f64) -> Result<Vec<Returned>, LoadError> {
    let mut storms = Vec::new();
    let rest = Duration::from_secs_f64(window_s / f64::from(times + 1));
    for _ in 0..times {
        sleep(rest).await;
        storms.push(once(&crowd).await?);
    }
    Ok(storms)
}

async fn once(crowd: &Rc<Crowd>) -> Result<Returned, LoadError> {
    let begun_ns = crowd.clock.now_ns();
    let since_s = || (crowd.clock.now_ns() - begun_ns) as f64 / 1e9;
    let connections = crowd.layout.connections();
    for connection in 0..connections {
        crowd.hang_up(connection);
    }
    arrive(crowd, 0..connections).await?;
    let back_s = since_s();
    let published = crowd.tally.borrow().sent();
    let caught_up = async {
        while !crowd.has_reached(&published) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let caught_up_s = timeout(WAIT, caught_up).await.ok().map(|()| since_s());
    Ok(Returned { connections, back_s, caught_up_s })
}
