import { beforeEach, describe, expect, test } from "vitest";
import { ErrorCode } from "../src/protocol/errorCode";
import { SENDS_IN_FLIGHT_MAX } from "../src/protocol/limits";
import { Kind } from "../src/protocol/message";
import { Outbox, type OutboxRecord } from "../src/room/outbox";

let saved: OutboxRecord;
let outbox: Outbox;

const sequences = (box: Outbox): number[] => box.takeSendable().map(({ sequence }) => sequence);
const states = (box: Outbox): string[] => box.entries.map(({ state }) => state);

function open(kept: OutboxRecord | null): Outbox {
  return new Outbox(kept, (record) => {
    saved = record;
  });
}

beforeEach(() => {
  outbox = open(null);
  for (const text of ["하나", "둘"]) outbox.submit(text, Kind.Talk, 0);
});

describe("a message on its way", () => {
  test("is sent once, in order, with rising sequences from 1", () => {
    expect(sequences(outbox)).toEqual([1, 2]);
    expect(sequences(outbox)).toEqual([]);
  });

  test("stays visible until the room shows it, whichever of ACK and MESSAGE comes first", () => {
    sequences(outbox);
    outbox.acknowledged(1, 100);
    expect(states(outbox)).toEqual(["stored", "sent"]);
    outbox.deliveredUpTo(99);
    expect(outbox.entries).toHaveLength(2);
    outbox.deliveredUpTo(100);
    outbox.delivered(2);
    outbox.acknowledged(2, 101);
    expect(outbox.entries).toHaveLength(0);
  });

  test("whose outcome is unknown goes out again under the same sequence, before newer ones", () => {
    sequences(outbox);
    outbox.acknowledged(1, 100);
    outbox.connectionLost();
    outbox.submit("셋", Kind.Talk, 0);
    expect(sequences(outbox)).toEqual([2]);
    outbox.acknowledged(2, 101);
    expect(sequences(outbox)).toEqual([3]);
  });

  test("waits where as many as allowed are in flight", () => {
    for (let index = 0; index < SENDS_IN_FLIGHT_MAX; index++) outbox.submit(`${index}`, Kind.Talk, 0);
    expect(sequences(outbox)).toHaveLength(SENDS_IN_FLIGHT_MAX);
    expect(sequences(outbox)).toHaveLength(0);
    outbox.acknowledged(1, 100);
    expect(sequences(outbox)).toEqual([SENDS_IN_FLIGHT_MAX + 1]);
  });
});

describe("a refused message", () => {
  beforeEach(() => {
    sequences(outbox);
    expect(outbox.refused(1, ErrorCode.RateLimited, "slow down")).toBe("show");
  });

  test("stays visible and is not sent by itself", () => {
    outbox.connectionLost();
    expect(states(outbox)).toEqual(["refused", "waiting"]);
    expect(sequences(outbox)).toEqual([2]);
  });

  test("is sent again under a new sequence, as the same entry", () => {
    const key = outbox.entries[0]?.key ?? "";
    outbox.retry(key);
    expect(sequences(outbox)).toEqual([3]);
    expect(outbox.entries.at(-1)).toMatchObject({ key, text: "하나", refusal: null });
  });

  test("can be thrown away; one that is under way cannot", () => {
    for (const { key } of outbox.entries) outbox.discard(key);
    expect(outbox.entries.map(({ text }) => text)).toEqual(["둘"]);
  });
});

describe("a refused resend", () => {
  beforeEach(() => {
    sequences(outbox);
    outbox.connectionLost();
    expect(sequences(outbox)).toEqual([1, 2]);
    outbox.submit("셋", Kind.Talk, 0);
  });

  test("for the moment's reason waits and goes out under the same sequence, before anything new", () => {
    for (const code of ["busy", ErrorCode.StoreUnavailable] as const) {
      expect(outbox.refused(1, code, "")).toBe("wait");
      outbox.acknowledged(2, 101);
      expect(sequences(outbox)).toEqual([1]);
    }
    outbox.acknowledged(1, 100);
    expect(sequences(outbox)).toEqual([3]);
  });

  test("as too old was never stored and takes a new sequence", () => {
    expect(outbox.refused(1, ErrorCode.SequenceTooOld, "")).toBe("send");
    outbox.acknowledged(2, 101);
    expect(sequences(outbox)).toEqual([3, 4]);
    expect(outbox.entries.at(-1)?.text).toBe("하나");
  });

  test("for another reason may have arrived, and says so", () => {
    expect(outbox.refused(1, ErrorCode.NotAMember, "")).toBe("show");
    expect(outbox.entries[0]).toMatchObject({ state: "refused", refusal: { uncertain: true } });
  });
});

test("a counter that fell behind jumps ahead and sends again", () => {
  sequences(outbox);
  expect(outbox.refused(1, ErrorCode.SequenceTooOld, "")).toBe("send");
  expect(sequences(outbox)[0]).toBeGreaterThan(1_000_000);
});

describe("a reload", () => {
  test("sends what was not acknowledged under its old sequence, and goes on rising", () => {
    sequences(outbox);
    outbox.acknowledged(1, 100);
    outbox.deliveredUpTo(100);
    const again = open(structuredClone(saved));
    again.submit("셋", Kind.Talk, 0);
    expect(sequences(again)).toEqual([2]);
    again.acknowledged(2, 101);
    expect(sequences(again)).toEqual([3]);
  });

  test("keeps what was refused", () => {
    sequences(outbox);
    outbox.refused(2, "busy", "");
    expect(states(open(structuredClone(saved)))).toEqual(["waiting", "refused"]);
  });

  test("never gives a sequence twice, even when nothing was on its way", () => {
    sequences(outbox);
    outbox.delivered(1);
    outbox.delivered(2);
    const again = open(structuredClone(saved));
    again.submit("셋", Kind.Talk, 0);
    expect(sequences(again)).toEqual([3]);
  });
});

test("skipping ahead leaves no sequence behind to be used", () => {
  outbox.skipTo(50);
  outbox.skipTo(10);
  outbox.submit("셋", Kind.Talk, 0);
  expect(sequences(outbox)).toEqual([1, 2, 50]);
  expect(saved.next).toBe(51);
});
