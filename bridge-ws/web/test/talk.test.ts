import { beforeEach, describe, expect, test } from "vitest";
import type { OnAnswer } from "../src/connection/requests";
import { Decoder } from "../src/protocol/decoder";
import { FRAME_BYTES_MAX } from "../src/protocol/limits";
import { Kind, type Message } from "../src/protocol/message";
import type { FrameBytes } from "../src/protocol/outgoing";
import { Talk } from "../src/room/talk";
import { History } from "../src/generated/moim";
import { ByteBuffer } from "flatbuffers";
import { chain, message } from "./messages";

/** A room of the messages 1 to 3000, of which the newest 100 are loaded; its server answers when `serve` is called. */
const NEWEST = 3_000;
const ALL = chain(Array.from({ length: NEWEST }, (_, index) => index + 1));

interface Asked {
  readonly before: number;
  readonly after: number;
  readonly limit: number;
  readonly answer: OnAnswer;
}

let asked: Asked[];
let talk: Talk;

beforeEach(() => {
  asked = [];
  talk = new Talk({
    room: 7,
    line: {
      request(encode: (id: number) => FrameBytes, answer: OnAnswer) {
        new Decoder(FRAME_BYTES_MAX).feed(encode(1), ({ body }) => {
          const history = History.getRootAsHistory(new ByteBuffer(body));
          const [before, after] = [Number(history.before()), Number(history.after())];
          asked.push({ before, after, limit: history.limit(), answer });
        });
      },
    },
    isLive: () => true,
    lastSeen: () => NEWEST,
    changed: () => {},
  });
  talk.loadOlder(100, () => {});
  serve();
});

/** Answers everything that is asked for, and what is asked for meanwhile. */
function serve(): void {
  for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
    const { before, after, limit, answer } = next;
    const older = ALL.filter(({ id }) => before === 0 || id < before);
    const newer = ALL.filter(({ id }) => id > after);
    const messages = after > 0 ? newer.slice(0, limit) : older.slice(-limit);
    const more = (after > 0 ? newer : older).length > limit;
    answer({ op: "HistoryPage", room: 7, messages, more, request: 1 });
  }
}

function ids(): number[] {
  return talk.messages.map(({ id }) => id);
}

function expectUnbroken(): void {
  const [first = 0] = ids();
  expect(ids()).toEqual(ids().map((_, index) => first + index));
}

describe("a message that is sought", () => {
  test("is shown with both sides of it, and the newest stays loaded behind", () => {
    talk.seek(500);
    expect(talk.isPast).toBe(false);
    serve();
    expect(talk.isPast).toBe(true);
    expect(ids()).toEqual(Array.from({ length: 100 }, (_, index) => 451 + index));
    expect(talk.target?.id).toBe(500);
    talk.toPresent();
    expect(ids().at(-1)).toBe(NEWEST);
  });

  test("is not loaded again where it is in sight, and may be wanted twice", () => {
    talk.seek(2_950);
    talk.seek(2_950);
    expect(asked).toEqual([]);
    expect(talk.target).toEqual({ id: 2_950, turn: 2 });
    expect(talk.isPast).toBe(false);
  });

  test("is sought anew after the connection broke before the answer", () => {
    talk.seek(500);
    for (const { answer } of asked.splice(0)) answer(null);
    talk.lost();
    expect(talk.older).toBe("idle");
    talk.pursue();
    serve();
    expect(talk.target?.id).toBe(500);
  });

  test("leads to where it was, if it is no more", () => {
    const gone = ALL.splice(499, 1);
    try {
      talk.seek(500);
      serve();
      expect(talk.target?.id).toBe(499);
    } finally {
      ALL.splice(499, 0, ...gone);
    }
  });
});

describe("a run of the past", () => {
  test("that is read on to the newest becomes one with it", () => {
    talk.seek(2_700);
    serve();
    while (talk.isPast) {
      talk.loadNewer();
      serve();
    }
    expectUnbroken();
    expect(ids().at(-1)).toBe(NEWEST);
    expect(ids()).toContain(2_700);
  });

  test("that is read back lets go of its newest, and at the beginning says so", () => {
    talk.seek(1_500);
    serve();
    while (!talk.atStart) {
      talk.loadOlder(50, () => {});
      serve();
    }
    expectUnbroken();
    expect(ids()).toHaveLength(1_000);
    expect(ids()[0]).toBe(1);
    talk.loadNewer();
    serve();
    expectUnbroken();
    expect(ids()).toHaveLength(1_000);
    expect(talk.atStart).toBe(false);
  });

  test("does not take what comes meanwhile for its own, and loses none of it", () => {
    talk.seek(500);
    serve();
    talk.append(message(NEWEST + 1, NEWEST));
    expect(ids()).not.toContain(NEWEST + 1);
    talk.toPresent();
    expect(ids().at(-1)).toBe(NEWEST + 1);
  });
});

test("who reads far back looks at a run of the past in the end, so that a screen holds no more than a thousand", () => {
  talk.readingBack(true);
  while (ids()[0] !== 501) {
    talk.loadOlder(50, () => {});
    serve();
    expect(ids().length).toBeLessThanOrEqual(1_050);
  }
  expectUnbroken();
  expect(talk.isPast).toBe(true);
  talk.toPresent();
  expect(ids()).toHaveLength(400);
});

test("a message that was taken back is known as such, whichever run it is in", () => {
  talk.seek(500);
  serve();
  talk.append(message(NEWEST + 1, NEWEST, { kind: Kind.Delete, reference: 480 } satisfies Partial<Message>));
  expect(talk.log.withdrawn.has(480)).toBe(true);
});
