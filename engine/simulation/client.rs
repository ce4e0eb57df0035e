//! A client: one installation on one device, with at most one session at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;

use moim_engine::shard::{Caller, ConnectionKey, Request, SendRequest, SessionKey};
use moim_wire::schema::Kind;
use moim_wire::{ErrorCode, MessageId, RoomId, Sequence};

use crate::heard::{Heard, What};
use crate::outbox::Settled;
use crate::server::{Seat, seat};
use crate::view::{Hole, Standing, View};

/// Where a client's session is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) shard: usize,
    pub(crate) connection: ConnectionKey,
    pub(crate) session: u32,
}

impl Link {
    pub(crate) fn seat(&self) -> Seat {
        seat(self.shard, SessionKey { connection: self.connection, session: self.session })
    }
}

/// What a request was for, to know what its answer means.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Open(RoomId, MessageId),
    Send(RoomId, Sequence),
    Fill(RoomId),
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) caller: Caller,
    pub(crate) link: Option<Link>,
    pub(crate) views: BTreeMap<RoomId, View>,
    next_request: u32,
    next_sequence: Sequence,
    texts: u32,
    purposes: BTreeMap<u32, Purpose>,
    /// Texts that were acknowledged.
    pub(crate) acknowledged: Vec<String>,
}

/// What came of a frame that others must know.
pub(crate) enum Outcome {
    Nothing,
    /// The sequence was refused for good.
    Refused(RoomId, Sequence),
    /// The room's newest message is older than what was seen of it.
    FromTheFuture(RoomId, MessageId),
}

impl Client {
    pub(crate) fn new(caller: Caller) -> Self {
        Self {
            caller,
            link: None,
            views: BTreeMap::new(),
            next_request: 1,
            next_sequence: Sequence(1),
            texts: 0,
            purposes: BTreeMap::new(),
            acknowledged: Vec::new(),
        }
    }

    pub(crate) fn view(&mut self, room: RoomId) -> &mut View {
        self.views.entry(room).or_default()
    }

    pub(crate) fn request(&mut self) -> u32 {
        self.next_request += 1;
        self.next_request
    }

    /// The session is gone.
    pub(crate) fn broken(&mut self) {
        self.link = None;
        self.purposes.clear();
        self.views.values_mut().for_each(View::broken);
    }

    pub(crate) fn open(&mut self, room: RoomId) -> (u32, Request<'static>) {
        let request = self.request();
        let last_seen = self.view(room).open(request);
        self.purposes.insert(request, Purpose::Open(room, last_seen));
        (request, Request::Open { room, last_seen })
    }

    /// Wants to say something of that many characters.
    pub(crate) fn write(&mut self, room: RoomId, chars: usize) {
        self.texts += 1;
        let Caller { user, device } = self.caller;
        let text = format!("{:-<chars$}", format!("{user} {device} {}", self.texts));
        self.view(room).outbox.push(text);
    }

    /// Says what there is to be said in a room.
    pub(crate) fn flush(&mut self, room: RoomId) -> Vec<(u32, Request<'static>)> {
        let view = self.views.entry(room).or_default();
        let sends = view.outbox.flush(&mut self.next_sequence);
        let mut said = Vec::new();
        for (sequence, text) in sends {
            let request = self.request();
            self.purposes.insert(request, Purpose::Send(room, sequence));
            let send = SendRequest { room, sequence, kind: Kind::Talk, reference: 0, text: Cow::Owned(text) };
            said.push((request, Request::Send(send)));
        }
        said
    }

    /// Asks for what a GAP left out.
    pub(crate) fn fill(&mut self, room: RoomId, limit: usize) -> Option<(u32, Request<'static>)> {
        let request = self.next_request + 1;
        let query = self.view(room).ask(request)?;
        self.next_request = request;
        self.purposes.insert(request, Purpose::Fill(room));
        Some((request, Request::History { room, query, limit }))
    }

    /// Rooms followed, or about to be.
    pub(crate) fn followed(&self) -> Vec<RoomId> {
        let followed = self.views.iter().filter(|(_, view)| view.standing == Standing::Following);
        followed.map(|(&room, _)| room).collect()
    }

    pub(crate) fn hear(&mut self, heard: &Heard) -> Result<Outcome, Hole> {
        let request = heard.request;
        let purpose = self.purposes.remove(&request);
        match &heard.what {
            What::Opened { room, newest, online, .. } => self.view(*room).opened(request, *newest, online.clone()),
            What::Message(told) => self.view(told.room).message(told)?,
            What::Gap { room, newest, .. } => self.view(*room).gap(*newest),
            What::Ack { room, sequence, .. } => {
                let text = self.view(*room).outbox.acknowledged(*sequence);
                self.acknowledged.extend(text);
            }
            What::Page { room, messages, .. } => self.view(*room).page(request, messages)?,
            What::Closed { room, code: Some(_) } => {
                let view = self.view(*room);
                if view.standing == Standing::Following {
                    view.close();
                }
            }
            What::Busy(_) => return Ok(self.refused(request, purpose, None)),
            What::Refused(code, _) => return Ok(self.refused(request, purpose, Some(*code))),
            _ => {}
        }
        Ok(Outcome::Nothing)
    }

    fn refused(&mut self, request: u32, purpose: Option<Purpose>, code: Option<ErrorCode>) -> Outcome {
        match purpose {
            Some(Purpose::Open(room, last_seen)) => {
                self.view(room).not_opened(request);
                if code == Some(ErrorCode::IdFromTheFuture) {
                    return Outcome::FromTheFuture(room, last_seen);
                }
            }
            Some(Purpose::Send(room, sequence)) => {
                return match self.view(room).outbox.refused(sequence, code) {
                    Settled::Refused => Outcome::Refused(room, sequence),
                    Settled::No => Outcome::Nothing,
                };
            }
            Some(Purpose::Fill(room)) => self.view(room).not_answered(request),
            None => {}
        }
        Outcome::Nothing
    }
}
