//! What a file is: by its first bytes where they tell, by what its sender says where that can do no harm.

use std::str::FromStr as _;

use mime_guess::mime::Mime;

/// As many first bytes as signatures need.
pub(super) const HEAD_BYTES: usize = 4 * 1024;
const UNKNOWN: &str = "application/octet-stream";
/// Pictures that run nothing. A file is of one of these types where its bytes say so, never because its sender does.
const INLINE: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
/// Signatures of what may be a hundred other things; the sender knows better.
const GENERIC: [&str; 4] = ["application/zip", "application/gzip", "text/xml", "text/html"];
const TYPE_CHARS_MAX: usize = 127;

/// Which types of files are taken. An entry is a type, or all of a kind as in `image/*`.
#[derive(Clone, Debug)]
pub struct Types {
    /// Empty: all.
    pub allowed: Vec<String>,
    /// None of these, whether the bytes say so or the sender.
    pub denied: Vec<String>,
}

impl Default for Types {
    /// All but programs.
    fn default() -> Self {
        let programs = [
            "application/vnd.microsoft.portable-executable",
            "application/x-executable",
            "application/x-mach-binary",
            "application/x-msdownload",
        ];
        Self { allowed: Vec::new(), denied: programs.map(str::to_owned).to_vec() }
    }
}

impl Types {
    /// The type of a file that begins with `head`, which its sender gave a type and a name.
    ///
    /// # Errors
    /// The type that is not taken.
    pub(super) fn judge(&self, head: &[u8], said: Option<&str>, name: &str) -> Result<String, String> {
        let seen = infer::get(head).map(|kind| kind.mime_type());
        let claimed = claimed(said, name);
        for found in [seen, claimed.as_deref()].into_iter().flatten() {
            if is_among(&self.denied, found) {
                return Err(found.to_owned());
            }
        }
        let judged = match (seen, claimed.filter(|claimed| !is_inline(claimed))) {
            (Some(seen), Some(claimed)) if GENERIC.contains(&seen) => claimed,
            (Some(seen), _) => seen.to_owned(),
            (None, Some(claimed)) => claimed,
            (None, None) => UNKNOWN.to_owned(),
        };
        if self.allowed.is_empty() || is_among(&self.allowed, &judged) { Ok(judged) } else { Err(judged) }
    }
}

/// Whether a browser may show it in a page.
pub(super) fn is_inline(media_type: &str) -> bool {
    INLINE.contains(&media_type)
}

/// What the sender says, or his file's name.
fn claimed(said: Option<&str>, name: &str) -> Option<String> {
    let said = said.and_then(|said| Mime::from_str(said).ok()).map(|said| said.essence_str().to_ascii_lowercase());
    let said = said.filter(|said| said != UNKNOWN && said.len() <= TYPE_CHARS_MAX);
    said.or_else(|| mime_guess::from_path(name).first_raw().map(str::to_owned))
}

fn is_among(types: &[String], found: &str) -> bool {
    types.iter().any(|entry| match entry.strip_suffix("/*") {
        Some(kind) => found.split_once('/').is_some_and(|(found, _)| found.eq_ignore_ascii_case(kind)),
        None => found.eq_ignore_ascii_case(entry),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn a_picture_is_one_by_its_bytes_alone() {
        let types = Types::default();
        assert_eq!(types.judge(PNG, Some("text/html"), "a.html").unwrap(), "image/png");
        assert_eq!(types.judge(b"no picture", Some("image/png"), "a.png").unwrap(), UNKNOWN);
        assert_eq!(types.judge(b"<script>", Some("image/png"), "a.png").unwrap(), "text/html");
        let svg = types.judge(b"<svg onload=alert(1)>", Some("image/svg+xml"), "a.svg").unwrap();
        assert!(!is_inline(&svg), "{svg}");
        assert_eq!(types.judge(b"1,2", Some("text/csv; charset=utf-8"), "a").unwrap(), "text/csv");
        assert_eq!(types.judge(b"1,2", None, "a.csv").unwrap(), "text/csv");
        assert_eq!(types.judge(b"?", Some("no type"), "a").unwrap(), UNKNOWN);
    }

    #[test]
    fn programs_are_refused_whatever_they_are_called() {
        let program = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 57]].concat();
        let refused = Types::default().judge(&program, Some("image/png"), "a.png");
        assert_eq!(refused.unwrap_err(), "application/x-executable");
        assert!(Types::default().judge(b"?", Some("application/x-msdownload"), "a").is_err());
    }

    #[test]
    fn where_few_types_are_allowed_no_other_is() {
        let types = Types { allowed: vec!["image/*".into(), "application/pdf".into()], denied: Vec::new() };
        assert!(types.judge(PNG, None, "a").is_ok() && types.judge(b"%PDF-1.7", None, "a").is_ok());
        assert_eq!(types.judge(b"text", Some("text/plain"), "a").unwrap_err(), "text/plain");
    }
}
