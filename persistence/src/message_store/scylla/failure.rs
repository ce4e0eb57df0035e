//! What went wrong at the server, in the few ways that make a difference to us.

use scylla::errors::{
    ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind, DbError, ExecutionError, MetadataError,
    NewSessionError, PrepareError, RequestAttemptError,
};

use crate::error::Error;

/// Cheap to clone: who waits for the same read is told the same.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// Nobody answers, or not in time. What was asked may have been done.
    Away(String),
    /// It answers that it has too much to do, or did not do it in time.
    Overloaded(String),
    /// It answers, but not as the operator meant it to: password, keyspace, tables.
    NotSetUp(String),
    /// Its tables are of that later version.
    TooNew(i64),
    /// Anything else; for the log.
    Fault(String),
}

/// Version of the tables' layout.
pub(super) const VERSION: i64 = 1;

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(text) | Failure::Overloaded(text) => Self::Unavailable(text),
            Failure::NotSetUp(text) => Self::NotSetUp(text),
            Failure::TooNew(found) => Self::SchemaFromTheFuture { store: "the message store", found, known: VERSION },
            Failure::Fault(text) => Self::Internal(text),
        }
    }
}

impl Failure {
    /// A failed attempt to connect.
    pub(super) fn of_connecting(error: &NewSessionError) -> Self {
        let text = format!("the message store: {error}");
        match error {
            NewSessionError::MetadataError(MetadataError::ConnectionPoolError(pool)) if is_refused_login(pool) => {
                Self::NotSetUp(format!(
                    "the CQL server refuses the user or password of store.messages; correct them there ({error})"
                ))
            }
            NewSessionError::IllegalConfig(_) => Self::NotSetUp(text),
            _ => Self::Away(text),
        }
    }

    /// A failed request.
    pub(super) fn of_request(error: &ExecutionError) -> Self {
        let text = format!("the message store: {error}");
        match error {
            ExecutionError::LastAttemptError(attempt) => Self::of_attempt(attempt, text),
            ExecutionError::BadQuery(_) => Self::Fault(text),
            _ => Self::Away(text),
        }
    }

    /// A statement that could not be prepared: where the server answers, it lacks a table or column of ours.
    pub(super) fn of_preparing(error: &PrepareError) -> Self {
        match error {
            PrepareError::AllAttemptsFailed { first_attempt: RequestAttemptError::DbError(DbError::Invalid, text) } => {
                Self::NotSetUp(format!("{text}; run `moim store init`"))
            }
            _ => Self::Away(format!("the message store: {error}")),
        }
    }

    fn of_attempt(attempt: &RequestAttemptError, text: String) -> Self {
        match attempt {
            RequestAttemptError::DbError(error, said) => match error {
                DbError::Overloaded
                | DbError::RateLimitReached { .. }
                | DbError::WriteTimeout { .. }
                | DbError::ReadTimeout { .. }
                | DbError::WriteFailure { .. }
                | DbError::ReadFailure { .. } => Self::Overloaded(text),
                DbError::Unavailable { .. } | DbError::IsBootstrapping | DbError::ServerError => Self::Away(text),
                DbError::Invalid => Self::NotSetUp(format!("{said}; run `moim store init`")),
                DbError::Unauthorized => Self::NotSetUp(format!("{said}; grant the user of store.messages that right")),
                _ => Self::Fault(text),
            },
            RequestAttemptError::BrokenConnectionError(_) | RequestAttemptError::UnableToAllocStreamId => {
                Self::Away(text)
            }
            _ => Self::Fault(text),
        }
    }
}

fn is_refused_login(error: &ConnectionPoolError) -> bool {
    let ConnectionPoolError::Broken { last_connection_error: ConnectionError::ConnectionSetupRequestError(setup) } =
        error
    else {
        return false;
    };
    matches!(
        setup.error,
        ConnectionSetupRequestErrorKind::DbError(DbError::AuthenticationError, _)
            | ConnectionSetupRequestErrorKind::MissingAuthentication
    )
}
