//! Logins: granted for a password, carried by a token, ended before their time by a row.

use std::net::IpAddr;
use std::sync::Arc;

use moim_wire::UserId;

use super::login_limit::Attempt;
use super::token::Claims;
use super::user::{no_such, user_of};
use super::{Identity, Login, RevokedLogins, Shared, User, field, now_ms};
use crate::error::Error;
use crate::sql::{Transaction, values};

/// Rows of ended logins are kept for this long after their tokens' time.
const KEPT_MS: u64 = 24 * 60 * 60 * 1_000;

/// Logins and their tokens. Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    shared: Arc<Shared>,
}

impl Logins {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Grants a login for e-mail and password. `address` is where the attempt comes from, for the limit.
    ///
    /// # Errors
    /// [`Error::LoginFailed`], after the same time whether the account exists or not; [`Error::TooManyAttempts`], for
    /// the right password too.
    pub async fn log_in(&self, email: &str, password: &str, address: Option<IpAddr>) -> Result<Login, Error> {
        // What cannot be an account's is tried all the same, as one that does not exist.
        let key = field::email(email).map_or_else(|_| String::new(), |email| field::key(&email));
        let password = field::password(password).unwrap_or_default();
        self.shared
            .run(move |shared| async move {
                let (user, hash) = verified(&shared, Attempt::new(key.clone(), address), &key, password).await?;
                let mut transaction = shared.database.write().await?;
                // Changed meanwhile, the password that was right is right no more.
                let sql = "SELECT 1 FROM users WHERE user_id = ? AND password_hash = ?";
                if transaction.row(sql, values![user.id, hash]).await?.is_none() {
                    return Err(Error::LoginFailed);
                }
                grant(&shared, transaction, user).await
            })
            .await
    }

    /// Whose a token is, now.
    ///
    /// # Errors
    /// [`Error::TokenInvalid`], [`Error::TokenExpired`], [`Error::TokenRevoked`].
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Error> {
        let (user, claims) = self.shared.tokens.read(token)?;
        if claims.exp.saturating_mul(1_000) <= now_ms() {
            return Err(Error::TokenExpired);
        }
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT u.email, u.name, l.expires_at_ms, l.ended_at_ms
                           FROM logins l JOIN users u ON u.user_id = l.user_id WHERE l.login_id = ? AND l.user_id = ?";
                let row = shared.database.row(sql, values![claims.login, user]).await?.ok_or(Error::TokenInvalid)?;
                if !row.is_null(3) {
                    return Err(Error::TokenRevoked);
                }
                let (email, name, expires_at_ms) = (row.text(0)?, row.text(1)?, row.int(2)?);
                if expires_at_ms <= now_ms() {
                    return Err(Error::TokenExpired);
                }
                Ok(Identity { user, login: claims.login, email, name, expires_at_ms })
            })
            .await
    }

    /// Ends a login. One that has ended already stays so.
    ///
    /// # Errors
    /// The store's.
    pub async fn log_out(&self, login: u64) -> Result<(), Error> {
        self.shared
            .run(move |shared| async move {
                let now_ms = now_ms();
                let mut transaction = shared.database.write().await?;
                transaction
                    .execute(
                        "INSERT INTO revocations (user_id, login_id, ended_at_ms)
                         SELECT user_id, login_id, ? FROM logins WHERE login_id = ? AND ended_at_ms IS NULL",
                        values![now_ms, login],
                    )
                    .await?;
                transaction
                    .execute(
                        "UPDATE logins SET ended_at_ms = ? WHERE login_id = ? AND ended_at_ms IS NULL",
                        values![now_ms, login],
                    )
                    .await?;
                transaction.commit().await
            })
            .await
    }

    /// Grants a login without a password: for the operator.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`].
    pub async fn issue(&self, user: UserId) -> Result<Login, Error> {
        self.shared
            .run(move |shared| async move {
                let mut transaction = shared.database.write().await?;
                let sql = "SELECT user_id, email, name FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                let row = transaction.row(sql, values![user]).await?.ok_or_else(|| no_such(user))?;
                grant(&shared, transaction, user_of(&row)?).await
            })
            .await
    }

    /// Logins ended since a cursor: one of an earlier answer, or [`Self::newest_revocation`] at the start.
    ///
    /// # Errors
    /// The store's.
    pub async fn revoked_since(&self, cursor: u64) -> Result<RevokedLogins, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT revocation_id, user_id, login_id FROM revocations
                           WHERE revocation_id > ? ORDER BY revocation_id LIMIT 1000";
                let mut revoked = RevokedLogins { cursor, logins: Vec::new() };
                for row in shared.database.rows(sql, values![cursor]).await? {
                    revoked.cursor = row.int(0)?;
                    revoked.logins.push((UserId(row.int(1)?), row.int(2)?));
                }
                Ok(revoked)
            })
            .await
    }

    /// The cursor behind every login ended so far.
    ///
    /// # Errors
    /// The store's.
    pub async fn newest_revocation(&self) -> Result<u64, Error> {
        self.shared
            .run(|shared| async move {
                let sql = "SELECT revocation_id FROM revocations ORDER BY revocation_id DESC LIMIT 1";
                shared.database.row(sql, values![]).await?.map_or(Ok(0), |row| row.int(0))
            })
            .await
    }
}

