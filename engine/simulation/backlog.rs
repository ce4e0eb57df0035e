//! The message store and the journals as a shard asks them: together they have everything that was committed by then.

use bytes::Bytes;
use moim_engine::journal::{Page, Part, Sender, View, join_sends};
use moim_persistence::PageQuery;
use moim_wire::{MessageId, RoomId, Sequence};

use crate::heard;
use crate::lane::Place;
use crate::world::World;

/// What a question is answered from: taken when it is asked, read when a store looks at it.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    generation: u64,
    is_newest: bool,
    /// The shard that asks, and how far its journal was settled.
    owner: (usize, u64),
    folders: Vec<(usize, Vec<Place>)>,
}

impl World {
    pub(crate) fn snapshot(&self, at: usize) -> Snapshot {
        let lanes = self.server.lanes.iter().enumerate();
        let folders = lanes.map(|(of, lane)| (of, lane.parts(of == at))).collect();
        let is_newest = !self.server.lanes.iter().any(crate::lane::Lane::has_others);
        let owner = (at, self.server.lanes[at].window.settled());
        Snapshot { generation: self.generation(), is_newest, owner, folders }
    }

    fn generation(&self) -> u64 {
        self.server.lanes.iter().map(|lane| lane.generation).sum()
    }

    /// The store took confirmations back since the snapshot was taken.
    pub(crate) fn is_stale(&self, snapshot: &Snapshot) -> bool {
        snapshot.generation != self.generation()
    }

    fn view(&self, snapshot: &Snapshot) -> View {
        let read = |(of, places): &(usize, Vec<Place>)| -> Vec<Part> {
            places.iter().filter_map(|place| place.part(&self.disks[*of])).collect()
        };
        View::new(snapshot.folders.iter().map(read).collect(), snapshot.is_newest)
    }

    /// A page of both. The store's ends early where its messages are long: after `stored_max`.
    pub(crate) fn joined_page(
        &mut self,
        snapshot: &Snapshot,
        room: RoomId,
        query: PageQuery,
        (limit, stored_max): (usize, usize),
    ) -> (Bytes, bool) {
        if let Some(page) = self.page_without_store(snapshot, room, query, limit) {
            return page;
        }
        let waiting = self.view(snapshot).page(room, query, limit).expect("images read");
        if !waiting.frames.is_empty() {
            self.coverage.saw("the journal answers for the store");
        }
        let (frames, more) = self.messages.page(room, query, stored_max.min(limit));
        let frames = heard::messages(&frames).into_iter().map(|(told, frame)| (told.id, frame)).collect();
        let page = Page { frames, more }.join(waiting, query, limit);
        (page.frames.into_iter().flat_map(|(_, frame)| frame).collect(), page.more)
    }

    /// A page that needs no store.
    pub(crate) fn page_without_store(
        &mut self,
        snapshot: &Snapshot,
        room: RoomId,
        query: PageQuery,
        limit: usize,
    ) -> Option<(Bytes, bool)> {
        let view = self.view(snapshot);
        let page = view.page(room, query, limit).expect("images read");
        let (owner, settled) = snapshot.owner;
        let is_unmoved = self.server.lanes[owner].window.settled() == settled;
        let page = view.whole(&page, query, limit).filter(|_| is_unmoved)?;
        self.coverage.saw("the journal answers without the store");
        Some((page.frames.into_iter().flat_map(|(_, frame)| frame).collect(), page.more))
    }

    pub(crate) fn joined_sends(&self, snapshot: &Snapshot, sender: Sender) -> Vec<(Sequence, MessageId)> {
        let waiting = self.view(snapshot).sends(sender).expect("images read");
        let (room, user, device) = sender;
        join_sends(self.messages.device_window(room, user, device), waiting)
    }
}
