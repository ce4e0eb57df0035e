//! Limits of the protocol, the same on both ends. Limits that an operator may set are in the engine's `LIMITS.md`.

/// Largest frame from a client to a server, header included.
pub const REQUEST_BYTES_MAX: usize = 32 * 1024;
/// Largest frame from a server to a client, and on a trunk in either direction.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;
/// Characters of a message's text (Unicode scalar values).
pub const TEXT_CHARS_MAX: usize = 4_000;
/// Messages on one history page.
pub const HISTORY_LIMIT_MAX: usize = 200;
/// Bytes of frames on one history page; a page ends before it would pass this, however many messages were asked for.
pub const HISTORY_BYTES_MAX: usize = 512 * 1024;
/// Entries of one page of members, rooms, charges or a wallet's entries.
pub const LIST_LIMIT_MAX: usize = 500;
/// Requests or expenses on one page, whose texts are longer.
pub const MONEY_LIMIT_MAX: usize = 100;
/// Sends that a device may have unacknowledged in one room. The server remembers as many of the newest sequences.
pub const SENDS_IN_FLIGHT_MAX: usize = 64;
/// Messages that OPEN hands over by itself; a client that missed more gets a GAP.
pub const CATCH_UP_MAX: usize = 256;
/// Bytes of those messages' frames; a client that missed more gets a GAP, too.
pub const CATCH_UP_BYTES_MAX: usize = 64 * 1024;
/// `RoomEntry.unread` is exact below this and stops here.
pub const UNREAD_MAX: u32 = 100;
/// Rooms of at most this many members hear who comes and goes.
pub const PRESENCE_MEMBERS_MAX: usize = 200;
