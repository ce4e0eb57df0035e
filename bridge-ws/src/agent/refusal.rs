//! What the engine's refusals are over HTTP.

use axum::http::StatusCode;
use moim_wire::{ErrorCode, Frame, Opcode, body, schema};

use crate::problem::Problem;

/// The problem of an ERROR or BUSY that came instead of an answer.
pub(super) fn of_answer(frame: Frame<'_>) -> Problem {
    match frame.opcode() {
        Some(Opcode::Error) => match body::read::<schema::Error<'_>>(frame.body()) {
            Ok(error) => of_code(error.code(), error.message().unwrap_or_default(), error.retry_after_ms()),
            Err(error) => Problem::internal(&error),
        },
        Some(Opcode::Busy) => match body::read::<schema::Busy<'_>>(frame.body()) {
            Ok(busy) => Problem::busy(busy.message().unwrap_or_default(), busy.retry_after_ms().into()),
            Err(error) => Problem::internal(&error),
        },
        _ => Problem::internal(&format!("operation {} is no answer to what was asked", frame.header.opcode)),
    }
}

/// The problem of a GOODBYE to a session.
pub(super) fn of_goodbye(frame: Frame<'_>) -> Problem {
    match body::read::<schema::Goodbye<'_>>(frame.body()) {
        Ok(goodbye) => of_code(goodbye.code(), goodbye.message().unwrap_or_default(), goodbye.retry_after_ms()),
        Err(error) => Problem::internal(&error),
    }
}

fn of_code(number: u16, message: &str, retry_after_ms: u32) -> Problem {
    use ErrorCode as Code;
    let code = ErrorCode::from_u16(number);
    let status = match code {
        Some(Code::TokenInvalid | Code::TokenExpired | Code::TokenRevoked) => StatusCode::UNAUTHORIZED,
        Some(Code::NotAMember | Code::NotAllowed) => StatusCode::FORBIDDEN,
        Some(Code::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
        Some(Code::StorageFull) => StatusCode::INSUFFICIENT_STORAGE,
        Some(Code::NoSuchRoom | Code::RoomDeleted | Code::InvalidField | Code::IdFromTheFuture) => {
            StatusCode::BAD_REQUEST
        }
        Some(Code::Internal) => return Problem::internal(&format!("the engine: {message}")),
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let name = code.map_or("Refused", ErrorCode::name);
    Problem::new(status, name, message).retry_after(retry_after_ms.into())
}
