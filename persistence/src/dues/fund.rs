//! Where a room's dues are: in its fund, a group's wallet that money leaves for a reason alone, and in cash, in its
//! treasurer's hands.

use moim_wire::{RoomId, UserId};

use super::Dues;
use super::keeper::{require_keeper, require_reader};
use super::refused::DuesRefused as Refused;
use crate::clock::now_ms;
use crate::error::Error;
use crate::ledger::{AccountId, CASH, Hash, Head, Won, open_group_account, stored_won};
use crate::sql::{Database, Row, Transaction, transact, values};

const FUND_NAME: &str = "회비";
const CASH_NAME: &str = "회비 현금";

/// The accounts of a room's dues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fund {
    /// The group's wallet.
    pub wallet: AccountId,
    /// What it holds.
    pub balance: Won,
    /// How much of that pending transfers will take.
    pub reserved: Won,
    /// Where its chain has come to.
    pub head: Head,
    /// The cash.
    pub cash: AccountId,
    /// How much there is.
    pub cash_balance: Won,
    /// How much of that expenses will take.
    pub cash_reserved: Won,
}

const FUND: &str = "SELECT f.account_id, f.balance, f.reserved, c.account_id, c.balance, f.entries, f.head, c.reserved
    FROM ledger_accounts f JOIN ledger_accounts c ON c.room_id = f.fund_of AND c.kind = ? WHERE f.fund_of = ?";

fn fund_from(row: &Row) -> Result<Fund, Error> {
    let wallet = AccountId(row.int(0)?);
    Ok(Fund {
        wallet,
        balance: stored_won(row, 1)?,
        reserved: stored_won(row, 2)?,
        head: Head { account: wallet, entries: row.int(5)?, hash: row.text(6)?.parse()? },
        cash: AccountId(row.int(3)?),
        cash_balance: stored_won(row, 4)?,
        cash_reserved: stored_won(row, 7)?,
    })
}

impl Dues {
    /// The accounts of a room's dues, if it has any; for its members.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`].
    pub async fn fund(&self, user: UserId, room: RoomId) -> Result<Option<Fund>, Error> {
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.snapshot(), |snapshot| {
                    require_reader(snapshot, room, user).await?;
                    snapshot.row(FUND, values![CASH, room]).await?.as_ref().map(fund_from).transpose()
                })
            })
            .await
    }
}

/// The accounts of a room's dues, if it has any.
pub(super) async fn of_room(database: &Database, room: RoomId) -> Result<Option<Fund>, Error> {
    database.row(FUND, values![CASH, room]).await?.as_ref().map(fund_from).transpose()
}

/// As [`of_room`], of one that has.
pub(crate) async fn require(database: &Database, room: RoomId) -> Result<Fund, Error> {
    of_room(database, room).await?.ok_or_else(|| Refused::NoFund.into())
}

/// Gives a room a place for its dues, where it has none: a new wallet, or one of its group's that `user` may spend from.
pub(super) async fn open(
    transaction: &mut Transaction,
    room: RoomId,
    user: UserId,
    chosen: Option<AccountId>,
) -> Result<(), Error> {
    require_keeper(transaction, room, user).await?;
    let sql = "SELECT account_id FROM ledger_accounts WHERE fund_of = ?";
    if let Some(row) = transaction.row_for_update(sql, values![room]).await? {
        let is_another = chosen.is_some_and(|chosen| row.int(0).is_ok_and(|found: u64| found != chosen.0));
        return if is_another {
            Err(Refused::NotAFund("the room's dues are kept by another wallet").into())
        } else {
            Ok(())
        };
    }
    let wallet = match chosen {
        Some(chosen) => choose(transaction, room, user, chosen).await?,
        // Without a password: nobody can spend from it by one.
        None => open_group_account(transaction, user, (room, FUND_NAME, "", "")).await?.id,
    };
    let sql = "UPDATE ledger_accounts SET fund_of = ? WHERE account_id = ?";
    transaction.execute(sql, values![room, wallet]).await?;
    let sql =
        "INSERT INTO ledger_accounts (kind, currency, room_id, name, description, password_hash, balance, reserved,
                                            entries, head, created_at_ms)
               VALUES (?, 'KRW', ?, ?, '', '', 0, 0, 0, ?, ?)";
    let values = values![CASH, room, CASH_NAME, Hash::ZERO.to_string(), now_ms()];
    transaction.execute(sql, values).await.map(drop)
}

async fn choose(
    transaction: &mut Transaction,
    room: RoomId,
    user: UserId,
    chosen: AccountId,
) -> Result<AccountId, Error> {
    let sql = "SELECT a.reserved, p.is_admin FROM ledger_accounts a
               JOIN ledger_participants p ON p.account_id = a.account_id AND p.user_id = ?
               WHERE a.account_id = ? AND a.room_id = ? AND a.kind = 2 AND a.closed_at_ms IS NULL";
    let row = transaction.row_for_update(sql, values![user, chosen, room]).await?;
    let row = row.ok_or(Refused::NotAFund("the room has no such wallet that you are an admin of"))?;
    if !row.flag(1)? {
        return Err(Refused::NotAFund("only an admin of the wallet can make it keep the room's dues").into());
    }
    if row.int::<i64>(0)? != 0 {
        return Err(Refused::NotAFund("transfers out of it are pending; settle them first").into());
    }
    Ok(chosen)
}
