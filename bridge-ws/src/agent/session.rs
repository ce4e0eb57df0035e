//! One agent: requests out, answers in, each by its number.

use std::collections::HashMap;
use std::future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flatbuffers::{FlatBufferBuilder, WIPOffset};
use foldhash::fast::RandomState;
use moim_wire::limits::{FRAME_BYTES_MAX, LIST_LIMIT_MAX};
use moim_wire::schema::{self, Kind};
use moim_wire::{Encoder, Envelope, Frame, MessageId, Opcode, RoomId, SendFields, UserId, body};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::refusal;
use crate::problem::Problem;
use crate::trunk::{Attached, Weight};
use crate::websocket::outbox::{Outbox, Taken};

/// The request that WELCOME answers.
pub(super) const HELLO: u32 = 1;
/// Requests of one login that wait for the engine at once; the next is answered 503.
const WAITING_MAX: usize = 256;

/// A session of one login.
pub(crate) struct Agent {
    attached: Attached,
    asked: Mutex<Asked>,
    state: watch::Sender<State>,
    sequence: AtomicU32,
    answer_timeout: Duration,
}

struct Asked {
    last: u32,
    waiting: HashMap<u32, oneshot::Sender<Bytes>, RandomState>,
}

#[derive(Clone, Debug)]
enum State {
    Begins,
    Stands,
    Over(Problem),
}

/// What a member has read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) user: UserId,
    pub(crate) read_mark: MessageId,
}

/// A page of a room's past: MESSAGE frames back to back, ids rising.
pub(crate) struct Past {
    pub(crate) frames: Bytes,
    /// There are older ones.
    pub(crate) more: bool,
}

/// The next frames for an agent, `None` when its session is over.
pub(super) async fn next(outbox: &Outbox) -> Option<Bytes> {
    let taken = future::poll_fn(|cx| {
        outbox.register(cx);
        outbox.poll_take()
    });
    match taken.await {
        Taken::Frames(frames) => Some(frames),
        Taken::Ended(_) => None,
    }
}

impl Agent {
    pub(super) fn new(attached: Attached, answer_timeout: Duration) -> Self {
        Self {
            attached,
            asked: Mutex::new(Asked { last: HELLO, waiting: HashMap::default() }),
            state: watch::Sender::new(State::Begins),
            sequence: AtomicU32::new(0),
            answer_timeout,
        }
    }

    /// Returns when the session stands.
    pub(super) async fn stands(&self) -> Result<(), Problem> {
        let mut state = self.state.subscribe();
        match state.wait_for(|state| !matches!(state, State::Begins)).await.as_deref() {
            Ok(State::Over(why)) => Err(why.clone()),
            _ => Ok(()),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(*self.state.borrow(), State::Over(_))
    }

    /// Takes what the engine says to the session.
    pub(super) fn take(&self, frames: &Bytes) {
        let mut rest = frames.clone();
        while let Ok(Some(frame)) = Frame::first(&rest, FRAME_BYTES_MAX) {
            let (length, request) = (frame.bytes.len(), frame.header.request);
            match frame.opcode() {
                Some(Opcode::Welcome) => drop(self.state.send_replace(State::Stands)),
                Some(Opcode::Goodbye) => self.over(refusal::of_goodbye(frame)),
                _ => {
                    if let Some(waits) = self.asked().waiting.remove(&request) {
                        // Who has stopped waiting needs no answer.
                        let _ = waits.send(rest.slice(..length));
                    }
                }
            }
            rest = rest.slice(length..);
        }
    }

    /// The session is over: nothing that waits will be answered.
    pub(super) fn end(&self) {
        self.over(Problem::busy("the engine is out of reach", 1_000));
        self.asked().waiting.clear();
    }

    fn over(&self, why: Problem) {
        self.state.send_if_modified(|state| {
            let was_not = !matches!(state, State::Over(_));
            if was_not {
                *state = State::Over(why);
            }
            was_not
        });
    }

    /// Says something in a room; when it answers, the message is stored for good.
    pub(crate) async fn send(
        &self,
        room: RoomId,
        kind: Kind,
        text: &str,
        reference: MessageId,
    ) -> Result<MessageId, Problem> {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let fields = SendFields { room: room.0, sequence, text, kind, reference: reference.0 };
        let answer = self.ask(|out, envelope| Encoder::new().send(out, envelope, &fields)).await?;
        let ack = read::<schema::Ack<'_>>(&answer, Opcode::Ack)?;
        Ok(MessageId(ack.id()))
    }

    /// The messages below `before`, newest first to be taken; zero: the newest.
    pub(crate) async fn past(&self, room: RoomId, before: MessageId, limit: u16) -> Result<Past, Problem> {
        let args = schema::HistoryArgs { room: room.0, before: before.0, after: 0, limit };
        let answer = self.request(Opcode::History, |b| schema::History::create(b, &args)).await?;
        let page = read::<schema::HistoryPage<'_>>(&answer, Opcode::HistoryPage)?;
        Ok(Past { frames: answer.slice_ref(page.frames().bytes()), more: page.more() })
    }

    /// Raises the caller's read mark.
    pub(crate) async fn read(&self, room: RoomId, up_to: MessageId) -> Result<(), Problem> {
        let args = schema::ReadArgs { room: room.0, up_to: up_to.0 };
        let answer = self.request(Opcode::Read, |b| schema::Read::create(b, &args)).await?;
        read::<schema::Done<'_>>(&answer, Opcode::Done).map(drop)
    }

    /// How far each of a room's members has read, rising by user.
    pub(crate) async fn marks(&self, room: RoomId) -> Result<Vec<Mark>, Problem> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut after = 0;
        loop {
            let args = schema::MembersArgs { room: room.0, after, limit: LIST_LIMIT_MAX as u16 };
            let answer = self.request(Opcode::Members, |b| schema::Members::create(b, &args)).await?;
            let page = read::<schema::MemberList<'_>>(&answer, Opcode::MemberList)?;
            let members = page.members().unwrap_or_default();
            after = members.iter().next_back().map_or(after, |member| member.user());
            let present = members.iter().filter(|member| !member.left());
            marks.extend(present.map(|m| Mark { user: UserId(m.user()), read_mark: MessageId(m.read_mark()) }));
            if !page.more() || members.is_empty() {
                return Ok(marks);
            }
        }
    }

