/** Limits of the protocol, the same on both ends. */

/** Largest frame from the server to a client. */
export const FRAME_BYTES_MAX = 1024 * 1024;
/** Characters of a message's text (Unicode scalar values). */
export const TEXT_CHARS_MAX = 4_000;
/** Messages on one history page. */
export const HISTORY_LIMIT_MAX = 200;
/** Entries of one page of members. */
export const LIST_LIMIT_MAX = 500;
/** Sends that a device may have unacknowledged in one room. */
export const SENDS_IN_FLIGHT_MAX = 64;
/** Unread counts are exact below this and stop here. */
export const UNREAD_MAX = 100;
/** Rooms of at most this many members hear who comes and goes. */
export const PRESENCE_MEMBERS_MAX = 200;
