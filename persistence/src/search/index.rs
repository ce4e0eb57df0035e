//! The index on the disk: of each message its terms, its room and its id. No text and no author: those are read from the
//! message store, which has them as they are by then.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::fast::RandomState;
use moim_wire::{MessageId, RoomId};
use tantivy::columnar::ColumnValues;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::OpenReadError;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::query::{BooleanQuery, Query, RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    DocId, Index, IndexReader, IndexWriter, ReloadPolicy, SegmentReader, TantivyDocument, TantivyError, Term,
};

use super::tokens::Grams;

/// Of what the terms are and how they are kept: an index of another version is made anew.
const VERSION: &str = "1";
/// Segments with more messages are not merged any further, so that most of what was said long ago stays apart from what
/// was said lately: whoever wants the newest looks into few of them.
const MERGED_MESSAGES_MAX: usize = 500_000;
/// A segment is written anew when so much of it was deleted.
const DELETED_MAX: f32 = 0.2;
const TERMS: &str = "terms";
const ROOM: &str = "room";
const ID: &str = "id";

/// A room's newest message.
pub(super) type Newest = HashMap<RoomId, MessageId, RandomState>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) terms: Field,
    pub(super) room: Field,
    id: Field,
}

/// What a commit says of the index as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The message store may have messages that it lacks.
    Open,
    /// It had all that the message store had, and nothing was stored since.
    Complete,
}

/// An open index.
pub(super) struct Opened {
    pub(super) fields: Fields,
    pub(super) reader: IndexReader,
    /// What the last commit said before.
    pub(super) mark: Mark,
    writer: IndexWriter,
}

impl Opened {
    /// Opens or creates the index. One that is damaged or of another version is moved aside, and a new one is made.
    pub(super) fn open(folder: &Path, memory_bytes: usize) -> tantivy::Result<Self> {
        match Self::try_open(folder, memory_bytes) {
            Err(error) if is_damage(&error) => {
                let aside = set_aside(folder)?;
                tracing::error!(%error, moved_to = %aside.display(), "the search index is damaged; it is built anew");
                Self::try_open(folder, memory_bytes)
            }
            opened => opened,
        }
    }

    fn try_open(folder: &Path, memory_bytes: usize) -> tantivy::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (schema, fields) = schema();
        let tokenizers = TokenizerManager::default();
        tokenizers.register(TERMS, Grams::default());
        let builder = Index::builder().schema(schema).tokenizers(tokenizers);
        let index = builder.open_or_create(MmapDirectory::open(folder)?)?;
        // What is not as it was written would be a panic later, in the middle of a search.
        if let Some(file) = index.validate_checksum()?.into_iter().next() {
            return Err(TantivyError::InternalError(format!("{} is not as it was written", file.display())));
        }
        let mark = match index.load_metas()?.payload.as_deref() {
            None => Mark::Open,
            Some(payload) => Mark::parse(payload).ok_or_else(|| {
                TantivyError::InternalError(format!("an index of version {payload:?}, not {VERSION}"))
            })?,
        };
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(memory_bytes)
            .build();
        let writer = index.writer_with_options(options)?;
        writer.set_merge_policy(Box::new(merge_policy()));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { fields, reader, mark, writer })
    }

    /// The newest message of each room, deleted ones as well: whatever the index was given of a room came in the order of
    /// the ids, so it was given all up to there.
    pub(super) fn newest(&self) -> tantivy::Result<Newest> {
        let mut newest = Newest::default();
        for segment in self.reader.searcher().segment_readers() {
            let (rooms, ids) = (rooms(segment)?, ids(segment)?);
            for doc in 0..segment.max_doc() {
                let room = newest.entry(room_of(&rooms, doc)).or_default();
                *room = (*room).max(MessageId(ids.get_val(doc)));
            }
        }
        Ok(newest)
    }

    pub(super) fn add(&self, room: RoomId, id: MessageId, text: &str) -> tantivy::Result<()> {
        let mut document = TantivyDocument::default();
        document.add_text(self.fields.terms, text);
        document.add_u64(self.fields.room, u64::from(room.0));
        document.add_u64(self.fields.id, id.0);
        self.writer.add_document(document).map(drop)
    }

    /// Takes out a message that was added before.
    pub(super) fn remove(&self, room: RoomId, id: MessageId) -> tantivy::Result<()> {
        let id = Bound::Included(Term::from_field_u64(self.fields.id, id.0));
        let of_id: Box<dyn Query> = Box::new(RangeQuery::new(id.clone(), id));
        let of_room: Box<dyn Query> = Box::new(TermQuery::new(self.fields.of_room(room), IndexRecordOption::Basic));
        self.writer.delete_query(Box::new(BooleanQuery::intersection(vec![of_room, of_id]))).map(drop)
    }

    /// Takes out all of a room that was added before.
    pub(super) fn remove_room(&self, room: RoomId) {
        self.writer.delete_term(self.fields.of_room(room));
    }

    /// Syncs what was added and removed, and has searches see it. Gives the number of messages that can be found.
    pub(super) fn commit(&mut self, mark: Mark) -> tantivy::Result<u64> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&mark.to_string());
        prepared.commit()?;
        self.reader.reload()?;
        Ok(self.reader.searcher().num_docs())
    }
}

