/**
 * The header before every body, little-endian: length u32, version u8, operation u8, flags u16, request u32, and a
 * session u32 where FLAG_SESSION is set. A browser gets frames that a trunk carried, so it must skip the session.
 */

export const VERSION = 1;
export const MINOR = 1;
export const FLAG_SESSION = 1;
export const HEADER_BYTES = 12;
export const SESSION_HEADER_BYTES = 16;

export interface Header {
  /** Bytes of the whole frame, header included. */
  readonly length: number;
  readonly version: number;
  /** The operation's number, known or not. */
  readonly opcode: number;
  readonly flags: number;
  /** 0: unasked. */
  readonly request: number;
  /** 0 where the frame carries none. */
  readonly session: number;
}

/** Bytes that a header with these flags takes. */
export function headerBytes(flags: number): number {
  return (flags & FLAG_SESSION) === 0 ? HEADER_BYTES : SESSION_HEADER_BYTES;
}

/** Reads the header at the start of `bytes`; null until all of it is there. */
export function readHeader(bytes: Uint8Array): Header | null {
  if (bytes.length < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(6, true);
  if (bytes.length < headerBytes(flags)) return null;
  return {
    length: view.getUint32(0, true),
    version: view.getUint8(4),
    opcode: view.getUint8(5),
    flags,
    request: view.getUint32(8, true),
    session: (flags & FLAG_SESSION) === 0 ? 0 : view.getUint32(HEADER_BYTES, true),
  };
}

/** A whole frame without session: header, then `body`. */
export function writeFrame(opcode: number, request: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, frame.length, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, opcode);
  view.setUint32(8, request, true);
  frame.set(body, HEADER_BYTES);
  return frame;
}
