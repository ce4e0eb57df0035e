//! How headers write line ends, colons and backslashes.

/// Appends `text` with its special characters escaped.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            ':' => out.push_str("\\c"),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
}

/// What was escaped; `None` where a backslash is followed by anything that STOMP gives no meaning.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'r' => '\r',
                'n' => '\n',
                'c' => ':',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_escapes_are_read_and_no_other() {
        assert_eq!(unescape(r"a\r\n\c\\b").unwrap(), "a\r\n:\\b");
        for undefined in [r"\t", r"a\", r"\0", r"\한"] {
            assert_eq!(unescape(undefined), None, "{undefined}");
        }
    }
}
