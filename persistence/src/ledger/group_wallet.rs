//! Groups' wallets: opened in a room by a member, who is its admin; other members may join.

use moim_wire::{RoomId, UserId};

use super::Ledger;
use super::account::{AccountId, GROUP};
use super::chain::Hash;
use super::money::Won;
use super::refused::Refused;
use super::transfer::stored_won;
use super::{participant, wallet};
use crate::audit::{self, AuditAction, NewLine, Origin};
use crate::clock::now_ms;
use crate::error::Error;
use crate::members::{Shared, field, lock_room, require_member};
use crate::sql::{Row, Transaction, transact, values};

/// A group's wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWallet {
    /// Its account.
    pub id: AccountId,
    /// The room.
    pub room: RoomId,
    /// What its group calls it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it holds.
    pub balance: Won,
    /// How much of that pending transfers will take.
    pub reserved: Won,
}

/// What a group's wallet is opened with.
#[derive(Clone)]
pub struct NewGroupWallet {
    /// The room; the user is a member.
    pub room: RoomId,
    /// 1 to 80 characters.
    pub name: String,
    /// Up to 1,000 characters.
    pub description: String,
    /// 8 to 72 bytes: whoever spends from it says it.
    pub password: String,
}

/// One who takes part in a group's wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The user.
    pub user: UserId,
    /// Empty when the account was deleted.
    pub email: String,
    /// The name now.
    pub name: String,
    /// An admin of the wallet.
    pub is_admin: bool,
}

impl Ledger {
    /// Opens a wallet in a room.
    ///
    /// # Errors
    /// [`Error::InvalidField`], [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn open_group_wallet(&self, user: UserId, new: NewGroupWallet) -> Result<GroupWallet, Error> {
        let name = field::wallet_name(&new.name)?;
        let description = field::wallet_description(&new.description)?;
        let password = field::password(&new.password)?;
        let room = new.room;
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                // A hash is not spent on one who may not.
                require_membership(&shared, room, user).await?;
                let hash = shared.passwords.hash(&shared.passwords.turn_to_set().await?, password).await?;
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, room).await?;
                    require_member(transaction, room, user).await?;
                    let wallet = insert(transaction, user, (room, &name, &description, &hash)).await?;
                    note(transaction, (origin, user), AuditAction::GroupWalletOpened, &wallet).await?;
                    Ok(wallet)
                })
            })
            .await
    }

    /// A group's wallet, for those who take part in it.
    ///
    /// # Errors
    /// [`Refused::NoSuchAccount`], [`Refused::NotAParticipant`].
    pub async fn group_wallet(&self, user: UserId, id: AccountId) -> Result<GroupWallet, Error> {
        self.shared.run(move |shared| async move { for_participant(&shared, user, id).await }).await
    }

    /// The wallets of a room, for its members.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn group_wallets_of_room(&self, user: UserId, room: RoomId) -> Result<Vec<GroupWallet>, Error> {
        self.shared
            .run(move |shared| async move {
                require_membership(&shared, room, user).await?;
                let sql = "SELECT a.account_id, a.room_id, a.name, a.description, a.balance, a.reserved
                           FROM ledger_accounts a WHERE a.room_id = ? AND a.kind = ? AND a.closed_at_ms IS NULL
                           ORDER BY a.account_id";
                shared.database.rows(sql, values![room, GROUP]).await?.iter().map(group_wallet_of).collect()
            })
            .await
    }

    /// The groups' wallets that a user takes part in.
    ///
    /// # Errors
    /// The store's.
    pub async fn group_wallets_of_user(&self, user: UserId) -> Result<Vec<GroupWallet>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT a.account_id, a.room_id, a.name, a.description, a.balance, a.reserved
                           FROM ledger_participants p JOIN ledger_accounts a ON a.account_id = p.account_id
                           LEFT JOIN memberships m ON m.room_id = a.room_id AND m.user_id = p.user_id
                           LEFT JOIN rooms r ON r.room_id = a.room_id
                           WHERE p.user_id = ? AND a.closed_at_ms IS NULL
                             AND (m.has_left = 0 OR r.deleted_at_ms IS NOT NULL)
                           ORDER BY a.account_id";
                shared.database.rows(sql, values![user]).await?.iter().map(group_wallet_of).collect()
            })
            .await
    }

    /// Makes a member of the room take part in its wallet.
    ///
    /// # Errors
    /// [`Refused::NoSuchAccount`], [`Error::NotAMember`], [`Refused::AlreadyAParticipant`].
    pub async fn join_group_wallet(&self, user: UserId, id: AccountId) -> Result<GroupWallet, Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                let wallet = find(&shared, id).await?;
                transact!(shared.database.write(), |transaction| {
                    lock_room(transaction, wallet.room).await?;
                    require_member(transaction, wallet.room, user).await?;
                    if !participant::take_part(transaction, id, user, false).await? {
                        return Err(Refused::AlreadyAParticipant(id).into());
                    }
                    note(transaction, (origin, user), AuditAction::GroupWalletJoined, &wallet).await
                })?;
                Ok(wallet)
            })
            .await
    }

    /// Closes a group's wallet that holds nothing. Its entries stay.
    ///
    /// # Errors
    /// [`Refused::NoSuchAccount`], [`Refused::NotItsAdmin`], [`Refused::HoldsMoney`].
    pub async fn close_group_wallet(&self, user: UserId, id: AccountId) -> Result<(), Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                let wallet = find(&shared, id).await?;
                let room = wallet.room;
                transact!(shared.database.write(), |transaction| {
                    let sql = "SELECT deleted_at_ms FROM rooms WHERE room_id = ?";
                    let row = transaction.row_for_update(sql, values![room]).await?.ok_or(Error::NoSuchRoom(room))?;
                    let is_deleted = !row.is_null(0);
                    if !participant::is_spender(transaction, id, (room, is_deleted), user).await? {
                        return Err(Refused::NotItsAdmin(id).into());
                    }
                    wallet::close(transaction, (origin, user), id).await?;
                    note(transaction, (origin, user), AuditAction::GroupWalletClosed, &wallet).await
                })
            })
            .await
    }

    /// Who takes part in a group's wallet, for those who do; rising by user.
    ///
    /// # Errors
    /// As [`Self::group_wallet`].
    pub async fn participants(&self, user: UserId, id: AccountId) -> Result<Vec<Participant>, Error> {
        self.shared
            .run(move |shared| async move {
                for_participant(&shared, user, id).await?;
                let sql = "SELECT p.user_id, u.email, u.name, p.is_admin
                           FROM ledger_participants p JOIN users u ON u.user_id = p.user_id
                           WHERE p.account_id = ? ORDER BY p.user_id";
                let participant = |row: &Row| {
                    let email = row.text_or_null(1)?.unwrap_or_default();
                    Ok(Participant { user: UserId(row.int(0)?), email, name: row.text(2)?, is_admin: row.flag(3)? })
                };
                shared.database.rows(sql, values![id]).await?.iter().map(participant).collect()
            })
            .await
    }
}