impl Fields {
    pub(super) fn of_room(self, room: RoomId) -> Term {
        Term::from_field_u64(self.room, u64::from(room.0))
    }
}

impl Mark {
    fn parse(payload: &str) -> Option<Self> {
        [Self::Open, Self::Complete].into_iter().find(|mark| mark.to_string() == payload)
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mark = if *self == Self::Complete { "complete" } else { "open" };
        write!(f, "{VERSION} {mark}")
    }
}

/// The rooms of a segment's messages.
pub(super) fn rooms(segment: &SegmentReader) -> tantivy::Result<Arc<dyn ColumnValues>> {
    Ok(segment.fast_fields().u64(ROOM)?.values)
}

/// The ids of a segment's messages.
pub(super) fn ids(segment: &SegmentReader) -> tantivy::Result<Arc<dyn ColumnValues>> {
    Ok(segment.fast_fields().u64(ID)?.values)
}

pub(super) fn room_of(rooms: &Arc<dyn ColumnValues>, doc: DocId) -> RoomId {
    // Rooms have 32 bits wherever they come from.
    RoomId(rooms.get_val(doc) as u32)
}

/// Whether the index itself is at fault, and not what it stands on.
fn is_damage(error: &TantivyError) -> bool {
    let is_torn = |error: &std::io::Error| {
        matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::NotFound)
    };
    match error {
        TantivyError::IoError(error) | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. }) => {
            is_torn(error)
        }
        TantivyError::OpenDirectoryError(_)
        | TantivyError::OpenWriteError(_)
        | TantivyError::LockFailure(..)
        | TantivyError::SystemError(_)
        | TantivyError::Poisoned
        | TantivyError::ErrorInThread(_) => false,
        _ => true,
    }
}

/// Moves a damaged index aside, over one that was damaged earlier.
fn set_aside(folder: &Path) -> std::io::Result<PathBuf> {
    let aside = folder.with_extension("damaged");
    if let Err(error) = std::fs::remove_dir_all(&aside)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    std::fs::rename(folder, &aside)?;
    Ok(aside)
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TERMS)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let terms = schema.add_text_field(TERMS, TextOptions::default().set_indexing_options(indexing));
    let room = schema.add_u64_field(ROOM, NumericOptions::default().set_indexed().set_fast());
    let id = schema.add_u64_field(ID, NumericOptions::default().set_fast());
    (schema.build(), Fields { terms, room, id })
}

fn merge_policy() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_max_docs_before_merge(MERGED_MESSAGES_MAX);
    policy.set_del_docs_ratio_before_merge(DELETED_MAX);
    policy
}
