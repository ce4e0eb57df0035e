//! Moim's own frames: sign in, follow one room, send, receive, fill gaps from the history.

use moim_wire::{Encoder, Envelope, ErrorCode, Frame, MINOR, Opcode, body, limits, schema};

use super::flat::Table;
use super::moim_shape::Shape;
use super::moim_template::SendTemplate;
use super::{Event, PageOf, ProtocolError, Seat};

/// Request ids from here on are not sends; a send's request id is its sequence.
pub(crate) const OTHER_REQUESTS: u32 = 0x8000_0000;
const HELLO: u32 = OTHER_REQUESTS + 1;
const OPEN: u32 = OTHER_REQUESTS + 2;
const FILL: u32 = OTHER_REQUESTS + 3;
/// Request ids of pages are chosen from here on.
pub(crate) const PAGES: u32 = OTHER_REQUESTS + 0x100;

/// Slots of the fields that are read in place; a test holds them against the verified reader.
const MESSAGE_HEAD: usize = 0;
const MESSAGE_TEXT: usize = 1;
const MESSAGE_KIND: usize = 3;
const ACK_SEQUENCE: usize = 1;
/// Of so many messages of a connection one is read and verified in full; the others as [`Shape`] has it.
const VERIFY_EVERY: u32 = 256;
/// Kinds from here on are events of the room, not talk.
const FIRST_EVENT_KIND: u8 = 16;

/// A page of the past to ask for. `after` not 0: oldest first from there; otherwise newest first below `before`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest {
    /// From [`PAGES`] on.
    pub(crate) request: u32,
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) limit: u16,
}

/// One session in one room.
#[derive(Debug)]
pub(crate) struct Moim {
    seat: Seat,
    template: SendTemplate,
    last_id: u64,
    messages: u32,
    shape: Option<Shape>,
    gap: Option<Fill>,
}

/// Missed messages are being fetched; what is said meanwhile waits.
#[derive(Debug)]
struct Fill {
    up_to: u64,
    held: Vec<u8>,
}

impl Moim {
    pub(super) fn new(seat: &Seat) -> Self {
        Self {
            template: SendTemplate::new(seat.room, seat.text_bytes),
            last_id: seat.last_seen,
            messages: 0,
            shape: None,
            gap: None,
            seat: seat.clone(),
        }
    }

    pub(super) fn greet(&mut self, out: &mut Vec<u8>) {
        let Seat { token, device, .. } = &self.seat;
        Encoder::new().frame(out, Opcode::Hello, asked(HELLO), |b| {
            let (token, agent) =
                (b.create_string(token), b.create_string(concat!("moim-perf/", env!("CARGO_PKG_VERSION"))));
            let hello = schema::HelloArgs {
                minor: MINOR,
                capabilities: 0,
                token: Some(token),
                device: *device,
                agent: Some(agent),
            };
            schema::Hello::create(b, &hello)
        });
    }

    /// The sender's number is the device's sequence: a resend is recognised by it.
    pub(super) fn publish(&mut self, out: &mut Vec<u8>, number: u32, text: &[u8]) {
        self.template.write(out, number, text);
    }

    pub(super) fn ask_page(&mut self, out: &mut Vec<u8>, page: &PageRequest) {
        let PageRequest { request, before, after, limit } = *page;
        let room = self.seat.room;
        Encoder::new().frame(out, Opcode::History, asked(request), |b| {
            schema::History::create(b, &schema::HistoryArgs { room, before, after, limit })
        });
    }

    pub(super) const fn newest_id(&self) -> u64 {
        self.last_id
    }

