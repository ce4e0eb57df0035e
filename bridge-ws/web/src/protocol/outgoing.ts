import { Builder, type Offset } from "flatbuffers";
import { Close, Goodbye, Hello, History, type Kind, Members, Open, Ping, Read, Send, Typing } from "../generated/moim";
import { writeFrame, MINOR } from "./header";
import { Opcode } from "./opcode";

/** Frames that the page sends, each as whole bytes. `request` is what the answer will carry; 0 asks for none. */
export type FrameBytes = Uint8Array<ArrayBuffer>;

export interface SendFields {
  readonly room: number;
  readonly sequence: number;
  readonly text: string;
  readonly kind: Kind;
  /** Of a reply, the quoted message's id; else 0. */
  readonly reference: number;
}

function frame(opcode: number, request: number, build: (builder: Builder) => Offset): FrameBytes {
  const builder = new Builder(256);
  builder.finish(build(builder));
  return writeFrame(opcode, request, builder.asUint8Array());
}

/** No token: the bridge takes the login from the cookie of the WebSocket's upgrade. */
export function helloFrame(device: number, agent: string, request: number): FrameBytes {
  return frame(Opcode.Hello, request, (b) => {
    const agentOffset = b.createString(agent);
    Hello.startHello(b);
    Hello.addMinor(b, MINOR);
    Hello.addDevice(b, device);
    Hello.addAgent(b, agentOffset);
    return Hello.endHello(b);
  });
}

export function pingFrame(stamp: number, request: number): FrameBytes {
  return frame(Opcode.Ping, request, (b) => Ping.createPing(b, BigInt(stamp)));
}

/** Answers a PING with its own body, so that the stamp returns untouched. */
export function pongFrame(stamp: bigint, request: number): FrameBytes {
  return frame(Opcode.Pong, request, (b) => Ping.createPing(b, stamp));
}

/** Takes leave in peace. */
export function goodbyeFrame(): FrameBytes {
  return frame(Opcode.Goodbye, 0, (b) => Goodbye.createGoodbye(b, 0, 0, 0));
}

export function openFrame(room: number, lastSeen: number, request: number): FrameBytes {
  return frame(Opcode.Open, request, (b) => Open.createOpen(b, room, BigInt(lastSeen)));
}

export function closeFrame(room: number, request: number): FrameBytes {
  return frame(Opcode.Close, request, (b) => Close.createClose(b, room));
}

export function sendFrame(fields: SendFields, request: number): FrameBytes {
  return frame(Opcode.Send, request, (b) => {
    const text = b.createString(fields.text);
    return Send.createSend(b, fields.room, fields.sequence, text, fields.kind, BigInt(fields.reference));
  });
}

/** The page before an id, newest first below it; 0: from the newest. */
export function historyBeforeFrame(room: number, before: number, limit: number, request: number): FrameBytes {
  return frame(Opcode.History, request, (b) => History.createHistory(b, room, BigInt(before), 0n, limit));
}

/** The page after an id (not 0), oldest first above it. */
export function historyAfterFrame(room: number, after: number, limit: number, request: number): FrameBytes {
  return frame(Opcode.History, request, (b) => History.createHistory(b, room, 0n, BigInt(after), limit));
}

/** Asks for no answer: a mark that is lost is overtaken by the next. */
export function readFrame(room: number, upTo: number): FrameBytes {
  return frame(Opcode.Read, 0, (b) => Read.createRead(b, room, BigInt(upTo)));
}

export function typingFrame(room: number): FrameBytes {
  return frame(Opcode.Typing, 0, (b) => Typing.createTyping(b, room, 0));
}

export function membersFrame(room: number, after: number, limit: number, request: number): FrameBytes {
  return frame(Opcode.Members, request, (b) => Members.createMembers(b, room, after, limit));
}
