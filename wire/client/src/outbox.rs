//! Sends until they are answered: numbered, resent after a break, tried again when the server was busy.
//!
//! The server recognises a resend by the sequence, among the newest 64 that it stored of a device in a room. What
//! this file keeps to, so that a message is stored once:
//! - A send whose connection broke is *uncertain*: it is resent with the same sequence, in order, before anything new.
//! - While a room has an uncertain send, nothing new is written there. So at most 63 sequences above it are stored,
//!   and the server still remembers it. `SequenceTooOld` then proves that it was never stored.
//! - BUSY, and ERRORs that pass, to an uncertain send speak of the resend alone: the same sequence is tried again.
//! - BUSY or `RateLimited` to any other send means that it is not stored: it is tried again under a new sequence. Until
//!   then nothing new is written in the room, so that at most what was in flight with it overtakes it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use moim_wire::{ErrorCode, MessageId, RoomId, Sequence};
use tokio::time::Instant;

use crate::command::Outgoing;
use crate::config::jitter;
use crate::error::{Error, Refusal};

/// The shortest wait before a send is tried again.
const RETRY_MIN: Duration = Duration::from_millis(20);

/// A message that the server has acknowledged: it is stored, and everybody in the room sees it under this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message's id.
    pub id: MessageId,
    /// The room's message before it; zero where `duplicate`.
    pub prev_id: MessageId,
    /// The server had stored it before: the acknowledgement of an earlier attempt was lost in a break.
    pub duplicate: bool,
}

#[derive(Debug)]
struct InFlight {
    outgoing: Outgoing,
    arrival: u64,
    request: u32,
    uncertain: bool,
}

#[derive(Debug, Default)]
struct Room {
    /// By arrival, so that what has to be said anew takes its old place.
    unwritten: BTreeMap<u64, Outgoing>,
    in_flight: BTreeMap<Sequence, InFlight>,
    /// How many of the room's sends wait for their time.
    delayed: usize,
}

impl Room {
    fn may_write(&self) -> bool {
        !self.unwritten.is_empty() && self.delayed == 0 && self.in_flight.values().all(|send| !send.uncertain)
    }

    fn is_empty(&self) -> bool {
        self.unwritten.is_empty() && self.in_flight.is_empty() && self.delayed == 0
    }
}

/// What waits for its time.
#[derive(Debug)]
enum Delayed {
    Anew(u64, Outgoing),
    Same(RoomId, Sequence),
}

/// All sends of a client that are not answered yet. Bounded by the places that callers hold, 64 a room.
#[derive(Debug)]
pub(crate) struct Outbox {
    next: Sequence,
    rooms: HashMap<RoomId, Room>,
    delayed: BTreeMap<(Instant, u64), Delayed>,
    arrivals: u64,
    delays: u64,
}

impl Outbox {
    /// `next`: the first sequence to use.
    pub(crate) fn new(next: Sequence) -> Self {
        Self { next, rooms: HashMap::new(), delayed: BTreeMap::new(), arrivals: 0, delays: 0 }
    }

    /// The sequence that the next send will have.
    pub(crate) fn next(&self) -> Sequence {
        self.next
    }

    /// Takes up a message; [`Self::flush`] writes it. All that write take a function that writes a SEND frame and gives
    /// its request id.
    pub(crate) fn push(&mut self, outgoing: Outgoing) {
        self.arrivals += 1;
        self.rooms.entry(outgoing.room).or_default().unwritten.insert(self.arrivals, outgoing);
    }

