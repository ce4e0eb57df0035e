//! The error envelope, the same for every error that an HTTP client can meet.

use std::fmt::Display;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use moim_persistence::{BankRefused, DuesRefused, Error, Refused, SpendingRefused};
use serde::Serialize;
use utoipa::ToSchema;

use crate::local_time;

const OUTCOME_UNKNOWN: &str = "OutcomeUnknown";

/// A refusal or failure, as HTTP answers it.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    name: &'static str,
    message: String,
    retry_after_ms: u64,
}

/// The error envelope.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    /// The HTTP status.
    status_code: u16,
    status: String,
    exception_name: String,
    message: String,
    detailed_message: String,
    timestamp: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), retry_after_ms: 0 }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message)
    }

    /// Too much to do; the same request may succeed later.
    pub(crate) fn busy(message: impl Into<String>, retry_after_ms: u64) -> Self {
        Self { retry_after_ms, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Busy", message) }
    }

    /// What was asked for may have been done or not.
    pub(crate) fn outcome_unknown(message: impl Into<String>) -> Self {
        Self { name: OUTCOME_UNKNOWN, ..Self::busy(message, 1_000) }
    }

    pub(crate) fn is_outcome_unknown(&self) -> bool {
        self.name == OUTCOME_UNKNOWN
    }

    /// After which time the same request may succeed, where it was one too many in too short a time.
    pub(crate) fn too_soon(&self) -> Option<Duration> {
        (self.status == StatusCode::TOO_MANY_REQUESTS).then(|| Duration::from_millis(self.retry_after_ms))
    }

    /// The same, to be asked again after so long; 0: not said.
    pub(crate) fn retry_after(self, retry_after_ms: u64) -> Self {
        Self { retry_after_ms, ..self }
    }

    /// A fault of the server's own: what happened is for the log.
    pub(crate) fn internal(error: &dyn Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "the server failed; its log says how")
    }

    /// The problem that a bare status of a library stands for.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (name, message) = match status {
            StatusCode::NOT_FOUND => ("NoSuchRoute", "nothing answers at this path"),
            StatusCode::METHOD_NOT_ALLOWED => ("MethodNotAllowed", "this path does not answer this method"),
            StatusCode::PAYLOAD_TOO_LARGE => ("BodyTooLarge", "the body is larger than this server takes"),
            StatusCode::REQUEST_TIMEOUT => ("RequestTimeout", "the request took too long"),
            _ => ("RequestRefused", "the request was refused"),
        };
        Self::new(status, name, message)
    }
}

/// What was asked for is done, and could not be read for the answer: no refusal, which would say that it is not.
#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
pub(crate) fn was_done(error: Error) -> Problem {
    tracing::warn!(%error, "what was done could not be read for its answer");
    Problem::outcome_unknown("it was done, and how it stands could not be read; look before asking again")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (status, name) = match &error {
            Error::TokenInvalid => (StatusCode::UNAUTHORIZED, "TokenInvalid"),
            Error::TokenExpired => (StatusCode::UNAUTHORIZED, "TokenExpired"),
            Error::TokenRevoked => (StatusCode::UNAUTHORIZED, "TokenRevoked"),
            Error::NotAMember { .. } => (StatusCode::FORBIDDEN, "NotAMember"),
            Error::NotAllowed(_) => (StatusCode::FORBIDDEN, "NotAllowed"),
            Error::EmailTaken => (StatusCode::BAD_REQUEST, "EmailTaken"),
            Error::ExternalTaken => (StatusCode::BAD_REQUEST, "ExternalTaken"),
            Error::LoginFailed => (StatusCode::BAD_REQUEST, "LoginFailed"),
            Error::TooManyAttempts { .. } => (StatusCode::TOO_MANY_REQUESTS, "TooManyAttempts"),
            Error::NoSuchUser(_) => (StatusCode::BAD_REQUEST, "NoSuchUser"),
            Error::NoSuchRoom(_) => (StatusCode::BAD_REQUEST, "NoSuchRoom"),
            Error::AlreadyMember { .. } => (StatusCode::BAD_REQUEST, "AlreadyMember"),
            Error::WrongPassword => (StatusCode::BAD_REQUEST, "WrongPassword"),
            Error::Ledger(refused) => ledger(refused),
            Error::Bank(refused) => bank(refused),
            Error::InvalidField { .. } => (StatusCode::BAD_REQUEST, "InvalidField"),
            Error::NoSuchFile(_) => (StatusCode::BAD_REQUEST, "NoSuchFile"),
            Error::QuotaExceeded { .. } => (StatusCode::BAD_REQUEST, "QuotaExceeded"),
            Error::FileTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "FileTooLarge"),
            Error::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "Busy"),
            Error::OutcomeUnknown(_) => (StatusCode::SERVICE_UNAVAILABLE, OUTCOME_UNKNOWN),
            Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "StoreUnavailable"),
            Error::StorageFull(_) => (StatusCode::INSUFFICIENT_STORAGE, "StorageFull"),
            Error::SchemaFromTheFuture { .. }
            | Error::SchemaBehind { .. }
            | Error::NotSetUp(_)
            | Error::Locked(_)
            | Error::Setting { .. }
            | Error::FileStore { .. }
            | Error::File { .. }
            | Error::Internal(_) => return Self::internal(&error),
        };
        Self { retry_after_ms: error.retry_after_ms(), ..Self::new(status, name, error.to_string()) }
    }
}

