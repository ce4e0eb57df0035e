//! Accounts of people.

use std::net::IpAddr;
use std::sync::Arc;

use moim_wire::{RoomId, UserId};

use super::contact::forget_contacts;
use super::external_login::forget_external;
use super::login::end_logins;
use super::membership::depart;
use super::room::limit_of;
use super::{Change, Shared, SignUp, User, field, now_ms};
use crate::audit::Origin;
use crate::dues;
use crate::error::Error;
use crate::ledger::forget_wallet;
use crate::sql::{Row, Transaction, transact, values};

/// What others see instead of the name of someone who deleted the account.
const DELETED_NAME: &str = "(탈퇴한 회원)";

/// Accounts of people. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    pub(super) shared: Arc<Shared>,
    origin: Origin,
}

impl Users {
    pub(super) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }

    /// Creates an account: for the operator, who may create as many as it takes.
    ///
    /// # Errors
    /// [`Error::InvalidField`], [`Error::EmailTaken`].
    pub async fn sign_up(&self, sign_up: SignUp) -> Result<User, Error> {
        self.create(sign_up, None).await
    }

    /// Creates an account for someone at `address`.
    ///
    /// # Errors
    /// As [`Self::sign_up`]; [`Error::TooManyAttempts`] after
    /// [`Config::sign_ups_per_address_max`](crate::Config::sign_ups_per_address_max) from there, which those with a
    /// taken e-mail address count towards: each of them tells whose address is known here.
    pub async fn sign_up_from(&self, sign_up: SignUp, address: IpAddr) -> Result<User, Error> {
        self.create(sign_up, Some(address)).await
    }

    async fn create(&self, sign_up: SignUp, address: Option<IpAddr>) -> Result<User, Error> {
        self.shared
            .run(move |shared| async move {
                let fields = Fields::of(&sign_up)?;
                if let Some(address) = address {
                    shared.limit.take_sign_up(address, now_ms())?;
                }
                let hash = fields.hash(&shared, None).await?;
                let key = field::key(&fields.email);
                let inserted = transact!(shared.database.write(), |transaction| {
                    let sql = "INSERT INTO users (email, email_key, name, password_hash, created_at_ms)
                               VALUES (?, ?, ?, ?, ?)";
                    let values = values![&*fields.email, &*key, &*fields.name, &*hash, now_ms()];
                    transaction.try_execute(sql, values).await?.ok_or(Error::EmailTaken)
                })?;
                let id =
                    u32::try_from(inserted.id).map_err(|_| Error::Internal("user ids are exhausted".to_owned()))?;
                Ok(User { id: UserId(id), email: fields.email, name: fields.name })
            })
            .await
    }

    /// Changes everything of an account and ends its logins. With another password the connections to providers end, too:
    /// whoever changes it to keep somebody out keeps him out. The first one leaves them.
    ///
    /// # Errors
    /// [`Error::InvalidField`], [`Error::EmailTaken`], [`Error::NoSuchUser`].
    pub async fn change(&self, user: UserId, change: SignUp) -> Result<User, Error> {
        self.shared
            .run(move |shared| async move {
                let fields = Fields::of(&change)?;
                let hash = fields.hash(&shared, Some(user)).await?;
                let key = field::key(&fields.email);
                let keeps_external = fields.keep_external(&shared, user).await?;
                transact!(shared.database.write(), |transaction| {
                    let sql = "UPDATE users SET email = ?, email_key = ?, name = ?, password_hash = ?
                               WHERE user_id = ? AND deleted_at_ms IS NULL";
                    let values = values![&*fields.email, &*key, &*fields.name, &*hash, user];
                    match transaction.try_execute(sql, values).await?.ok_or(Error::EmailTaken)?.rows {
                        0 => return Err(no_such(user)),
                        _ if keeps_external => {}
                        _ => forget_external(transaction, user).await?,
                    }
                    end_logins(transaction, user, 0).await
                })?;
                Ok(User { id: user, email: fields.email, name: fields.name })
            })
            .await
    }

    /// Deletes an account: its logins end, it leaves its rooms, and what it said stays under a neutral name. Answers
    /// with the changes of the rooms left, to be sequenced there.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`]; [`Refused::HoldsMoney`](crate::Refused::HoldsMoney) while the user's wallet does,
    /// [`DuesRefused::HoldsCredit`](crate::DuesRefused::HoldsCredit) while a room's dues hold what goes back there, and
    /// [`DuesRefused::HoldsMoney`](crate::DuesRefused::HoldsMoney) while those of a room do that has no other member.
    pub async fn delete(&self, user: UserId) -> Result<Vec<Change>, Error> {
        let origin = self.origin;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| delete(transaction, origin, user).await)
            })
            .await
    }

    /// The account of that id.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`], for a deleted one too.
    pub async fn get(&self, user: UserId) -> Result<User, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT user_id, email, name FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                let row = shared.database.row(sql, values![user]).await?;
                user_of(&row.ok_or_else(|| no_such(user))?)
            })
            .await
    }

    /// The user of that id as others see the name beside old messages: of a deleted account the neutral name, and no
    /// e-mail address.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`] where there never was one.
    pub async fn whoever(&self, user: UserId) -> Result<User, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT name, email FROM users WHERE user_id = ?";
                let row = shared.database.row(sql, values![user]).await?.ok_or_else(|| no_such(user))?;
                Ok(User { id: user, name: row.text(0)?, email: row.text_or_null(1)?.unwrap_or_default() })
            })
            .await
    }

    /// Accounts rising by id, from the first above `after`, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`].
    pub async fn page(&self, after: UserId, limit: usize) -> Result<Vec<User>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT user_id, email, name FROM users WHERE user_id > ? AND deleted_at_ms IS NULL
                           ORDER BY user_id LIMIT ?";
                let rows = shared.database.rows(sql, values![after, limit_of(limit)]).await?;
                rows.iter().map(user_of).collect()
            })
            .await
    }

    /// The account of that e-mail address, in any spelling of its letters.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`], [`Error::InvalidField`].
    pub async fn by_email(&self, email: &str) -> Result<User, Error> {
        let email = field::email(email)?;
        self.shared
            .run(|shared| async move {
                let sql = "SELECT user_id, email, name FROM users WHERE email_key = ?";
                let row = shared.database.row(sql, values![field::key(&email)]).await?;
                user_of(&row.ok_or(Error::NoSuchUser(email))?)
            })
            .await
    }
}

