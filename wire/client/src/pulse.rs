//! Heartbeats: when to ask whether the server is there, and when to give it up.

use std::time::Duration;

use tokio::time::Instant;

/// What the time asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    Nothing,
    Ping,
    Gone,
}

/// Who was silent for how long. The side that was silent for a heartbeat says PING, and a peer silent for two is gone.
#[derive(Debug)]
pub(crate) struct Pulse {
    heartbeat: Duration,
    heard: Instant,
    said: Instant,
    /// When PING was said that nothing has answered yet.
    asked: Option<Instant>,
}

impl Pulse {
    /// A server that announces no heartbeat gets one a minute.
    pub(crate) fn new(heartbeat: Duration, now: Instant) -> Self {
        let heartbeat = if heartbeat.is_zero() { Duration::from_secs(60) } else { heartbeat };
        Self { heartbeat, heard: now, said: now, asked: None }
    }

    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
    }

    pub(crate) fn said(&mut self, now: Instant) {
        self.said = now;
    }

    /// When to look again.
    pub(crate) fn next(&self) -> Instant {
        (self.said + self.heartbeat).min(self.gone_at().unwrap_or(self.heard + self.heartbeat))
    }

    /// When the server counts as gone: never before it had a heartbeat's time to answer a PING, so that a client that
    /// was itself held up does not give up a server whose frames wait to be read.
    fn gone_at(&self) -> Option<Instant> {
        self.asked.map(|asked| (asked + self.heartbeat).max(self.heard + self.heartbeat * 2))
    }

    /// What to do now. A PING counts as said here already, written or not.
    pub(crate) fn beat(&mut self, now: Instant) -> Beat {
        if self.gone_at().is_some_and(|gone| now >= gone) {
            return Beat::Gone;
        }
        if now < self.next() {
            return Beat::Nothing;
        }
        self.said = now;
        self.asked.get_or_insert(now);
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_secs(10);

    #[test]
    fn a_silent_server_is_asked_once_and_given_up_after_two_heartbeats() {
        let start = Instant::now();
        let mut pulse = Pulse::new(BEAT, start);
        assert_eq!(pulse.beat(start + BEAT / 2), Beat::Nothing);
        assert_eq!(pulse.beat(start + BEAT), Beat::Ping);
        assert_eq!(pulse.beat(start + BEAT), Beat::Nothing);
        pulse.said(start + BEAT * 3 / 2);
        assert_eq!(pulse.next(), start + BEAT * 2);
        assert_eq!(pulse.beat(start + BEAT * 2), Beat::Gone);
    }

    #[test]
    fn a_client_that_only_listens_says_ping_so_that_the_server_hears_it() {
        let start = Instant::now();
        let mut pulse = Pulse::new(BEAT, start);
        pulse.heard(start + BEAT / 2);
        assert_eq!(pulse.beat(start + BEAT), Beat::Ping);
        pulse.heard(start + BEAT);
        assert_eq!(pulse.next(), start + BEAT * 2);
    }

    #[test]
    fn a_client_that_was_held_up_asks_before_it_gives_the_server_up() {
        let start = Instant::now();
        let mut pulse = Pulse::new(BEAT, start);
        assert_eq!(pulse.beat(start + BEAT * 5), Beat::Ping);
        assert_eq!(pulse.beat(start + BEAT * 6), Beat::Gone);
    }
}
