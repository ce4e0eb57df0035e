import { expect, test } from "vitest";
import { Kind } from "../src/protocol/message";
import type { OutboxRecord } from "../src/room/outbox";
import { OutboxStorage, firstSequence } from "../src/room/outboxStorage";

/** The part of the browser's Storage that is used, over a plain object as browsers show it. */
function storage(fields: Record<string, string> = {}): Storage {
  return Object.create(fields, {
    getItem: { value: (key: string) => (Object.hasOwn(fields, key) ? fields[key] : null) },
    setItem: { value: (key: string, value: string) => (fields[key] = value) },
  }) as Storage;
}

const RECORD: OutboxRecord = {
  next: 9,
  entries: [
    {
      key: "8",
      sequence: 8,
      text: "안녕",
      kind: Kind.Talk,
      reference: 0,
      state: "waiting",
      resend: false,
      id: 0,
      refusal: null,
    },
  ],
};

test("records are kept apart by user, device and room", () => {
  const shared = storage();
  new OutboxStorage(shared, 1, 5).save(7, RECORD);
  expect(new OutboxStorage(shared, 1, 5).load(7)).toEqual(RECORD);
  expect(new OutboxStorage(shared, 2, 5).load(7)).toBeNull();
  expect(new OutboxStorage(shared, 1, 6).load(7)).toBeNull();
  expect(new OutboxStorage(shared, 1, 5).load(8)).toBeNull();
});

test("a record that is none is as if there were none", () => {
  for (const text of ["", "no json", "null", "{}", '{"next":0,"entries":[]}', '{"next":"5","entries":[]}']) {
    expect(new OutboxStorage(storage({ "moim.outbox.1.5.7": text }), 1, 5).load(7)).toBeNull();
  }
  const odd = storage({ "moim.outbox.1.5.7": '{"next":3,"entries":[{"key":1},null]}' });
  expect(new OutboxStorage(odd, 1, 5).load(7)).toEqual({ next: 3, entries: [] });
});

test("a storage that refuses costs the memory, not the message", () => {
  const full = Object.create(
    {},
    {
      setItem: {
        value: () => {
          throw new DOMException("full", "QuotaExceededError");
        },
      },
    },
  ) as Storage;
  expect(() => new OutboxStorage(full, 1, 5).save(7, RECORD)).not.toThrow();
});

test("a page loaded later starts above every sequence that an earlier one can have used", () => {
  const now = Date.UTC(2026, 10, 22);
  expect(firstSequence(now + 1_000)).toBe(firstSequence(now) + 1);
  expect(firstSequence(0)).toBe(1);
  expect(firstSequence(Date.UTC(2160, 0, 1))).toBeLessThan(2 ** 32);
});
