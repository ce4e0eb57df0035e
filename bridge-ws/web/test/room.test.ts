import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OnAnswer } from "../src/connection/requests";
import { Decoder } from "../src/protocol/decoder";
import { ErrorCode } from "../src/protocol/errorCode";
import type { Body, Opened } from "../src/protocol/incoming";
import { FRAME_BYTES_MAX } from "../src/protocol/limits";
import { Kind, Role, type Message } from "../src/protocol/message";
import { Opcode } from "../src/protocol/opcode";
import type { FrameBytes } from "../src/protocol/outgoing";
import { OutboxStorage } from "../src/room/outboxStorage";
import { Room } from "../src/room/room";
import { chain, message } from "./messages";

const ME = 1;
const DEVICE = 77;
const ENTRY = {
  id: 7,
  name: "토요 등산회",
  description: "",
  role: Role.Member,
  private: false,
  members: 2,
  readMark: 10,
  unread: 0,
  newestId: 10,
};

/** What the room wrote to the line, and the way to answer it. */
interface Asked {
  readonly opcode: number;
  readonly answer: OnAnswer;
}

let asked: Asked[];
let ended: number[];
let uncounted: number;
let room: Room;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  ended = [];
  uncounted = 0;
  room = new Room(ENTRY, {
    line: {
      request: (encode: (id: number) => FrameBytes, answer: OnAnswer) =>
        asked.push({ opcode: opcodeOf(encode(1)), answer }),
      post: (frame: FrameBytes) => asked.push({ opcode: opcodeOf(frame), answer: () => {} }),
    },
    me: ME,
    device: DEVICE,
    storage: new OutboxStorage(null, ME, DEVICE, () => {}),
    changed: () => {},
    ended: (_, code) => ended.push(code),
    wantsPreview: () => {},
    wantsListing: () => uncounted++,
    tooMany: () => {},
  });
});

afterEach(() => {
  room.dispose();
  vi.useRealTimers();
});

function opcodeOf(bytes: FrameBytes): number {
  let opcode = 0;
  new Decoder(FRAME_BYTES_MAX).feed(bytes, ({ header }) => (opcode = header.opcode));
  return opcode;
}

/** Answers the oldest request of that operation that is still open. */
function answer(opcode: number, body: Body | null): void {
  const index = asked.findIndex((request) => request.opcode === opcode);
  const [request] = asked.splice(index, 1);
  if (index < 0 || request === undefined) throw new Error(`no request with operation ${opcode}`);
  request.answer(body === null ? null : { ...body, request: 1 });
}

function pending(opcode: number): number {
  return asked.filter((request) => request.opcode === opcode).length;
}

function opened(newestId: number, rest: Partial<Opened> = {}): Opened {
  const { id, name, role } = ENTRY;
  return { op: "Opened", room: id, newestId, readMark: 10, role, members: 2, online: [ME], name, ...rest };
}

function live(next: Message): void {
  room.frame({ op: "Message", room: 7, message: next, request: 0 });
}

function openAt10(): void {
  room.open();
  answer(Opcode.Open, opened(10));
}

const error = (code: number): Body => ({ op: "Error", code, message: "", retryAfterMs: 0 });

describe("opening", () => {
  test("asks for the talk and the members of a room on the screen, and for nothing of another", () => {
    openAt10();
    expect(pending(Opcode.History) + pending(Opcode.Members)).toBe(0);
    room.show();
    expect([pending(Opcode.History), pending(Opcode.Members)]).toEqual([1, 1]);
    answer(Opcode.History, { op: "HistoryPage", room: 7, messages: chain([9, 10]), more: false });
    expect(room.state.messages.map(({ id }) => id)).toEqual([9, 10]);
    expect(room.state.atStart).toBe(true);
  });

  test("that the server is too busy for is tried again", () => {
    room.open();
    answer(Opcode.Open, { op: "Busy", message: "", retryAfterMs: 4_000 });
    expect(pending(Opcode.Open)).toBe(0);
    vi.advanceTimersByTime(4_000);
    expect(pending(Opcode.Open)).toBe(1);
  });

  test("with an id from the future forgets what was held and opens anew", () => {
    openAt10();
    live(message(11, 10));
    room.lost();
    room.open();
    answer(Opcode.Open, error(ErrorCode.IdFromTheFuture));
    answer(Opcode.Open, opened(4));
    expect(room.state.messages).toEqual([]);
    expect(room.state.current).toBe(true);
  });

  test("a room that one is no member of any more ends it", () => {
    room.open();
    answer(Opcode.Open, error(ErrorCode.NotAMember));
    expect(ended).toEqual([ErrorCode.NotAMember]);
    openAt10();
    room.frame({ op: "Closed", room: 7, code: ErrorCode.RoomDeleted, message: "", request: 0 });
    expect(ended).toEqual([ErrorCode.NotAMember, ErrorCode.RoomDeleted]);
  });

  test("a room with messages that the listing did not count asks for a fresh listing", () => {
    room.open();
    answer(Opcode.Open, opened(12));
    expect(uncounted).toBe(1);
    room.listed({ ...ENTRY, newestId: 12, unread: 2 });
    expect(room.state.unread).toBe(2);
  });
});

