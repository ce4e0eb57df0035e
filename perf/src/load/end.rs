//! One connection: its session, its protocol, and what it remembers as a sender.

use std::collections::VecDeque;

use super::crowd::Layout;
use super::outbox::Outbox;
use super::tally::Tally;
use crate::protocol::{Codec, Dialect, Seat};
use crate::stamp::{Stamp, filler};

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not connected, or gone.
    Away,
    /// Connecting or signing in.
    Arriving,
    /// Taking part.
    Present,
}

/// One connection of the crowd, through all its sessions.
pub(super) struct End {
    pub(super) stage: Stage,
    /// Changes whenever a session begins or ends: tells the tasks of one session from those of another.
    pub(super) session: u32,
    /// Reads nothing at present.
    pub(super) is_stalled: bool,
    /// What it did not read is not held against the peer.
    pub(super) is_excused: bool,
    pub(super) outbox: Outbox,
    pub(super) codec: Codec,
    /// Number of the first sender of its room.
    pub(super) first_sender: u32,
    pub(super) sender: Option<Sender>,
    seat: Seat,
}

/// What a connection that publishes remembers.
pub(super) struct Sender {
    /// Among all senders of the run.
    pub(super) number: u32,
    text: Vec<u8>,
    /// Number and due instant of what is not answered, where the peer answers.
    unanswered: VecDeque<(u32, u64)>,
}

impl End {
    pub(super) fn new(connection: usize, seat: Seat, dialect: Dialect, layout: &Layout) -> Self {
        let sender = layout.sender_of(connection).map(|number| Sender {
            number,
            text: filler(layout.text_bytes),
            unanswered: VecDeque::new(),
        });
        Self {
            stage: Stage::Away,
            session: 0,
            is_stalled: false,
            is_excused: false,
            outbox: Outbox::default(),
            codec: Codec::new(dialect, &seat),
            first_sender: layout.first_sender(connection),
            sender,
            seat,
        }
    }

    /// Begins a session: says hello and goes on from the last message of the one before.
    pub(super) fn begin(&mut self, dialect: Dialect) -> u32 {
        self.session += 1;
        self.seat.last_seen = self.seat.last_seen.max(self.codec.newest_id());
        self.codec = Codec::new(dialect, &self.seat);
        self.outbox = Outbox::default();
        self.codec.greet(self.outbox.bytes());
        self.session
    }

    /// Ends the session and lets its writer end.
    pub(super) fn leave(&mut self) {
        self.stage = Stage::Away;
        self.session += 1;
        self.outbox.close();
    }

    /// Publishes one message, or keeps it for the next session.
    pub(super) fn publish(&mut self, tally: &mut Tally, dialect: Dialect, due_ns: u64) {
        let Some(sender) = &mut self.sender else { return };
        let counter = tally.published(sender.number);
        if dialect.acknowledges() {
            sender.unanswered.push_back((counter, due_ns));
        }
        if self.stage == Stage::Present {
            sender.stamp(counter, due_ns);
            self.codec.publish(self.outbox.bytes(), counter, &sender.text);
        }
    }

    /// Publishes with the same numbers what an earlier session got no answer to.
    pub(super) fn publish_again(&mut self) {
        let Some(sender) = &mut self.sender else { return };
        for (counter, due_ns) in sender.unanswered.clone() {
            sender.stamp(counter, due_ns);
            self.codec.publish(self.outbox.bytes(), counter, &sender.text);
        }
    }

    /// Whether every publish was answered, where the peer answers.
    pub(super) fn is_answered(&self) -> bool {
        self.sender.as_ref().is_none_or(|sender| sender.unanswered.is_empty())
    }
}

impl Sender {
    /// A publish was answered: when it was due. Without a number it is the oldest.
    pub(super) fn settled(&mut self, number: Option<u32>) -> Option<u64> {
        let at = match number {
            None => 0,
            Some(number) => self.unanswered.iter().position(|(counter, _)| *counter == number)?,
        };
        self.unanswered.remove(at).map(|(_, due_ns)| due_ns)
    }

    fn stamp(&mut self, counter: u32, due_ns: u64) {
        Stamp { due_ns, sender: self.number, counter }.write(&mut self.text);
    }
}
