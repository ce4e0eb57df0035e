//! Logins by what a provider says: which account of the provider's is whose account here. The provider's word was checked
//! before it comes here.

use std::net::IpAddr;

use moim_wire::UserId;

use super::login::end_logins;
use super::user::{Users, no_such, user_of};
use super::{Identity, User, field, now_ms};
use crate::error::Error;
use crate::sql::{Transaction, transact, values};

/// What a subject has at most, by OpenID Connect; an issuer is held to the same.
const CHARS_MAX: usize = 255;

/// An account at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalAccount {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The account there; never given to another one.
    pub subject: String,
}

/// What a provider says of somebody who has no account here yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalSignUp {
    /// Who it is there.
    pub account: ExternalAccount,
    /// An address that the provider has made sure of.
    pub email: String,
    /// What the person may be called, best first: the first that may be a name here.
    pub names: Vec<String>,
}

/// How a user may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaysIn {
    /// By a password.
    pub has_password: bool,
    /// By what these providers say, as their tokens name them.
    pub issuers: Vec<String>,
}

impl Users {
    /// Whose account here that account is connected with.
    ///
    /// # Errors
    /// [`Error::InvalidField`].
    pub async fn by_external(&self, account: ExternalAccount) -> Result<Option<User>, Error> {
        check(&account)?;
        self.shared
            .run(move |shared| async move {
                let sql =
                    "SELECT u.user_id, u.email, u.name FROM external_logins e JOIN users u ON u.user_id = e.user_id
                           WHERE e.issuer = ? AND e.subject = ? AND u.deleted_at_ms IS NULL";
                let row = shared.database.row(sql, values![&*account.issuer, &*account.subject]).await?;
                row.as_ref().map(user_of).transpose()
            })
            .await
    }

    /// Creates an account without a password for who logs in by a provider. `address` as for
    /// [`Self::sign_up_from`]; none where sign-ups are not limited.
    ///
    /// # Errors
    /// [`Error::EmailTaken`]: who has that address here may connect the two accounts, nobody else;
    /// [`Error::InvalidField`]; [`Error::TooManyAttempts`].
    pub async fn sign_up_external(&self, sign_up: ExternalSignUp, address: Option<IpAddr>) -> Result<User, Error> {
        let ExternalSignUp { account, email, names } = sign_up;
        check(&account)?;
        let email = field::email(&email)?;
        let name = name_of(&names)?;
        self.shared
            .run(move |shared| async move {
                if let Some(address) = address {
                    shared.limit.take_sign_up(address, now_ms())?;
                }
                let key = field::key(&email);
                let inserted = transact!(shared.database.write(), |transaction| {
                    // The empty hash is no password's.
                    let sql = "INSERT INTO users (email, email_key, name, password_hash, created_at_ms)
                               VALUES (?, ?, ?, '', ?)";
                    let values = values![&*email, &*key, &*name, now_ms()];
                    let inserted = transaction.try_execute(sql, values).await?.ok_or(Error::EmailTaken)?;
                    let user = u32::try_from(inserted.id).map(UserId);
                    let user = user.map_err(|_| Error::Internal("user ids are exhausted".to_owned()))?;
                    insert(transaction, user, &account).await?;
                    Ok(user)
                })?;
                Ok(User { id: inserted, email, name })
            })
            .await
    }

