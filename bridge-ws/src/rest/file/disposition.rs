//! A file's name: bounded on its way in, spelled for a header on its way out.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;

/// Of a name; file systems take 255 bytes, and this is what people still read.
const NAME_CHARS_MAX: usize = 120;
/// Of what follows the last dot, if it is kept when a name is cut.
const EXTENSION_CHARS_MAX: usize = 16;
/// What RFC 5987 leaves as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'!').remove(b'$');

/// The name that a file goes by: the last part of a path, NFC, without what would break out of a line, a folder or the
/// direction of the text around it.
pub(super) fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.nfc().map(|c| if is_unsafe(c) { '_' } else { c }).collect();
    let name = plain.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
    if name.is_empty() { "file".to_owned() } else { cut(name) }
}

/// Control characters, what the file systems of this world refuse, and marks that turn the reading direction, by which
/// `gpj.exe` looks like `exe.jpg`.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.filter(|extension| extension.chars().count() <= EXTENSION_CHARS_MAX);
    let ending = extension.map_or_else(String::new, |extension| format!(".{extension}"));
    let kept = NAME_CHARS_MAX - ending.chars().count();
    name.chars().take(kept).chain(ending.chars()).collect()
}

/// The value of `Content-Disposition`, with the name for old readers and for all others (RFC 6266).
pub(super) fn content_disposition(inline: bool, name: &str) -> String {
    let how = if inline { "inline" } else { "attachment" };
    let old = |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') { c } else { '_' };
    let ascii: String = name.chars().map(old).collect();
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{}", utf8_percent_encode(name, KEPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_line_and_folder() {
        for (given, kept) in [
            ("영수증 11월.pdf", "영수증 11월.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\회비.xlsx", "회비.xlsx"),
            ("\u{1112}\u{1161}\u{11ab}.txt", "한.txt"),
            ("a\r\nSet-Cookie: x=1.txt", "a__Set-Cookie_ x=1.txt"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("..", "file"),
            (".bashrc", "bashrc"),
            ("", "file"),
            ("a. ", "a"),
        ] {
            assert_eq!(file_name(given), kept, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let cut = file_name(&format!("{}.jpeg", "가".repeat(300)));
        assert_eq!((cut.chars().count(), cut.ends_with("가.jpeg")), (NAME_CHARS_MAX, true));
        assert_eq!(file_name(&"x.".repeat(200)).chars().count(), NAME_CHARS_MAX);
    }

    #[test]
    fn a_header_has_the_name_twice() {
        let expected = "attachment; filename=\"__1.txt\"; filename*=UTF-8''%ED%95%9C%201.txt";
        assert_eq!(content_disposition(false, "한 1.txt"), expected);
        assert!(content_disposition(true, "a.png").starts_with("inline; filename=\"a.png\";"));
    }
}
