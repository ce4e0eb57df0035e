//! What a message is found by: pairs of neighbouring signs where words are not divided by spaces (Korean, Chinese,
//! Japanese), whole words elsewhere.
//!
//! A run of such signs gives each pair and its last sign alone. Two signs anywhere in a word are then one term, three or
//! more are several that all must be there, and one sign is whatever term begins with it. That neighbours are neighbours
//! is seen in the text, which is read anyway.

use super::fold::Sign;
use unicode_normalization::char::canonical_combining_class;

/// Signs of a word that count; longer ones, mostly addresses of pages, are found by their beginning.
pub(super) const WORD_SIGNS_MAX: usize = 32;

/// What a sign is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Of writing whose words are not divided, or whose particles cling to them.
    Dense,
    /// Of a word between gaps.
    Word,
    /// Between words: not searched for.
    Gap,
}

impl Class {
    pub(super) fn of(char: char) -> Self {
        match char {
            '\u{1100}'..='\u{11FF}' // Hangul
            | '\u{3130}'..='\u{318F}'
            | '\u{A960}'..='\u{A97F}'
            | '\u{AC00}'..='\u{D7FF}'
            | '\u{3005}'..='\u{3007}' // Han
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{3FFFF}'
            | '\u{3041}'..='\u{312F}' // Kana, Bopomofo
            | '\u{31A0}'..='\u{31BF}'
            | '\u{31F0}'..='\u{31FF}' => Self::Dense,
            _ if char.is_alphanumeric() || canonical_combining_class(char) != 0 => Self::Word,
            _ => Self::Gap,
        }
    }
}

/// Runs of signs of one class, gaps left out.
pub(super) fn runs(signs: &[Sign]) -> impl Iterator<Item = (Class, &[Sign])> {
    let runs = signs.chunk_by(|one, next| Class::of(one.char) == Class::of(next.char));
    runs.map(|run| (Class::of(run[0].char), run)).filter(|(class, _)| *class != Class::Gap)
}

/// The terms of a message's text, in its order, repeated as the text repeats them.
pub(super) fn terms(signs: &[Sign]) -> impl Iterator<Item = &[Sign]> {
    runs(signs).flat_map(|(class, run)| {
        let (pairs, last) = match class {
            Class::Dense => (run.windows(2), &run[run.len() - 1..]),
            _ => (run[..0].windows(2), &run[..run.len().min(WORD_SIGNS_MAX)]),
        };
        pairs.chain(std::iter::once(last))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    fn terms_of(text: &str) -> Vec<String> {
        terms(&fold(text)).map(|term| term.iter().map(|sign| sign.char).collect()).collect()
    }

    #[test]
    fn korean_is_pairs_and_a_last_syllable_and_latin_is_words() {
        assert_eq!(terms_of("회비를 5000원 Moim에"), ["회비", "비를", "를", "5000", "원", "moim", "에"]);
        assert_eq!(terms_of("東京タワー, ㅋㅋ!"), ["東京", "京タ", "タワ", "ワー", "ー", "ㅋㅋ", "ㅋ"]);
        assert_eq!(terms_of(" ...🎉 "), [""; 0]);
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(terms_of(&"x".repeat(100)), ["x".repeat(WORD_SIGNS_MAX)]);
    }
}
