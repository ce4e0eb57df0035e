//! From values to a frame.

use std::fmt::Write as _;

use super::escape::escape;
use super::frame::Command;

/// Appends a frame. A body gets its `content-length`, so that it may hold anything.
pub(crate) fn encode(out: &mut String, command: Command, headers: &[(&str, &str)], body: &str) {
    out.reserve(64 + 32 * headers.len() + body.len());
    out.push_str(command.name());
    out.push('\n');
    for (name, value) in headers {
        if command.escapes() {
            escape(out, name);
            out.push(':');
            escape(out, value);
        } else {
            out.push_str(name);
            out.push(':');
            out.push_str(value);
        }
        out.push('\n');
    }
    if !body.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "content-length:{}", body.len());
    }
    out.push('\n');
    out.push_str(body);
    out.push('\0');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_written_with_escapes_and_its_length_in_bytes() {
        let mut out = String::new();
        encode(&mut out, Command::Message, &[("destination", "/a"), ("note", "x:y\n")], "한");
        assert_eq!(out, "MESSAGE\ndestination:/a\nnote:x\\cy\\n\ncontent-length:3\n\n한\0");
    }

    #[test]
    fn connected_knows_no_escapes_and_no_body_needs_no_length() {
        let mut out = String::new();
        encode(&mut out, Command::Connected, &[("session", "a:b")], "");
        assert_eq!(out, "CONNECTED\nsession:a:b\n\n\0");
    }
}
