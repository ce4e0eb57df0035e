//! A socket's first frame: HELLO, which becomes an ATTACH on a trunk.

use moim_wire::limits::REQUEST_BYTES_MAX;
use moim_wire::{DecodeError, ErrorCode, Frame, Opcode, body, schema};

use super::farewell::Farewell;
use crate::trunk::Introduction;

/// What the upgrade said about the browser.
pub(super) struct Visitor {
    /// Of its cookie or header.
    pub(super) token: Option<String>,
    pub(super) address: String,
}

/// What HELLO, and the upgrade before it, tell the engine.
pub(super) fn read_hello(frame: Frame<'_>, visitor: &Visitor) -> Result<Introduction, Farewell> {
    if frame.opcode() != Some(Opcode::Hello) {
        return Err(Farewell::HelloExpected);
    }
    let hello = body::read::<schema::Hello<'_>>(frame.body()).map_err(|_| Farewell::Garbage(ErrorCode::Malformed))?;
    let own = hello.token().filter(|token| !token.is_empty()).map(str::to_owned);
    Ok(Introduction {
        request: frame.header.request,
        token: own.or_else(|| visitor.token.clone()).ok_or(Farewell::NoToken)?,
        device: hello.device(),
        address: visitor.address.clone(),
        says_files: false,
    })
}

/// The first frame of a message. A message holds whole frames, so one that is cut is none.
pub(super) fn whole_frame(bytes: &[u8]) -> Result<Frame<'_>, Farewell> {
    match Frame::first(bytes, REQUEST_BYTES_MAX) {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => Err(Farewell::Garbage(ErrorCode::FrameSize)),
        Err(DecodeError::FrameSize { length, .. }) if length > REQUEST_BYTES_MAX => Err(Farewell::TooLarge),
        Err(error) => Err(Farewell::Garbage(error.code())),
    }
}
