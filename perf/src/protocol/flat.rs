//! Fields of a FlatBuffers table, read in place without verifying the whole body first. Every access is bounds-checked,
//! so a bad body yields `None`, never a wrong read outside of it. The generator reads millions of messages a second on
//! one core; full verification of each would make it, not the server, the limit.

/// A table within a body.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    table: usize,
    vtable: usize,
    vtable_bytes: usize,
}

impl<'a> Table<'a> {
    /// The root table of a body.
    #[inline]
    pub(super) fn root(bytes: &'a [u8]) -> Option<Self> {
        let table = u32_at(bytes, 0)? as usize;
        let back = u32_at(bytes, table)?.cast_signed();
        let vtable = usize::try_from(i64::try_from(table).ok()? - i64::from(back)).ok()?;
        let vtable_bytes = usize::from(u16_at(bytes, vtable)?);
        Some(Self { bytes, table, vtable, vtable_bytes })
    }

    /// Where the field of that slot lies; `None` where it has its default.
    #[inline]
    fn at(&self, slot: usize) -> Option<usize> {
        let entry = 4 + 2 * slot;
        if entry + 2 > self.vtable_bytes {
            return None;
        }
        match u16_at(self.bytes, self.vtable + entry)? {
            0 => None,
            offset => Some(self.table + usize::from(offset)),
        }
    }

    /// A struct of `N` bytes, in place.
    #[inline]
    pub(super) fn bytes<const N: usize>(&self, slot: usize) -> Option<&'a [u8; N]> {
        self.bytes.get(self.at(slot)?..)?.first_chunk::<N>()
    }

    /// A text or a vector of bytes.
    #[inline]
    pub(super) fn vector(&self, slot: usize) -> Option<&'a [u8]> {
        let field = self.at(slot)?;
        let start = field + u32_at(self.bytes, field)? as usize;
        let length = u32_at(self.bytes, start)? as usize;
        self.bytes.get(start + 4..)?.get(..length)
    }

    /// A byte, 0 by default.
    #[inline]
    pub(super) fn byte(&self, slot: usize) -> u8 {
        self.at(slot).and_then(|at| self.bytes.get(at).copied()).unwrap_or(0)
    }
}

#[inline]
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk::<2>().map(|b| u16::from_le_bytes(*b))
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|b| u32::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use moim_wire::{Encoder, Envelope, Frame, MessageFields, limits, schema};

    fn message() -> Vec<u8> {
        let mut frame = Vec::new();
        let fields = MessageFields {
            head: schema::MessageHead::new(0x0102_0304_0506, 77, 7, 8, 9, 10),
            text: "hello",
            reference: 5,
            kind: schema::Kind::MemberJoined,
            role: schema::Role::Admin,
        };
        Encoder::new().message(&mut frame, Envelope::default(), &fields);
        frame
    }

    #[test]
    fn the_fields_are_those_that_the_verified_reader_sees() {
        let bytes = message();
        let frame = Frame::first(&bytes, limits::FRAME_BYTES_MAX).unwrap().unwrap();
        let verified = moim_wire::body::read::<schema::Message<'_>>(frame.body()).unwrap();
        let table = Table::root(frame.body()).unwrap();
        assert_eq!(table.bytes::<32>(0).unwrap()[..8], verified.head().id().to_le_bytes());
        assert_eq!(table.vector(1).unwrap(), verified.text().as_bytes());
        assert_eq!(table.byte(3), verified.kind().0);
    }

    #[test]
    fn a_body_cut_or_altered_anywhere_reads_nothing_outside_of_itself() {
        let bytes = message();
        let body = &bytes[moim_wire::HEADER_BYTES..];
        for cut in 0..body.len() {
            if let Some(table) = Table::root(&body[..cut]) {
                let _ = (table.bytes::<32>(0), table.vector(1), table.byte(3));
            }
        }
        for at in 0..body.len() {
            let mut altered = body.to_vec();
            altered[at] ^= 0xff;
            if let Some(table) = Table::root(&altered) {
                let _ = (table.bytes::<32>(0), table.vector(1), table.byte(3));
            }
        }
    }
}
