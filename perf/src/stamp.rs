//! What a message of the load says. The first 32 characters tell who sent it, as which of its messages, and when it was
//! due; the rest is filler. Plain letters, so that every protocol carries it unchanged, JSON and UTF-8 included, and
//! so that reading it costs a few instructions: a nibble a character, the lowest first.

/// Characters that a stamp takes at the start of a text.
pub(crate) const STAMP_BYTES: usize = 32;

/// Who, which and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Instant from which the message's latency counts, nanoseconds on the run's clock.
    pub(crate) due_ns: u64,
    /// Number of the sender among all senders of the run.
    pub(crate) sender: u32,
    /// The sender's how-manieth message this is, from 1.
    pub(crate) counter: u32,
}

impl Stamp {
    /// Writes the stamp over the start of `text`, which is at least [`STAMP_BYTES`] long.
    pub(crate) fn write(self, text: &mut [u8]) {
        text[0..8].copy_from_slice(&letters(self.due_ns as u32));
        text[8..16].copy_from_slice(&letters((self.due_ns >> 32) as u32));
        text[16..24].copy_from_slice(&letters(self.sender));
        text[24..32].copy_from_slice(&letters(self.counter));
    }

    /// Reads the stamp at the start of `text`; `None` where there is none.
    #[inline]
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let stamp = text.first_chunk::<STAMP_BYTES>()?;
        let (words, _) = stamp.as_chunks::<8>();
        let due_low = number(words[0])?;
        let due_high = number(words[1])?;
        Some(Self {
            due_ns: u64::from(due_high) << 32 | u64::from(due_low),
            sender: number(words[2])?,
            counter: number(words[3])?,
        })
    }
}

/// A text of `text_bytes` characters of filler, for a stamp to be written over its start.
pub(crate) fn filler(text_bytes: usize) -> Vec<u8> {
    (0..text_bytes).map(|i| b"the quick brown fox jumps over the lazy dog and "[i % 48]).collect()
}

const HIGH: u64 = 0x4040_4040_4040_4040;

fn letters(value: u32) -> [u8; 8] {
    let mut x = u64::from(value);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    (x | HIGH).to_le_bytes()
}

#[inline]
fn number(letters: [u8; 8]) -> Option<u32> {
    let mut x = u64::from_le_bytes(letters);
    if x & 0xf0f0_f0f0_f0f0_f0f0 != HIGH {
        return None;
    }
    x &= 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x >> 4) & 0x00ff_00ff_00ff_00ff;
    x = (x | x >> 8) & 0x0000_ffff_0000_ffff;
    Some((x | x >> 16) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back_as_written() {
        for value in [0, 1, 0x0123_4567, 0x89ab_cdef, u32::MAX] {
            let stamp = Stamp { due_ns: u64::from(value) << 20 | 7, sender: value, counter: !value };
            let mut text = filler(100);
            stamp.write(&mut text);
            assert_eq!(Stamp::read(&text), Some(stamp));
            assert!(text.iter().all(u8::is_ascii_graphic) || text[STAMP_BYTES..].contains(&b' '));
        }
    }

    #[test]
    fn other_talk_and_short_text_carry_no_stamp() {
        assert_eq!(Stamp::read(&filler(100)), None);
        assert_eq!(Stamp::read(b"hello"), None);
    }

    #[test]
    fn a_stamp_needs_no_escape_in_json() {
        let mut text = filler(STAMP_BYTES);
        Stamp { due_ns: u64::MAX, sender: 0x5c22, counter: 9 }.write(&mut text);
        assert!(text.iter().all(|c| (b'@'..=b'O').contains(c)));
    }
}
