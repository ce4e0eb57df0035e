//! The header before every body. Little-endian:
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 4 | length of the whole frame, header included |
//! | 4 | 1 | version, [`VERSION`] |
//! | 5 | 1 | operation, [`Opcode`](crate::Opcode) |
//! | 6 | 2 | flags |
//! | 8 | 4 | request id; an answer carries its request's, 0 is unasked |
//! | 12 | 4 | session id, only where [`FLAG_SESSION`] is set |

/// The protocol's major version: what every frame's header carries.
pub const VERSION: u8 = 1;
/// The protocol's minor version: what HELLO and WELCOME negotiate.
pub const MINOR: u16 = 1;
/// Header flag: four bytes of session id follow. Set on a trunk's frames for one session.
pub const FLAG_SESSION: u16 = 1;
/// Bytes of a header without a session id.
pub const HEADER_BYTES: usize = 12;
/// Bytes of a header with a session id.
pub const SESSION_HEADER_BYTES: usize = 16;

/// A frame's header, decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the whole frame.
    pub length: u32,
    /// Major version of the sender.
    pub version: u8,
    /// The operation's number, known or not.
    pub opcode: u8,
    /// Flags; unknown ones are ignored.
    pub flags: u16,
    /// 0: unasked.
    pub request: u32,
    /// 0 where the frame carries none.
    pub session: u32,
}

impl Header {
    /// Reads a header; `None` until `bytes` holds all of it.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let fixed = bytes.first_chunk::<HEADER_BYTES>()?;
        let [l0, l1, l2, l3, version, opcode, f0, f1, r0, r1, r2, r3] = *fixed;
        let flags = u16::from_le_bytes([f0, f1]);
        let session = if flags & FLAG_SESSION == 0 {
            0
        } else {
            u32::from_le_bytes(*bytes.get(HEADER_BYTES..)?.first_chunk::<4>()?)
        };
        Some(Self {
            length: u32::from_le_bytes([l0, l1, l2, l3]),
            version,
            opcode,
            flags,
            request: u32::from_le_bytes([r0, r1, r2, r3]),
            session,
        })
    }

    /// Bytes that this header takes.
    pub const fn size(&self) -> usize {
        if self.flags & FLAG_SESSION == 0 { HEADER_BYTES } else { SESSION_HEADER_BYTES }
    }

    /// Appends the header to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.length.to_le_bytes());
        out.extend_from_slice(&[self.version, self.opcode]);
        out.extend_from_slice(&self.flags.to_le_bytes());
        out.extend_from_slice(&self.request.to_le_bytes());
        if self.flags & FLAG_SESSION != 0 {
            out.extend_from_slice(&self.session.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_as_written() {
        for (flags, session) in [(0, 0), (FLAG_SESSION, 7), (0x8000, 0)] {
            let header = Header { length: 99, version: 1, opcode: 0x14, flags, request: 0xdead_beef, session };
            let mut bytes = Vec::new();
            header.write(&mut bytes);
            assert_eq!(bytes.len(), header.size());
            assert_eq!(Header::read(&bytes), Some(header));
            assert_eq!(Header::read(&bytes[..bytes.len() - 1]), None);
        }
    }
}
