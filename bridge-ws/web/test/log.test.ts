import { expect, test } from "vitest";
import { Kind } from "../src/protocol/message";
import { MessageLog } from "../src/room/log";
import { chain, message } from "./messages";

const ids = (log: MessageLog): number[] => log.messages.map(({ id }) => id);

test("a page of history joins on before what came live, each message once", () => {
  const log = new MessageLog();
  log.clear(false);
  log.append(message(12, 11));
  log.prepend(chain([10, 11, 12, 13], 9), true, 12);
  expect(ids(log)).toEqual([10, 11, 12]);
  expect(log.atStart).toBe(false);
  log.prepend(chain([8, 9]), false, 12);
  expect(ids(log)).toEqual([8, 9, 10, 11, 12]);
  expect(log.atStart).toBe(true);
});

test("a first page leaves out what the stream will bring", () => {
  const log = new MessageLog();
  log.clear(false);
  log.prepend(chain([9, 10, 11]), true, 10);
  expect(ids(log)).toEqual([9, 10]);
});

test("what is let go of can be loaded again", () => {
  const log = new MessageLog();
  log.clear(true);
  for (const next of chain([1, 2, 3, 4])) log.append(next);
  expect(log.atStart).toBe(true);
  log.trim(2);
  expect(ids(log)).toEqual([3, 4]);
  expect(log.atStart).toBe(false);
  expect(log.oldestId).toBe(3);
});

test("a withdrawn message is known as such, whichever of both was loaded first", () => {
  const log = new MessageLog();
  log.append(message(6, 5, { kind: Kind.Delete, reference: 4 }));
  expect(log.withdrawn.has(4)).toBe(true);
  log.prepend([message(3, 2), message(4, 3), message(5, 4, { kind: Kind.Delete, reference: 3 })], true, 6);
  expect([...log.withdrawn].sort()).toEqual([3, 4]);
});

test("the list is a new one when it changed, and only then", () => {
  const log = new MessageLog();
  log.append(message(1, 0));
  const before = log.messages;
  expect(log.messages).toBe(before);
  log.append(message(2, 1));
  expect(log.messages).not.toBe(before);
  expect(before).toHaveLength(1);
});
