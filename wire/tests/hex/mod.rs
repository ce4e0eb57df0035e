//! Hex dumps as the golden files and PROTOCOL.md write them: bytes in pairs, 16 a line, `#` begins a comment.

use std::fmt::Write;

/// The bytes of a dump.
pub(crate) fn parse(text: &str) -> Vec<u8> {
    text.lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{pair:?} is no byte in hex")))
        .collect()
}

/// The dump of some bytes, without comments.
#[allow(dead_code, reason = "of the tests that share this file, one only reads")]
pub(crate) fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for line in bytes.chunks(16) {
        let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out, "{}", pairs.join(" ")).unwrap();
    }
    out
}
