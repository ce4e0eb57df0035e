//! What a trunk brought for browsers and is not written yet: each frame stands here once, as a WebSocket message, however many
//! browsers get it, and each browser has a chain of stretches of it. Neither costs an allocation a frame.

use crate::websocket::put_header;

const NONE: u32 = u32::MAX;
/// Memory that a burst made larger than this is given back.
const KEPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Messages since the last flush, and who gets which.
#[derive(Default)]
pub(super) struct Gathering {
    bytes: Vec<u8>,
    stretches: Vec<Stretch>,
    joined: Vec<u8>,
}

/// Where a message lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    start: u32,
    end: u32,
}

/// Messages for one browser that lie side by side, and where its next ones are.
struct Stretch {
    start: u32,
    end: u32,
    next: u32,
}

/// A browser's stretches.
pub(super) struct Share {
    first: u32,
    last: u32,
}

impl Share {
    pub(super) const EMPTY: Self = Self { first: NONE, last: NONE };

    pub(super) const fn is_empty(&self) -> bool {
        self.first == NONE
    }
}

impl Gathering {
    /// Puts a frame in. The caller flushes long before 4 GiB are gathered.
    pub(super) fn add(&mut self, frame: &[u8]) -> Place {
        let start = self.bytes.len() as u32;
        put_header(&mut self.bytes, frame.len());
        self.bytes.extend_from_slice(frame);
        Place { start, end: self.bytes.len() as u32 }
    }

    /// Makes the message at `place` a part of a share.
    #[inline]
    pub(super) fn give(&mut self, share: &mut Share, place: Place) {
        let number = self.stretches.len() as u32;
        if let Some(last) = self.stretches.get_mut(share.last as usize) {
            if last.end == place.start {
                last.end = place.end;
                return;
            }
            last.next = number;
        } else {
            share.first = number;
        }
        share.last = number;
        self.stretches.push(Stretch { start: place.start, end: place.end, next: NONE });
    }

    /// The bytes of a share, which is empty afterwards.
    pub(super) fn take(&mut self, share: &mut Share) -> &[u8] {
        let Share { first, .. } = std::mem::replace(share, Share::EMPTY);
        let Some(stretch) = self.stretches.get(first as usize) else { return &[] };
        if stretch.next == NONE {
            return &self.bytes[stretch.start as usize..stretch.end as usize];
        }
        self.joined.clear();
        let mut next = first;
        while let Some(stretch) = self.stretches.get(next as usize) {
            self.joined.extend_from_slice(&self.bytes[stretch.start as usize..stretch.end as usize]);
            next = stretch.next;
        }
        &self.joined
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets all messages. No share may be left.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES_MAX);
        self.stretches.clear();
        self.stretches.shrink_to(KEPT_BYTES_MAX / size_of::<Stretch>());
        self.joined.shrink_to(KEPT_BYTES_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_share_has_its_messages_in_order_and_the_bytes_stand_once() {
        let mut gathering = Gathering::default();
        let [mut anna, mut boram, mut nobody] = [Share::EMPTY, Share::EMPTY, Share::EMPTY];
        let frames = [b"one".as_slice(), b"two", b"three"];
        let [one, two, three] = frames.map(|frame| gathering.add(frame));
        for place in [one, two, three] {
            gathering.give(&mut anna, place);
        }
        for place in [one, three] {
            gathering.give(&mut boram, place);
        }
        assert_eq!(gathering.stretches.len(), 3, "neighbours are one stretch");
        assert_eq!(gathering.take(&mut anna), b"\x82\x03one\x82\x03two\x82\x05three");
        assert_eq!(gathering.take(&mut boram), b"\x82\x03one\x82\x05three");
        assert_eq!(gathering.take(&mut nobody), b"");
        assert!(anna.is_empty() && boram.is_empty());
        gathering.clear();
        let place = gathering.add(b"four");
        gathering.give(&mut boram, place);
        assert_eq!(gathering.take(&mut boram), b"\x82\x04four");
    }
}
