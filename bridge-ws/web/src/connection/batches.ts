import type { FrameBytes } from "../protocol/outgoing";

/** Joins frames, in order, into pieces of at most `bytesMax`; a frame above that makes a piece of its own. */
export function batches(frames: readonly FrameBytes[], bytesMax: number): FrameBytes[] {
  const pieces: FrameBytes[] = [];
  let gathered: FrameBytes[] = [];
  let bytes = 0;
  for (const frame of frames) {
    if (bytes > 0 && bytes + frame.length > bytesMax) {
      pieces.push(join(gathered, bytes));
      gathered = [];
      bytes = 0;
    }
    gathered.push(frame);
    bytes += frame.length;
  }
  if (bytes > 0) pieces.push(join(gathered, bytes));
  return pieces;
}

function join(frames: readonly FrameBytes[], bytes: number): FrameBytes {
  const joined = new Uint8Array(bytes);
  let offset = 0;
  for (const frame of frames) {
    joined.set(frame, offset);
    offset += frame.length;
  }
  return joined;
}
