//! What a seed decides before anything happens: how large the world is, how tight its limits, and what happens how often.

use moim_engine::Limits;

use crate::random::Random;

/// What can happen in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A client does something.
    Client,
    /// A shard reads a request.
    Input,
    /// A message between shards arrives.
    Mesh,
    /// A journal writes a block, syncs, or tells its shard.
    Journal,
    /// A store looks at a question, or its answer arrives.
    Store,
    /// Committed batches move on to the message store.
    WriteBehind,
    /// Output leaves a connection and is heard.
    Output,
    /// The clock moves.
    Clock,
    /// A room is changed beside the engine.
    Change,
    /// What a shard does once a second.
    Tick,
    /// A connection breaks, stalls or comes back; a store or disk fails or recovers.
    Fault,
    /// The process dies.
    Crash,
}

/// The world of one seed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) shards: usize,
    pub(crate) rooms: usize,
    pub(crate) users: usize,
    pub(crate) clients: usize,
    pub(crate) trunks: usize,
    pub(crate) steps: usize,
    pub(crate) limits: Limits,
    pub(crate) segment_blocks: usize,
    /// Characters of the longest text.
    pub(crate) text_chars_max: usize,
    /// Sends at once.
    pub(crate) burst_max: usize,
    /// Committed batches that wait for the message store.
    pub(crate) lane_batches_max: usize,
    /// Segments that a shard may hold for the message store.
    pub(crate) segments_max: usize,
    /// How long the journal keeps what was confirmed, in steps; 0 where the store syncs before it confirms.
    pub(crate) keep_confirmed: u64,
    /// Changes that the accounts' store hands out at once.
    pub(crate) changes_at_once: usize,
    /// How likely each act is.
    weights: Vec<(Act, usize)>,
}

impl Plan {
    pub(crate) fn of(random: &mut Random) -> Self {
        let rooms = random.between(1, 4);
        let users = random.between(2, 6);
        // One world in 32 talks so much that a client misses more than OPEN hands over.
        let is_loud = random.one_in(32);
        Self {
            shards: random.between(1, 4),
            rooms: if is_loud { 1 } else { rooms },
            users,
            clients: users + random.below(4),
            trunks: random.below(3),
            steps: if is_loud { 800 } else { random.between(200, 1_600) },
            limits: if is_loud { roomy() } else { tight(random, rooms) },
            segment_blocks: random.between(4, 16),
            text_chars_max: if random.one_in(4) { 6_000 } else { 40 },
            burst_max: if is_loud { 40 } else { random.between(1, 12) },
            lane_batches_max: random.between(1, 4),
            segments_max: random.between(2, 12),
            keep_confirmed: if random.one_in(2) { 0 } else { random.between(10, 200) as u64 },
            changes_at_once: random.between(1, 5),
            weights: weights(random),
        }
    }

    pub(crate) fn choose(&self, random: &mut Random) -> Act {
        let total = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut at = random.below(total);
        for &(act, weight) in &self.weights {
            if at < weight {
                return act;
            }
            at -= weight;
        }
        Act::Client
    }
}

/// Worlds differ in what they do much of, so that rare things happen together somewhere.
fn weights(random: &mut Random) -> Vec<(Act, usize)> {
    let common = [
        (Act::Client, 24),
        (Act::Input, 24),
        (Act::Mesh, 20),
        (Act::Journal, 24),
        (Act::Store, 20),
        (Act::WriteBehind, 14),
        (Act::Output, 24),
    ];
    let mut weights: Vec<_> =
        common.into_iter().map(|(act, weight)| (act, weight * random.between(1, 6) / 2)).collect();
    let rare = [(Act::Clock, 8), (Act::Change, 6), (Act::Tick, 8), (Act::Fault, 8), (Act::Crash, 6)];
    weights.extend(rare.into_iter().map(|(act, weight)| (act, weight * random.below(3) / 2)));
    weights
}

fn roomy() -> Limits {
    Limits { session_queue_bytes_max: 4_000, trunk_queue_bytes_max: 8_000, ..Limits::default() }
}

fn tight(random: &mut Random, rooms: usize) -> Limits {
    let mut limit = |lowest: usize, highest: usize, usual: usize| {
        if random.one_in(3) { usual } else { random.between(lowest, highest) }
    };
    let usual = Limits::default();
    Limits {
        parked_max: limit(1, 6, usual.parked_max),
        store_requests_max: limit(1, 6, usual.store_requests_max),
        rooms_max: limit(1, rooms, usual.rooms_max),
        recent_bytes_max: limit(0, 3_000, usual.recent_bytes_max),
        devices_per_room_max: limit(1, 4, usual.devices_per_room_max),
        batch_bytes_max: limit(200, 3_000, usual.batch_bytes_max),
        rooms_per_session_max: limit(1, 3, usual.rooms_per_session_max),
        session_queue_bytes_max: limit(200, 3_000, usual.session_queue_bytes_max),
        trunk_queue_bytes_max: limit(200, 6_000, usual.trunk_queue_bytes_max),
        ..usual
    }
}
