//! An account's entries as they are shown, and the head of its chain.

use moim_wire::limits::LIST_LIMIT_MAX;
use moim_wire::{RoomId, UserId};

use super::Ledger;
use super::account::AccountId;
use super::chain::{Entry, Hash};
use super::group_wallet::{for_participant, require_membership};
use super::transfer::{TransferId, stored_won};
use crate::error::Error;
use crate::members::Shared;
use crate::sql::{Row, Statement, values};

/// Entries of one answer: a page of the protocol, and one that says that there are more.
const PAGE_MAX: usize = LIST_LIMIT_MAX + 1;

/// An entry with the names at both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The entry.
    pub entry: Entry,
    /// The present name of the account's owner, or of the group's wallet.
    pub owner: String,
    /// The same of the account at the other end.
    pub counterpart_owner: String,
    /// The transfer that this one takes back.
    pub corrects: Option<TransferId>,
}

/// Where a chain has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The account.
    pub account: AccountId,
    /// Its entries.
    pub entries: u64,
    /// The hash of the last of them.
    pub hash: Hash,
}

impl Ledger {
    /// Entries of a user's wallet above `after`, or the newest; rising, at most `limit`.
    ///
    /// # Errors
    /// [`Refused::NoWallet`](super::Refused::NoWallet).
    pub async fn entries_of_user(
        &self,
        user: UserId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementLine>, Error> {
        let wallet = self.wallet(user).await?.id;
        self.shared.run(move |shared| async move { lines(&shared, wallet, after, limit).await }).await
    }

    /// Entries of any wallet above `after`, or the newest; rising, at most `limit`, for the operator.
    ///
    /// # Errors
    /// [`Refused::NoSuchAccount`](super::Refused::NoSuchAccount).
    pub async fn entries_of(
        &self,
        wallet: AccountId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementLine>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT 1 FROM ledger_accounts WHERE account_id = ?";
                shared.database.row(sql, values![wallet]).await?.ok_or(super::Refused::NoSuchAccount(wallet))?;
                lines(&shared, wallet, after, limit).await
            })
            .await
    }

    /// Entries of a group's wallet above `after`, or the newest; rising, at most `limit`, for those who take part in it.
    ///
    /// # Errors
    /// As [`Ledger::group_wallet`].
    pub async fn entries_of_group(
        &self,
        user: UserId,
        wallet: AccountId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementLine>, Error> {
        self.shared
            .run(move |shared| async move {
                for_participant(&shared, user, wallet).await?;
                lines(&shared, wallet, after, limit).await
            })
            .await
    }

    /// Entries above `after` for every member of the wallet's room, who may verify its chain.
    ///
    /// # Errors
    /// [`Refused::NoSuchAccount`](super::Refused::NoSuchAccount), [`Error::NotAMember`].
    pub async fn chain_of_group(
        &self,
        user: UserId,
        wallet: AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StatementLine>, Error> {
        self.shared
            .run(move |shared| async move {
                room_of(&shared, user, wallet).await?;
                lines(&shared, wallet, Some(after), limit).await
            })
            .await
    }

    /// Where the chain of a group's wallet has come to, for the members of its room.
    ///
    /// # Errors
    /// As [`Self::chain_of_group`].
    pub async fn head_of_group(&self, user: UserId, wallet: AccountId) -> Result<Head, Error> {
        self.shared
            .run(move |shared| async move {
                room_of(&shared, user, wallet).await?;
                let sql = "SELECT entries, head FROM ledger_accounts WHERE account_id = ?";
                let row = shared.database.row(sql, values![wallet]).await?;
                let row = row.ok_or(super::Refused::NoSuchAccount(wallet))?;
                Ok(Head { account: wallet, entries: row.int(0)?, hash: row.text(1)?.parse()? })
            })
            .await
    }

    /// The entry that a transfer made at its source.
    ///
    /// # Errors
    /// [`Refused::NoSuchTransfer`](super::Refused::NoSuchTransfer), also for one that is not posted.
    pub async fn sent(&self, transfer: TransferId) -> Result<StatementLine, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = Statement::from(LINES).then(" WHERE p.transfer_id = ? AND p.account_id = t.source_id");
                let row = shared.database.row(sql, values![transfer]).await?;
                line_of(&row.ok_or(super::Refused::NoSuchTransfer(transfer))?)
            })
            .await
    }
}

/// Entries with the names at both ends.
const LINES: &str = "SELECT p.account_id, p.entry_number, p.transfer_id, p.counterpart_id, p.amount, p.balance_before,
                            p.balance_after, p.posted_at_ms, p.hash, COALESCE(u.name, a.name), COALESCE(v.name, b.name),
                            t.corrects_id
                     FROM postings p JOIN transfers t ON t.transfer_id = p.transfer_id
                     JOIN ledger_accounts a ON a.account_id = p.account_id
                     LEFT JOIN users u ON u.user_id = a.owner_id
                     JOIN ledger_accounts b ON b.account_id = p.counterpart_id
                     LEFT JOIN users v ON v.user_id = b.owner_id";

/// The room of a group's wallet or cash that `user` is a member of. Of a closed wallet, too: its entries stay.
async fn room_of(shared: &Shared, user: UserId, wallet: AccountId) -> Result<RoomId, Error> {
    let sql = "SELECT room_id FROM ledger_accounts WHERE account_id = ? AND kind IN (2, 5)";
    let row = shared.database.row(sql, values![wallet]).await?.ok_or(super::Refused::NoSuchAccount(wallet))?;
    let room = RoomId(row.int(0)?);
    require_membership(shared, room, user).await?;
    Ok(room)
}

async fn lines(
    shared: &Shared,
    account: AccountId,
    after: Option<u64>,
    limit: usize,
) -> Result<Vec<StatementLine>, Error> {
    let limit = limit.clamp(1, PAGE_MAX) as u64;
    let of_account =
        Statement::from(LINES).then(" WHERE p.account_id = ? AND p.entry_number > ? ORDER BY p.entry_number");
    let rows = match after {
        Some(after) => shared.database.rows(of_account.then(" LIMIT ?"), values![account, after, limit]).await?,
        None => {
            let newest = shared.database.rows(of_account.then(" DESC LIMIT ?"), values![account, 0u64, limit]).await?;
            newest.into_iter().rev().collect()
        }
    };
    rows.iter().map(line_of).collect()
}

/// From the first nine columns of [`LINES`].
pub(super) fn entry_of(row: &Row) -> Result<Entry, Error> {
    Ok(Entry {
        account: AccountId(row.int(0)?),
        number: row.int(1)?,
        transfer: TransferId(row.int(2)?),
        counterpart: AccountId(row.int(3)?),
        amount: stored_won(row, 4)?,
        balance_before: stored_won(row, 5)?,
        balance_after: stored_won(row, 6)?,
        posted_at_ms: row.int(7)?,
        hash: row.text(8)?.parse()?,
    })
}

fn line_of(row: &Row) -> Result<StatementLine, Error> {
    let corrects = row.int_or_null(11)?.map(TransferId);
    Ok(StatementLine { entry: entry_of(row)?, owner: row.text(9)?, counterpart_owner: row.text(10)?, corrects })
}
