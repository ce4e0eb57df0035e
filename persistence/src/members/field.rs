//! What people type, brought to one form and held to its bounds: NFC, trimmed, no control characters.

use unicode_normalization::UnicodeNormalization;

use crate::error::Error;

const EMAIL_CHARS_MAX: usize = 254;
const USERNAME_CHARS_MAX: usize = 40;
const ROOM_NAME_CHARS_MAX: usize = 80;
const DESCRIPTION_CHARS_MAX: usize = 1_000;
const PASSWORD_BYTES_MIN: usize = 8;
const PASSWORD_BYTES_MAX: usize = 72;

pub(super) fn email(text: &str) -> Result<String, Error> {
    let text = within("email", text, 1, EMAIL_CHARS_MAX)?;
    let has_both_sides = text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if !has_both_sides || text.contains(char::is_whitespace) {
        return Err(invalid("email", "must be of the form name@domain, without spaces".to_owned()));
    }
    Ok(text)
}

pub(super) fn username(text: &str) -> Result<String, Error> {
    within("username", text, 1, USERNAME_CHARS_MAX)
}

pub(super) fn room_name(text: &str) -> Result<String, Error> {
    within("channelName", text, 1, ROOM_NAME_CHARS_MAX)
}

pub(super) fn description(text: &str) -> Result<String, Error> {
    within("channelDescription", text, 0, DESCRIPTION_CHARS_MAX)
}

pub(super) fn keyword(text: &str) -> Result<String, Error> {
    within("keyword", text, 1, ROOM_NAME_CHARS_MAX)
}

/// A password for an account. The same letters typed on another system are the same password, hence NFC here too.
pub(crate) fn password(text: &str) -> Result<String, Error> {
    password_within("password", text, PASSWORD_BYTES_MIN)
}

/// A password that guards a room may be as short as its members like.
pub(super) fn room_password(text: &str) -> Result<String, Error> {
    password_within("channelPassword", text, 1)
}

pub(crate) fn wallet_name(text: &str) -> Result<String, Error> {
    within("walletName", text, 1, ROOM_NAME_CHARS_MAX)
}

pub(crate) fn wallet_description(text: &str) -> Result<String, Error> {
    within("description", text, 0, DESCRIPTION_CHARS_MAX)
}

/// What people, and their banks, write about money.
pub(crate) fn dues_text(field: &'static str, text: &str, chars_min: usize, chars_max: usize) -> Result<String, Error> {
    within(field, text, chars_min, chars_max)
}

/// The form in which two spellings are one: for unique e-mail addresses and for searching.
pub(super) fn key(text: &str) -> String {
    text.to_lowercase().nfc().collect()
}

fn password_within(field: &'static str, text: &str, bytes_min: usize) -> Result<String, Error> {
    let text = plain(field, text)?;
    if !(bytes_min..=PASSWORD_BYTES_MAX).contains(&text.len()) {
        let reason = format!("has {} bytes; allowed are {bytes_min} to {PASSWORD_BYTES_MAX}", text.len());
        return Err(invalid(field, reason));
    }
    Ok(text)
}

fn within(field: &'static str, text: &str, chars_min: usize, chars_max: usize) -> Result<String, Error> {
    let text = plain(field, text)?;
    let chars = text.chars().count();
    if !(chars_min..=chars_max).contains(&chars) {
        let reason = format!("has {chars} characters; allowed are {chars_min} to {chars_max}");
        return Err(invalid(field, reason));
    }
    Ok(text)
}

fn plain(field: &'static str, text: &str) -> Result<String, Error> {
    let text: String = text.trim().nfc().collect();
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(control) => Err(invalid(field, format!("holds the control character {}", control.escape_unicode()))),
        None => Ok(text),
    }
}

fn invalid(field: &'static str, reason: String) -> Error {
    Error::InvalidField { field, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_composed_and_trimmed_before_it_is_measured() {
        assert_eq!(username("  \u{1112}\u{1161}\u{11ab}\n").unwrap(), "한");
        assert!(username(&"가".repeat(40)).is_ok());
        assert!(username(&"가".repeat(41)).is_err());
        assert!(username(" \t ").is_err());
    }

    #[test]
    fn control_characters_other_than_breaks_and_tabs_are_refused() {
        assert!(description("two\nlines\tand a tab").is_ok());
        let error = description("a\u{0}b").unwrap_err();
        assert!(error.to_string().contains("channelDescription"), "{error}");
    }

    #[test]
    fn passwords_are_measured_in_bytes() {
        assert!(password("1234567").is_err());
        assert!(password("가나다").is_ok());
        assert!(password(&"가".repeat(24)).is_ok());
        assert!(password(&"가".repeat(25)).is_err());
        assert!(room_password("1").is_ok());
    }

    #[test]
    fn an_email_has_two_sides() {
        assert!(email("a@b").is_ok());
        for wrong in ["", "a", "@b", "a@", "a b@c"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
        assert_eq!(key("Ａ.ÉMIL@Example.COM"), "ａ.émil@example.com");
    }
}