/// Ends all logins of a user, within the transaction that gives the reason.
pub(super) async fn end_logins(transaction: &mut Transaction, user: UserId) -> Result<(), Error> {
    let now_ms = now_ms();
    transaction
        .execute(
            "INSERT INTO revocations (user_id, login_id, ended_at_ms)
             SELECT user_id, login_id, ? FROM logins WHERE user_id = ? AND ended_at_ms IS NULL AND expires_at_ms > ?",
            values![now_ms, user, now_ms],
        )
        .await?;
    let sql = "UPDATE logins SET ended_at_ms = ? WHERE user_id = ? AND ended_at_ms IS NULL";
    transaction.execute(sql, values![now_ms, user]).await?;
    Ok(())
}

/// The account and its hash when the password is right; otherwise the failure is counted before the next turn.
async fn verified(shared: &Shared, attempt: Attempt, key: &str, password: String) -> Result<(User, String), Error> {
    // Before the wait, so that who is refused takes no place in it; and after, for what was counted meanwhile.
    shared.limit.check(&attempt, now_ms())?;
    let turn = shared.passwords.turn().await?;
    shared.limit.check(&attempt, now_ms())?;
    let sql = "SELECT user_id, email, name, password_hash FROM users WHERE email_key = ?";
    let row = shared.database.row(sql, values![key]).await?;
    let hash = row.as_ref().map(|row| row.text(3)).transpose()?;
    let matches = shared.passwords.matches(&turn, password, hash.clone()).await?;
    match (row, hash) {
        (Some(row), Some(hash)) if matches => {
            shared.limit.succeeded(&attempt);
            Ok((user_of(&row)?, hash))
        }
        _ => {
            shared.limit.failed(attempt, now_ms());
            Err(Error::LoginFailed)
        }
    }
}

/// Adds the login's row, forgets rows whose tokens are long over, commits and signs.
async fn grant(shared: &Shared, mut transaction: Transaction, user: User) -> Result<Login, Error> {
    let now_ms = now_ms();
    // Whole seconds, as the token's `exp` says it.
    let expires_at_ms = (now_ms + shared.tokens.life_ms) / 1_000 * 1_000;
    let sql = "INSERT INTO logins (user_id, expires_at_ms) VALUES (?, ?)";
    let inserted = transaction.try_execute(sql, values![user.id, expires_at_ms]).await?;
    let id = inserted.map_or(0, |inserted| inserted.id);
    let login = u64::try_from(id).map_err(|_| Error::Internal(format!("login id {id}")))?;
    let over_ms = now_ms.saturating_sub(KEPT_MS);
    transaction.execute("DELETE FROM logins WHERE expires_at_ms < ?", values![over_ms]).await?;
    let sql = "DELETE FROM revocations WHERE ended_at_ms < ?";
    transaction.execute(sql, values![over_ms.saturating_sub(shared.tokens.life_ms)]).await?;
    transaction.commit().await?;
    let claims = Claims {
        sub: user.id.to_string(),
        email: user.email.clone(),
        nickname: user.name.clone(),
        iat: now_ms / 1_000,
        exp: expires_at_ms / 1_000,
        login,
    };
    Ok(Login { token: shared.tokens.sign(&claims)?, login, user, expires_at_ms })
}
