//! Accounts: whose they are, what they hold, and where their chains have come to.

use moim_wire::{RoomId, UserId};

use super::chain::Hash;
use super::money::Won;
use crate::error::Error;
use crate::number::numbers;
use crate::sql::Row;

numbers! {
    /// Number of an account, from 1, below 2^53. Members' and groups' wallets share one series.
    AccountId;
}

impl AccountId {
    /// The world outside: what comes in is taken from it, so that it is owed what the others hold together.
    pub const EXTERNAL: Self = Self(1);
    /// What is charged.
    pub const FEES: Self = Self(2);
}

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A member's wallet.
    Member(UserId),
    /// The wallet of a group, in a room.
    Group(RoomId),
    /// The world outside, the one account that may be below zero.
    External,
    /// What is charged.
    Fees,
    /// The cash of a room's dues, in its treasurer's hands. It comes from outside and goes there, never to a wallet: nobody
    /// can turn it into money that the server owes.
    Cash(RoomId),
}

/// What is stored of a kind.
pub(super) const MEMBER: i64 = 1;
pub(super) const GROUP: i64 = 2;
pub(crate) const CASH: i64 = 5;

impl AccountKind {
    /// From the columns `kind, owner_id, room_id` at `first` and behind.
    pub(super) fn of(row: &Row, first: usize) -> Result<Self, Error> {
        match row.int::<i64>(first)? {
            MEMBER => Ok(Self::Member(UserId(row.int(first + 1)?))),
            GROUP => Ok(Self::Group(RoomId(row.int(first + 2)?))),
            3 => Ok(Self::External),
            4 => Ok(Self::Fees),
            CASH => Ok(Self::Cash(RoomId(row.int(first + 2)?))),
            other => Err(Error::Internal(format!("an account of kind {other}, which this binary does not know"))),
        }
    }

    /// The room of a group's wallet or cash, which is told of each entry.
    pub(super) const fn room(self) -> Option<RoomId> {
        match self {
            Self::Group(room) | Self::Cash(room) => Some(room),
            _ => None,
        }
    }
}

/// An account as it stands, locked by the transaction that has read it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) kind: AccountKind,
    /// The owner's name or the wallet's, as it is now.
    pub(super) name: String,
    pub(super) password_hash: String,
    pub(super) balance: Won,
    /// What pending transfers will take.
    pub(super) reserved: Won,
    pub(super) entries: u64,
    pub(super) head: Hash,
    pub(super) closed: bool,
    /// A group's wallet that keeps the dues of its room.
    pub(super) is_fund: bool,
}

impl Account {
    /// What may be spent. The world outside has no end.
    pub(super) fn covers(&self, amount: Won) -> bool {
        self.kind == AccountKind::External || self.balance.minus(self.reserved).is_some_and(|free| free >= amount)
    }
}
