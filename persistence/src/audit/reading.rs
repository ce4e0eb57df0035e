//! Lines are read: of a room by those who look after its money, of oneself by everyone, of all by the operator.

use std::net::IpAddr;

use moim_wire::schema::Role;
use moim_wire::{RoomId, UserId};

use super::Audit;
use super::action::AuditAction;
use super::origin::{Via, network_of};
use crate::dues::require_reader;
use crate::error::Error;
use crate::ledger::{Won, stored_won};
use crate::sql::{Row, Statement, Value, transact, values};

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number; later lines of a room have higher ones.
    pub id: u64,
    /// When, Unix time in milliseconds.
    pub at_ms: u64,
    /// Who; 0: nobody, but the operator, the server or the bank.
    pub actor: UserId,
    /// Name of the actor now; empty for nobody.
    pub actor_name: String,
    /// By which way.
    pub via: Via,
    /// From which address, or which network for those who may not see that; empty where there is none.
    pub address: String,
    /// What.
    pub action: AuditAction,
    /// Whose money it is about, where it is a room's.
    pub room: Option<RoomId>,
    /// The number of what it is about: see [`AuditAction`].
    pub subject: u64,
    /// How many won it is about; nothing where it is about none.
    pub amount: Won,
    /// What else there is to say of it.
    pub detail: String,
}

/// Which lines an operator asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditQuery {
    /// Of one room alone.
    pub room: Option<RoomId>,
    /// By one user alone.
    pub actor: Option<UserId>,
    /// Numbers below this.
    pub before: Option<u64>,
    /// So many at most.
    pub limit: usize,
}

impl Audit {
    /// The lines of a room, the newest first, for its treasurer, its auditors and its admins: with the networks that actions
    /// came from, not their addresses.
    ///
    /// # Errors
    /// [`Error::NoSuchRoom`], [`Error::NotAMember`], [`Error::NotAllowed`] for other members.
    pub async fn of_room(
        &self,
        user: UserId,
        room: RoomId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditLine>, Error> {
        let look = self.shared.run(move |shared| async move {
            transact!(shared.database.snapshot(), |snapshot| {
                require_reader(snapshot, room, user).await?;
                let sql = "SELECT 1 FROM memberships m
                           LEFT JOIN offices o ON o.room_id = m.room_id AND o.user_id = m.user_id
                           WHERE m.room_id = ? AND m.user_id = ? AND (m.role = ? OR o.user_id IS NOT NULL)";
                Ok(snapshot.row(sql, values![room, user, Role::Admin.0]).await?.is_some())
            })
        });
        if !look.await? {
            return Err(Error::NotAllowed("only the room's treasurer, auditors and admins see its audit lines"));
        }
        let mut lines = self.lines(AuditQuery { room: Some(room), actor: None, before, limit }).await?;
        for line in lines.iter_mut().filter(|line| line.actor != user) {
            line.address = line.address.parse::<IpAddr>().map(network_of).unwrap_or_default();
        }
        Ok(lines)
    }

    /// What a user did himself, in all rooms, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn of_user(&self, user: UserId, before: Option<u64>, limit: usize) -> Result<Vec<AuditLine>, Error> {
        self.lines(AuditQuery { room: None, actor: Some(user), before, limit }).await
    }

    /// Lines of anything and anyone, the newest first, for the operator. A transfer between two rooms has a line in
    /// each: of an actor's lines the first of them stands for both.
    ///
    /// # Errors
    /// The store's.
    pub async fn lines(&self, query: AuditQuery) -> Result<Vec<AuditLine>, Error> {
        self.shared
            .run(move |shared| async move {
                let mut values: Vec<Value> = values![query.before.unwrap_or(u64::MAX)].to_vec();
                let mut sql = Statement::from(COLUMNS).then(" WHERE a.audit_id < ?");
                if let Some(room) = query.room {
                    sql = sql.then(" AND a.room_id = ?");
                    values.push(room.into());
                }
                if let Some(actor) = query.actor {
                    sql = sql.then(" AND a.actor_id = ?");
                    values.push(actor.into());
                }
                if query.actor.is_some() && query.room.is_none() {
                    sql = sql.then(
                        " AND NOT EXISTS (SELECT 1 FROM audit_lines b WHERE b.subject = a.subject AND b.action = a.action
                                            AND b.action < 20 AND b.audit_id < a.audit_id)",
                    );
                }
                values.push((query.limit as u64).into());
                let sql = sql.then(" ORDER BY a.audit_id DESC LIMIT ?");
                shared.database.rows(sql, &values).await?.iter().map(line_of).collect()
            })
            .await
    }
}

const COLUMNS: &str =
    "SELECT a.audit_id, a.at_ms, a.actor_id, COALESCE(u.name, ''), a.via, a.address, a.action, a.room_id,
    a.subject, a.amount, a.detail FROM audit_lines a LEFT JOIN users u ON u.user_id = a.actor_id";

fn line_of(row: &Row) -> Result<AuditLine, Error> {
    Ok(AuditLine {
        id: row.int(0)?,
        at_ms: row.int(1)?,
        actor: UserId(row.int(2)?),
        actor_name: row.text(3)?,
        via: Via::of(row.int(4)?)?,
        address: row.text(5)?,
        action: AuditAction::of(row.int(6)?)?,
        room: row.int_or_null(7)?.map(RoomId),
        subject: row.int(8)?,
        amount: stored_won(row, 9)?,
        detail: row.text(10)?,
    })
}