    pub(super) fn feed(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        mut on_event: impl FnMut(Event<'_>),
    ) -> Result<usize, ProtocolError> {
        let mut at = self.feed_shaped(input, &mut on_event);
        while let Some(frame) = Frame::first(&input[at..], limits::FRAME_BYTES_MAX).map_err(malformed)? {
            if frame.header.opcode == Opcode::Message as u8 {
                self.message(frame, &mut on_event)?;
            } else {
                self.other(frame, out, &mut on_event)?;
            }
            at += frame.bytes.len();
            at += self.feed_shaped(&input[at..], &mut on_event);
        }
        Ok(at)
    }

    /// Takes talk of the known shape from the start of `input`, until the next message is to be verified.
    #[inline]
    fn feed_shaped(&mut self, input: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> usize {
        let Some(shape) = self.shape.as_ref().filter(|_| self.gap.is_none()) else { return 0 };
        let mut at = 0;
        while !self.messages.is_multiple_of(VERIFY_EVERY)
            && let Some(message) = shape.read(&input[at..])
        {
            self.messages = self.messages.wrapping_add(1);
            at += message.frame_bytes;
            let linked = message.prev_id == self.last_id || self.last_id == 0;
            self.last_id = message.id;
            on_event(Event::Delivery { text: message.text, linked });
        }
        at
    }

    #[inline]
    fn message(&mut self, frame: Frame<'_>, on_event: &mut impl FnMut(Event<'_>)) -> Result<(), ProtocolError> {
        if let Some(gap) = &mut self.gap {
            gap.held.extend_from_slice(frame.bytes);
            return Ok(());
        }
        self.deliver(frame, on_event)
    }

    #[inline]
    fn deliver(&mut self, frame: Frame<'_>, on_event: &mut impl FnMut(Event<'_>)) -> Result<(), ProtocolError> {
        self.messages = self.messages.wrapping_add(1);
        let is_verified = self.messages % VERIFY_EVERY == 1;
        if is_verified {
            body::read::<schema::Message<'_>>(frame.body()).map_err(malformed)?;
        }
        let message = Table::root(frame.body()).and_then(|table| {
            let head = table.bytes::<32>(MESSAGE_HEAD)?;
            let (words, _) = head.as_chunks::<8>();
            Some((
                u64::from_le_bytes(words[0]),
                u64::from_le_bytes(words[1]),
                table.vector(MESSAGE_TEXT)?,
                table.byte(MESSAGE_KIND),
            ))
        });
        let Some((id, prev_id, text, kind)) = message else { return Err(malformed("a MESSAGE without head or text")) };
        let linked = prev_id == self.last_id || self.last_id == 0;
        self.last_id = id;
        if kind < FIRST_EVENT_KIND {
            if is_verified || self.shape.is_none() {
                self.shape = Shape::of(frame, MESSAGE_HEAD, MESSAGE_TEXT);
            }
            on_event(Event::Delivery { text, linked });
        }
        Ok(())
    }

