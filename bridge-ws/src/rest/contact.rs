//! `/api/contact`: the caller's address book. Whom it is about stands in a header, as the original's page sends it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use moim_persistence::User;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::openapi::Refused;
use crate::app::App;
use crate::problem::Problem;

const HEADER: &str = "contactemail";

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list, add, remove))
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
#[derive(Serialize, ToSchema)]
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
#[derive(Serialize, ToSchema)]
#[schema(as = AddedContact)]
struct Added {
    username: String,
    contactname: String,
}

/// `GET /contact`: by name.
#[utoipa::path(get, path = "/contact", tag = "contact", responses((status = 200, body = Vec<Contact>), Refused))]
async fn list(State(app): State<Arc<App>>, Caller(caller): Caller) -> Result<Json<Vec<Contact>>, Problem> {
    let contacts = app.persistence.accounts().users().contacts(caller.user).await?;
    Ok(Json(contacts.into_iter().map(Contact::from).collect()))
}

/// `POST /contact`
#[utoipa::path(post, path = "/contact", tag = "contact", params(("contactEmail" = String, Header, description = "The contact's e-mail address")), responses((status = 200, body = Added), Refused))]
async fn add(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    ContactEmail(email): ContactEmail,
) -> Result<Json<Added>, Problem> {
    let contact = app.persistence.accounts().users().add_contact(caller.user, &email).await?;
    Ok(Json(Added { username: caller.name, contactname: contact.name }))
}

/// `DELETE /contact`
#[utoipa::path(delete, path = "/contact", tag = "contact", params(("contactEmail" = String, Header, description = "The contact's e-mail address")), responses((status = 200, body = Contact), Refused))]
async fn remove(
    State(app): State<Arc<App>>,
    Caller(caller): Caller,
    ContactEmail(email): ContactEmail,
) -> Result<Json<Contact>, Problem> {
    Ok(Json(app.persistence.accounts().users().remove_contact(caller.user, &email).await?.into()))
}
