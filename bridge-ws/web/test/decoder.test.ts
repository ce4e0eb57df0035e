import { expect, test } from "vitest";
import { Decoder, StreamError } from "../src/protocol/decoder";
import { FLAG_SESSION, SESSION_HEADER_BYTES, readHeader, writeFrame } from "../src/protocol/header";

const STREAM = join([
  writeFrame(5, 1, new Uint8Array(0)),
  writeFrame(6, 2, new TextEncoder().encode("four")),
  writeFrame(0x14, 0xdead_beef, new Uint8Array(300).fill(9)),
]);

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

function decode(pieces: readonly Uint8Array[]): [number, number, number][] {
  const decoder = new Decoder(1024);
  const seen: [number, number, number][] = [];
  for (const piece of pieces) {
    decoder.feed(piece, ({ header, body }) => seen.push([header.opcode, header.request, body.length]));
  }
  expect(decoder.isMidFrame()).toBe(false);
  return seen;
}

test("any split of the stream gives the same frames", () => {
  const whole = [
    [5, 1, 0],
    [6, 2, 4],
    [0x14, 0xdead_beef, 300],
  ];
  for (let a = 0; a <= STREAM.length; a++) {
    for (let b = a; b <= STREAM.length; b += 7) {
      expect(decode([STREAM.subarray(0, a), STREAM.subarray(a, b), STREAM.subarray(b)])).toEqual(whole);
    }
  }
});

test("a length out of bounds ends the stream before its body arrives", () => {
  const tooLong = new Uint8Array([0, 8, 0, 0]);
  const tooShort = new Uint8Array([3, 0, 0, 0]);
  expect(() => new Decoder(1024).feed(tooLong, () => {})).toThrow(StreamError);
  expect(() => new Decoder(1024).feed(tooShort, () => {})).toThrow(StreamError);
});

test("another version ends the stream", () => {
  const frame = writeFrame(5, 0, new Uint8Array(0));
  frame[4] = 2;
  expect(() => new Decoder(1024).feed(frame, () => {})).toThrow(/version 2/);
});

test("a session in the header is read and skipped", () => {
  const frame = new Uint8Array(SESSION_HEADER_BYTES + 2).fill(7);
  const view = new DataView(frame.buffer);
  view.setUint32(0, frame.length, true);
  view.setUint8(4, 1);
  view.setUint16(6, FLAG_SESSION, true);
  expect(readHeader(frame)?.session).toBe(0x0707_0707);
  expect(decode([frame])).toEqual([[7, 0x0707_0707, 2]]);
});

test("a session flag without room for the session is refused", () => {
  const frame = new Uint8Array(SESSION_HEADER_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 12, true);
  view.setUint8(4, 1);
  view.setUint16(6, FLAG_SESSION, true);
  expect(() => new Decoder(1024).feed(frame, () => {})).toThrow(StreamError);
});
