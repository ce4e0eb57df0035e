//! The bridge's own requests to the engine that wait for their answer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use moim_wire::{Frame, Opcode, body, schema};
use tokio::sync::oneshot;

/// Why a request of the bridge came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    /// No trunk stands, or the one that carried the request was lost.
    #[error("the engine is out of reach")]
    Lost,
    /// No answer within the time allowed.
    #[error("the engine did not answer in time")]
    Late,
    /// As many requests wait as may.
    #[error("too many requests wait for the engine")]
    Full,
    /// The engine said no.
    #[error("the engine refused with code {code}: {message}")]
    Refused {
        /// The code of the ERROR or BUSY frame; 0 for BUSY.
        code: u16,
        /// Its message.
        message: String,
    },
}

type Answer = Result<(), RequestError>;

/// Requests of one trunk by their ids.
pub(crate) struct Requests {
    waiting: Mutex<Waiting>,
    max: usize,
}

#[derive(Default)]
struct Waiting {
    last: u32,
    lost: bool,
    answers: HashMap<u32, oneshot::Sender<Answer>, RandomState>,
}

impl Requests {
    pub(crate) fn new(max: usize) -> Self {
        Self { waiting: Mutex::default(), max }
    }

    /// A fresh request id and where its answer will come.
    pub(crate) fn begin(&self) -> Result<(u32, oneshot::Receiver<Answer>), RequestError> {
        let mut waiting = self.lock();
        if waiting.lost {
            return Err(RequestError::Lost);
        }
        if waiting.answers.len() >= self.max {
            return Err(RequestError::Full);
        }
        loop {
            waiting.last = waiting.last.wrapping_add(1).max(1);
            let id = waiting.last;
            if let Entry::Vacant(free) = waiting.answers.entry(id) {
                let (answer, answered) = oneshot::channel();
                free.insert(answer);
                return Ok((id, answered));
            }
        }
    }

    /// Forgets a request that nobody waits for any more.
    pub(crate) fn forget(&self, id: u32) {
        self.lock().answers.remove(&id);
    }

    /// Takes a DONE, ERROR or BUSY of the trunk itself. False where it answers nothing that waits.
    pub(crate) fn answer(&self, frame: Frame<'_>) -> bool {
        let Some(waiter) = self.lock().answers.remove(&frame.header.request) else { return false };
        // A waiter that has gone needs no answer.
        let _ = waiter.send(read_answer(frame));
        true
    }

    /// Fails everything that waits and all that would come.
    pub(crate) fn lose(&self) {
        let mut waiting = self.lock();
        waiting.lost = true;
        for (_, waiter) in waiting.answers.drain() {
            let _ = waiter.send(Err(RequestError::Lost));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_answer(frame: Frame<'_>) -> Answer {
    match frame.opcode() {
        Some(Opcode::Done) => Ok(()),
        Some(Opcode::Error) => {
            let refused = body::read::<schema::Error<'_>>(frame.body());
            let (code, message) = refused.map_or((0, ""), |e| (e.code(), e.message().unwrap_or("")));
            Err(RequestError::Refused { code, message: message.to_owned() })
        }
        _ => Err(RequestError::Refused { code: 0, message: "busy".to_owned() }),
    }
}
