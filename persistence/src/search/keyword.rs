//! What somebody looks for, and where it is in a text.

use unicode_normalization::UnicodeNormalization as _;

use super::fold::{Sign, fold};
use super::grams::{Class, WORD_SIGNS_MAX, runs};
use crate::error::Error;

const CHARS_MAX: usize = 100;

/// A keyword: parts divided by spaces and the like, each of which must be in a message, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyword {
    parts: Vec<Vec<Sign>>,
}

/// A term that a message must have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Clause {
    /// This one.
    Term(String),
    /// One that begins so.
    Prefix(String),
}

/// Where a text has a keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matched {
    /// In UTF-16 code units, rising, without overlaps.
    pub(super) places: Vec<(u32, u32)>,
    /// How well; more is better.
    pub(super) rank: usize,
}

/// How a part stands in a text, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Inside = 0,
    BeginsWord = 1,
    IsWord = 2,
}

impl Keyword {
    /// Reads a keyword; spaces around it do not count. One without a letter or digit is read as well, and is in no
    /// message.
    ///
    /// # Errors
    /// [`Error::InvalidField`] unless it has 1 to 100 characters in NFC, none of them a control character.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text: String = text.trim().nfc().collect();
        let chars = text.chars().count();
        let invalid = |reason: String| Err(Error::InvalidField { field: "keyword", reason });
        if !(1..=CHARS_MAX).contains(&chars) {
            return invalid(format!("has {chars} characters; 1 to {CHARS_MAX} are allowed"));
        }
        if text.chars().any(char::is_control) {
            return invalid("has a control character".to_owned());
        }
        let signs = fold(&text);
        let parts = signs.split(|sign| Class::of(sign.char) == Class::Gap);
        Ok(Self { parts: parts.filter(|part| !part.is_empty()).map(<[Sign]>::to_vec).collect() })
    }

    /// Whether it has nothing that is searched for: no letter and no digit.
    pub(super) fn is_nowhere(&self) -> bool {
        self.parts.is_empty()
    }

    /// Terms that every message has which this keyword is in; some others may have them all as well.
    pub(super) fn clauses(&self) -> Vec<Clause> {
        let mut clauses: Vec<Clause> = self.parts.iter().flat_map(|part| clauses_of(part)).collect();
        clauses.sort_unstable();
        clauses.dedup();
        clauses
    }

    /// Where the keyword is in a text; `None` where a part is nowhere.
    pub(super) fn find_in(&self, text: &str) -> Option<Matched> {
        let text = fold(text);
        let mut places = Vec::new();
        let mut rank = 0;
        for part in &self.parts {
            let best = occurrences(part, &text).map(|(at, stand)| {
                places.push((text[at].place.0, text[at + part.len() - 1].place.1));
                stand
            });
            rank += best.max()? as usize;
        }
        if places.is_empty() {
            return None;
        }
        places.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(places.len());
        for (from, to) in places {
            match merged.last_mut() {
                Some(last) if from < last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Some(Matched { places: merged, rank })
    }
}

fn clauses_of(part: &[Sign]) -> Vec<Clause> {
    let spelled = |signs: &[Sign]| signs.iter().map(|sign| sign.char).collect::<String>();
    let mut clauses = Vec::new();
    let mut rest = part.len();
    for (class, run) in runs(part) {
        rest -= run.len();
        // The sign behind the run is in the text as well, so the run ends there as it does here.
        let is_open = rest == 0;
        match (class, run) {
            (Class::Dense, [_, _, ..]) => clauses.extend(run.windows(2).map(|pair| Clause::Term(spelled(pair)))),
            (Class::Word, run) if run.len() >= WORD_SIGNS_MAX => {
                clauses.push(Clause::Term(spelled(&run[..WORD_SIGNS_MAX])));
            }
            (_, run) if is_open => clauses.push(Clause::Prefix(spelled(run))),
            (_, run) => clauses.push(Clause::Term(spelled(run))),
        }
    }
    clauses
}

/// Where a part is in a text, and how it stands there. In writing with spaces it begins with a word, elsewhere anywhere.
fn occurrences<'a>(part: &'a [Sign], text: &'a [Sign]) -> impl Iterator<Item = (usize, Stand)> + 'a {
    let class_at = |at: Option<usize>| at.and_then(|at| text.get(at)).map_or(Class::Gap, |sign| Class::of(sign.char));
    let (first, last) = (Class::of(part[0].char), Class::of(part[part.len() - 1].char));
    let windows = text.windows(part.len()).enumerate();
    let same = move |window: &[Sign]| window.iter().zip(part).all(|(one, other)| one.char == other.char);
    windows.filter(move |(_, window)| same(window)).filter_map(move |(at, _)| {
        let begins = class_at(at.checked_sub(1)) != first;
        let ends = class_at(Some(at + part.len())) != last;
        match (begins, ends) {
            (false, _) if first == Class::Word => None,
            (false, _) => Some((at, Stand::Inside)),
            (true, false) => Some((at, Stand::BeginsWord)),
            (true, true) => Some((at, Stand::IsWord)),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::grams::terms;
    use super::*;

    fn places(keyword: &str, text: &str) -> Option<Vec<(u32, u32)>> {
        Keyword::parse(keyword).unwrap().find_in(text).map(|matched| matched.places)
    }

    /// Whether the index gives the text as a candidate.
    fn is_candidate(keyword: &Keyword, text: &str) -> bool {
        let signs = fold(text);
        let terms: Vec<String> = terms(&signs).map(|term| term.iter().map(|sign| sign.char).collect()).collect();
        keyword.clauses().iter().all(|clause| match clause {
            Clause::Term(wanted) => terms.contains(wanted),
            Clause::Prefix(beginning) => terms.iter().any(|term| term.starts_with(beginning)),
        })
    }

    #[test]
    fn any_two_syllables_of_a_word_find_it() {
        let word = "등산모임회비";
        let syllables: Vec<char> = word.chars().collect();
        for (at, pair) in syllables.windows(2).enumerate() {
            let keyword: String = pair.iter().collect();
            assert_eq!(places(&keyword, &format!("이번 {word}는")), Some(vec![(3 + at as u32, 5 + at as u32)]));
        }
        assert_eq!(places("등모", word), None, "neighbours only");
    }

    #[test]
    fn one_syllable_a_beginning_of_a_word_and_several_parts_are_found_and_the_inside_of_a_latin_word_is_not() {
        assert_eq!(places("회", "등산회 회비"), Some(vec![(2, 3), (4, 5)]));
        assert_eq!(places("moi", "MOIM, 모임"), Some(vec![(0, 3)]));
        assert_eq!(places("oim", "moim"), None);
        assert_eq!(places("회비 입금", "입금했어요, 회비"), Some(vec![(0, 2), (7, 9)]));
        assert_eq!(places("회비 환불", "입금했어요, 회비"), None);
        assert_eq!(places("5000원", "회비 ５０００원입니다"), Some(vec![(3, 8)]));
        assert_eq!(places("00원", "5000원"), None);
        assert_eq!(places("!?", "!?"), None, "no letter or digit");
    }

    #[test]
    fn places_that_overlap_are_one() {
        assert_eq!(places("ㅋㅋ", "ㅋㅋㅋ"), Some(vec![(0, 3)]));
        assert_eq!(places("회비 비를", "회비를"), Some(vec![(0, 3)]));
    }

    #[test]
    fn a_word_of_its_own_ranks_above_a_beginning_and_that_above_an_inside() {
        let rank = |text: &str| Keyword::parse("회비").unwrap().find_in(text).unwrap().rank;
        assert!(rank("이번 회비") > rank("회비를 냈어요"));
        assert!(rank("회비를 냈어요") > rank("등산회비를 냈어요"));
    }

    #[test]
    fn the_bounds_of_a_keyword_are_told() {
        for wrong in ["", "  ", &"가".repeat(101), "a\u{0}b"] {
            assert!(matches!(Keyword::parse(wrong), Err(Error::InvalidField { field: "keyword", .. })), "{wrong:?}");
        }
        assert!(Keyword::parse(&"가".repeat(100)).is_ok());
        assert!(Keyword::parse(&"\u{1100}\u{1161}".repeat(100)).is_ok(), "counted in NFC");
    }

    proptest! {
        /// Otherwise a message would have the keyword and not be found.
        #[test]
        fn whatever_is_in_a_text_is_a_candidate(text in "[가-갛abＡ０-２ㅋ .!\u{301}]{1,20}", from in 0usize..20, length in 1usize..8) {
            let cut: String = text.chars().skip(from).take(length).collect();
            if let Ok(keyword) = Keyword::parse(&cut)
                && keyword.find_in(&text).is_some()
            {
                prop_assert!(is_candidate(&keyword, &text), "{cut:?} in {text:?}");
            }
        }

        #[test]
        fn highlights_are_places_whose_text_folds_to_a_part(text in "[가-갛abＡ .😀]{1,20}") {
            let keyword = Keyword::parse("가a").unwrap();
            let units: Vec<u16> = text.encode_utf16().collect();
            for (from, to) in keyword.find_in(&text).map(|matched| matched.places).unwrap_or_default() {
                let marked = String::from_utf16(&units[from as usize..to as usize]).unwrap();
                prop_assert!(fold(&marked).iter().map(|sign| sign.char).collect::<String>().starts_with("가a"));
            }
        }
    }
}
