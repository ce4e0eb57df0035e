//! Operations of money: what a member asks of his wallet, his room's dues and its expenses, each field bounded.

use moim_persistence::{ChargeId, ExpenseId, RequestId, RequestKey};
use moim_wire::limits::{LIST_LIMIT_MAX, MONEY_LIMIT_MAX};
use moim_wire::{ErrorCode, Opcode, RoomId, UserId, schema};

use crate::dispatch::{Refused, refused, verified};

/// A request, by the name of its operation in PROTOCOL.md. Not `Debug`: one has a password.
#[cfg_attr(test, derive(PartialEq))]
pub(crate) enum MoneyRequest {
    Wallet { room: Option<RoomId> },
    Dues { room: Option<RoomId>, before: Option<RequestId>, limit: usize },
    Charges { room: RoomId, request: RequestId, after: UserId, limit: usize },
    Pay { room: RoomId, charge: ChargeId, amount: i64, key: RequestKey, password: String },
    Entries { wallet: u64, after: u64, limit: usize },
    Expenses { room: RoomId, before: ExpenseId, limit: usize },
    Vote { room: RoomId, expense: ExpenseId, approves: bool },
}

impl MoneyRequest {
    /// Whether it is answered with a page.
    pub(crate) const fn is_page(&self) -> bool {
        matches!(self, Self::Dues { .. } | Self::Charges { .. } | Self::Entries { .. } | Self::Expenses { .. })
    }
}

