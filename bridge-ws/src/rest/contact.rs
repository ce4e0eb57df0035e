//! `/api/contact`: the caller's address book. Whom it is about stands in a header, as the original's page sends it.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Json, Router};
use moim_persistence::User;
use serde::Serialize;

use super::caller::Caller;
use crate::app::App;
use crate::problem::Problem;

const HEADER: &str = "contactemail";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/contact", get(list).post(add).delete(remove))
}

/// The header `contactEmail`.
struct ContactEmail(String);

impl<S: Send + Sync> FromRequestParts<S> for ContactEmail {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value =
            parts.headers.get(HEADER).ok_or_else(|| Problem::bad_request("contactEmail: the header is missing"))?;
        match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => Ok(Self(text.to_owned())),
            Err(_) => Err(Problem::bad_request("contactEmail: is not UTF-8")),
        }
    }
}

/// A contact.
#[derive(Serialize)]
struct Contact {
    email: String,
    username: String,
}

impl From<User> for Contact {
    fn from(user: User) -> Self {
        Self { email: user.email, username: user.name }
    }
}

/// Who has whom among the contacts now.
#[derive(Serialize)]
struct Added {
    username: String,
    contactname: String,
}

/// `GET /contact`: by name.
async fn list(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Json<Vec<Contact>>, Problem> {
    let contacts = app.persistence.accounts().users().contacts(caller.user).await?;
    Ok(Json(contacts.into_iter().map(Contact::from).collect()))
}

/// `POST /contact`
async fn add(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    ContactEmail(email): ContactEmail,
) -> Result<Json<Added>, Problem> {
    let contact = app.persistence.accounts().users().add_contact(caller.user, &email).await?;
    Ok(Json(Added { username: caller.name, contactname: contact.name }))
}

/// `DELETE /contact`
async fn remove(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    ContactEmail(email): ContactEmail,
) -> Result<Json<Contact>, Problem> {
    Ok(Json(app.persistence.accounts().users().remove_contact(caller.user, &email).await?.into()))
}
