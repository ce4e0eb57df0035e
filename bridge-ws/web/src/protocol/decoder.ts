import { HEADER_BYTES, VERSION, readHeader, headerBytes, type Header } from "./header";

/** A whole frame: its header, and the body in place within the input. */
export interface Frame {
  readonly header: Header;
  readonly body: Uint8Array;
}

/** The stream cannot be followed any further; the connection must end. */
export class StreamError extends Error {
  override readonly name = "StreamError";
}

/**
 * Incremental decoder of one direction of a connection. A WebSocket message holds one or several frames back to back;
 * nothing promises that it ends where a frame ends, so a cut frame is kept until its rest arrives.
 */
export class Decoder {
  #partial: Uint8Array = new Uint8Array(0);

  constructor(private readonly frameBytesMax: number) {}

  /** Takes the next piece of the stream and calls `onFrame` for each frame that it completes, in order. */
  feed(piece: Uint8Array, onFrame: (frame: Frame) => void): void {
    let rest = this.#partial.length === 0 ? piece : join(this.#partial, piece);
    for (;;) {
      const frame = this.#first(rest);
      if (frame === null) break;
      rest = rest.subarray(frame.header.length);
      onFrame(frame);
    }
    this.#partial = rest.slice();
  }

  /** Whether the stream stands within a frame. */
  isMidFrame(): boolean {
    return this.#partial.length > 0;
  }

  #first(bytes: Uint8Array): Frame | null {
    if (bytes.length < 4) return null;
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    if (length < HEADER_BYTES || length > this.frameBytesMax) {
      throw new StreamError(`a frame of ${length} bytes; allowed are ${HEADER_BYTES} to ${this.frameBytesMax}`);
    }
    const version = bytes[4];
    if (version !== undefined && version !== VERSION) {
      throw new StreamError(`protocol version ${version}; spoken here is ${VERSION}`);
    }
    const header = readHeader(bytes);
    if (header === null) return null;
    if (headerBytes(header.flags) > length) {
      throw new StreamError(`a frame of ${length} bytes cannot hold the session that its flags promise`);
    }
    if (bytes.length < length) return null;
    return { header, body: bytes.subarray(headerBytes(header.flags), length) };
  }
}

function join(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}