describe("what is unread", () => {
  beforeEach(openAt10);

  test("grows by what others say and what happens, and one's own word ends it", () => {
    live(message(11, 10, { sender: 2 }));
    live(message(12, 11, { sender: 3, kind: Kind.MemberJoined, device: 0, reference: 3 }));
    expect(room.state.unread).toBe(2);
    live(message(13, 12, { sender: ME }));
    expect(room.state.unread).toBe(0);
  });

  test("falls when it is read here or on another device", () => {
    for (const next of chain([11, 12, 13], 10)) live({ ...next, sender: 2 });
    room.frame({ op: "ReadMark", room: 7, user: ME, upTo: 12, request: 0 });
    expect(room.state.unread).toBe(1);
    room.read(13);
    expect(room.state.unread).toBe(0);
    expect(pending(Opcode.Read)).toBe(1);
  });

  test("is not counted twice where the listing and the stream both tell of it", () => {
    room.lost();
    room.listed({ ...ENTRY, newestId: 12, unread: 2 });
    room.open();
    answer(Opcode.Open, opened(13));
    for (const next of chain([11, 12, 13], 10)) live({ ...next, sender: 2 });
    expect(room.state.unread).toBe(3);
    room.listed({ ...ENTRY, newestId: 11, unread: 1 });
    expect(room.state.unread).toBe(3);
  });

  test("stops at a hundred", () => {
    for (const next of chain(
      Array.from({ length: 150 }, (_, index) => 11 + index),
      10,
    ))
      live({ ...next, sender: 2 });
    expect(room.state.unread).toBe(100);
  });
});

describe("saying something", () => {
  const ways = (): string[] => room.state.outgoing.map(({ state }) => state);

  test("before the room is open waits, and goes out when it is", () => {
    room.say("안녕", 0);
    expect([ways(), pending(Opcode.Send)]).toEqual([["waiting"], 0]);
    openAt10();
    expect([ways(), pending(Opcode.Send)]).toEqual([["sent"], 1]);
  });

  test("shows it until the room itself does, whichever of ACK and MESSAGE comes first", () => {
    openAt10();
    room.say("하나", 0);
    room.say("둘", 0);
    const [one, two] = room.state.outgoing.map(({ sequence }) => sequence) as [number, number];
    answer(Opcode.Send, { op: "Ack", room: 7, sequence: one, id: 11, duplicate: false });
    expect(ways()).toEqual(["stored", "sent"]);
    live(message(11, 10, { sender: ME, device: DEVICE, sequence: one }));
    live(message(12, 11, { sender: ME, device: DEVICE, sequence: two }));
    expect(ways()).toEqual([]);
    answer(Opcode.Send, { op: "Ack", room: 7, sequence: two, id: 12, duplicate: false });
    expect(room.state.messages.map(({ id }) => id)).toEqual([11, 12]);
  });

  test("across a break goes out again, and a duplicate that the room shows already is done", () => {
    openAt10();
    room.say("하나", 0);
    const sequence = room.state.outgoing[0]?.sequence ?? 0;
    answer(Opcode.Send, null);
    room.lost();
    expect(ways()).toEqual(["waiting"]);
    room.open();
    answer(Opcode.Open, opened(11));
    live(message(11, 10, { sender: ME, device: DEVICE, sequence }));
    answer(Opcode.Send, { op: "Ack", room: 7, sequence, id: 11, duplicate: true });
    expect(ways()).toEqual([]);
    expect(room.state.messages).toHaveLength(1);
  });

  test("that is refused stays until it is tried again", () => {
    openAt10();
    room.say("하나", 0);
    answer(Opcode.Send, error(ErrorCode.RateLimited));
    expect(ways()).toEqual(["refused"]);
    room.retry(room.state.outgoing[0]?.key ?? "");
    expect([ways(), pending(Opcode.Send)]).toEqual([["sent"], 1]);
  });

  test("again to a busy server waits before the next time", () => {
    openAt10();
    room.say("하나", 0);
    answer(Opcode.Send, null);
    room.lost();
    openAt10();
    answer(Opcode.Send, { op: "Busy", message: "", retryAfterMs: 3_000 });
    expect([ways(), pending(Opcode.Send)]).toEqual([["waiting"], 0]);
    vi.advanceTimersByTime(3_000);
    expect([ways(), pending(Opcode.Send)]).toEqual([["sent"], 1]);
  });
});

