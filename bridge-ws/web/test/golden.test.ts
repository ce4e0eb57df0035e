import { ByteBuffer } from "flatbuffers";
import { describe, expect, test } from "vitest";
import * as moim from "../src/generated/moim";
import { Decoder, type Frame } from "../src/protocol/decoder";
import { MINOR, readHeader, type Header } from "../src/protocol/header";
import { readIncoming, type Incoming } from "../src/protocol/incoming";
import { FRAME_BYTES_MAX } from "../src/protocol/limits";
import { Kind, Role } from "../src/protocol/message";
import { Opcode } from "../src/protocol/opcode";
import * as outgoing from "../src/protocol/outgoing";
import { allGolden, claimed, golden, type Golden } from "./golden";

function frameOf({ bytes }: Golden): Frame {
  const frames: Frame[] = [];
  const decoder = new Decoder(FRAME_BYTES_MAX);
  decoder.feed(bytes, (frame) => frames.push(frame));
  expect(decoder.isMidFrame()).toBe(false);
  expect(frames).toHaveLength(1);
  return frames[0] as Frame;
}

function read(name: string): Incoming {
  const incoming = readIncoming(frameOf(golden(name)));
  if (incoming === null) throw new Error(`${name} is of no operation that the page knows`);
  return incoming;
}

