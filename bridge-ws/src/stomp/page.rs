//! A page of a room's history, while its messages are shown one by one.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{DecodeError, Frame};

use crate::marks::Marks;

/// Messages of one room, as far as they are not shown.
pub(super) struct Page {
    pub(super) room: u32,
    frames: Bytes,
    /// Loaded before the first is shown.
    pub(super) marks: Option<Arc<Marks>>,
}

impl Page {
    pub(super) fn new(room: u32, frames: Bytes) -> Self {
        Self { room, frames, marks: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<Bytes>, DecodeError> {
        first_frame(&mut self.frames)
    }
}

/// Takes the first frame of whole frames that lie back to back, without a copy.
pub(super) fn first_frame(frames: &mut Bytes) -> Result<Option<Bytes>, DecodeError> {
    let Some(length) = Frame::first(frames, FRAME_BYTES_MAX)?.map(|frame| frame.bytes.len()) else {
        // What is left is no whole frame, which whoever wrote it never leaves.
        frames.advance(frames.len());
        return Ok(None);
    };
    Ok(Some(frames.split_to(length)))
}