test("members that OPENED counted are not counted again as they come by", () => {
  openAt10();
  live(message(11, 10, { sender: 2 }));
  room.lost();
  room.open();
  answer(Opcode.Open, opened(12, { members: 3 }));
  live(message(12, 11, { kind: Kind.MemberJoined, device: 0, reference: 3, sender: 3 }));
  expect(room.state.members).toBe(3);
  live(message(13, 12, { kind: Kind.MemberLeft, device: 0, reference: 3, sender: 3 }));
  expect(room.state.members).toBe(2);
});

test("typing is shown until it is over, or the typist has spoken", () => {
  openAt10();
  const types = (user: number): void => room.frame({ op: "Typing", room: 7, user, request: 0 });
  types(2);
  types(3);
  types(ME);
  expect(room.state.typing).toEqual([2, 3]);
  live(message(11, 10, { sender: 2 }));
  expect(room.state.typing).toEqual([3]);
  room.expireTyping(Date.now() + 60_000);
  expect(room.state.typing).toEqual([]);
});

test("a gap whose history cannot be had yet is asked for again", () => {
  openAt10();
  room.frame({ op: "Gap", room: 7, after: 10, newestId: 12, request: 0 });
  expect(room.state.current).toBe(false);
  answer(Opcode.History, error(ErrorCode.StoreUnavailable));
  vi.advanceTimersByTime(2_000);
  answer(Opcode.History, { op: "HistoryPage", room: 7, messages: chain([11, 12], 10), more: false });
  expect(room.state.messages.map(({ id }) => id)).toEqual([11, 12]);
  expect(room.state.current).toBe(true);
});

test("a role that is handed to the user is his at once", () => {
  openAt10();
  live(message(11, 10, { kind: Kind.RoleChanged, device: 0, reference: 2, role: Role.Admin }));
  expect(room.state.role).toBe(Role.Member);
  live(message(12, 11, { kind: Kind.RoleChanged, device: 0, reference: ME, role: Role.Admin }));
  expect(room.state.role).toBe(Role.Admin);
});

test("what a room is about is asked for once it is looked at, however often it changed", () => {
  openAt10();
  live(message(11, 10, { kind: Kind.RoomChanged, device: 0, text: "새 이름" }));
  live(message(12, 11, { kind: Kind.RoomChanged, device: 0, text: "더 새 이름" }));
  expect([room.state.name, uncounted]).toEqual(["더 새 이름", 0]);
  room.show();
  expect(uncounted).toBe(1);
});

test("a notice is unread until it is read, taken back, or one's own", () => {
  openAt10();
  live(message(11, 10, { sender: 2, kind: Kind.Notice }));
  live(message(12, 11, { sender: 2 }));
  expect(room.state.notice?.id).toBe(11);
  live(message(13, 12, { sender: 2, kind: Kind.Delete, reference: 11 }));
  expect(room.state.notice).toBe(null);
  live(message(14, 13, { sender: 2, kind: Kind.Notice }));
  expect(room.state.notice?.id).toBe(14);
  room.read(14);
  expect(room.state.notice).toBe(null);
});

test("quoted messages outside of what is loaded are asked for once each, one after the other", () => {
  openAt10();
  room.quote(4);
  room.quote(4);
  room.quote(5);
  expect(pending(Opcode.History)).toBe(1);
  answer(Opcode.History, { op: "HistoryPage", room: 7, messages: [message(4, 3)], more: true });
  expect(room.state.quotes.get(4)?.text).toBe("message 4");
  expect(pending(Opcode.History)).toBe(0);
  vi.advanceTimersByTime(1_000);
  answer(Opcode.History, { op: "HistoryPage", room: 7, messages: [message(3, 2)], more: true });
  room.quote(4);
  room.quote(5);
  vi.advanceTimersByTime(1_000);
  expect(pending(Opcode.History)).toBe(0);
});