describe("every golden frame", () => {
  test.each(allGolden())("$name has the header that its comment says", (frame) => {
    const header = readHeader(frame.bytes) as Header;
    const line = { name: frame.name, comments: /# header: .*/.exec(frame.comments)?.[0] ?? "", bytes: frame.bytes };
    expect(header).toEqual({
      length: claimed(line, "length"),
      version: claimed(line, "version"),
      opcode: claimed(line, "operation"),
      flags: claimed(line, "flags"),
      request: claimed(line, "request"),
      session: claimed(line, "session"),
    });
    expect(frameOf(frame).header).toEqual(header);
  });
});

test("the page's table of operations has the numbers of the golden frames", () => {
  const byName = new Map(Object.entries(Opcode));
  for (const frame of allGolden()) {
    const name = /^# (\w+), 0x/.exec(frame.comments)?.[1] ?? "";
    const number = byName.get(name as keyof typeof Opcode);
    // Operations of a trunk never reach a browser, and money it asks for over HTTP.
    if (number !== undefined) expect(readHeader(frame.bytes)?.opcode, name).toBe(number);
    else expect(frame.name, name).toMatch(/^[34][\da-f]-/);
  }
});

describe("frames from the server", () => {
  test("WELCOME", () => {
    expect(read("02-welcome")).toMatchObject({
      op: "Welcome",
      request: 1,
      user: 12,
      name: "민지",
      heartbeatMs: 30_000,
    });
  });

  test("OPENED, with and without a session in its header", () => {
    const opened = {
      op: "Opened",
      request: 4,
      room: 7,
      newestId: 244327225344000,
      readMark: 244327219200000,
      role: Role.Admin,
      members: 2,
      online: [12, 15],
      name: "저녁 모임",
    };
    expect(read("11-opened")).toEqual(opened);
    expect(read("11-opened-trunk")).toEqual(opened);
  });

  test("MESSAGE", () => {
    const frame = golden("16-message");
    const incoming = read("16-message");
    expect(incoming).toMatchObject({ op: "Message", request: 0, room: claimed(frame, "room") });
    if (incoming.op !== "Message") return;
    expect(incoming.message.id).toBe(claimed(frame, "id"));
    expect(incoming.message.prevId).toBe(claimed(frame, "prev_id"));
    expect(incoming.message.sender).toBe(claimed(frame, "sender"));
    expect(incoming.message.sequence).toBe(claimed(frame, "sequence"));
    expect(incoming.message.text).toBe("안녕하세요");
    expect(incoming.message.kind).toBe(Kind.Talk);
  });

  test("MESSAGE of an event", () => {
    const incoming = read("16-message-event");
    expect(incoming.op === "Message" && incoming.message.kind >= 16 && incoming.message.device === 0).toBe(true);
  });

  test("HISTORY_PAGE holds whole MESSAGE frames", () => {
    const page = read("19-history-page");
    const single = read("16-message");
    expect(page).toMatchObject({ op: "HistoryPage", request: 7, room: 7, more: false });
    expect(page.op === "HistoryPage" && page.messages).toEqual([single.op === "Message" && single.message]);
  });

  test("MEMBER_LIST", () => {
    expect(read("21-member-list")).toEqual({
      op: "MemberList",
      request: 11,
      room: 7,
      more: false,
      members: [
        { user: 12, name: "민지", role: Role.Admin, readMark: 244327231488000, left: false, office: Role.Treasurer },
        { user: 15, name: "Ann", role: Role.Member, readMark: 244327225344000, left: true, office: Role.Member },
      ],
    });
  });

  test("ACK, ERROR, BUSY, GOODBYE, GAP, CLOSED, DONE", () => {
    const ack = golden("15-ack");
    const gap = golden("17-gap");
    expect(read("15-ack")).toMatchObject({ op: "Ack", sequence: claimed(ack, "sequence"), id: claimed(ack, "\\bid") });
    expect(read("07-error")).toMatchObject({ op: "Error", request: 3, code: 44, retryAfterMs: 0 });
    expect(read("08-busy")).toMatchObject({ op: "Busy", retryAfterMs: claimed(golden("08-busy"), "retry_after_ms") });
    expect(read("09-goodbye")).toMatchObject({ op: "Goodbye", code: claimed(golden("09-goodbye"), "code") });
    expect(read("17-gap")).toMatchObject({
      op: "Gap",
      after: claimed(gap, "after"),
      newestId: claimed(gap, "newest_id"),
    });
    expect(read("13-closed")).toMatchObject({ op: "Closed", code: claimed(golden("13-closed"), "code") });
    expect(read("0a-done")).toMatchObject({ op: "Done", id: 244327237632000 });
  });

  test("READ_MARK, TYPING, PRESENCE", () => {
    const mark = golden("1b-read-mark");
    expect(read("1b-read-mark")).toMatchObject({
      op: "ReadMark",
      user: claimed(mark, "user"),
      upTo: claimed(mark, "up_to"),
    });
    expect(read("1c-typing")).toMatchObject({ op: "Typing", room: 7 });
    expect(read("1d-presence")).toMatchObject({ op: "Presence", user: claimed(golden("1d-presence"), "user") });
  });

  test("an operation that the page does not know is passed over", () => {
    const { header, body } = frameOf(golden("05-ping"));
    expect(readIncoming({ header: { ...header, opcode: 0x7f }, body })).toBeNull();
  });
});

/** The layout of a body is the builder's own choice, so frames are compared by what they say. */
describe("frames to the server say what the golden ones say", () => {
  function bodies(mine: Uint8Array, frame: Golden): [ByteBuffer, ByteBuffer] {
    const both = [frameOf({ ...frame, bytes: mine }), frameOf(frame)] as const;
    expect({ ...both[0].header, length: 0 }).toEqual({ ...both[1].header, length: 0 });
    return [new ByteBuffer(both[0].body), new ByteBuffer(both[1].body)];
  }

  function requestOf(frame: Golden): number {
    return readHeader(frame.bytes)?.request ?? 0;
  }

  test("HELLO, without a token", () => {
    const frame = golden("01-hello");
    const [mine, theirs] = bodies(outgoing.helloFrame(claimed(frame, "device"), "golden/1.0", requestOf(frame)), frame);
    const [hello, other] = [moim.Hello.getRootAsHello(mine), moim.Hello.getRootAsHello(theirs)];
    // The golden one is of a client of minor 0.
    expect([hello.minor(), hello.device(), hello.agent()]).toEqual([MINOR, other.device(), other.agent()]);
    expect(hello.token()).toBeNull();
  });

  test("OPEN and CLOSE", () => {
    const open = golden("10-open");
    const [mine, theirs] = bodies(outgoing.openFrame(7, claimed(open, "last_seen"), requestOf(open)), open);
    const [a, b] = [moim.Open.getRootAsOpen(mine), moim.Open.getRootAsOpen(theirs)];
    expect([a.room(), a.lastSeen()]).toEqual([b.room(), b.lastSeen()]);
    const close = golden("12-close");
    const [closeMine, closeTheirs] = bodies(outgoing.closeFrame(7, requestOf(close)), close);
    expect(moim.Close.getRootAsClose(closeMine).room()).toBe(moim.Close.getRootAsClose(closeTheirs).room());
  });

  test.each([
    ["14-send", Kind.Talk, "안녕하세요"],
    ["14-send-reply", Kind.Reply, "네!"],
  ])("%s", (name, kind, text) => {
    const frame = golden(name);
    const fields = {
      room: 7,
      sequence: claimed(frame, "sequence"),
      reference: claimed(frame, "reference"),
      kind,
      text,
    };
    const [mine, theirs] = bodies(outgoing.sendFrame(fields, requestOf(frame)), frame);
    const said = [moim.Send.getRootAsSend(mine), moim.Send.getRootAsSend(theirs)].map((send) => [
      send.room(),
      send.sequence(),
      send.text(),
      send.kind(),
      send.reference(),
    ]);
    expect(said[0]).toEqual(said[1]);
  });

  test("HISTORY after an id", () => {
    const frame = golden("18-history");
    const bytes = outgoing.historyAfterFrame(7, claimed(frame, "after"), claimed(frame, "limit"), requestOf(frame));
    const [mine, theirs] = bodies(bytes, frame);
    const said = [moim.History.getRootAsHistory(mine), moim.History.getRootAsHistory(theirs)].map((history) => [
      history.room(),
      history.before(),
      history.after(),
      history.limit(),
    ]);
    expect(said[0]).toEqual(said[1]);
  });

  test("READ, MEMBERS and PING", () => {
    const read = golden("1a-read");
    const [a, b] = bodies(outgoing.readFrame(7, claimed(read, "up_to")), read);
    expect(moim.Read.getRootAsRead(a).upTo()).toBe(moim.Read.getRootAsRead(b).upTo());
    const members = golden("20-members");
    const [c, d] = bodies(outgoing.membersFrame(7, 0, claimed(members, "limit"), requestOf(members)), members);
    expect(moim.Members.getRootAsMembers(c).limit()).toBe(moim.Members.getRootAsMembers(d).limit());
    const ping = golden("05-ping");
    const [e, f] = bodies(outgoing.pingFrame(claimed(ping, "stamp"), requestOf(ping)), ping);
    expect(moim.Ping.getRootAsPing(e).stamp()).toBe(moim.Ping.getRootAsPing(f).stamp());
  });
});
