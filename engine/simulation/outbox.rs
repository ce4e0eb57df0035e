//! A client's sends in one room until they are answered. The rules are those that PROTOCOL.md gives to clients:
//! - a send whose connection broke is uncertain and is said again under its sequence, in order, before anything new;
//! - BUSY or a passing ERROR to an uncertain send speaks of the resend alone: the same sequence again;
//! - to any other send it means that nothing is stored: it is said under a new sequence.

use std::collections::{BTreeMap, VecDeque};

use moim_wire::limits::SENDS_IN_FLIGHT_MAX;
use moim_wire::{ErrorCode, Sequence};

#[derive(Debug)]
struct InFlight {
    text: String,
    uncertain: bool,
    /// To be said again.
    waits: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    unsaid: VecDeque<String>,
    in_flight: BTreeMap<Sequence, InFlight>,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is said again.
    No,
    /// It is not stored and never will be under this sequence.
    Refused,
}

impl Outbox {
    pub(crate) fn push(&mut self, text: String) {
        self.unsaid.push_back(text);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unsaid.is_empty() && self.in_flight.is_empty()
    }

    pub(crate) fn broken(&mut self) {
        for send in self.in_flight.values_mut() {
            (send.uncertain, send.waits) = (true, true);
        }
    }

    /// What is to be said now.
    pub(crate) fn flush(&mut self, next: &mut Sequence) -> Vec<(Sequence, String)> {
        let mut said = Vec::new();
        for (&sequence, send) in self.in_flight.iter_mut().filter(|(_, send)| send.waits) {
            send.waits = false;
            said.push((sequence, send.text.clone()));
        }
        if self.in_flight.values().any(|send| send.uncertain) {
            return said;
        }
        while self.in_flight.len() < SENDS_IN_FLIGHT_MAX
            && let Some(text) = self.unsaid.pop_front()
        {
            said.push((*next, text.clone()));
            self.in_flight.insert(*next, InFlight { text, uncertain: false, waits: false });
            next.0 += 1;
        }
        said
    }

    /// The text that was acknowledged; `None` when that was known.
    pub(crate) fn acknowledged(&mut self, sequence: Sequence) -> Option<String> {
        self.in_flight.remove(&sequence).map(|send| send.text)
    }

    /// `code` is `None` for BUSY.
    pub(crate) fn refused(&mut self, sequence: Sequence, code: Option<ErrorCode>) -> Settled {
        let passes = matches!(code, None | Some(ErrorCode::StorageFull | ErrorCode::StoreUnavailable));
        match self.in_flight.get_mut(&sequence) {
            Some(send) if send.uncertain && passes => {
                send.waits = true;
                Settled::No
            }
            Some(send) => {
                let was_uncertain = send.uncertain;
                let send = self.in_flight.remove(&sequence);
                if passes && let Some(send) = send {
                    self.unsaid.push_front(send.text);
                }
                if was_uncertain { Settled::No } else { Settled::Refused }
            }
            None => Settled::No,
        }
    }
}
