//! An account's entries, which form a chain: each has the hash of the one before it in its own.

pub use moim_wire::chain::ChainHash as Hash;
use moim_wire::chain::{Link, NotAHash};

use super::account::AccountId;
use super::money::Won;
use super::transfer::TransferId;
use crate::error::Error;

impl From<NotAHash> for Error {
    fn from(error: NotAHash) -> Self {
        Self::Internal(error.to_string())
    }
}

/// One side of a posted transfer: what it did to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// Its place among the account's entries: dense, from 1.
    pub number: u64,
    /// The transfer that was posted.
    pub transfer: TransferId,
    /// The account at its other end.
    pub counterpart: AccountId,
    /// What came (above zero) or went (below).
    pub amount: Won,
    /// The balance before it.
    pub balance_before: Won,
    /// And after it.
    pub balance_after: Won,
    /// When it was posted.
    pub posted_at_ms: u64,
    /// The chain's hash with it.
    pub hash: Hash,
}

impl Entry {
    /// What the hash is when the chain before it has come to `previous`.
    pub fn hash_after(&self, previous: Hash) -> Hash {
        let link = Link {
            account: self.account.0,
            number: self.number,
            transfer: self.transfer.0,
            counterpart: self.counterpart.0,
            amount: self.amount.get(),
            balance_before: self.balance_before.get(),
            balance_after: self.balance_after.get(),
            posted_at_ms: self.posted_at_ms,
        };
        link.hash_after(previous)
    }
}
