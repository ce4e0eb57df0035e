//! A line is written.

use moim_wire::{RoomId, UserId};

use super::action::AuditAction;
use super::origin::Origin;
use crate::error::Error;
use crate::ledger::Won;
use crate::sql::{Statement, Transaction, Value, pieces};

const ROWS_MAX: usize = 64;
/// Characters of a detail; of a longer one the first are kept.
const DETAIL_CHARS_MAX: usize = 200;

/// A line that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct NewLine {
    at_ms: u64,
    /// 0: nobody, but the operator, the server or the bank.
    actor: UserId,
    origin: Origin,
    action: AuditAction,
    room: Option<RoomId>,
    /// The number of what the action is about.
    subject: u64,
    amount: Won,
    detail: String,
}

impl NewLine {
    pub(crate) const fn new(origin: Origin, actor: UserId, at_ms: u64, action: AuditAction, subject: u64) -> Self {
        Self { at_ms, actor, origin, action, room: None, subject, amount: Won::ZERO, detail: String::new() }
    }

    /// Of a room, whose readers see it.
    pub(crate) fn in_room(self, room: RoomId) -> Self {
        Self { room: Some(room), ..self }
    }

    /// How many won it is about.
    pub(crate) fn of(self, amount: Won) -> Self {
        Self { amount, ..self }
    }

    /// What else there is to say of it, as a person wrote it or would.
    pub(crate) fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    fn row(&self) -> [Value; 9] {
        let detail: String = self.detail.chars().take(DETAIL_CHARS_MAX).collect();
        [
            self.at_ms.into(),
            self.actor.into(),
            (self.origin.via as u8).into(),
            self.origin.address.map(|address| address.to_canonical().to_string()).unwrap_or_default().into(),
            self.action.into(),
            self.room.into(),
            self.subject.into(),
            self.amount.get().into(),
            detail.into(),
        ]
    }
}

/// Writes lines, in the transaction of what they tell of.
pub(crate) async fn write(transaction: &mut Transaction, lines: &[NewLine]) -> Result<(), Error> {
    let sql =
        "INSERT INTO audit_lines (at_ms, actor_id, via, address, action, room_id, subject, amount, detail) VALUES ";
    for piece in pieces(lines, ROWS_MAX) {
        let values: Vec<Value> = piece.iter().flat_map(NewLine::row).collect();
        let sql = Statement::from(sql).repeat("(?, ?, ?, ?, ?, ?, ?, ?, ?)", ", ", piece.len());
        transaction.execute(sql, &values).await?;
    }
    Ok(())
}
