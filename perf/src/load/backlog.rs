//! How fast the message store catches up once the load has ended, from the server's own counters.

use std::rc::Rc;
use std::time::Duration;

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::TcpStream;
use monoio::time::sleep;
use serde::{Deserialize, Serialize};

use super::crowd::Crowd;
use crate::workload::Workload;

const WRITTEN: &str = "moim_message_store_written_total";
const EVERY: Duration = Duration::from_millis(50);
/// The store is as good as stuck when it writes nothing for so long.
const STUCK: Duration = Duration::from_secs(10);

/// What was left to write when the load ended, and how fast that went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Drained {
    pub(crate) messages: u64,
    pub(crate) seconds: f64,
    /// Messages that the store did not have in the end.
    pub(crate) left: u64,
}

impl Drained {
    /// Messages a second; 0 where there was no backlog to speak of.
    pub(crate) fn per_s(&self) -> f64 {
        if self.seconds > 0.0 { self.messages as f64 / self.seconds } else { 0.0 }
    }
}

/// Waits until the store has all that was acknowledged. `None` where that is of no interest to the workload.
pub(crate) async fn drain(
    crowd: &Rc<Crowd>,
    workload: &Workload,
    metrics: Option<std::net::SocketAddr>,
) -> Option<Drained> {
    let metrics = metrics.filter(|_| !workload.follows())?;
    let accepted = crowd.tally.borrow().counts.accepted;
    let (begun_ns, begun) = (crowd.clock.now_ns(), written(metrics).await?);
    let (mut now, mut moved_ns, mut ended_ns) = (begun, begun_ns, begun_ns);
    while now < accepted && ended_ns - moved_ns < STUCK.as_nanos() as u64 {
        sleep(EVERY).await;
        let next = written(metrics).await?;
        ended_ns = crowd.clock.now_ns();
        if next != now {
            (now, moved_ns) = (next, ended_ns);
        }
    }
    let seconds = (moved_ns - begun_ns) as f64 / 1e9;
    Some(Drained { messages: now - begun, seconds, left: accepted.saturating_sub(now) })
}

/// Messages that the server's store has written since it started.
async fn written(metrics: std::net::SocketAddr) -> Option<u64> {
    let mut stream = TcpStream::connect_addr(metrics).await.ok()?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {metrics}\r\nConnection: close\r\n\r\n").into_bytes();
    stream.write_all(request).await.0.ok()?;
    let (mut page, mut piece) = (Vec::new(), Vec::with_capacity(64 * 1024));
    loop {
        let (read, returned) = stream.read(piece).await;
        piece = returned;
        match read {
            Ok(0) => break,
            Ok(_) => page.append(&mut piece),
            Err(_) => return None,
        }
    }
    value(&String::from_utf8_lossy(&page), WRITTEN)
}

/// The value of a metric without labels.
fn value(page: &str, name: &str) -> Option<u64> {
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.trim().parse::<f64>().ok().map(|value| value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_whole_name() {
        let page = "# TYPE moim_message_store_written_total counter\n\
            moim_message_store_written_total_more 1\nmoim_message_store_written_total 42\n";
        assert_eq!(value(page, WRITTEN), Some(42));
        assert_eq!(value(page, "moim_message_store"), None);
    }
}
