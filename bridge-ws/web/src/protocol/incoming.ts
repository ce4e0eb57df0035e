import { ByteBuffer } from "flatbuffers";
import * as moim from "../generated/moim";
import { Decoder, type Frame } from "./decoder";
import { FRAME_BYTES_MAX } from "./limits";
import { messageOf, type Message, type Role } from "./message";
import { Opcode } from "./opcode";

/** What each frame from the server says, as plain values; `op` tells them apart. */
export type Body =
  | { op: "Welcome"; user: number; name: string; expiresAtMs: number; heartbeatMs: number; server: string }
  | { op: "Ping"; stamp: bigint }
  | { op: "Pong" }
  | { op: "Error"; code: number; message: string; retryAfterMs: number }
  | { op: "Busy"; message: string; retryAfterMs: number }
  | { op: "Goodbye"; code: number; message: string; retryAfterMs: number }
  | { op: "Done"; id: number }
  | Opened
  | { op: "Closed"; room: number; code: number; message: string }
  | { op: "Ack"; room: number; sequence: number; id: number; duplicate: boolean }
  | { op: "Message"; room: number; message: Message }
  | { op: "Gap"; room: number; after: number; newestId: number }
  | HistoryPage
  | { op: "ReadMark"; room: number; user: number; upTo: number }
  | { op: "Typing"; room: number; user: number }
  | { op: "Presence"; room: number; user: number; online: boolean }
  | MemberList;

export interface Opened {
  op: "Opened";
  room: number;
  /** 0: the room is empty. */
  newestId: number;
  readMark: number;
  role: Role;
  members: number;
  /** User ids present; empty in rooms above the presence limit. */
  online: number[];
  name: string;
}

export interface HistoryPage {
  op: "HistoryPage";
  room: number;
  /** Ids rising. */
  messages: Message[];
  /** More exist in the direction asked. */
  more: boolean;
}

export interface MemberEntry {
  readonly user: number;
  readonly name: string;
  readonly role: Role;
  readonly readMark: number;
  readonly left: boolean;
  /** Treasurer, Auditor, or Member for none. */
  readonly office: Role;
}

export interface MemberList {
  op: "MemberList";
  room: number;
  members: MemberEntry[];
  more: boolean;
}

/** A frame from the server; `request` 0: unasked. */
export type Incoming = Body & { readonly request: number };

/** Reads a frame; null for operations that this version of the page does not know, which are to be ignored. */
export function readIncoming(frame: Frame): Incoming | null {
  const reader = READERS.get(frame.header.opcode);
  if (reader === undefined) return null;
  return { ...reader(new ByteBuffer(frame.body)), request: frame.header.request };
}

const READERS = new Map<number, (body: ByteBuffer) => Body>([
  [Opcode.Welcome, welcome],
  [Opcode.Ping, (body) => ({ op: "Ping", stamp: moim.Ping.getRootAsPing(body).stamp() })],
  [Opcode.Pong, () => ({ op: "Pong" })],
  [Opcode.Error, error],
  [Opcode.Busy, busy],
  [Opcode.Goodbye, goodbye],
  [Opcode.Done, (body) => ({ op: "Done", id: Number(moim.Done.getRootAsDone(body).id()) })],
  [Opcode.Opened, opened],
  [Opcode.Closed, closed],
  [Opcode.Ack, ack],
  [Opcode.Message, message],
  [Opcode.Gap, gap],
  [Opcode.HistoryPage, historyPage],
  [Opcode.ReadMark, readMark],
  [Opcode.Typing, typing],
  [Opcode.Presence, presence],
  [Opcode.MemberList, memberList],
]);

function welcome(body: ByteBuffer): Body {
  const table = moim.Welcome.getRootAsWelcome(body);
  return {
    op: "Welcome",
    user: table.user(),
    name: table.name() ?? "",
    expiresAtMs: Number(table.expiresAtMs()),
    heartbeatMs: table.heartbeatMs(),
    server: table.server() ?? "",
  };
}

function error(body: ByteBuffer): Body {
  const table = moim.Error.getRootAsError(body);
  return { op: "Error", code: table.code(), message: table.message() ?? "", retryAfterMs: table.retryAfterMs() };
}

function busy(body: ByteBuffer): Body {
  const table = moim.Busy.getRootAsBusy(body);
  return { op: "Busy", message: table.message() ?? "", retryAfterMs: table.retryAfterMs() };
}

function goodbye(body: ByteBuffer): Body {
  const table = moim.Goodbye.getRootAsGoodbye(body);
  return { op: "Goodbye", code: table.code(), message: table.message() ?? "", retryAfterMs: table.retryAfterMs() };
}

function opened(body: ByteBuffer): Body {
  const table = moim.Opened.getRootAsOpened(body);
  return {
    op: "Opened",
    room: table.room(),
    newestId: Number(table.newestId()),
    readMark: Number(table.readMark()),
    role: table.role(),
    members: table.members(),
    // Read one by one: the generated array view needs an alignment that a body within a stream does not have.
    online: Array.from({ length: table.onlineLength() }, (_, index) => table.online(index) ?? 0),
    name: table.name() ?? "",
  };
}

function closed(body: ByteBuffer): Body {
  const table = moim.Closed.getRootAsClosed(body);
  return { op: "Closed", room: table.room(), code: table.code(), message: table.message() ?? "" };
}

function ack(body: ByteBuffer): Body {
  const table = moim.Ack.getRootAsAck(body);
  return {
    op: "Ack",
    room: table.room(),
    sequence: table.sequence(),
    id: Number(table.id()),
    duplicate: table.duplicate(),
  };
}

function message(body: ByteBuffer): Body {
  const read = messageOf(moim.Message.getRootAsMessage(body));
  return { op: "Message", room: read.room, message: read };
}

function gap(body: ByteBuffer): Body {
  const table = moim.Gap.getRootAsGap(body);
  return { op: "Gap", room: table.room(), after: Number(table.after()), newestId: Number(table.newestId()) };
}

function historyPage(body: ByteBuffer): Body {
  const table = moim.HistoryPage.getRootAsHistoryPage(body);
  const messages: Message[] = [];
  const frames = table.framesArray();
  if (frames !== null) {
    new Decoder(FRAME_BYTES_MAX).feed(frames, (frame) => {
      messages.push(messageOf(moim.Message.getRootAsMessage(new ByteBuffer(frame.body))));
    });
  }
  return { op: "HistoryPage", room: table.room(), messages, more: table.more() };
}

function readMark(body: ByteBuffer): Body {
  const table = moim.ReadMark.getRootAsReadMark(body);
  return { op: "ReadMark", room: table.room(), user: table.user(), upTo: Number(table.upTo()) };
}

function typing(body: ByteBuffer): Body {
  const table = moim.Typing.getRootAsTyping(body);
  return { op: "Typing", room: table.room(), user: table.user() };
}

function presence(body: ByteBuffer): Body {
  const table = moim.Presence.getRootAsPresence(body);
  return { op: "Presence", room: table.room(), user: table.user(), online: table.online() };
}

function memberList(body: ByteBuffer): Body {
  const table = moim.MemberList.getRootAsMemberList(body);
  const members: MemberEntry[] = [];
  for (let index = 0; index < table.membersLength(); index++) {
    const entry = table.members(index);
    if (entry === null) continue;
    members.push({
      user: entry.user(),
      name: entry.name() ?? "",
      role: entry.role(),
      readMark: Number(entry.readMark()),
      left: entry.left(),
      office: entry.office(),
    });
  }
  return { op: "MemberList", room: table.room(), members, more: table.more() };
}
