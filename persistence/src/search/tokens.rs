//! The terms of a text as tantivy takes them.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::fold::fold;
use super::grams;

/// Gives each term of a text once or more; where they stand is not kept.
#[derive(Clone, Default)]
pub(super) struct Grams {
    /// All terms, back to back.
    spelled: String,
    /// The end of each.
    ends: Vec<usize>,
    token: Token,
}

pub(super) struct Terms<'a> {
    grams: &'a mut Grams,
    next: usize,
}

impl Tokenizer for Grams {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        self.spelled.clear();
        self.ends.clear();
        self.token.reset();
        for term in grams::terms(&fold(text)) {
            self.spelled.extend(term.iter().map(|sign| sign.char));
            self.ends.push(self.spelled.len());
        }
        Terms { grams: self, next: 0 }
    }
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        let Grams { spelled, ends, token } = &mut *self.grams;
        let Some(&end) = ends.get(self.next) else { return false };
        let start = self.next.checked_sub(1).map_or(0, |before| ends[before]);
        token.text.clear();
        token.text.push_str(&spelled[start..end]);
        token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.grams.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.grams.token
    }
}
