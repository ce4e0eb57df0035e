//! A text as searching sees it: compatibility forms and case folded, each sign with its place in the text as it was
//! written.
//!
//! It is NFKC and lower case, but for the letters of the Hangul alphabet on their own: NFKC would make one syllable of
//! `ㅋㅠ`, which nobody who laughs and cries means. Marks are folded together with the sign that they stand on, so that a
//! place always covers whole signs.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// A folded sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) char: char,
    /// Where that which it was folded from begins and ends in the text, in UTF-16 code units: what browsers count in.
    pub(super) place: (u32, u32),
}

/// Folds a text. Texts are bounded by the protocol, so places fit into 32 bits.
pub(super) fn fold(text: &str) -> Vec<Sign> {
    let mut signs = Vec::with_capacity(text.len() / 2);
    let mut rest = text.char_indices().peekable();
    let mut end = 0;
    while let Some((start, first)) = rest.next() {
        let begin = end;
        let mut bytes_end = start + first.len_utf8();
        end += first.len_utf16() as u32;
        while let Some((_, mark)) = rest.next_if(|&(_, next)| continues(next)) {
            bytes_end += mark.len_utf8();
            end += mark.len_utf16() as u32;
        }
        let mut put = |folded: char| {
            signs.extend(folded.to_lowercase().map(|char| Sign { char, place: (begin, end) }));
        };
        let cluster = &text[start..bytes_end];
        if is_letter_of_hangul(first) {
            put(first);
            cluster[first.len_utf8()..].nfkc().for_each(put);
        } else {
            cluster.nfkc().for_each(put);
        }
    }
    signs
}

/// Letters of the alphabet as keyboards type them, `ㄱ` to `ㆎ`.
fn is_letter_of_hangul(char: char) -> bool {
    matches!(char, '\u{3131}'..='\u{318E}')
}

/// Whether a sign may change what stands before it when both are normalised.
fn continues(char: char) -> bool {
    // Nearly all there is to see.
    if matches!(char, '\0'..='\u{2FF}' | '\u{AC00}'..='\u{D7A3}') || is_letter_of_hangul(char) {
        return false;
    }
    let mut first = None;
    decompose_compatible(char, |part| first = first.or(Some(part)));
    let first = first.unwrap_or(char);
    canonical_combining_class(first) != 0 || is_nfc_quick(std::iter::once(first)) == IsNormalized::Maybe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        fold(text).iter().map(|sign| sign.char).collect()
    }

    #[test]
    fn width_case_and_composition_are_one() {
        assert_eq!(folded("ＭＯＩＭ Moim"), "moim moim");
        assert_eq!(folded("ｶﾞ①"), "ガ1");
        assert_eq!(folded("\u{1112}\u{1161}\u{11AB}"), "한");
        assert_eq!(folded("e\u{301}É"), "éé");
    }

    #[test]
    fn letters_on_their_own_stay_on_their_own() {
        assert_eq!(folded("ㅋㅠㅋㅋ"), "ㅋㅠㅋㅋ");
    }

    #[test]
    fn a_place_is_that_of_the_text_as_written_in_utf_16() {
        let signs = fold("😀e\u{301}㎏a");
        let places: Vec<_> = signs.iter().map(|sign| (sign.char, sign.place)).collect();
        assert_eq!(places, [('😀', (0, 2)), ('é', (2, 4)), ('k', (4, 5)), ('g', (4, 5)), ('a', (5, 6))]);
    }

    proptest! {
        #[test]
        fn it_is_nfkc_in_lower_case_sign_by_sign_or_as_a_whole(text in "[^\u{3131}-\u{318E}]{0,24}") {
            let whole: String = text.nfkc().flat_map(char::to_lowercase).collect();
            prop_assert_eq!(folded(&text), whole);
        }

        #[test]
        fn places_rise_and_cover_the_text(text in "\\PC{0,24}") {
            let mut end = 0;
            for sign in fold(&text) {
                let (from, to) = sign.place;
                prop_assert!(from == end || to == end, "{sign:?} after {end}");
                prop_assert!(from < to);
                end = to;
            }
            prop_assert_eq!(end as usize, text.encode_utf16().count());
        }
    }
}