pub(crate) async fn insert(
    transaction: &mut Transaction,
    user: UserId,
    (room, name, description, hash): (RoomId, &str, &str, &str),
) -> Result<GroupWallet, Error> {
    let sql =
        "INSERT INTO ledger_accounts (kind, currency, room_id, name, description, password_hash, balance, reserved,
                                            entries, head, created_at_ms)
               VALUES (?, 'KRW', ?, ?, ?, ?, 0, 0, 0, ?, ?)";
    let values = values![GROUP, room, name, description, hash, Hash::ZERO.to_string(), now_ms()];
    let inserted = transaction.try_execute(sql, values).await?;
    let id = AccountId(inserted.map_or(0, |inserted| inserted.id));
    participant::take_part(transaction, id, user, true).await?;
    let (name, description) = (name.to_owned(), description.to_owned());
    Ok(GroupWallet { id, room, name, description, balance: Won::ZERO, reserved: Won::ZERO })
}

async fn note(
    transaction: &mut Transaction,
    (origin, user): (Origin, UserId),
    action: AuditAction,
    wallet: &GroupWallet,
) -> Result<(), Error> {
    let line = NewLine::new(origin, user, now_ms(), action, wallet.id.0).in_room(wallet.room).saying(&*wallet.name);
    audit::write(transaction, &[line]).await
}

/// An open wallet of a group.
pub(super) async fn find(shared: &Shared, id: AccountId) -> Result<GroupWallet, Error> {
    let sql = "SELECT a.account_id, a.room_id, a.name, a.description, a.balance, a.reserved
               FROM ledger_accounts a WHERE a.account_id = ? AND a.kind = ? AND a.closed_at_ms IS NULL";
    let row = shared.database.row(sql, values![id, GROUP]).await?;
    group_wallet_of(&row.ok_or(Refused::NoSuchAccount(id))?)
}

/// The wallet, for one who takes part in it and has not left its room.
pub(super) async fn for_participant(shared: &Shared, user: UserId, id: AccountId) -> Result<GroupWallet, Error> {
    let wallet = find(shared, id).await?;
    let sql = "SELECT 1 FROM ledger_participants p
               LEFT JOIN memberships m ON m.room_id = ? AND m.user_id = p.user_id
               LEFT JOIN rooms r ON r.room_id = ?
               WHERE p.account_id = ? AND p.user_id = ? AND (m.has_left = 0 OR r.deleted_at_ms IS NOT NULL)";
    let takes_part = shared.database.row(sql, values![wallet.room, wallet.room, id, user]).await?.is_some();
    if takes_part { Ok(wallet) } else { Err(Refused::NotAParticipant { user, account: id }.into()) }
}

/// Refuses those who are no members of the room.
pub(super) async fn require_membership(shared: &Shared, room: RoomId, user: UserId) -> Result<(), Error> {
    let sql = "SELECT m.has_left FROM rooms r LEFT JOIN memberships m ON m.room_id = r.room_id AND m.user_id = ?
               WHERE r.room_id = ? AND r.deleted_at_ms IS NULL";
    let row = shared.database.row(sql, values![user, room]).await?.ok_or(Error::NoSuchRoom(room))?;
    if row.is_null(0) || row.flag(0)? { Err(Error::NotAMember { room, user }) } else { Ok(()) }
}

/// From the columns `account_id, room_id, name, description, balance, reserved`.
fn group_wallet_of(row: &Row) -> Result<GroupWallet, Error> {
    Ok(GroupWallet {
        id: AccountId(row.int(0)?),
        room: RoomId(row.int(1)?),
        name: row.text(2)?,
        description: row.text(3)?,
        balance: stored_won(row, 4)?,
        reserved: stored_won(row, 5)?,
    })
}