/// Deletes an account within a transaction; gives the changes of the rooms that it left.
async fn delete(transaction: &mut Transaction, origin: Origin, user: UserId) -> Result<Vec<Change>, Error> {
    let sql = "UPDATE users SET email = NULL, email_key = NULL, name = ?, password_hash = '', deleted_at_ms = ?
               WHERE user_id = ? AND deleted_at_ms IS NULL";
    if transaction.execute(sql, values![DELETED_NAME, now_ms(), user]).await? == 0 {
        return Err(no_such(user));
    }
    end_logins(transaction, user, 0).await?;
    forget_contacts(transaction, user).await?;
    forget_external(transaction, user).await?;
    let sql = "SELECT room_id FROM memberships WHERE user_id = ? AND has_left = 0 ORDER BY room_id";
    let rooms = transaction.rows_for_update(sql, values![user]).await?;
    let mut changes = Vec::with_capacity(rooms.len());
    for row in rooms {
        changes.push(depart(transaction, origin, RoomId(row.int(0)?), user).await?);
    }
    // Accounts are locked after rooms.
    dues::require_no_credit(transaction, user).await?;
    forget_wallet(transaction, (origin, user)).await?;
    Ok(changes)
}

/// The name of a user who was not deleted, and will not be before the transaction ends.
pub(crate) async fn name_of(transaction: &mut Transaction, user: UserId) -> Result<String, Error> {
    let sql = "SELECT name FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
    transaction.row_for_update(sql, values![user]).await?.ok_or_else(|| no_such(user))?.text(0)
}

pub(super) fn no_such(user: UserId) -> Error {
    Error::NoSuchUser(user.to_string())
}

/// From the columns `user_id, email, name`.
pub(super) fn user_of(row: &Row) -> Result<User, Error> {
    Ok(User { id: UserId(row.int(0)?), email: row.text(1)?, name: row.text(2)? })
}

/// A sign-up's fields in the form that is stored.
struct Fields {
    email: String,
    name: String,
    password: String,
}

impl Fields {
    fn of(sign_up: &SignUp) -> Result<Self, Error> {
        let email = field::email(&sign_up.email)?;
        let name = field::username(&sign_up.username)?;
        let password = field::password(&sign_up.password)?;
        Ok(Self { email, name, password })
    }

    /// The password's hash, which a taken e-mail address is not worth. Who takes the address meanwhile is found by its
    /// unique key.
    async fn hash(&self, shared: &Shared, owner: Option<UserId>) -> Result<String, Error> {
        let sql = "SELECT user_id FROM users WHERE email_key = ?";
        let taken_by = shared.database.row(sql, values![field::key(&self.email)]).await?;
        let taken_by = taken_by.map(|row| row.int(0).map(UserId)).transpose()?;
        if taken_by.is_some() && taken_by != owner {
            return Err(Error::EmailTaken);
        }
        let turn = shared.passwords.turn_to_set().await?;
        shared.passwords.hash(&turn, self.password.clone()).await
    }

    /// Whether the user's connections to providers outlive the change: the password is the one there was, or the first.
    async fn keep_external(&self, shared: &Shared, user: UserId) -> Result<bool, Error> {
        let sql = "SELECT u.password_hash FROM external_logins e JOIN users u ON u.user_id = e.user_id
                   WHERE e.user_id = ? LIMIT 1";
        let Some(row) = shared.database.row(sql, values![user]).await? else { return Ok(false) };
        let hash = row.text(0)?;
        if hash.is_empty() {
            return Ok(true);
        }
        let turn = shared.passwords.turn_to_set().await?;
        shared.passwords.matches(&turn, self.password.clone(), Some(hash)).await
    }
}
