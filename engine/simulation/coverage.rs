//! What a run came across. A simulation that never reaches a limit or a fault proves nothing about it.

use std::collections::BTreeMap;

use crate::heard::What;

/// Counts by name; a refusal's name is what it says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage(BTreeMap<String, u64>);

/// What a few thousand seeds must come across, each at least once.
const EXPECTED: &[&str] = &[
    "ack",
    "ack of a resend",
    "OPEN: missed messages",
    "OPEN: gap",
    "OPEN: more missed than OPEN hands over",
    "slow reader: gap",
    "put out of a room",
    "history page",
    "crash: idle",
    "crash: sealed",
    "crash: writing",
    "crash: written",
    "crash: synced",
    "crash while recovering",
    "recovery: torn tail",
    "recovery: unsynced batch kept",
    "recovery: records that the store may not have",
    "the journal answers for the store",
    "the journal answers without the store",
    "a batch is read back from its segment",
    "the store lost what it confirmed",
    "write failed",
    "another number of shards",
    "the room is being loaded",
    "as many rooms are in use as the server holds",
    "too many requests wait for the store",
    "too many wait for changes of this room",
    "too many devices speak in this room at once",
    "the journal is behind",
    STORE_BEHIND,
    "the server's disk is full; nothing was stored",
    "too many rooms are open in this session; close one first",
    "only members may send; join the room first",
    "only members may open a room; join it first",
    "only members see a room's past and its members",
    "only members read",
    "no such room",
    "already a member of the room",
    "WrongPassword",
    "StoreUnavailable",
    "last_seen is above the room's newest message; forget the room's messages and open anew",
];

/// How a refusal begins that goes on to say by how much.
const STORE_BEHIND: &str = "the message store is behind";

impl Coverage {
    pub(crate) fn saw(&mut self, what: &str) {
        match self.0.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(what.to_owned(), 1)),
        }
    }

    pub(crate) fn saw_frame(&mut self, what: &What) {
        match what {
            What::Refused(_, message) if message.starts_with(STORE_BEHIND) => self.saw(STORE_BEHIND),
            What::Refused(_, message) | What::Busy(message) => self.saw(message),
            What::Ack { duplicate: true, .. } => self.saw("ack of a resend"),
            What::Ack { .. } => self.saw("ack"),
            What::Page { .. } => self.saw("history page"),
            What::Closed { code: Some(_), .. } => self.saw("put out of a room"),
            _ => {}
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    /// What was expected and never seen.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        EXPECTED.iter().copied().filter(|what| !self.0.contains_key(*what)).collect()
    }

    pub(crate) fn lines(&self) -> String {
        self.0.iter().map(|(what, count)| format!("{count:>9}  {what}\n")).collect()
    }
}
