//! A statement's text: one of ours, or put together of several of ours. No value is ever part of it.

use super::value::Value;

/// Lists of these sizes alone are written, so that a connection has few texts prepared; shorter ones are filled up.
const SIZE_STEP: usize = 4;

/// The text of a statement.
pub(crate) struct Statement(String);

impl From<&'static str> for Statement {
    fn from(sql: &'static str) -> Self {
        Self(sql.to_owned())
    }
}

impl Statement {
    /// The text with `more` behind it.
    pub(crate) fn then(mut self, more: &'static str) -> Self {
        self.0.push_str(more);
        self
    }

    /// The text with `item` behind it `times` times, and `between` between two of them.
    pub(crate) fn repeat(mut self, item: &'static str, between: &'static str, times: usize) -> Self {
        for number in 0..times {
            if number > 0 {
                self.0.push_str(between);
            }
            self.0.push_str(item);
        }
        self
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// `items` with the last of them repeated up to one of the few sizes. For lists in which an item twice is as good as once.
pub(crate) fn filled<T: Clone>(items: &[T]) -> Vec<T> {
    let Some(last) = items.last() else { return Vec::new() };
    let mut size = 1;
    while size < items.len() {
        size *= SIZE_STEP;
    }
    let mut filled = items.to_vec();
    filled.resize(size, last.clone());
    filled
}

/// `select` of the rows whose `column` is one of the list, rising by it. Of an empty list there are none.
pub(crate) fn listed<T: Clone>(select: &'static str, column: &'static str, items: &[T]) -> Statement {
    let statement = Statement::from(select).then(" WHERE ").then(column);
    match filled(items).len() {
        0 => statement.then(" IS NULL"),
        len => statement.then(" IN (").repeat("?", ", ", len).then(") ORDER BY ").then(column),
    }
}

/// The values of a list, as [`listed`] takes them.
pub(crate) fn list<T: Clone + Into<Value>>(items: &[T]) -> Vec<Value> {
    filled(items).into_iter().map(Into::into).collect()
}

/// `items` in pieces of the few sizes, the largest of at most `most`. For rows that are to be there once.
pub(crate) fn pieces<T>(items: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let mut size = 1;
        while size * SIZE_STEP <= rest.len().min(most) {
            size *= SIZE_STEP;
        }
        let (piece, behind) = rest.split_at_checked(size)?;
        rest = behind;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_few_sizes_and_lose_nothing() {
        for len in 0..200usize {
            let items: Vec<usize> = (0..len).collect();
            let filled = filled(&items);
            assert!(filled.starts_with(&items) && [0, 1, 4, 16, 64, 256].contains(&filled.len()), "{len}");
            let pieces: Vec<&[usize]> = pieces(&items, 64).collect();
            assert_eq!(pieces.concat(), items);
            assert!(pieces.iter().all(|piece| [1, 4, 16, 64].contains(&piece.len())), "{len}");
        }
    }

    #[test]
    fn a_text_is_put_together() {
        let statement = Statement::from("SELECT a FROM t WHERE a IN (").repeat("?", ", ", 3).then(")");
        assert_eq!(statement.text(), "SELECT a FROM t WHERE a IN (?, ?, ?)");
    }
}
