//! Logins: granted for a password, carried by a token, ended before their time by a row.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use moim_wire::UserId;

use super::login_limit::Attempt;
use super::token::Claims;
use super::user::{no_such, user_of};
use super::{Identity, Login, RevokedLogins, Shared, User, field, now_ms};
use crate::error::Error;
use crate::sql::{Transaction, transact, values};

/// Rows of ended logins are kept for this long after their tokens' time.
const KEPT_MS: u64 = 24 * 60 * 60 * 1_000;
/// They are looked for at the first login after this time.
const FORGET_EVERY_MS: u64 = 60_000;

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
                // Twice it would be a login that nobody knows of, until it ends.
                let granted = transact!(shared.database.write_repeatable(), |transaction| {
                    // Changed meanwhile, the password that was right is right no more.
                    let sql = "SELECT user_id FROM users WHERE user_id = ? AND password_hash = ?";
                    let found = transaction.row_for_update(sql, values![user.id, &*hash]).await?;
                    found.ok_or(Error::LoginFailed)?;
                    insert(transaction, user.id, expires_at_ms(&shared)).await
                })?;
                grant(&shared, user, granted).await
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
                transact!(shared.database.write_repeatable(), |transaction| {
                    take_turn(transaction).await?;
                    let now_ms = now_ms();
                    let sql = "INSERT INTO revocations (user_id, login_id, ended_at_ms)
                               SELECT user_id, login_id, ? FROM logins WHERE login_id = ? AND ended_at_ms IS NULL";
                    transaction.execute(sql, values![now_ms, login]).await?;
                    let sql = "UPDATE logins SET ended_at_ms = ? WHERE login_id = ? AND ended_at_ms IS NULL";
                    transaction.execute(sql, values![now_ms, login]).await.map(drop)
                })
            })
            .await
    }

    /// Lets pass whom the password proves to be the user; who has none proves nothing by one. Failures count as those of
    /// logins do.
    ///
    /// # Errors
    /// As of [`Self::log_in`]; [`Error::NoSuchUser`].
    pub async fn prove(&self, user: UserId, password: &str, address: Option<IpAddr>) -> Result<(), Error> {
        let password = field::password(password).unwrap_or_default();
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT email_key, password_hash FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                let row = shared.database.row(sql, values![user]).await?.ok_or_else(|| no_such(user))?;
                if row.text(1)?.is_empty() {
                    return Ok(());
                }
                let key = row.text(0)?;
                verified(&shared, Attempt::new(key.clone(), address), &key, password).await.map(drop)
            })
            .await
    }

    /// Counts a login by a provider from that address as failed, until [`Self::external_succeeded`] takes it back. At
    /// once, so that those under way together cannot pass the limit.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] after [`Config::login_failures_per_address_max`](crate::Config::login_failures_per_address_max).
    pub fn take_external(&self, address: Option<IpAddr>) -> Result<(), Error> {
        self.shared.limit.take_external(address, now_ms())
    }

    /// The provider has vouched for somebody.
    pub fn external_succeeded(&self, address: Option<IpAddr>) {
        self.shared.limit.external_succeeded(address);
    }

    /// A key for that purpose alone, the same in every process on the data folder and after a restart.
    pub fn key_for(&self, purpose: &str) -> [u8; 32] {
        self.shared.tokens.key_for(purpose)
    }

    /// Grants a login without a password: for the operator, and for whom a provider has vouched.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`].
    pub async fn issue(&self, user: UserId) -> Result<Login, Error> {
        self.shared
            .run(move |shared| async move {
                let (user, granted) = transact!(shared.database.write_repeatable(), |transaction| {
                    let sql = "SELECT user_id, email, name FROM users WHERE user_id = ? AND deleted_at_ms IS NULL";
                    let found = transaction.row_for_update(sql, values![user]).await?;
                    let user = user_of(&found.ok_or_else(|| no_such(user))?)?;
                    let granted = insert(transaction, user.id, expires_at_ms(&shared)).await?;
                    Ok((user, granted))
                })?;
                grant(&shared, user, granted).await
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

/// Ends all logins of a user but that one (0: all), within the transaction that gives the reason.
pub(super) async fn end_logins(transaction: &mut Transaction, user: UserId, but: u64) -> Result<(), Error> {
    take_turn(transaction).await?;
    let now_ms = now_ms();
    transaction
        .execute(
            "INSERT INTO revocations (user_id, login_id, ended_at_ms)
             SELECT user_id, login_id, ? FROM logins
             WHERE user_id = ? AND login_id <> ? AND ended_at_ms IS NULL AND expires_at_ms > ?",
            values![now_ms, user, but, now_ms],
        )
        .await?;
    let sql = "UPDATE logins SET ended_at_ms = ? WHERE user_id = ? AND login_id <> ? AND ended_at_ms IS NULL";
    transaction.execute(sql, values![now_ms, user, but]).await?;
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
    // Who logs in by a provider alone has none, and is answered as if there were no account.
    let hash = row.as_ref().map(|row| row.text(3)).transpose()?.filter(|hash| !hash.is_empty());
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

/// Makes transactions that end logins follow one another: whoever polls by the newest id must not find a smaller one
/// committed later. SQLite has one writer anyway.
async fn take_turn(transaction: &mut Transaction) -> Result<(), Error> {
    transaction.execute("UPDATE turns SET taken = taken + 1 WHERE turn_id = 1", values![]).await.map(drop)
}

/// When a login granted now ends: in whole seconds, as the token's `exp` says it.
fn expires_at_ms(shared: &Shared) -> u64 {
    (now_ms() + shared.tokens.life_ms) / 1_000 * 1_000
}

/// A login's row: its id, and when it ends.
async fn insert(transaction: &mut Transaction, user: UserId, expires_at_ms: u64) -> Result<(u64, u64), Error> {
    let sql = "INSERT INTO logins (user_id, expires_at_ms) VALUES (?, ?)";
    let inserted = transaction.try_execute(sql, values![user, expires_at_ms]).await?;
    Ok((inserted.map_or(0, |inserted| inserted.id), expires_at_ms))
}

/// Signs the token of a login whose row was committed.
async fn grant(shared: &Shared, user: User, (login, expires_at_ms): (u64, u64)) -> Result<Login, Error> {
    forget_old(shared).await?;
    let claims = Claims {
        sub: user.id.to_string(),
        email: user.email.clone(),
        nickname: user.name.clone(),
        iat: now_ms() / 1_000,
        exp: expires_at_ms / 1_000,
        login,
    };
    Ok(Login { token: shared.tokens.sign(&claims)?, login, user, expires_at_ms })
}

/// Forgets rows whose tokens are long over, now and then. Apart from the login: the range that is deleted is locked.
async fn forget_old(shared: &Shared) -> Result<(), Error> {
    let now_ms = now_ms();
    let last_ms = shared.logins_forgotten_at_ms.load(Ordering::Relaxed);
    let is_due = now_ms.saturating_sub(last_ms) >= FORGET_EVERY_MS;
    // Of those who find it due at the same time, one does it.
    let exchanged =
        shared.logins_forgotten_at_ms.compare_exchange(last_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed);
    if !is_due || exchanged.is_err() {
        return Ok(());
    }
    let over_ms = now_ms.saturating_sub(KEPT_MS);
    transact!(shared.database.write_repeatable(), |transaction| {
        transaction.execute("DELETE FROM logins WHERE expires_at_ms < ?", values![over_ms]).await?;
        let sql = "DELETE FROM revocations WHERE ended_at_ms < ?";
        transaction.execute(sql, values![over_ms.saturating_sub(shared.tokens.life_ms)]).await.map(drop)
    })
}
