//! What a room is told when money came to its wallet or left it, and of what that was for. Written with the entry; the room's owner puts it among
//! the messages, once.

use moim_wire::RoomId;
use serde::Serialize;

use super::account::Account;
use super::chain::Entry;
use crate::members::Told;

/// A notice that is to be written, beside the change of the room that carries it.
pub(super) struct Notice {
    pub(super) room: RoomId,
    /// The room's change with that number.
    pub(super) change: u32,
    pub(super) told: Told,
    /// That it tells of, if it is one.
    pub(super) entry: Option<Entry>,
}

/// The text, as `wire/PROTOCOL.md` describes it.
#[derive(Serialize)]
struct Text<'a> {
    transfer: u64,
    amount: i64,
    from: Party<'a>,
    to: Party<'a>,
    wallet: u64,
    entry: u64,
    balance: i64,
    head: String,
}

#[derive(Serialize)]
struct Party<'a> {
    wallet: u64,
    name: &'a str,
}

/// The text for the wallet of `entry`; names are those of now, the head is the chain's with this entry.
pub(super) fn text(entry: &Entry, from: &Account, to: &Account) -> String {
    let text = Text {
        transfer: entry.transfer.0,
        amount: entry.amount.get().abs(),
        from: Party { wallet: from.id.0, name: &from.name },
        to: Party { wallet: to.id.0, name: &to.name },
        wallet: entry.account.0,
        entry: entry.number,
        balance: entry.balance_after.get(),
        head: entry.hash.to_string(),
    };
    // Numbers and strings, under names that are ours: nothing of it cannot be written.
    serde_json::to_string(&text).unwrap_or_default()
}