/// What is refused of a bank's notice.
const fn bank(refused: &BankRefused) -> (StatusCode, &'static str) {
    match refused {
        BankRefused::Conflict(_) => (StatusCode::CONFLICT, "ContradictsEarlierNotice"),
        BankRefused::NoSuchDeposit(_) => (StatusCode::BAD_REQUEST, "NoSuchDeposit"),
        BankRefused::WrongState { .. } => (StatusCode::BAD_REQUEST, "DepositSettled"),
    }
}

/// What the ledger refuses is the caller's fault, or not for the caller.
const fn ledger(refused: &Refused) -> (StatusCode, &'static str) {
    match refused {
        Refused::NotTheSpender { .. } => (StatusCode::FORBIDDEN, "NotTheSpender"),
        Refused::NotAParticipant { .. } => (StatusCode::FORBIDDEN, "NotAParticipant"),
        Refused::NotItsAdmin(_) => (StatusCode::FORBIDDEN, "NotItsAdmin"),
        Refused::Amount(_) => (StatusCode::BAD_REQUEST, "InvalidAmount"),
        Refused::SameAccount(_) => (StatusCode::BAD_REQUEST, "SameWallet"),
        Refused::InsufficientFunds { .. } => (StatusCode::BAD_REQUEST, "InsufficientFunds"),
        Refused::TooMuch(_) => (StatusCode::BAD_REQUEST, "TooMuchMoney"),
        Refused::IsAFund(_) => (StatusCode::FORBIDDEN, "WalletKeepsDues"),
        Refused::ForAPurpose(_) => (StatusCode::BAD_REQUEST, "TransferForAPurpose"),
        Refused::Dues(refused) => dues(refused),
        Refused::Spending(refused) => spending(refused),
        Refused::NoSuchAccount(_) | Refused::NoWallet | Refused::NoWalletOf(_) => {
            (StatusCode::BAD_REQUEST, "NoSuchWallet")
        }
        Refused::WalletExists(_) => (StatusCode::BAD_REQUEST, "WalletExists"),
        Refused::AlreadyAParticipant(_) => (StatusCode::BAD_REQUEST, "AlreadyAParticipant"),
        Refused::WrongPassword(_) => (StatusCode::BAD_REQUEST, "WrongPassword"),
        Refused::HoldsMoney { .. } => (StatusCode::BAD_REQUEST, "WalletHoldsMoney"),
        Refused::NoSuchTransfer(_) => (StatusCode::BAD_REQUEST, "NoSuchTransfer"),
        Refused::Settled(_) | Refused::Expired(_) | Refused::NotCorrectable(_) => {
            (StatusCode::BAD_REQUEST, "TransferSettled")
        }
        Refused::KeyReused(_) => (StatusCode::BAD_REQUEST, "KeyReused"),
        Refused::Key(_) => (StatusCode::BAD_REQUEST, "InvalidKey"),
    }
}