    /// Everything that is not a message: rare, except ACK.
    fn other(
        &mut self,
        frame: Frame<'_>,
        out: &mut Vec<u8>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ProtocolError> {
        match frame.opcode() {
            Some(Opcode::Ack) => {
                let sequence = Table::root(frame.body()).and_then(|ack| ack.bytes::<4>(ACK_SEQUENCE));
                on_event(Event::Accepted(sequence.map(|sequence| u32::from_le_bytes(*sequence))));
            }
            Some(Opcode::Welcome) if self.seat.follow => self.open(out),
            Some(Opcode::Welcome) => on_event(Event::Ready),
            Some(Opcode::Opened) => self.opened(frame, on_event)?,
            Some(Opcode::Ping) => self.pong(frame, out)?,
            Some(Opcode::Gap) => self.gap(frame, out, on_event)?,
            Some(Opcode::HistoryPage) => self.page(frame, out, on_event)?,
            Some(Opcode::Error) => return self.error(frame, on_event),
            Some(Opcode::Busy) => {
                let busy = body::read::<schema::Busy<'_>>(frame.body()).map_err(malformed)?;
                let why = format!("Busy: {}", busy.message().unwrap_or(""));
                let end = ProtocolError::ComeBack { why: why.clone(), after_ms: busy.retry_after_ms() };
                refused(frame, why, end, on_event)?;
            }
            Some(Opcode::Goodbye) => {
                let goodbye = body::read::<schema::Goodbye<'_>>(frame.body()).map_err(malformed)?;
                return Err(ended(goodbye.code(), goodbye.message(), goodbye.retry_after_ms()));
            }
            Some(Opcode::Closed) => {
                let closed = body::read::<schema::Closed<'_>>(frame.body()).map_err(malformed)?;
                return Err(ended(closed.code(), closed.message(), 0));
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, out: &mut Vec<u8>) {
        let (room, last_seen) = (self.seat.room, self.last_id);
        Encoder::new()
            .frame(out, Opcode::Open, asked(OPEN), |b| schema::Open::create(b, &schema::OpenArgs { room, last_seen }));
    }

    fn opened(&mut self, frame: Frame<'_>, on_event: &mut impl FnMut(Event<'_>)) -> Result<(), ProtocolError> {
        let opened = body::read::<schema::Opened<'_>>(frame.body()).map_err(malformed)?;
        if self.last_id == 0 {
            self.last_id = opened.newest_id();
        }
        on_event(Event::Ready);
        Ok(())
    }

    fn pong(&self, frame: Frame<'_>, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let stamp = body::read::<schema::Ping<'_>>(frame.body()).map_err(malformed)?.stamp();
        Encoder::new().frame(out, Opcode::Pong, asked(frame.header.request), |b| {
            schema::Ping::create(b, &schema::PingArgs { stamp })
        });
        Ok(())
    }

    fn gap(
        &mut self,
        frame: Frame<'_>,
        out: &mut Vec<u8>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ProtocolError> {
        let up_to = body::read::<schema::Gap<'_>>(frame.body()).map_err(malformed)?.newest_id();
        match &mut self.gap {
            Some(gap) => gap.up_to = gap.up_to.max(up_to),
            None => {
                self.gap = Some(Fill { up_to, held: Vec::new() });
                self.ask_fill(out);
            }
        }
        on_event(Event::Gap);
        Ok(())
    }

    fn ask_fill(&mut self, out: &mut Vec<u8>) {
        let limit = limits::HISTORY_LIMIT_MAX as u16;
        self.ask_page(out, &PageRequest { request: FILL, before: 0, after: self.last_id, limit });
    }

    fn page(
        &mut self,
        frame: Frame<'_>,
        out: &mut Vec<u8>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ProtocolError> {
        let page = body::read::<schema::HistoryPage<'_>>(frame.body()).map_err(malformed)?;
        let frames = page.frames().bytes();
        if frame.header.request != FILL {
            let page = PageOf { request: frame.header.request, frames, count: page.count(), more: page.more() };
            on_event(Event::Page(page));
            return Ok(());
        }
        self.deliver_all(frames, on_event)?;
        let Some(gap) = self.gap.take_if(|gap| self.last_id >= gap.up_to || page.count() == 0) else {
            self.ask_fill(out);
            return Ok(());
        };
        self.deliver_all(&gap.held, on_event)
    }

    /// Delivers frames back to back, leaving out what was received before.
    fn deliver_all(&mut self, mut frames: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> Result<(), ProtocolError> {
        while let Some(frame) = Frame::first(frames, limits::FRAME_BYTES_MAX).map_err(malformed)? {
            frames = &frames[frame.bytes.len()..];
            if message_id(frame).is_some_and(|id| id > self.last_id) {
                self.deliver(frame, on_event)?;
            }
        }
        Ok(())
    }

    fn error(&self, frame: Frame<'_>, on_event: &mut impl FnMut(Event<'_>)) -> Result<(), ProtocolError> {
        let error = body::read::<schema::Error<'_>>(frame.body()).map_err(malformed)?;
        let end = ended(error.code(), error.message(), error.retry_after_ms());
        refused(frame, explain(error.code(), error.message()), end, on_event)
    }
}

/// The id of a MESSAGE frame.
pub(crate) fn message_id(frame: Frame<'_>) -> Option<u64> {
    let head = Table::root(frame.body())?.bytes::<32>(MESSAGE_HEAD)?;
    head.first_chunk::<8>().map(|id| u64::from_le_bytes(*id))
}

/// The text of a MESSAGE frame.
pub(crate) fn message_text(frame: Frame<'_>) -> Option<&[u8]> {
    Table::root(frame.body())?.vector(MESSAGE_TEXT)
}

/// A refused send or page is counted; a refusal of anything else ends the session with `end`.
fn refused(
    frame: Frame<'_>,
    why: String,
    end: ProtocolError,
    on_event: &mut impl FnMut(Event<'_>),
) -> Result<(), ProtocolError> {
    match frame.header.request {
        request if request < OTHER_REQUESTS => on_event(Event::Refused { number: Some(request), why }),
        request if request >= PAGES => on_event(Event::PageRefused { request, why }),
        _ => return Err(end),
    }
    Ok(())
}

/// The end of a session, for good or for a while.
fn ended(code: u16, message: Option<&str>, after_ms: u32) -> ProtocolError {
    let why = explain(code, message);
    match ErrorCode::from_u16(code) {
        Some(ErrorCode::StoreUnavailable | ErrorCode::RateLimited | ErrorCode::TooManyConnections) => {
            ProtocolError::ComeBack { why, after_ms }
        }
        _ => ProtocolError::Ended(why),
    }
}

fn explain(code: u16, message: Option<&str>) -> String {
    let name = ErrorCode::from_u16(code).map_or("code", ErrorCode::name);
    format!("{name} ({code}): {}", message.unwrap_or("no reason given"))
}

fn asked(request: u32) -> Envelope {
    Envelope { request, session: 0 }
}

#[expect(clippy::needless_pass_by_value, reason = "errors are handed over by value")]
fn malformed(what: impl ToString) -> ProtocolError {
    ProtocolError::malformed("Moim", what.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fed, fed_in_pieces, seat};
    use super::super::{Codec, Dialect};
    use super::*;
    use moim_wire::MessageFields;

    fn codec() -> Codec {
        Codec::new(Dialect::Moim, &seat())
    }

    fn message(id: u64, prev_id: u64, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let head = schema::MessageHead::new(id, prev_id, 7, 1, 1, 1);
        let fields = MessageFields { head, text, reference: 0, kind: schema::Kind::Talk, role: schema::Role::Member };
        Encoder::new().message(&mut out, Envelope::default(), &fields);
        out
    }

    fn opened(newest_id: u64) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::new().frame(&mut out, Opcode::Opened, asked(OPEN), |b| {
            schema::Opened::create(b, &schema::OpenedArgs { room: 7, newest_id, ..Default::default() })
        });
        out
    }

    fn gap(after: u64, newest_id: u64) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::new().frame(&mut out, Opcode::Gap, Envelope::default(), |b| {
            schema::Gap::create(b, &schema::GapArgs { room: 7, after, newest_id })
        });
        out
    }

    fn page(frames: &[u8], count: u32, more: bool) -> Vec<u8> {
        let mut out = Vec::new();
        Encoder::new().frame(&mut out, Opcode::HistoryPage, asked(FILL), |b| {
            let frames = Some(b.create_vector(frames));
            schema::HistoryPage::create(b, &schema::HistoryPageArgs { room: 7, frames, count, more })
        });
        out
    }

    #[test]
    fn follows_its_room_once_welcome() {
        let mut welcome = Vec::new();
        Encoder::new().frame(&mut welcome, Opcode::Welcome, asked(HELLO), |b| {
            schema::Welcome::create(b, &schema::WelcomeArgs::default())
        });
        let (_, out, _) = fed(&mut codec(), &welcome);
        let open = Frame::first(&out, limits::REQUEST_BYTES_MAX).unwrap().unwrap();
        assert_eq!(open.opcode(), Some(Opcode::Open));
        assert_eq!(body::read::<schema::Open<'_>>(open.body()).unwrap().room(), 7);
    }

    #[test]
    fn deliveries_are_linked_from_the_newest_at_opening() {
        let input = [opened(5), message(6, 5, "hello"), message(8, 6, "again"), message(9, 7, "hole!")].concat();
        let events = fed_in_pieces(codec, &input);
        assert_eq!(events, ["Ready", "delivery hello", "delivery again", "delivery hole! (broken link)"]);
    }

    #[test]
    fn a_gap_is_filled_before_what_came_meanwhile() {
        let mut codec = codec();
        let input = [opened(5), gap(5, 8), message(9, 8, "later")].concat();
        let (events, out, _) = fed(&mut codec, &input);
        assert_eq!(events, ["Ready", "Gap"]);
        let asked = Frame::first(&out, limits::REQUEST_BYTES_MAX).unwrap().unwrap();
        assert_eq!(body::read::<schema::History<'_>>(asked.body()).unwrap().after(), 5);
        let (events, out, _) = fed(&mut codec, &page(&message(6, 5, "first"), 1, true));
        assert_eq!(events, ["delivery first"]);
        assert!(!out.is_empty(), "the rest is asked for");
        let (events, _, _) = fed(&mut codec, &page(&message(8, 6, "second"), 1, false));
        assert_eq!(events, ["delivery second", "delivery later"]);
    }

    #[test]
    fn an_acknowledgement_names_its_send() {
        let mut ack = Vec::new();
        Encoder::new().frame(&mut ack, Opcode::Ack, asked(3), |b| {
            schema::Ack::create(b, &schema::AckArgs { room: 7, sequence: 3, id: 5, prev_id: 4, duplicate: true })
        });
        assert_eq!(fed(&mut codec(), &ack).0, ["accepted 3"]);
    }

    #[test]
    fn a_refused_send_is_told_from_an_ended_session() {
        let mut refused = Vec::new();
        let encoder = &mut Encoder::new();
        encoder.error(&mut refused, asked(3), ErrorCode::StorageFull, "full", 0);
        assert_eq!(fed(&mut codec(), &refused).0, ["refused: StorageFull (52): full"]);
        let mut ended = Vec::new();
        encoder.goodbye(&mut ended, Envelope::default(), Some(ErrorCode::TokenExpired), "old", 0);
        let error = codec().feed(&ended, &mut Vec::new(), |_| ()).unwrap_err();
        assert_eq!(error, ProtocolError::Ended("TokenExpired (21): old".into()));
    }

    #[test]
    fn a_server_with_too_much_to_do_is_come_back_to() {
        let mut busy = Vec::new();
        Encoder::new().error(&mut busy, asked(OPEN), ErrorCode::StoreUnavailable, "later", 200);
        let error = codec().feed(&busy, &mut Vec::new(), |_| ()).unwrap_err();
        assert_eq!(error, ProtocolError::ComeBack { why: "StoreUnavailable (53): later".into(), after_ms: 200 });
    }
}