    async fn request<T>(
        &self,
        opcode: Opcode,
        build: impl FnOnce(&mut FlatBufferBuilder<'static>) -> WIPOffset<T>,
    ) -> Result<Bytes, Problem> {
        self.ask(|out, envelope| Encoder::new().frame(out, opcode, envelope, build)).await
    }

    /// Asks the engine and waits for its answer; a refusal is a problem.
    async fn ask(&self, encode: impl FnOnce(&mut Vec<u8>, Envelope)) -> Result<Bytes, Problem> {
        let (request, answered) = self.begin()?;
        let mut bytes = Vec::new();
        encode(&mut bytes, Envelope { request, session: 0 });
        let frame = Frame::first(&bytes, FRAME_BYTES_MAX).ok().flatten();
        let frame = frame.ok_or_else(|| Problem::internal(&"a request of an agent is no frame"))?;
        if self.attached.forward(Weight::Request, frame).is_err() {
            self.asked().waiting.remove(&request);
            return Err(Problem::busy("the way to the engine is full", 200));
        }
        match timeout(self.answer_timeout, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => {
                Err(Problem::outcome_unknown("the engine was lost; whether it did what was asked is not known"))
            }
            Err(_) => {
                self.asked().waiting.remove(&request);
                const WHY: &str = "the engine did not answer in time; whether it did what was asked is not known";
                Err(Problem::outcome_unknown(WHY))
            }
        }
    }

    fn begin(&self) -> Result<(u32, oneshot::Receiver<Bytes>), Problem> {
        let mut asked = self.asked();
        if let State::Over(why) = &*self.state.borrow() {
            return Err(why.clone());
        }
        if asked.waiting.len() >= WAITING_MAX {
            return Err(Problem::busy("too many requests of this login wait for the engine", 200));
        }
        loop {
            asked.last = asked.last.wrapping_add(1);
            let request = asked.last;
            if request > HELLO && !asked.waiting.contains_key(&request) {
                let (answer, answered) = oneshot::channel();
                asked.waiting.insert(request, answer);
                return Ok((request, answered));
            }
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of the answer that was hoped for; of any other the problem.
fn read<'a, T>(answer: &'a Bytes, hoped: Opcode) -> Result<T::Inner, Problem>
where
    T: flatbuffers::Follow<'a> + flatbuffers::Verifiable + 'a,
{
    let frame = Frame::first(answer, FRAME_BYTES_MAX).ok().flatten();
    let frame = frame.ok_or_else(|| Problem::internal(&"an answer of the engine is no frame"))?;
    if frame.opcode() != Some(hoped) {
        return Err(refusal::of_answer(frame));
    }
    body::read::<T>(frame.body()).map_err(|error| Problem::internal(&error))
}