    /// Writes what a room has to say for the first time, unless something uncertain has to be settled before.
    pub(crate) fn flush(&mut self, room: RoomId, write: &mut impl FnMut(Sequence, &Outgoing) -> u32) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if !state.may_write() {
            return;
        }
        while let Some((arrival, outgoing)) = state.unwritten.pop_first() {
            let sequence = self.next;
            let Some(after) = sequence.0.checked_add(1) else {
                let _ = outgoing.reply.send(Err(Error::SequencesUsedUp));
                continue;
            };
            self.next = Sequence(after);
            let request = write(sequence, &outgoing);
            state.in_flight.insert(sequence, InFlight { outgoing, arrival, request, uncertain: false });
        }
        self.forget_empty(room);
    }

    /// On a new connection: resends what is uncertain, in order, then says what is new elsewhere. Gives the number of
    /// resends.
    pub(crate) fn resume(&mut self, write: &mut impl FnMut(Sequence, &Outgoing) -> u32) -> u64 {
        let mut resends = 0;
        for room in self.rooms.values_mut() {
            for (sequence, send) in &mut room.in_flight {
                send.request = write(*sequence, &send.outgoing);
                resends += 1;
            }
        }
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            self.flush(room, write);
        }
        resends
    }

    /// The connection broke: the fate of whatever was written is unknown.
    pub(crate) fn broken(&mut self) {
        for send in self.rooms.values_mut().flat_map(|room| room.in_flight.values_mut()) {
            send.uncertain = true;
        }
        let rooms = &mut self.rooms;
        self.delayed.retain(|_, delayed| match delayed {
            Delayed::Anew(..) => true,
            Delayed::Same(room, _) => {
                rooms.entry(*room).or_default().delayed -= 1;
                false
            }
        });
    }

    /// Takes an ACK; gives the request that it settles.
    pub(crate) fn acked(&mut self, room: RoomId, sequence: Sequence, sent: Sent) -> Option<u32> {
        let send = self.take(room, sequence)?;
        let _ = send.outgoing.reply.send(Ok(sent));
        Some(send.request)
    }

    /// Takes a BUSY.
    pub(crate) fn busy(&mut self, room: RoomId, sequence: Sequence, retry_after: Duration, now: Instant) {
        let Some(send) = self.rooms.get(&room).and_then(|room| room.in_flight.get(&sequence)) else { return };
        if send.uncertain {
            self.delay(room, Delayed::Same(room, sequence), retry_after, now);
        } else if let Some(send) = self.take(room, sequence) {
            self.delay(room, Delayed::Anew(send.arrival, send.outgoing), retry_after, now);
        }
    }

    /// Takes an ERROR.
    pub(crate) fn refused(&mut self, room: RoomId, sequence: Sequence, refusal: Refusal, now: Instant) {
        let Some(send) = self.rooms.get(&room).and_then(|room| room.in_flight.get(&sequence)) else { return };
        let code = refusal.error_code();
        if send.uncertain && refusal.is_passing() {
            return self.delay(room, Delayed::Same(room, sequence), refusal.retry_after, now);
        }
        if code == Some(ErrorCode::RateLimited) {
            return self.busy(room, sequence, refusal.retry_after, now);
        }
        let Some(send) = self.take(room, sequence) else { return };
        match (send.uncertain, code) {
            (true, Some(ErrorCode::SequenceTooOld)) => {
                self.rooms.entry(room).or_default().unwritten.insert(send.arrival, send.outgoing);
            }
            (true, _) => drop(send.outgoing.reply.send(Err(Error::Uncertain(refusal)))),
            (false, _) => drop(send.outgoing.reply.send(Err(Error::Refused(refusal)))),
        }
    }

    /// When something delayed is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.delayed.keys().next().map(|(at, _)| *at)
    }

    /// Writes what is due by now.
    pub(crate) fn write_due(&mut self, now: Instant, write: &mut impl FnMut(Sequence, &Outgoing) -> u32) {
        while self.next_due().is_some_and(|at| at <= now) {
            match self.delayed.pop_first().map(|(_, delayed)| delayed) {
                Some(Delayed::Anew(arrival, outgoing)) => {
                    let room = outgoing.room;
                    let state = self.rooms.entry(room).or_default();
                    state.delayed -= 1;
                    state.unwritten.insert(arrival, outgoing);
                    self.flush(room, write);
                }
                Some(Delayed::Same(room, sequence)) => {
                    let state = self.rooms.entry(room).or_default();
                    state.delayed -= 1;
                    if let Some(send) = state.in_flight.get_mut(&sequence) {
                        send.request = write(sequence, &send.outgoing);
                    }
                }
                None => return,
            }
        }
    }

    /// Ends everything with `error`.
    pub(crate) fn fail(&mut self, error: &Error) {
        let rooms = std::mem::take(&mut self.rooms);
        let of_rooms = rooms.into_values().flat_map(|room| {
            room.unwritten.into_values().chain(room.in_flight.into_values().map(|send| send.outgoing))
        });
        let of_delayed = std::mem::take(&mut self.delayed).into_values().filter_map(|delayed| match delayed {
            Delayed::Anew(_, outgoing) => Some(outgoing),
            Delayed::Same(..) => None,
        });
        for outgoing in of_rooms.chain(of_delayed) {
            let _ = outgoing.reply.send(Err(error.clone()));
        }
    }

    fn take(&mut self, room: RoomId, sequence: Sequence) -> Option<InFlight> {
        let send = self.rooms.get_mut(&room)?.in_flight.remove(&sequence);
        self.forget_empty(room);
        send
    }

    fn forget_empty(&mut self, room: RoomId) {
        if self.rooms.get(&room).is_some_and(Room::is_empty) {
            self.rooms.remove(&room);
        }
    }

    fn delay(&mut self, room: RoomId, delayed: Delayed, retry_after: Duration, now: Instant) {
        let wait = retry_after.max(RETRY_MIN);
        self.delays += 1;
        self.rooms.entry(room).or_default().delayed += 1;
        self.delayed.insert((now + wait + jitter(wait / 2), self.delays), delayed);
    }
}
