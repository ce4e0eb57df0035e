import { expect, test, vi } from "vitest";
import { Device, claimDevice } from "../src/connection/device";
import { Kind } from "../src/protocol/message";
import type { OutboxRecord } from "../src/room/outbox";
import { OutboxStorage, firstSequence } from "../src/room/outboxStorage";

/** The part of the browser's Storage that is used, over a plain object as browsers show it. */
function storage(fields: Record<string, string> = {}): Storage {
  return Object.create(fields, {
    getItem: { value: (key: string) => (Object.hasOwn(fields, key) ? fields[key] : null) },
    setItem: { value: (key: string, value: string) => (fields[key] = value) },
    removeItem: { value: (key: string) => delete fields[key] },
  }) as Storage;
}

/** Locks of a browser with one tab: always free. */
vi.stubGlobal("navigator", {
  locks: { request: (_name: string, _how: unknown, held: (lock: object) => unknown) => held({}) },
});

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
  new OutboxStorage(shared, 1, 5, () => {}).save(7, RECORD);
  expect(new OutboxStorage(shared, 1, 5, () => {}).load(7)).toEqual(RECORD);
  expect(new OutboxStorage(shared, 2, 5, () => {}).load(7)).toBeNull();
  expect(new OutboxStorage(shared, 1, 6, () => {}).load(7)).toBeNull();
  expect(new OutboxStorage(shared, 1, 5, () => {}).load(8)).toBeNull();
});

test("a record that is none is as if there were none", () => {
  for (const text of ["", "no json", "null", "{}", '{"next":0,"entries":[]}', '{"next":"5","entries":[]}']) {
    expect(new OutboxStorage(storage({ "moim.outbox.1.5.7": text }), 1, 5, () => {}).load(7)).toBeNull();
  }
  const odd = storage({ "moim.outbox.1.5.7": '{"next":3,"entries":[{"key":1},null]}' });
  expect(new OutboxStorage(odd, 1, 5, () => {}).load(7)).toEqual({ next: 3, entries: [] });
});

/** A storage that was full from some moment on: it still reads and removes. */
function fill(fields: Record<string, string>): Storage {
  const setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  return Object.create(storage(fields), { setItem: { value: setItem }, ...enumerable(fields) }) as Storage;
}

function enumerable(fields: Record<string, string>): PropertyDescriptorMap {
  return Object.fromEntries(Object.keys(fields).map((key) => [key, { enumerable: true, value: fields[key] }]));
}

test("a full storage ends the device, and the next page takes a new one", () => {
  const kept = JSON.stringify(RECORD);
  const fields: Record<string, string> = { "moim.device.0": "5", "moim.outbox.1.5.7": kept, "moim.outbox.2.5.7": kept };
  const full = fill(fields);
  const device = new Device(5, full, "moim.device.0");
  const outboxes = new OutboxStorage(full, 1, 5, () => device.spend());
  outboxes.save(7, { ...RECORD, next: 10 });
  expect(device.lasting).toBeNull();
  expect(fields).toEqual({});
});

test("a full storage takes no counter back while the session lasts", () => {
  const full = fill({ "moim.outbox.1.5.7": JSON.stringify(RECORD), "moim.outbox.1.5.8": JSON.stringify(RECORD) });
  const outboxes = new OutboxStorage(full, 1, 5, () => {});
  outboxes.save(7, { next: 10_000_000_000, entries: [] });
  expect(outboxes.load(7)?.next).toBe(10_000_000_000);
  expect(outboxes.load(8)).toEqual(RECORD);
});

test("a sequence whose counter could not be kept is not given out under the old device after a reload", async () => {
  const fields: Record<string, string> = { "moim.device.0": "5" };
  const full = fill(fields);
  const old = await claimDevice(full);
  new OutboxStorage(full, 1, old.id, () => old.spend()).save(7, RECORD);
  const next = await claimDevice(storage(fields));
  expect(old.id).toBe(5);
  expect(next.id).not.toBe(5);
});

test("an id that cannot be kept lasts no longer than its session", async () => {
  expect((await claimDevice(fill({}))).lasting).toBeNull();
});

test("without a storage, a room that comes back goes on where it was", () => {
  const outboxes = new OutboxStorage(null, 1, 5, () => {});
  outboxes.save(7, RECORD);
  expect(outboxes.load(7)).toEqual(RECORD);
  expect(outboxes.load(8)).toBeNull();
});

test("a page loaded later starts higher, by one a second", () => {
  const now = Date.UTC(2026, 10, 22);
  expect(firstSequence(now + 1_000)).toBe(firstSequence(now) + 1);
  expect(firstSequence(0)).toBe(1);
  expect(firstSequence(Date.UTC(2160, 0, 1))).toBeLessThan(2 ** 32);
});
