//! Whom a user keeps in the address book. It is the user's own: nobody is told of being in it, and no right follows.

use moim_wire::UserId;

use super::user::{Users, user_of};
use super::{Shared, User, field};
use crate::error::Error;
use crate::sql::{Transaction, transact, values};

/// Contacts of one user.
const CONTACTS_MAX: i64 = 2_000;

impl Users {
    /// The user's contacts by name, all of them.
    ///
    /// # Errors
    /// The store's.
    pub async fn contacts(&self, user: UserId) -> Result<Vec<User>, Error> {
        self.shared
            .run(move |shared| async move {
                let sql = "SELECT u.user_id, u.email, u.name FROM contacts c JOIN users u ON u.user_id = c.contact_id
                           WHERE c.user_id = ? AND u.deleted_at_ms IS NULL ORDER BY u.name, u.user_id";
                let rows = shared.database.rows(sql, values![user]).await?;
                rows.iter().map(user_of).collect()
            })
            .await
    }

    /// Puts the account of that e-mail address among the user's contacts, and says whose it is.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`]; [`Error::InvalidField`] for oneself, for one who is there already, and above 2,000.
    pub async fn add_contact(&self, user: UserId, email: &str) -> Result<User, Error> {
        let email = contact_email(email)?;
        self.shared
            .run(move |shared| async move {
                let contact = by_email(&shared, &email).await?;
                if contact.id == user {
                    return Err(invalid("is your own address"));
                }
                transact!(shared.database.write(), |transaction| insert(transaction, user, contact.id).await)?;
                Ok(contact)
            })
            .await
    }

    /// Takes the account of that e-mail address from the user's contacts, and says whose it was.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`]; [`Error::InvalidField`] for one who is no contact.
    pub async fn remove_contact(&self, user: UserId, email: &str) -> Result<User, Error> {
        let email = contact_email(email)?;
        self.shared
            .run(move |shared| async move {
                let contact = by_email(&shared, &email).await?;
                let sql = "DELETE FROM contacts WHERE user_id = ? AND contact_id = ?";
                let removed = transact!(shared.database.write(), |transaction| {
                    transaction.execute(sql, values![user, contact.id]).await
                })?;
                if removed == 0 { Err(invalid("is not among your contacts")) } else { Ok(contact) }
            })
            .await
    }
}

async fn insert(transaction: &mut Transaction, user: UserId, contact: UserId) -> Result<(), Error> {
    let sql = "SELECT COUNT(*) FROM contacts WHERE user_id = ?";
    let count = transaction.row(sql, values![user]).await?.map_or(Ok(0), |row| row.int::<i64>(0))?;
    if count >= CONTACTS_MAX {
        return Err(invalid("would be one contact more than the 2,000 that are kept; remove one first"));
    }
    let sql = "INSERT INTO contacts (user_id, contact_id) VALUES (?, ?)";
    let inserted = transaction.try_execute(sql, values![user, contact]).await?;
    inserted.ok_or_else(|| invalid("is among your contacts already")).map(drop)
}

/// Of a user who is being deleted nobody keeps the address, nor the user anybody's.
pub(super) async fn forget_contacts(transaction: &mut Transaction, user: UserId) -> Result<(), Error> {
    let sql = "DELETE FROM contacts WHERE user_id = ? OR contact_id = ?";
    transaction.execute(sql, values![user, user]).await.map(drop)
}

async fn by_email(shared: &Shared, email: &str) -> Result<User, Error> {
    let sql = "SELECT user_id, email, name FROM users WHERE email_key = ?";
    let row = shared.database.row(sql, values![field::key(email)]).await?;
    user_of(&row.ok_or_else(|| Error::NoSuchUser(email.to_owned()))?)
}

/// An address under the name by which callers know it here.
fn contact_email(text: &str) -> Result<String, Error> {
    field::email(text).map_err(|error| match error {
        Error::InvalidField { reason, .. } => Error::InvalidField { field: "contactEmail", reason },
        other => other,
    })
}

fn invalid(reason: &str) -> Error {
    Error::InvalidField { field: "contactEmail", reason: reason.to_owned() }
}
