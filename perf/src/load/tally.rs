//! What was counted and timed. One per run, touched once per delivery: everything on that way is plain arithmetic.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::checker::{Checker, Disorder};
use crate::stamp::Stamp;

/// Latencies are recorded in nanoseconds, told apart to three digits from a microsecond to this.
const LATENCY_NS_MAX: u64 = 600_000_000_000;
/// Reasons of refusals that are kept apart; further ones are counted together.
const REASONS_MAX: usize = 16;

/// An empty histogram of latencies.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, LATENCY_NS_MAX, 3).expect("the bounds are constants that fit")
}

/// Running counts of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) deliveries: u64,
    pub(crate) publishes: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) gaps: u64,
    pub(crate) disconnects: u64,
    /// Sign-ins that the server asked to try again later.
    pub(crate) turned_away: u64,
}

impl Counts {
    /// Both together.
    pub(crate) const fn plus(&self, other: &Self) -> Self {
        Self {
            deliveries: self.deliveries + other.deliveries,
            publishes: self.publishes + other.publishes,
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            gaps: self.gaps + other.gaps,
            disconnects: self.disconnects + other.disconnects,
            turned_away: self.turned_away + other.turned_away,
        }
    }

    /// What came since `earlier`.
    pub(crate) const fn since(&self, earlier: &Self) -> Self {
        Self {
            deliveries: self.deliveries - earlier.deliveries,
            publishes: self.publishes - earlier.publishes,
            accepted: self.accepted - earlier.accepted,
            refused: self.refused - earlier.refused,
            gaps: self.gaps - earlier.gaps,
            disconnects: self.disconnects - earlier.disconnects,
            turned_away: self.turned_away - earlier.turned_away,
        }
    }
}

/// Everything that is recorded while the load runs.
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) checker: Checker,
    /// Latency of deliveries since the last interval ended.
    deliveries: Histogram<u64>,
    /// Latency of acknowledgements since then.
    acceptances: Histogram<u64>,
    /// How late publishes left that a schedule had made due.
    lateness: Histogram<u64>,
    /// Publishes of each sender.
    sent: Vec<u32>,
    /// Publishes of each sender that were refused: nobody can have received them.
    refused: BTreeMap<u32, u32>,
    reasons: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn new(receivers: usize, rooms: usize, senders_per_room: usize) -> Self {
        Self {
            counts: Counts::default(),
            checker: Checker::new(receivers, senders_per_room),
            deliveries: latencies(),
            acceptances: latencies(),
            lateness: latencies(),
            sent: vec![0; rooms * senders_per_room],
            refused: BTreeMap::new(),
            reasons: BTreeMap::new(),
        }
    }

    /// A message arrived. `first_sender` is the number of the receiver's room's first sender.
    #[inline]
    pub(crate) fn delivered(&mut self, receiver: usize, first_sender: u32, stamp: Stamp, now_ns: u64) {
        self.counts.deliveries += 1;
        self.deliveries.saturating_record(now_ns.saturating_sub(stamp.due_ns));
        self.checker.received(receiver, stamp.sender.wrapping_sub(first_sender), stamp.counter);
    }

    /// A message was handed to the outbox: gives the sender's number for it.
    #[inline]
    pub(crate) fn published(&mut self, sender: u32) -> u32 {
        self.counts.publishes += 1;
        let sent = &mut self.sent[sender as usize];
        *sent += 1;
        *sent
    }

    /// A publish was acknowledged.
    pub(crate) fn accepted(&mut self, latency_ns: Option<u64>) {
        self.counts.accepted += 1;
        if let Some(latency_ns) = latency_ns {
            self.acceptances.saturating_record(latency_ns);
        }
    }

    /// A publish was refused.
    pub(crate) fn refused(&mut self, sender: u32, why: String) {
        self.counts.refused += 1;
        *self.refused.entry(sender).or_default() += 1;
        self.note(why);
    }

    /// Keeps why something went wrong.
    pub(crate) fn note(&mut self, why: String) {
        let why =
            if self.reasons.len() < REASONS_MAX || self.reasons.contains_key(&why) { why } else { "other".into() };
        *self.reasons.entry(why).or_default() += 1;
    }

    /// Why things went wrong, and how often.
    pub(crate) fn reasons(&self) -> &BTreeMap<String, u64> {
        &self.reasons
    }

    /// Ends an interval: the latencies of its deliveries and acknowledgements.
    pub(crate) fn cut(&mut self) -> (Histogram<u64>, Histogram<u64>) {
        let cut = (self.deliveries.clone(), self.acceptances.clone());
        self.deliveries.reset();
        self.acceptances.reset();
        cut
    }

    /// A publish left so long after it was due.
    pub(crate) fn late(&mut self, by_ns: u64) {
        self.lateness.saturating_record(by_ns);
    }

    /// How late publishes left.
    pub(crate) fn lateness(&self) -> &Histogram<u64> {
        &self.lateness
    }

    /// How many messages each sender published so far.
    pub(crate) fn sent(&self) -> Vec<u32> {
        self.sent.clone()
    }

    /// Whether every judged receiver has at least what `sent` counts of each sender of its room.
    pub(crate) fn has_reached(&self, sent: &[u32], room_of: impl Fn(usize) -> Option<usize>) -> bool {
        let senders = self.checker.senders_per_room();
        let has = |receiver: usize, room: usize| {
            (0..senders).all(|seat| self.checker.newest(receiver, seat) >= sent[room * senders + seat])
        };
        (0..self.checker.receivers()).all(|receiver| room_of(receiver).is_none_or(|room| has(receiver, room)))
    }

    /// What is missing or came wrongly; see [`Checker::judge`].
    pub(crate) fn verdict(&self, room_of: impl Fn(usize) -> Option<usize>) -> Disorder {
        let sent = |sender: usize| {
            let refused = self.refused.get(&(sender as u32)).copied().unwrap_or(0);
            (self.sent[sender], refused)
        };
        self.checker.judge(sent, room_of)
    }
}
