//! Requests with one answer: how they are written and what comes back.

use std::time::Duration;

use moim_wire::body;
use moim_wire::schema;
use moim_wire::{Encoder, Envelope, MessageId, Opcode, RoomId, UserId};

use crate::error::{Error, Refusal};
use crate::money::{ExpenseId, RequestId, WalletId};
use crate::payment::Payment;

/// A request that the server answers once.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    History { room: RoomId, before: MessageId, after: MessageId, limit: u16 },
    Members { room: RoomId, after: UserId, limit: u16 },
    Rooms { after: RoomId, limit: u16 },
    Join { room: RoomId, password: Option<String> },
    Leave { room: RoomId },
    Wallet { room: Option<RoomId> },
    Dues { room: Option<RoomId>, before: Option<RequestId>, limit: u16 },
    Charges { room: RoomId, request: RequestId, after: UserId, limit: u16 },
    Pay(Payment),
    Entries { wallet: WalletId, after: u64, limit: u16 },
    Expenses { room: RoomId, before: Option<ExpenseId>, limit: u16 },
    Vote { room: RoomId, expense: ExpenseId, approves: bool },
}

impl Request {
    pub(crate) fn write(&self, encoder: &mut Encoder, out: &mut Vec<u8>, request: u32) {
        let envelope = Envelope { request, session: 0 };
        match self {
            Self::History { room, before, after, limit } => encoder.frame(out, Opcode::History, envelope, |b| {
                let args = schema::HistoryArgs { room: room.0, before: before.0, after: after.0, limit: *limit };
                schema::History::create(b, &args)
            }),
            Self::Members { room, after, limit } => encoder.frame(out, Opcode::Members, envelope, |b| {
                schema::Members::create(b, &schema::MembersArgs { room: room.0, after: after.0, limit: *limit })
            }),
            Self::Rooms { after, limit } => encoder.frame(out, Opcode::Rooms, envelope, |b| {
                schema::Rooms::create(b, &schema::RoomsArgs { after: after.0, limit: *limit })
            }),
            Self::Join { room, password } => encoder.frame(out, Opcode::Join, envelope, |b| {
                let password = password.as_ref().map(|password| b.create_string(password));
                schema::Join::create(b, &schema::JoinArgs { room: room.0, password })
            }),
            Self::Leave { room } => encoder
                .frame(out, Opcode::Leave, envelope, |b| schema::Leave::create(b, &schema::LeaveArgs { room: room.0 })),
            Self::Wallet { room } => encoder.frame(out, Opcode::Wallet, envelope, |b| {
                schema::Wallet::create(b, &schema::WalletArgs { room: room.map_or(0, |room| room.0) })
            }),
            Self::Dues { room, before, limit } => encoder.frame(out, Opcode::Dues, envelope, |b| {
                let (room, before) = (room.map_or(0, |room| room.0), before.map_or(0, |before| before.0));
                schema::Dues::create(b, &schema::DuesArgs { room, before, limit: *limit })
            }),
            Self::Charges { room, request, after, limit } => encoder.frame(out, Opcode::Charges, envelope, |b| {
                let args = schema::ChargesArgs { room: room.0, request: request.0, after: after.0, limit: *limit };
                schema::Charges::create(b, &args)
            }),
            Self::Pay(payment) => payment.write(encoder, out, envelope),
            Self::Entries { wallet, after, limit } => encoder.frame(out, Opcode::Entries, envelope, |b| {
                schema::Entries::create(b, &schema::EntriesArgs { wallet: wallet.0, after: *after, limit: *limit })
            }),
            Self::Expenses { room, before, limit } => encoder.frame(out, Opcode::Expenses, envelope, |b| {
                let before = before.map_or(0, |before| before.0);
                schema::Expenses::create(b, &schema::ExpensesArgs { room: room.0, before, limit: *limit })
            }),
            Self::Vote { room, expense, approves } => encoder.frame(out, Opcode::Vote, envelope, |b| {
                schema::Vote::create(b, &schema::VoteArgs { room: room.0, expense: expense.0, approves: *approves })
            }),
        }
    }
}

/// What a client says without waiting for an answer: best effort, dropped while there is no connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Remark {
    Read { room: RoomId, up_to: MessageId },
    Typing { room: RoomId },
}

impl Remark {
    pub(crate) fn write(self, encoder: &mut Encoder, out: &mut Vec<u8>) {
        match self {
            Self::Read { room, up_to } => encoder.frame(out, Opcode::Read, Envelope::default(), |b| {
                schema::Read::create(b, &schema::ReadArgs { room: room.0, up_to: up_to.0 })
            }),
            Self::Typing { room } => encoder.frame(out, Opcode::Typing, Envelope::default(), |b| {
                schema::Typing::create(b, &schema::TypingArgs { room: room.0, user: 0 })
            }),
        }
    }
}

/// An answer's operation and body, not verified yet.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) opcode: Option<Opcode>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body, if the answer is of the operation expected.
    pub(crate) fn expect(&self, opcode: Opcode) -> Result<&[u8], Error> {
        if self.opcode == Some(opcode) {
            return Ok(&self.body);
        }
        let got = self.opcode.map_or("an unknown operation", Opcode::name);
        Err(Error::Protocol(format!("{} expected as the answer, {got} came", opcode.name())))
    }
}

/// Reads the body of an ERROR.
pub(crate) fn refusal(bytes: &[u8]) -> Result<Refusal, Error> {
    let error = body::read::<schema::Error<'_>>(bytes)?;
    Ok(Refusal {
        code: error.code(),
        message: error.message().unwrap_or_default().to_owned(),
        retry_after: Duration::from_millis(error.retry_after_ms().into()),
    })
}

/// Reads the body of a GOODBYE.
pub(crate) fn goodbye(bytes: &[u8]) -> Result<Refusal, Error> {
    let goodbye = body::read::<schema::Goodbye<'_>>(bytes)?;
    Ok(Refusal {
        code: goodbye.code(),
        message: goodbye.message().unwrap_or_default().to_owned(),
        retry_after: Duration::from_millis(goodbye.retry_after_ms().into()),
    })
}

/// Reads the body of a CLOSED.
pub(crate) fn closed(bytes: &[u8]) -> Result<(RoomId, Refusal), Error> {
    let closed = body::read::<schema::Closed<'_>>(bytes)?;
    let message = closed.message().unwrap_or_default().to_owned();
    Ok((RoomId(closed.room()), Refusal { code: closed.code(), message, retry_after: Duration::ZERO }))
}

/// Reads the body of a BUSY: how long to wait.
pub(crate) fn busy(bytes: &[u8]) -> Result<Duration, Error> {
    let busy = body::read::<schema::Busy<'_>>(bytes)?;
    Ok(Duration::from_millis(busy.retry_after_ms().into()))
}