const fn dues(refused: &DuesRefused) -> (StatusCode, &'static str) {
    match refused {
        DuesRefused::NotTheTreasurer => (StatusCode::FORBIDDEN, "NotTheTreasurer"),
        DuesRefused::NotYourCharge(_) => (StatusCode::FORBIDDEN, "NotYourCharge"),
        DuesRefused::OwnReceipt(_) => (StatusCode::FORBIDDEN, "SecondPersonNeeded"),
        DuesRefused::OwnDues => (StatusCode::FORBIDDEN, "OwnDues"),
        DuesRefused::NoSuchPlan(_) => (StatusCode::BAD_REQUEST, "NoSuchPlan"),
        DuesRefused::PlanEnded(_) => (StatusCode::BAD_REQUEST, "PlanEnded"),
        DuesRefused::NoSuchRequest(_) => (StatusCode::BAD_REQUEST, "NoSuchRequest"),
        DuesRefused::NoSuchCharge(_) => (StatusCode::BAD_REQUEST, "NoSuchCharge"),
        DuesRefused::Void(_) | DuesRefused::NothingOpen(_) => (StatusCode::BAD_REQUEST, "NothingOpen"),
        DuesRefused::WrongWay | DuesRefused::MoreThanCame(_) => (StatusCode::BAD_REQUEST, "MoreThanCame"),
        DuesRefused::TooMuch => (StatusCode::BAD_REQUEST, "TooMuchMoney"),
        DuesRefused::NoSuchReceipt(_) => (StatusCode::BAD_REQUEST, "NoSuchReceipt"),
        DuesRefused::ReceiptSettled(_) => (StatusCode::BAD_REQUEST, "ReceiptSettled"),
        DuesRefused::NoFund | DuesRefused::NotAFund(_) => (StatusCode::BAD_REQUEST, "NoFund"),
        DuesRefused::HoldsMoney { .. } | DuesRefused::HoldsCredit { .. } => (StatusCode::BAD_REQUEST, "DuesHoldMoney"),
        DuesRefused::KeyReused(_) => (StatusCode::BAD_REQUEST, "KeyReused"),
    }
}

const fn spending(refused: &SpendingRefused) -> (StatusCode, &'static str) {
    match refused {
        SpendingRefused::NotTheTreasurer => (StatusCode::FORBIDDEN, "NotTheTreasurer"),
        SpendingRefused::OwnExpense(_) => (StatusCode::FORBIDDEN, "SecondPersonNeeded"),
        SpendingRefused::NoSuchExpense(_) => (StatusCode::BAD_REQUEST, "NoSuchExpense"),
        SpendingRefused::Settled { .. } => (StatusCode::BAD_REQUEST, "ExpenseSettled"),
        SpendingRefused::TooFewToAgree { .. } | SpendingRefused::NotAgreed { .. } => {
            (StatusCode::BAD_REQUEST, "NotAgreed")
        }
        SpendingRefused::WrongWay(_) => (StatusCode::BAD_REQUEST, "NotTheExpense"),
        SpendingRefused::NoSuchReceipt(_) => (StatusCode::BAD_REQUEST, "NoSuchFile"),
        SpendingRefused::KeyReused => (StatusCode::BAD_REQUEST, "KeyReused"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let envelope = Envelope {
            status_code: self.status.as_u16(),
            status: self.status.canonical_reason().unwrap_or("Error").to_uppercase().replace([' ', '-'], "_"),
            exception_name: self.name.to_owned(),
            detailed_message: self.message.clone(),
            message: self.message,
            timestamp: local_time::now(),
        };
        let mut response = (self.status, Json(envelope)).into_response();
        if self.retry_after_ms > 0 {
            let seconds = self.retry_after_ms.div_ceil(1_000);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
