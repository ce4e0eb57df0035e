//! Frames and texts above their bounds, and those that just fit.

use moim_wire::limits::{FRAME_BYTES_MAX, REQUEST_BYTES_MAX, TEXT_CHARS_MAX};
use moim_wire::{ErrorCode, HEADER_BYTES, Opcode};

use crate::support::{Scene, raw_frame};

const UNKNOWN: u8 = 0x7f;

/// The beginning of a frame that claims that many bytes.
fn header_of(length: usize) -> Vec<u8> {
    let mut frame = raw_frame(UNKNOWN, 1, &[]);
    frame[..4].copy_from_slice(&(length as u32).to_le_bytes());
    frame
}

#[test]
fn a_length_above_the_bound_ends_the_connection_before_the_body_comes() {
    let scene = Scene::plain();
    for length in [REQUEST_BYTES_MAX + 1, u32::MAX as usize] {
        let mut peer = scene.session(&scene.anna);
        peer.write(&header_of(length));
        assert_eq!(peer.until_closed(), Some(ErrorCode::FrameSize), "{length}");
    }
    scene.end();
}

#[test]
fn a_length_below_the_header_ends_the_connection() {
    let scene = Scene::plain();
    for length in [0, HEADER_BYTES - 1] {
        let mut peer = scene.session(&scene.anna);
        peer.write(&header_of(length));
        assert_eq!(peer.until_closed(), Some(ErrorCode::FrameSize), "{length}");
    }
    scene.end();
}

#[test]
fn the_largest_frame_is_taken() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    peer.write(&raw_frame(UNKNOWN, 77, &vec![0; REQUEST_BYTES_MAX - HEADER_BYTES]));
    assert_eq!(peer.answer(77).error_code(), Some(ErrorCode::UnknownOperation));
    peer.round_trip();
    scene.end();
}

#[test]
fn a_trunk_may_send_larger_frames_but_not_any() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    trunk.write(&raw_frame(UNKNOWN, 78, &vec![0; FRAME_BYTES_MAX - HEADER_BYTES]));
    assert_eq!(trunk.answer(78).error_code(), Some(ErrorCode::UnknownOperation));
    trunk.write(&header_of(FRAME_BYTES_MAX + 1));
    assert_eq!(trunk.until_closed(), Some(ErrorCode::FrameSize));
    scene.end();
}

#[test]
fn a_text_above_its_bound_is_refused_and_the_longest_is_stored() {
    let scene = Scene::plain();
    let mut peer = scene.session(&scene.anna);
    let request = peer.send(0, scene.room, 1, &"가".repeat(TEXT_CHARS_MAX + 1));
    assert_eq!(peer.answer(request).error_code(), Some(ErrorCode::InvalidField));
    peer.say_text(0, scene.room, 2, &"가".repeat(TEXT_CHARS_MAX));
    for text in ["", " \n ", "a\u{0}b"] {
        let request = peer.send(0, scene.room, 3, text);
        let answer = peer.answer(request);
        assert_eq!((answer.opcode, answer.error_code()), (Opcode::Error, Some(ErrorCode::InvalidField)), "{text:?}");
    }
    scene.end();
}