    /// Connects an account of a provider with the user's, who has logged in. Again it changes nothing.
    ///
    /// # Errors
    /// [`Error::ExternalTaken`] where it is connected with another account, or the user's with another one of that
    /// provider; [`Error::NoSuchUser`].
    pub async fn connect_external(&self, user: UserId, account: ExternalAccount) -> Result<(), Error> {
        check(&account)?;
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    super::name_of(transaction, user).await?;
                    let sql = "SELECT user_id FROM external_logins WHERE issuer = ? AND subject = ?";
                    let values = values![&*account.issuer, &*account.subject];
                    match transaction.row_for_update(sql, values).await? {
                        Some(row) if UserId(row.int(0)?) == user => Ok(()),
                        Some(_) => Err(Error::ExternalTaken),
                        None => insert(transaction, user, &account).await,
                    }
                })
            })
            .await
    }

    /// Undoes a connection, and ends the user's logins but the one that asks: nothing tells which of them came by the
    /// provider. A connection that is not there stays so. `offered` are the providers that one may log in by.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] where the user could not log in any more.
    pub async fn disconnect_external(&self, asks: &Identity, issuer: &str, offered: Vec<String>) -> Result<(), Error> {
        let (user, login, issuer) = (asks.user, asks.login, issuer.to_owned());
        self.shared
            .run(move |shared| async move {
                transact!(shared.database.write(), |transaction| {
                    let sql = "SELECT password_hash FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                    let row = transaction.row_for_update(sql, values![user]).await?.ok_or_else(|| no_such(user))?;
                    let sql = "SELECT issuer FROM external_logins WHERE user_id = ? AND issuer <> ?";
                    let others = transaction.rows_for_update(sql, values![user, &*issuer]).await?;
                    let others = others.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
                    if row.text(0)?.is_empty() && !others.iter().any(|other| offered.contains(other)) {
                        return Err(Error::NotAllowed("it is your only way to log in; set a password first"));
                    }
                    let sql = "DELETE FROM external_logins WHERE user_id = ? AND issuer = ?";
                    match transaction.execute(sql, values![user, &*issuer]).await? {
                        0 => Ok(()),
                        _ => end_logins(transaction, user, login).await,
                    }
                })
            })
            .await
    }

    /// How the user may log in.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`].
    pub async fn ways_in(&self, user: UserId) -> Result<WaysIn, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT password_hash FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                let row = shared.database.row(sql, values![user]).await?.ok_or_else(|| no_such(user))?;
                let sql = "SELECT issuer FROM external_logins WHERE user_id = ? ORDER BY issuer";
                let issuers = shared.database.rows(sql, values![user]).await?;
                let issuers = issuers.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
                Ok(WaysIn { has_password: !row.text(0)?.is_empty(), issuers })
            })
            .await
    }
}

/// Nobody logs in to a deleted account; its person may come back by the same provider as somebody new.
pub(super) async fn forget_external(transaction: &mut Transaction, user: UserId) -> Result<(), Error> {
    let sql = "DELETE FROM external_logins WHERE user_id = ?";
    transaction.execute(sql, values![user]).await.map(drop)
}

async fn insert(transaction: &mut Transaction, user: UserId, account: &ExternalAccount) -> Result<(), Error> {
    let sql = "INSERT INTO external_logins (issuer, subject, user_id, linked_at_ms) VALUES (?, ?, ?, ?)";
    let values = values![&*account.issuer, &*account.subject, user, now_ms()];
    transaction.try_execute(sql, values).await?.ok_or(Error::ExternalTaken).map(drop)
}

fn check(account: &ExternalAccount) -> Result<(), Error> {
    for (field, text) in [("issuer", &account.issuer), ("subject", &account.subject)] {
        let chars = text.chars().count();
        if !(1..=CHARS_MAX).contains(&chars) {
            let reason = format!("has {chars} characters; allowed are 1 to {CHARS_MAX}");
            return Err(Error::InvalidField { field, reason });
        }
        // The databases differ in whether trailing spaces make another text.
        if text.trim() != text || text.contains(char::is_control) {
            let reason = "has control characters, or spaces around it".to_owned();
            return Err(Error::InvalidField { field, reason });
        }
    }
    Ok(())
}

/// The first that may be a name here.
fn name_of(names: &[String]) -> Result<String, Error> {
    let none =
        || Error::InvalidField { field: "username", reason: "the provider gives none that may be one".to_owned() };
    names.iter().find_map(|name| field::username(name).ok()).ok_or_else(none)
}
