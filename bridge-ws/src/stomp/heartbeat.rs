//! Heart-beats: what CONNECT and CONNECTED agree on, and when the next is due.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// What a client's `heart-beat` header says, in milliseconds; 0 each where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    /// It can be heard of at least this often; 0: not at all.
    pub(super) can_send_ms: u32,
    /// It wants to hear at least this often; 0: it does not mind.
    pub(super) wants_ms: u32,
}

impl Offer {
    /// Reads the header; `None` where it is not two numbers.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (can_send, wants) = header.split_once(',')?;
        let number = |text: &str| text.trim().parse().ok();
        Some(Self { can_send_ms: number(can_send)?, wants_ms: number(wants)? })
    }

    /// How often this server sends, and how often it must hear of the client, when it offers `own` both ways. `None`
    /// where one side wants none.
    pub(super) fn agree(self, own: Duration) -> (Option<Duration>, Option<Duration>) {
        let slower = |ms: u32| (ms > 0).then(|| own.max(Duration::from_millis(ms.into())));
        (slower(self.wants_ms), slower(self.can_send_ms))
    }
}

/// The two clocks of a session.
pub(super) struct Pulse {
    /// Looks twice an interval, so that the time between two signs of life stays below the interval.
    beats: Option<Interval>,
    looks: Interval,
    wrote: bool,
    heard: bool,
    silent_looks: u32,
}

/// What the clocks ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing was written for a while: a heart-beat.
    Beat,
    /// The client was silent for a while: a ping, which a browser answers even while its page sleeps.
    Ping,
    /// Neither heart-beat nor answer to the ping came.
    Dead,
    /// Nothing after all.
    Nothing,
}

impl Pulse {
    /// `sends` and `hears` as [`Offer::agree`] gives them; without heart-beats the client is pinged each `ping_interval`.
    pub(super) fn new(sends: Option<Duration>, hears: Option<Duration>, ping_interval: Duration) -> Self {
        let every = |period: Duration| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        Self {
            beats: sends.map(|period| every((period / 2).max(Duration::from_millis(1)))),
            // Twice its interval: what is late is not lost.
            looks: every(hears.map_or(ping_interval, |period| period * 2)),
            wrote: false,
            heard: true,
            silent_looks: 0,
        }
    }

    /// Something was written.
    pub(super) fn wrote(&mut self) {
        self.wrote = true;
    }

    /// Something came from the client.
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    pub(super) fn poll(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Due> {
        if let Some(beats) = &mut self.beats
            && beats.poll_tick(cx).is_ready()
        {
            let wrote = std::mem::take(&mut self.wrote);
            return std::task::Poll::Ready(if wrote { Due::Nothing } else { Due::Beat });
        }
        self.looks.poll_tick(cx).map(|_| self.look())
    }

    fn look(&mut self) -> Due {
        if std::mem::take(&mut self.heard) {
            self.silent_looks = 0;
            return Due::Nothing;
        }
        self.silent_looks += 1;
        if self.silent_looks == 1 { Due::Ping } else { Due::Dead }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_of_both_sides_counts_and_zero_means_none() {
        let own = Duration::from_millis(4_000);
        let agreed = |header| Offer::parse(header).unwrap().agree(own);
        assert_eq!(agreed("4000,4000"), (Some(own), Some(own)));
        assert_eq!(agreed("10000, 1000"), (Some(own), Some(Duration::from_secs(10))));
        assert_eq!(agreed("0,5000"), (Some(Duration::from_secs(5)), None));
        assert_eq!(Offer::default().agree(own), (None, None));
        for wrong in ["", "4000", "4000,", "a,b", "-1,0", "1,2,3"] {
            assert_eq!(Offer::parse(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_silent_client_is_pinged_once_and_then_given_up() {
        let mut pulse = Pulse::new(None, Some(Duration::from_secs(4)), Duration::from_secs(30));
        assert_eq!(pulse.look(), Due::Nothing, "it was heard when it connected");
        assert_eq!(pulse.look(), Due::Ping);
        pulse.heard();
        assert_eq!(pulse.look(), Due::Nothing, "it answered");
        assert_eq!([pulse.look(), pulse.look()], [Due::Ping, Due::Dead]);
    }
}
