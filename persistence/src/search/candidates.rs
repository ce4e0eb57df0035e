//! The newest messages that have all terms of a keyword, from the index alone.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Bound;

use moim_wire::{MessageId, RoomId};
use tantivy::query::{BooleanQuery, EnableScoring, InvertedIndexRangeQuery, Query, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{Searcher, Term};

use super::index::{Fields, ids, room_of, rooms};
use super::keyword::Clause;

/// What is looked for, in which rooms, below which id.
pub(super) struct Wanted<'a> {
    pub(super) clauses: &'a [Clause],
    pub(super) rooms: &'a [RoomId],
    pub(super) before: MessageId,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Newest first.
    pub(super) messages: Vec<(MessageId, RoomId)>,
    /// There are more, all of them below the last one's id.
    pub(super) more: bool,
}

/// The newest `count` of them, about: messages of several rooms may have the same id, and those of the last one are left
/// out where not all of them had a place.
pub(super) fn newest(
    searcher: &Searcher,
    fields: Fields,
    wanted: &Wanted<'_>,
    count: usize,
) -> tantivy::Result<Candidates> {
    let weight = query(fields, wanted).weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut segments = Vec::with_capacity(searcher.segment_readers().len());
    for segment in searcher.segment_readers() {
        segments.push((ids(segment)?, segment));
    }
    segments.sort_unstable_by_key(|(ids, _)| Reverse(ids.max_value()));
    // One more than wanted, to see whether there are more.
    let mut found = Found { heap: BinaryHeap::with_capacity(count + 2), count: count + 1, below: wanted.before };
    for (ids, segment) in segments {
        if ids.min_value() >= wanted.before.0 {
            continue;
        }
        if found.is_above(MessageId(ids.max_value())) {
            break;
        }
        let (rooms, alive) = (rooms(segment)?, segment.alive_bitset());
        weight.for_each_no_score(segment, &mut |docs| {
            for &doc in docs {
                let id = MessageId(ids.get_val(doc));
                if found.would_take(id) && alive.is_none_or(|alive| alive.is_alive(doc)) {
                    found.take(id, room_of(&rooms, doc));
                }
            }
        })?;
    }
    Ok(found.finish())
}

struct Found {
    heap: BinaryHeap<Reverse<(MessageId, RoomId)>>,
    count: usize,
    below: MessageId,
}

impl Found {
    /// Whether everything found is newer, and as much as is wanted.
    fn is_above(&self, id: MessageId) -> bool {
        self.heap.len() == self.count && self.heap.peek().is_some_and(|Reverse((oldest, _))| id < *oldest)
    }

    fn would_take(&self, id: MessageId) -> bool {
        id < self.below && !self.is_above(id)
    }

    fn take(&mut self, id: MessageId, room: RoomId) {
        self.heap.push(Reverse((id, room)));
        if self.heap.len() > self.count {
            self.heap.pop();
        }
    }

    fn finish(self) -> Candidates {
        let more = self.heap.len() == self.count;
        let mut messages: Vec<_> = self.heap.into_sorted_vec().into_iter().map(|Reverse(found)| found).collect();
        if let (true, Some(&(last, _))) = (more, messages.last()) {
            let whole = messages.partition_point(|(id, _)| *id > last);
            // All are of one id: who has so many rooms loses some of that instant.
            messages.truncate(if whole == 0 { messages.len() } else { whole });
        }
        Candidates { messages, more }
    }
}

fn query(fields: Fields, wanted: &Wanted<'_>) -> BooleanQuery {
    let mut all: Vec<Box<dyn Query>> = wanted.clauses.iter().map(|clause| clause_query(fields, clause)).collect();
    all.push(match wanted.rooms {
        [room] => Box::new(TermQuery::new(fields.of_room(*room), IndexRecordOption::Basic)),
        rooms => Box::new(TermSetQuery::new(rooms.iter().map(|room| fields.of_room(*room)))),
    });
    BooleanQuery::intersection(all)
}

fn clause_query(fields: Fields, clause: &Clause) -> Box<dyn Query> {
    match clause {
        Clause::Term(term) => {
            let term = Term::from_field_text(fields.terms, term);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        }
        Clause::Prefix(prefix) => {
            // Above every sign, as terms hold no such one.
            let end = format!("{prefix}{}", char::MAX);
            let [from, to] = [prefix, &end].map(|text| Term::from_field_text(fields.terms, text));
            Box::new(InvertedIndexRangeQuery::new(Bound::Included(from), Bound::Excluded(to)))
        }
    }
}
