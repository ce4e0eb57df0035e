//! The OpenAPI document, made of the same types and paths that answer.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::credentials::SCRIPT_COOKIE;
use crate::problem::Envelope;

/// What holds for all of it; the routes bring their paths along.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Moim",
        description = "Chat for groups that collect dues. Paths below /api/v1 are this server's own; the others are those of the messenger that it replaces. Numbers in requests may also be written as strings.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Envelope)),
    security(("token" = []), ("cookie" = [])),
    modifiers(&Tokens),
)]
pub(crate) struct Document;

/// The two ways to bring a token along.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let cookie = ApiKey::Cookie(ApiKeyValue::new(SCRIPT_COOKIE));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    }
}

/// What any route may answer instead of what was asked for, each with the envelope.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the macro, which makes responses of the variants")]
pub(crate) enum Refused {
    /// The caller did something wrong: the message says what.
    #[response(status = 400)]
    BadRequest(Envelope),
    /// There is no session, or its token has ended.
    #[response(status = 401)]
    Unauthorized(Envelope),
    /// Not for this caller.
    #[response(status = 403)]
    Forbidden(Envelope),
    /// The path does not answer this method.
    #[response(status = 405)]
    MethodNotAllowed(Envelope),
    /// The request was too slow.
    #[response(status = 408)]
    RequestTimeout(Envelope),
    /// The body is too large.
    #[response(status = 413)]
    BodyTooLarge(Envelope),
    /// Too many requests or attempts; `Retry-After` says when to try again.
    #[response(status = 429)]
    TooMany(Envelope),
    /// The server has too much to do, or its engine or a store is out of reach.
    #[response(status = 503)]
    Busy(Envelope),
    /// The server's disk is full.
    #[response(status = 507)]
    StorageFull(Envelope),
}