/// Reads the body of an operation of money; `None`: the operation is none.
pub(crate) fn parse(opcode: Opcode, bytes: &[u8]) -> Result<Option<MoneyRequest>, Refused> {
    Ok(Some(match opcode {
        Opcode::Wallet => MoneyRequest::Wallet { room: room_or_none(verified::<schema::Wallet<'_>>(bytes)?.room()) },
        Opcode::Dues => {
            let dues = verified::<schema::Dues<'_>>(bytes)?;
            let before = (dues.before() != 0).then_some(RequestId(dues.before()));
            MoneyRequest::Dues { room: room_or_none(dues.room()), before, limit: page(dues.limit(), MONEY_LIMIT_MAX) }
        }
        Opcode::Charges => {
            let charges = verified::<schema::Charges<'_>>(bytes)?;
            let (room, request) = (RoomId(charges.room()), RequestId(charges.request()));
            let limit = page(charges.limit(), LIST_LIMIT_MAX);
            MoneyRequest::Charges { room, request, after: UserId(charges.after()), limit }
        }
        Opcode::Pay => {
            let pay = verified::<schema::Pay<'_>>(bytes)?;
            let key = RequestKey::given(pay.key().unwrap_or_default()).map_err(|_| {
                let most = RequestKey::CHARS_MAX;
                refused(
                    ErrorCode::InvalidField,
                    format!("key: not 1 to {most} printable ASCII characters without spaces"),
                )
            })?;
            let (room, charge) = (RoomId(pay.room()), ChargeId(pay.charge()));
            let password = pay.password().unwrap_or_default().to_owned();
            MoneyRequest::Pay { room, charge, amount: pay.amount(), key, password }
        }
        Opcode::Entries => {
            let entries = verified::<schema::Entries<'_>>(bytes)?;
            let (wallet, after) = (entries.wallet(), entries.after());
            MoneyRequest::Entries { wallet, after, limit: page(entries.limit(), LIST_LIMIT_MAX) }
        }
        Opcode::Expenses => {
            let expenses = verified::<schema::Expenses<'_>>(bytes)?;
            let (room, before) = (RoomId(expenses.room()), ExpenseId(expenses.before()));
            MoneyRequest::Expenses { room, before, limit: page(expenses.limit(), MONEY_LIMIT_MAX) }
        }
        Opcode::Vote => {
            let vote = verified::<schema::Vote<'_>>(bytes)?;
            let (room, expense) = (RoomId(vote.room()), ExpenseId(vote.expense()));
            MoneyRequest::Vote { room, expense, approves: vote.approves() }
        }
        _ => return Ok(None),
    }))
}

fn room_or_none(room: u32) -> Option<RoomId> {
    (room != 0).then_some(RoomId(room))
}

fn page(limit: u16, most: usize) -> usize {
    usize::from(limit).clamp(1, most)
}

#[cfg(test)]
mod tests {
    use flatbuffers::{FlatBufferBuilder, WIPOffset};

    use super::*;

    fn parsed<T>(
        opcode: Opcode,
        build: impl FnOnce(&mut FlatBufferBuilder<'static>) -> WIPOffset<T>,
    ) -> Result<Option<MoneyRequest>, Refused> {
        let mut builder = FlatBufferBuilder::new();
        let root = build(&mut builder);
        builder.finish_minimal(root);
        parse(opcode, builder.finished_data())
    }

    fn pay(key: &str) -> Result<Option<MoneyRequest>, Refused> {
        parsed(Opcode::Pay, |b| {
            let (key, password) = (b.create_string(key), b.create_string("wallet horse"));
            let args = schema::PayArgs { room: 7, charge: 77, amount: -5, key: Some(key), password: Some(password) };
            schema::Pay::create(b, &args)
        })
    }

    #[test]
    fn a_room_or_number_of_0_is_none_and_limits_stay_within_a_page() {
        let dues = |room, before, limit| {
            parsed(Opcode::Dues, |b| schema::Dues::create(b, &schema::DuesArgs { room, before, limit }))
        };
        assert!(dues(0, 0, 0) == Ok(Some(MoneyRequest::Dues { room: None, before: None, limit: 1 })));
        let (room, before) = (Some(RoomId(7)), Some(RequestId(5)));
        assert!(dues(7, 5, u16::MAX) == Ok(Some(MoneyRequest::Dues { room, before, limit: MONEY_LIMIT_MAX })));
        let wallet = parsed(Opcode::Wallet, |b| schema::Wallet::create(b, &schema::WalletArgs { room: 0 }));
        assert!(wallet == Ok(Some(MoneyRequest::Wallet { room: None })));
        let args = schema::EntriesArgs { wallet: 3, after: 9, limit: 600 };
        let entries = parsed(Opcode::Entries, |b| schema::Entries::create(b, &args));
        assert!(entries == Ok(Some(MoneyRequest::Entries { wallet: 3, after: 9, limit: LIST_LIMIT_MAX })));
    }

    #[test]
    fn a_payment_keeps_its_amount_and_its_key_is_checked() {
        let (room, charge, password) = (RoomId(7), ChargeId(77), "wallet horse".to_owned());
        let key = RequestKey::given("a-key").unwrap();
        // The amount is for the ledger to refuse, which says why.
        assert!(pay("a-key") == Ok(Some(MoneyRequest::Pay { room, charge, amount: -5, key, password })));
        for wrong in ["", "a key", "열쇠", &"k".repeat(65)] {
            let refused = pay(wrong).map(drop).unwrap_err();
            assert_eq!(refused.code, ErrorCode::InvalidField);
            assert!(refused.message.starts_with("key: ") && !refused.message.contains("horse"), "{}", refused.message);
        }
        let without = parsed(Opcode::Pay, |b| schema::Pay::create(b, &schema::PayArgs::default()));
        assert_eq!(without.map(drop).unwrap_err().code, ErrorCode::InvalidField);
    }

    #[test]
    fn garbage_is_malformed_and_other_operations_are_not_of_money() {
        for opcode in [Opcode::Wallet, Opcode::Dues, Opcode::Charges, Opcode::Pay, Opcode::Entries, Opcode::Vote] {
            assert_eq!(parse(opcode, &[1, 2, 3]).map(drop).unwrap_err().code, ErrorCode::Malformed);
        }
        assert!(parse(Opcode::Paid, &[1, 2, 3]).is_ok_and(|found| found.is_none()), "an answer is no request");
    }
}
